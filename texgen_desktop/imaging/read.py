"""The one reader of photos: whatever the file holds becomes sRGB floats, upright, or one sentence that says why not.

Sums and averages of reduced reading are taken of sRGB code values, as Pillow takes them. A gamma chunk of a PNG is not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats, linear_to_srgb
from texgen_desktop.imaging.decode_deep import open_deep
from texgen_desktop.imaging.decode_shallow import open_shallow, stored_orientation
from texgen_desktop.imaging.decoding import Decoding
from texgen_desktop.imaging.header import DECODE_ERRORS, StoredHeader, read_stored_header
from texgen_desktop.imaging.recognise import COPY_AGAIN, DAMAGED, ImageError, Kind, open_regular, recognise

MAX_PIXELS = 200_000_000
WORKING_PIXELS = 32_000_000
MIN_SIDE_PX = 32
_BAND_PIXELS = 4_000_000
Sample = TypeVar("Sample", np.uint8, np.uint16, np.float32)


@dataclass(frozen=True)
class ImageHeader:
    """Size in pixels, upright."""

    width_px: int
    height_px: int


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded photo.

    ``pixels`` is (H, W, 3) float32, sRGB-encoded in [0, 1], and ``alpha`` (H, W) float32, or None where all is opaque. What is
    transparent shows the mean colour of what is opaque, so that it teaches no colour of its own. The full size is that of
    the file, larger than H × W when the photo was read reduced.
    """

    pixels: Floats
    alpha: Floats | None
    full_width_px: int
    full_height_px: int


def probe_image(path: Path) -> ImageHeader:
    """The size of a photo without decoding it; raises ImageError where ``read_image`` would for its header."""
    with open_regular(path) as file:
        header, orientation = _read_header(file, recognise(file, path.name), path.name)
    return ImageHeader(*_upright(header, orientation))


def read_image(path: Path, max_pixels: int | None = None) -> Picture:
    """Decode a photo.

    Reads it reduced by a whole factor when it has more than ``max_pixels`` (32 Mpx unless told otherwise). Raises ImageError
    for whatever cannot be used: no picture, damaged, animated, under 32 px a side, over 200 Mpx.
    """
    name, limit = path.name, max_pixels or WORKING_PIXELS
    with ExitStack() as stack:
        file = stack.enter_context(open_regular(path))
        kind = recognise(file, name)
        header, orientation = _read_header(file, kind, name)
        factor = _factor(header.width_px, header.height_px, limit)
        with damage_explained(name):
            opened = open_deep(path, kind, header, file) if header.is_deep else open_shallow(file, kind, name, factor)
            decoding = stack.enter_context(opened)
        pixels, alpha = _assemble(decoding, limit, name)
    turn = 1 if decoding.is_upright else orientation
    width, height = _upright(header, orientation)
    return Picture(turned(pixels, turn), None if alpha is None else turned(alpha, turn), width, height)


def _read_header(file: BinaryIO, kind: Kind, name: str) -> tuple[StoredHeader, int]:
    """The size first: looking for the orientation of a WebP makes its decoder, and that takes memory by the size."""
    with damage_explained(name):
        header = read_stored_header(file, kind)
    _check_size(header, name)
    with damage_explained(name):
        return header, stored_orientation(file, kind)


@contextmanager
def damage_explained(name: str) -> Iterator[None]:
    """Raises ImageError for whatever a decoder raises."""
    try:
        yield
    except DECODE_ERRORS as error:
        raise ImageError(name, DAMAGED, COPY_AGAIN) from error


def check_not_too_large(header: StoredHeader, name: str) -> None:
    """Raises ImageError; to be called before anything is decoded."""
    width, height = header.width_px, header.height_px
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        reason = f"{width} × {height} pixels are too many: {limit} million can be read."
        raise ImageError(name, reason, "Make it smaller in another program, or cut a part out.")


def _check_size(header: StoredHeader, name: str) -> None:
    check_not_too_large(header, name)
    width, height = header.width_px, header.height_px
    if min(width, height) < MIN_SIDE_PX:
        reason = f"{width} × {height} pixels are too few: each side needs {MIN_SIDE_PX}."
        raise ImageError(name, reason, "Choose a larger picture.")


def _factor(width_px: int, height_px: int, max_pixels: int) -> int:
    """The whole number that both sides are divided by; at least one pixel stays of the shorter."""
    return min(math.ceil(math.sqrt(max(1, width_px * height_px / max_pixels))), width_px, height_px)


def _assemble(decoding: Decoding, max_pixels: int, name: str) -> tuple[Floats, Floats | None]:
    """Decode band by band, each averaged at once: beside the decoder's own memory only the reduced picture is held."""
    factor = _factor(decoding.width_px, decoding.height_px, max_pixels)
    height, width = decoding.height_px // factor, decoding.width_px // factor
    pixels = np.empty((height, width, 3), np.float32)
    alpha = np.ones((height, width), np.float32)
    colour_sum, alpha_sum = np.zeros(3), 0.0
    band_rows = max(1, _BAND_PIXELS // (decoding.width_px * factor))
    for top in range(0, height, band_rows):
        rows = min(band_rows, height - top)
        band = decoding.rows(top * factor, (top + rows) * factor)[:, : width * factor]
        # Colour counts by its alpha, or what is under full transparency would bleed into its neighbours.
        weighted = _box_mean(band[..., :3] * band[..., 3:] if band.shape[-1] == 4 else band, factor)
        if band.shape[-1] == 4:
            alpha[top : top + rows] = _box_mean(band[..., 3:], factor)[..., 0]
        pixels[top : top + rows] = weighted
        colour_sum += weighted.sum((0, 1), np.float64)
        alpha_sum += alpha[top : top + rows].sum(dtype=np.float64)
    if alpha_sum < 1:
        raise ImageError(name, "the picture is transparent everywhere.", "Choose a picture with visible content.")
    is_opaque = bool(alpha.min() > 1 - 1e-4)
    if not is_opaque:
        pixels += (1 - alpha[..., None]) * (colour_sum / alpha_sum).astype(np.float32)
    if decoding.is_linear:
        pixels = linear_to_srgb(_expose(pixels))
    return np.clip(pixels, 0, 1, out=pixels), None if is_opaque else alpha


def _box_mean(band: Floats, factor: int) -> Floats:
    if factor == 1:
        return band
    height, width, channels = band.shape
    means: Floats = band.reshape(height // factor, factor, width // factor, factor, channels).mean((1, 3), dtype=np.float32)
    return means


def _expose(linear: Floats) -> Floats:
    """Light above 1 is clipped, unless that is more than 1 % of the values: then all is darkened until it is 1 %."""
    brightest = float(np.quantile(linear, 0.99))
    return linear / brightest if brightest > 1 else linear


def _upright(header: StoredHeader, orientation: int) -> tuple[int, int]:
    size = header.width_px, header.height_px
    return size[::-1] if orientation >= 5 else size


def turned(stored: NDArray[Sample], orientation: int) -> NDArray[Sample]:
    """A picture upright that was stored (H, W, …).

    The stored origin belongs top left for 1, top right for 2, bottom right for 3, bottom left for 4, and in the same order for 5 … 8,
    where stored rows are columns (EXIF 2.32, tag 274).
    """
    if orientation >= 5:
        stored = stored.swapaxes(0, 1)
    flips_rows = orientation in (3, 4, 7, 8)
    flips_columns = orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(stored[:: -1 if flips_rows else 1, :: -1 if flips_columns else 1])
