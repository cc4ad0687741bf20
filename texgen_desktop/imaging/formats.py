"""What each file format can hold. Plain data that imports nothing, so that the interface may ask before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from texgen_desktop.errors import TexGenError


@dataclass(frozen=True)
class FormatLimits:
    """``suffixes`` begins with the usual one.

    ``max_side_px`` is the longest side that is written: JPEG can hold no more. WebP is coded in one piece, which takes 0.3 s and 4 MB per
    megapixel, so it ends where that can still be waited for. PNG, TIFF and EXR could hold more than any disk.
    """

    title: str
    suffixes: tuple[str, ...]
    bits: tuple[int, ...]
    max_side_px: int


LIMITS: Mapping[str, FormatLimits] = {
    "png": FormatLimits("PNG", (".png",), (8, 16), 1_000_000),
    "tiff": FormatLimits("TIFF", (".tif", ".tiff"), (8, 16, 32), 1_000_000),
    "exr": FormatLimits("EXR", (".exr",), (16, 32), 1_000_000),
    "jpeg": FormatLimits("JPEG", (".jpg", ".jpeg"), (8,), 65_500),
    "webp": FormatLimits("WebP", (".webp",), (8,), 4096),
}


def format_of(path: Path) -> str | None:
    """The format that the suffix of a file names; None for one that is not written."""
    return next((name for name, limits in LIMITS.items() if path.suffix.lower() in limits.suffixes), None)


def batch_path(path: Path, folder: Path) -> Path:
    """Where a file of a batch goes: its own name, as a PNG where its format is one that is only read."""
    return folder / (path.name if format_of(path) else f"{path.stem}.png")


def check_folder_of(path: Path) -> None:
    """Raises TexGenError when the folder that a file is to be written into is not there; OSError when that cannot be told."""
    if not path.parent.is_dir():
        raise TexGenError(f"The folder {path.parent} does not exist.", "Choose a folder that does.")


def check_size(file_format: str, width_px: int, height_px: int) -> None:
    """Raises TexGenError when a picture of this size does not fit into the format."""
    limits = LIMITS[file_format]
    if max(width_px, height_px) > limits.max_side_px:
        raise TexGenError(
            f"{limits.title} is written with at most {limits.max_side_px:,} pixels a side; {width_px} × {height_px} is larger.",
            "Choose PNG, TIFF or EXR, or a smaller size.",
        )
