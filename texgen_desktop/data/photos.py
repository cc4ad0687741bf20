"""Finds photos in what was dropped or named, and brings each to the scale at which it is learnt."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats, to_uint8
from texgen_desktop.imaging.read import MIN_SIDE_PX, probe_image, read_image
from texgen_desktop.imaging.recognise import SAVE_AS, SUFFIXES, ImageError, foreign_suffix, open_regular, recognise

_SMALLEST_SIDE_PX, _LARGEST_SIDE_PX = 640, 768
_LARGE_PHOTO_PX = 4000


class Skipped(NamedTuple):
    """A file that is no photo for us: its name, why, and what would help."""

    name: str
    reason: str
    hint: str


@dataclass(frozen=True)
class FoundImages:
    """What was found, in natural order (``stone2`` before ``stone10``), and what was passed over."""

    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...]


class Rectangle(Protocol):
    """A part of a photo as fractions of its width and height."""

    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...


@dataclass(frozen=True, eq=False)
class Photo:
    """What training gets: ``pixels`` (H, W, 3) float32, sRGB-encoded in [0, 1], cropped and at the working scale.

    ``full_width_px`` and ``full_height_px`` are those of the upright, uncropped photo. ``group`` is the class or folder that it belongs to.
    """

    name: str
    pixels: Floats
    full_width_px: int
    full_height_px: int
    group: str = ""


def find_images(paths: Iterable[Path]) -> FoundImages:
    """Photos among files and folders; folders are searched to any depth, once each, hidden files left out.

    Nothing is decoded: in folders the suffix decides, files that were named one by one are looked into. A file that turns
    out to be damaged says so in ``load_photo``. Raises TexGenError when there is no photo at all.
    """
    files: dict[Path, None] = {}
    skipped: list[Skipped] = []
    visited: set[tuple[int, int]] = set()
    paths = tuple(paths)
    for path in paths:
        if holds(path.is_dir):
            for found in walk(path, visited, skipped):
                if found.suffix.lower() in SUFFIXES:
                    files[found] = None
                else:
                    skipped.append(explain_suffix(found))
        else:
            try:
                with open_regular(path) as file:
                    recognise(file, path.name)
                files[path] = None
            except ImageError as error:
                skipped.append(Skipped(path.name, error.reason, error.hint))
    if not files:
        raise _nothing_found(paths, skipped)
    return FoundImages(tuple(files), tuple(skipped))


def default_working_side(width_px: int, height_px: int) -> int:
    """The short side to learn a photo at, in pixels: its own up to 640, from there slowly on to 768 at 4000.

    A large photo cut into small crops shows a network blur and no structure; a small one is never enlarged.
    """
    short = min(width_px, height_px)
    if short <= _SMALLEST_SIDE_PX:
        return short
    share = min(1.0, (short - _SMALLEST_SIDE_PX) / (_LARGE_PHOTO_PX - _SMALLEST_SIDE_PX))
    return round(_SMALLEST_SIDE_PX + share * (_LARGEST_SIDE_PX - _SMALLEST_SIDE_PX))


def load_photo(path: Path, crop: Rectangle, working_side_px: int) -> Photo:
    """Read a photo, cut ``crop`` out, and scale its short side down to ``working_side_px``; it is never enlarged.

    Raises ImageError when the file is unusable, TexGenError when the crop is smaller than 32 pixels a side.
    """
    header = probe_image(path)
    crop_side = min(crop.width * header.width_px, crop.height * header.height_px)
    if round(crop_side) < MIN_SIDE_PX:
        raise TexGenError(f"{path.name}: the part to learn is smaller than {MIN_SIDE_PX} pixels.", "Draw a larger rectangle.")
    # Twice the resolution that is needed: the reader reduces by whole factors, at worst by nearly twice as much as asked.
    needed = min(1.0, 2 * working_side_px / crop_side) ** 2 * header.width_px * header.height_px
    picture = read_image(path, max_pixels=max(1, round(needed)))
    height, width, _ = picture.pixels.shape
    left, top = round(crop.x * width), round(crop.y * height)
    right, bottom = round((crop.x + crop.width) * width), round((crop.y + crop.height) * height)
    pixels = _shrink(picture.pixels[top:bottom, left:right], working_side_px)
    return Photo(path.name, pixels, picture.full_width_px, picture.full_height_px)


def thumbnail(path: Path, side_px: int) -> NDArray[np.uint8]:
    """The photo as (H, W, 3) uint8 with a long side of ``side_px`` or less. Raises ImageError."""
    header = probe_image(path)
    long_side = max(header.width_px, header.height_px)
    needed = min(1.0, 2 * side_px / long_side) ** 2 * header.width_px * header.height_px
    pixels = read_image(path, max_pixels=max(1, round(needed))).pixels
    short, long = sorted(pixels.shape[:2])
    return to_uint8(_shrink(pixels, max(1, round(side_px * short / long))))


def _shrink(pixels: Floats, short_side_px: int) -> Floats:
    """Scale (H, W, 3) by Lanczos until the short side is that long; pixels of that size or less stay as they are."""
    height, width, _ = pixels.shape
    scale = short_side_px / min(height, width)
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # One channel at a time: Pillow has no colour picture of floats.
    channels = [Image.fromarray(pixels[..., k]).resize(size, Image.Resampling.LANCZOS) for k in range(3)]
    shrunk: Floats = np.clip(np.stack([np.asarray(channel) for channel in channels], axis=-1), 0, 1)
    return shrunk


def walk(root: Path, visited: set[tuple[int, int]], skipped: list[Skipped]) -> Iterator[Path]:
    """Files of a folder, then those of its subfolders. ``visited`` knows folders by device and number: links back end there."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as scan:
                entries = sorted((entry for entry in scan if not entry.name.startswith(".")), key=lambda entry: _natural(entry.name))
        except OSError as error:
            reason = f"the folder cannot be read: {error.strerror or error}."
            skipped.append(Skipped(folder.name, reason, "Check its permissions, or copy the photos elsewhere."))
            continue
        subfolders = []
        for entry in entries:
            if holds(entry.is_dir):
                subfolders.append(Path(entry.path))
            elif holds(entry.is_file):
                yield Path(entry.path)
            else:
                skipped.append(Skipped(entry.name, "this is no ordinary file.", "A link may point to something that was moved."))
        waiting += reversed(subfolders)


def holds(question: Callable[[], bool]) -> bool:
    """False for what cannot be looked at: a link to itself, a name that is too long, a folder without permission."""
    try:
        return question()
    except OSError:
        return False


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Numbers by value, letters without regard to case; the name itself decides between what is then equal."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts)], name


def explain_suffix(path: Path) -> Skipped:
    if foreign := foreign_suffix(path.suffix):
        return Skipped(path.name, f"{foreign} cannot be read.", SAVE_AS)
    return Skipped(path.name, "this is not a picture, by its name.", "PNG, JPEG, TIFF, WebP and BMP can be read.")


def _nothing_found(paths: tuple[Path, ...], skipped: list[Skipped]) -> TexGenError:
    if len(skipped) == 1:
        return TexGenError(f"{skipped[0].name}: {skipped[0].reason}", skipped[0].hint)
    place = paths[0].name if len(paths) == 1 else "What was chosen"
    counted = f": {len(skipped)} files were passed over" if skipped else ""
    return TexGenError(f"{place} holds no photo that can be read{counted}.", "PNG, JPEG, TIFF, WebP and BMP can be read.")
