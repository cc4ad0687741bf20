"""Names and frames of a project's photos: what may stand in a project file, and what a copied photo is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from math import isfinite
from pathlib import PurePath

from texgen_desktop.engine.messages import Crop, PhotoInfo
from texgen_desktop.errors import TexGenError

_MAX_SIDE_PX = 1 << 20
_MAX_STEM_BYTES = 120
_MAX_GROUP_LENGTH = 400
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_name(original: str, taken: Collection[str] = ()) -> str:
    """A file name that every system accepts and that none of ``taken`` has, as close to ``original`` as can be."""
    path = PurePath(_UNSAFE.sub("_", unicodedata.normalize("NFC", original)))
    suffix = path.suffix.rstrip(" .") if len(path.suffix) <= 8 else ""
    stem = path.name.removesuffix(suffix).encode()[:_MAX_STEM_BYTES].decode(errors="ignore").strip(" .") or "photo"
    if _WINDOWS_DEVICE.match(stem):
        stem = f"_{stem}"
    used = {name.casefold() for name in taken}
    name, number = f"{stem}{suffix}", 2
    while name.casefold() in used:
        name, number = f"{stem} ({number}){suffix}", number + 1
    return name


def is_safe_name(name: str) -> bool:
    """Whether the name stays inside its folder, on every system."""
    return name == name.strip(" .") and 0 < len(name.encode(errors="replace")) <= 200 and not _UNSAFE.search(name)


def check_photo(photo: PhotoInfo) -> None:
    """TexGenError when a project file holds values that no photo has."""
    if not is_safe_name(photo.name):
        raise TexGenError(f"The project holds a photo whose name is not allowed: {photo.name!r}.", "Put back a copy of the project.")
    sizes_px = (photo.width_px, photo.height_px, photo.working_side_px)
    if not all(1 <= size_px <= _MAX_SIDE_PX for size_px in sizes_px):
        raise TexGenError(f"The project holds an impossible size for the photo {photo.name}.", "Remove the photo and add it again.")
    if len(photo.group) > _MAX_GROUP_LENGTH or not photo.group.isprintable():
        raise TexGenError(f"The project holds an impossible folder name for the photo {photo.name}.", "Remove the photo and add it again.")
    check_crop(photo.crop)


def check_crop(crop: Crop) -> None:
    """TexGenError when the rectangle is empty or leaves the photo."""
    spans = ((crop.x, crop.width), (crop.y, crop.height))
    if not all(isfinite(start) and isfinite(length) and start >= 0 < length and start + length <= 1 + 1e-9 for start, length in spans):
        raise TexGenError("The crop does not lie inside its photo.", "Draw the crop again.")
