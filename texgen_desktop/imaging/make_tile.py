"""A photo becomes a tile: its edges are laid in the middle, and the cross where they meet is filled anew."""

from __future__ import annotations

import numpy as np

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.patch_repair import patch_repair
from texgen_desktop.slices import Slices

LEAST_SIDE_PX = 96
_BAND = 0.08  # of the shorter side: half of it on either side of an edge
_LEAST_BAND_PX = 24


def make_tile(pixels: Floats, seed: int = 0) -> Slices[Floats]:
    """(H, W, 3) of the same size that repeats without a seam; beyond a band along its edges it is the photo, bit for bit.

    TexGenError for a photo of less than 96 pixels a side.
    """
    height, width, _ = pixels.shape
    if min(height, width) < LEAST_SIDE_PX:
        raise TexGenError(f"A photo of less than {LEAST_SIDE_PX} pixels a side is too small to become a tile.", "Use a larger photo.")
    half = max(_LEAST_BAND_PX, round(_BAND * min(height, width))) // 2
    cross = np.zeros((height, width), np.float32)
    cross[height // 2 - half : height // 2 + half] = 1
    cross[:, width // 2 - half : width // 2 + half] = 1
    rolled = np.roll(pixels, (height // 2, width // 2), (0, 1))
    tile = yield from patch_repair(rolled, cross, (True, True), seed)
    return np.roll(tile, (-(height // 2), -(width // 2)), (0, 1))
