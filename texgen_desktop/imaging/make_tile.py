"""A photo becomes a tile: its edges are laid in the middle, and the cross where they meet is filled anew."""

from __future__ import annotations

import math

import numpy as np

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.light import EvenRaster, Light
from texgen_desktop.imaging.membrane import closed
from texgen_desktop.imaging.patch_repair import Show, Tell, patch_repair
from texgen_desktop.imaging.raster import ArrayRaster, read_whole
from texgen_desktop.imaging.score import worst_seam
from texgen_desktop.slices import Slices

LEAST_SIDE_PX = 96
_BAND = 0.08  # of the shorter side: half of it on either side of an edge
_LEAST_BAND_PX, _MOST_BAND_PX = 24, 96
_LEAST_UNEVENNESS = 0.25
_EDGE = 0.06  # of a side: what counts as its edge when both are brought to the same light
_ATTEMPTS = 3
_LARGE_STEP = 1_000_003  # between the seeds of attempts, so that those of the next seed are others


def make_tile(pixels: Floats, seed: int = 0, tell: Tell | None = None, show: Show | None = None) -> Slices[Floats]:
    """(H, W, 3) of the same size that repeats without a seam; beyond a band along its edges it is the photo, bit for bit.

    What is made of a cross has a step at the edge that is unusual now and then, by chance: then another seed is tried, three at most.
    TexGenError for a photo of less than 96 pixels a side.
    """
    require_size(pixels)
    height, width, _ = pixels.shape
    half = min(_MOST_BAND_PX, max(_LEAST_BAND_PX, round(_BAND * min(height, width)))) // 2
    cross = np.zeros((height, width), np.float32)
    cross[height // 2 - half : height // 2 + half] = 1
    cross[:, width // 2 - half : width // 2 + half] = 1
    middle = (height // 2, width // 2)
    rolled = np.roll(pixels, middle, (0, 1))
    best, least = rolled, math.inf
    for attempt in range(_ATTEMPTS):
        filled = yield from patch_repair(rolled, cross, (True, True), seed + attempt * _LARGE_STEP, tell, show)
        tile = np.roll(filled, (-middle[0], -middle[1]), (0, 1))
        standing_out = worst_seam(tile)
        yield None
        if standing_out < least:
            best, least = tile, standing_out
        if least == 0:
            break
    return best


def require_size(pixels: Floats) -> None:
    if min(pixels.shape[:2]) < LEAST_SIDE_PX:
        raise TexGenError(f"A photo of less than {LEAST_SIDE_PX} pixels a side is too small to become a tile.", "Use a larger photo.")


def evenly_lit(pixels: Floats) -> Slices[Floats]:
    """The photo (H, W, 3) without a slope or a bend in its light: a tile would repeat them.

    Where the light hardly varies the photo stays bit for bit: that may be the stones themselves.
    """
    raster = ArrayRaster(pixels, (False, False))
    light = yield from Light.measured(raster, None, keeps_colour=True)
    if unevenness(light, pixels.shape[0], pixels.shape[1]) < _LEAST_UNEVENNESS:
        return pixels
    return (yield from read_whole(EvenRaster(raster, light, 1.0)))


def unevenness(light: Light, height: int, width: int) -> float:
    """How far the light of a picture of this size ranges, as a share of its mean."""
    places = [(round(y * (height - 1)), round(x * (width - 1))) for y in np.linspace(0, 1, 7) for x in np.linspace(0, 1, 7)]
    found = [float(light.at(y, x, 1, 1).mean()) for y, x in places]
    return (max(found) - min(found)) / max(float(light.mean.mean()), 1e-6)


def edges_alike(pixels: Floats) -> Slices[Floats]:
    """The photo (H, W, 3) with what differs on the whole between opposite edges faded out into it: there is no step, where they meet."""
    down, across = np.zeros_like(pixels), np.zeros_like(pixels)
    down[-1] = _difference(pixels)
    across[:, -1] = _difference(pixels.swapaxes(0, 1))
    yield None
    alike = yield from closed(pixels, down, across)
    return np.clip(alike, 0, max(1.0, float(pixels.max())))


def _difference(pixels: Floats) -> Floats:
    """How much brighter the bottom is than the top, smoothed along the edge: (W, 3)."""
    height, width, _ = pixels.shape
    depth, reach = max(4, round(_EDGE * height)), max(2, round(_EDGE * width))
    jump = pixels[-depth:].mean(0) - pixels[:depth].mean(0)
    bell = np.hanning(2 * reach + 1)[1:-1]
    padded = np.pad(jump, ((reach - 1, reach - 1), (0, 0)), mode="symmetric")
    smooth = np.stack([np.convolve(channel, bell / bell.sum(), "valid") for channel in padded.T], 1)
    return smooth.astype(np.float32)
