"""What an export dialog offers and says: formats, sizes, and what will come out. Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from texgen_desktop.engine.messages import ExportSettings, FileFormat
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.formats import LIMITS, check_folder_of, check_size
from texgen_desktop.ui.formatting import count, file_size

SIZE_PRESETS_PX = (512, 1024, 2048, 4096, 8192, 16384)
LARGEST_SIDE_PX = max(limits.max_side_px for limits in LIMITS.values())
_NAME_BYTES = 200
"""A file's name has at most 255 bytes on common systems; a number, a suffix and the mark of an unfinished file come to it."""


@dataclass(frozen=True)
class ExportFormat:
    """One entry of the list of formats; ``note`` says how its numbers are meant."""

    label: str
    file_format: FileFormat
    bits: Literal[8, 16, 32]
    note: str

    @property
    def suffixes(self) -> tuple[str, ...]:
        return LIMITS[self.file_format].suffixes


FORMATS = (
    ExportFormat("PNG 16-bit", "png", 16, "sRGB, without loss."),
    ExportFormat("PNG 8-bit", "png", 8, "sRGB, without loss."),
    ExportFormat("TIFF 16-bit", "tiff", 16, "sRGB, without loss."),
    ExportFormat("TIFF 8-bit", "tiff", 8, "sRGB, without loss."),
    ExportFormat("TIFF 32-bit float", "tiff", 32, "Linear light, Rec. 709."),
    ExportFormat("EXR half", "exr", 16, "Linear light, Rec. 709."),
    ExportFormat("EXR float", "exr", 32, "Linear light, Rec. 709."),
    ExportFormat("JPEG", "jpeg", 8, "sRGB, lossy: its blocks can show where the tile repeats."),
    ExportFormat("WebP", "webp", 8, f"sRGB, at most {LIMITS['webp'].max_side_px:,} px a side."),
)


def format_of_suffix(suffix: str) -> ExportFormat | None:
    """The first format that files of this suffix have."""
    return next((each for each in FORMATS if suffix.lower() in each.suffixes), None)


def with_suffix(text: str, wanted: ExportFormat) -> str:
    """The path in ``text`` with a suffix of ``wanted``: a suffix of another format is replaced, any other dot belongs to the name."""
    path = Path(text)
    if not path.name or path.suffix.lower() in wanted.suffixes:
        return text
    if format_of_suffix(path.suffix) is not None:
        return str(path.with_suffix(wanted.suffixes[0]))
    return text + wanted.suffixes[0]


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) of ``2048x1024``, ``2048 × 1024`` or ``2048``; raises TexGenError when the text is none of these."""
    match = re.fullmatch(r"\s*(\d{1,7})\s*(?:[x×*, ]\s*(\d{1,7})\s*)?(?:px)?\s*", text, re.IGNORECASE)
    width_px = int(match[1]) if match else 0
    height_px = int(match[2] or match[1]) if match else 0
    if not (0 < width_px <= LARGEST_SIDE_PX and 0 < height_px <= LARGEST_SIDE_PX):
        raise TexGenError(f"“{text.strip()}” is not a size.", "Enter width x height in pixels, such as 2048x2048.")
    return width_px, height_px


def replaced_files(settings: ExportSettings) -> tuple[str, ...]:
    """Names of the files that would be replaced. Raises TexGenError where the engine would refuse, so that it is said before the start."""
    check_size(settings.file_format, settings.width_px, settings.height_px)
    if not settings.path.name or not settings.path.is_absolute():
        raise TexGenError("The file has no full path.", "Choose where to write with Browse.")
    try:
        check_folder_of(settings.path)
        if settings.path.is_dir():
            raise TexGenError(f"{settings.path.name} is a folder.", "Add a name for the file.")
        return tuple(path.name for path in settings.files if path.exists())
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise TexGenError(f"This path cannot be used: {error.strerror}.", "Choose another name or folder.") from error


def free_path(folder: Path, name: str, suffix: str) -> Path:
    """``name.png`` in ``folder``, or ``name 2.png`` where that exists: the proposal never replaces a file."""
    name = name.encode(errors="replace")[:_NAME_BYTES].decode(errors="ignore")
    name = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", name)
    path, number = folder / f"{name}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{name} {number}{suffix}"
    return path


def fit_in_words(settings: ExportSettings, cell_px: int) -> str:
    """Whether every pixel is generated, or the nearest whole tile resampled."""
    width_px = _nearest(settings.width_px, cell_px) if settings.tile_x else settings.width_px
    height_px = _nearest(settings.height_px, cell_px) if settings.tile_y else settings.height_px
    if (width_px, height_px) == (settings.width_px, settings.height_px):
        return "Every pixel is generated at this size."
    return f"The nearest whole tile, {width_px} × {height_px} px, is resampled to this size. It still repeats without a seam."


def amount_in_words(settings: ExportSettings) -> str:
    """How large the files get, at most for those that are compressed."""
    area_px = settings.width_px * settings.height_px
    files = "" if settings.count == 1 else f"{count(settings.count, 'file')} of "
    size = file_size(area_px * 3 * settings.bits // 8)
    how = "coded in one piece at the end" if settings.file_format == "webp" else "memory stays low"
    return f"{files}{area_px / 1e6:.1f} megapixels, up to {size} on disk; {how}."


def _nearest(side_px: int, cell_px: int) -> int:
    return max(1, round(side_px / cell_px)) * cell_px
