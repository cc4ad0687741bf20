"""Proposes a mask of scratches or dust: what is thin and long, or small and alone, and stands out more than such things do in this texture.

Scratches are looked for with lines of many directions, each the mean of a piece of a line less those beside it; dust with discs, each
less what is around it. An answer counts in terms of the strong answers of the same filter in the same picture, so that a texture of
lines, or of grains, does not become a blemish of itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.mask import grown
from texgen_desktop.imaging.mask_distance import Bools
from texgen_desktop.imaging.properties import LUMA
from texgen_desktop.imaging.raster import Wraps, plane_indices
from texgen_desktop.slices import Slices

_STEPS = 5  # pieces of 32 px, in doublings
_LONG_PX, _SHORT_STEPS = 1 << _STEPS, 3
_DIRECTIONS = 16  # of each: more upright than level, more level than upright
_WIDTHS = (1, 3)
_MARGIN_PX = _LONG_PX + 8
_RADII = (1, 2, 4)
_LEAST_CONTRAST = 0.02
_SAMPLES = 200_000
_TIMES = {"scratches": (3.2, 1.4), "dust": (3.0, 1.3)}  # how far beyond the strong ones an answer has to be, at strength 0 and 1
_STRONG_PERCENT = {"scratches": 98.0, "dust": 99.5}


def propose(pixels: Floats, kind: Literal["scratches", "dust"], strength: float, wraps: Wraps) -> Slices[Floats]:
    """(H, W) of 0 and 1, from a picture of (H, W, 3). ``strength`` in [0, 1]: the higher, the more is proposed."""
    grey = np.zeros(pixels.shape[:2], np.float32)
    for channel, weight in enumerate(LUMA):
        grey += pixels[..., channel] * np.float32(weight)
        yield None
    rows, columns = (plane_indices(-_MARGIN_PX, side + 2 * _MARGIN_PX, side, wrap) for side, wrap in zip(grey.shape, wraps, strict=True))
    padded = grey[rows[:, None], columns]
    yield None
    low, high = _TIMES[kind]
    times = low + (high - low) * strength
    found = yield from (_scratches if kind == "scratches" else _dust)(padded, times)
    inside = found[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX].astype(np.float32)
    yield None
    return grown(inside, 1, wraps)


def _scratches(grey: Floats, times: float) -> Slices[Bools]:
    found = np.zeros(grey.shape, bool)
    for is_level in (False, True):
        values = np.ascontiguousarray(grey.T) if is_level else grey
        own = found.T if is_level else found
        for width in _WIDTHS:
            thick = sum(np.roll(values, k, 1) for k in range(-(width // 2), width // 2 + 1)) / np.float32(width)
            yield None
            for slope in (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS * 2 - 1:
                short = _along(thick, slope, 0, _SHORT_STEPS)
                yield None
                long = _along(short, slope, _SHORT_STEPS, _STEPS)
                yield None
                gap = width // 2 + 2
                for sign in (1, -1):
                    ridge = _ridge(long, gap, sign)
                    limit = _limit(ridge, "scratches", times)
                    yield None
                    seeds = ridge > limit
                    if seeds.any():
                        piece = _drawn(seeds, slope)
                        piece &= _drawn_short(_ridge(short, gap, sign) > limit / 2, slope)
                        for k in range(-(width // 2), width // 2 + 1):
                            own |= np.roll(piece, k, 1)
                    yield None
    return found


def _along(values: Floats, slope: float, first: int, last: int) -> Floats:
    """The mean of pieces of lines downwards from each place, from 2^first to 2^last pixels long; to the right by ``slope`` a row."""
    for k in range(first, last):
        values = (values + _from(values, slope, 1 << k)) * np.float32(0.5)
    return values


def _from(values: Floats | Bools, slope: float, rows: int) -> Floats | Bools:
    return np.roll(values, (-rows, -round(slope * rows)), (0, 1))


def _drawn(seeds: Bools, slope: float) -> Bools:
    """The pieces of lines that begin at the seeds."""
    for k in range(_STEPS):
        seeds = seeds | np.roll(seeds, (1 << k, round(slope * (1 << k))), (0, 1))
    return seeds


def _drawn_short(seeds: Bools, slope: float) -> Bools:
    for k in range(_SHORT_STEPS):
        seeds = seeds | np.roll(seeds, (1 << k, round(slope * (1 << k))), (0, 1))
    return seeds


def _ridge(values: Floats, gap: int, sign: int) -> Floats:
    """How much lighter (sign 1) or darker than what is ``gap`` to the left and to the right."""
    left, right = ((values - np.roll(values, by, 1)) * np.float32(sign) for by in (gap, -gap))
    ridge: Floats = np.minimum(left, right)
    return ridge


def _dust(grey: Floats, times: float) -> Slices[Bools]:
    found = np.zeros(grey.shape, bool)
    for radius in _RADII:
        blurred = grey
        for axis in (0, 1):
            blurred = sum(np.roll(blurred, k, axis) for k in range(-(radius // 2), radius // 2 + 1)) / np.float32(2 * (radius // 2) + 1)
        yield None
        around = list(_around(radius + 2))
        for sign in (1, -1):
            stands_out = np.full(grey.shape, np.inf, np.float32)
            for y, x in around:
                np.minimum(stands_out, (blurred - np.roll(blurred, (y, x), (0, 1))) * np.float32(sign), out=stands_out)
                yield None
            limit = _limit(stands_out, "dust", times)
            spots = (stands_out > limit).astype(np.float32)
            if spots.any():
                found |= grown(spots, (radius + 1) // 2, (False, False)) > 0
            yield None
    return found


def _around(radius: int) -> Iterator[tuple[int, int]]:
    for k in range(12):
        yield round(radius * np.sin(k * np.pi / 6)), round(radius * np.cos(k * np.pi / 6))


def _limit(answers: Floats, kind: str, times: float) -> float:
    step = max(1, answers.size // _SAMPLES)
    strong = float(np.percentile(answers.ravel()[::step], _STRONG_PERCENT[kind]))
    return max(times * strong, _LEAST_CONTRAST)
