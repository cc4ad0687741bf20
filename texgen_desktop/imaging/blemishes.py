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
from texgen_desktop.imaging.raster import Wraps, window
from texgen_desktop.slices import Slices

Blemish = Literal["scratches", "dust"]

_STEPS = 5  # doublings from one pixel to pieces of lines of 32
_SHORT_STEPS = 3
_DIRECTIONS = 16  # of each: more upright than level, more level than upright
_WIDTHS = (1, 3)
_MARGIN_PX = (1 << _STEPS) + 8
_RADII = (1, 2, 4)
_LEAST_CONTRAST = 0.02
_SAMPLES = 200_000
_STRONG_PERCENT = 99.5  # of the answers are weaker than a strong one
# Many blemishes are strong answers themselves. Without any, a strong one is hardly ever more than so many times that per cent's.
_USUAL: dict[Blemish, tuple[float, float]] = {"scratches": (95.0, 2.5), "dust": (98.0, 2.7)}
_TIMES: dict[Blemish, tuple[float, float]] = {
    "scratches": (4.5, 1.7),
    "dust": (4.0, 1.6),
}  # how many times as strong an answer has to be, at strength 0 and 1


def propose(pixels: Floats, kind: Blemish, strength: float, wraps: Wraps) -> Slices[Floats]:
    """(H, W) of 0 and 1, from a picture of (H, W, 3). ``strength`` in [0, 1]: the higher, the more is proposed."""
    grey = np.zeros(pixels.shape[:2], np.float32)
    for channel, weight in enumerate(LUMA):
        grey += pixels[..., channel] * np.float32(weight)
        yield None
    height, width = pixels.shape[:2]
    padded = window(grey, -_MARGIN_PX, -_MARGIN_PX, height + 2 * _MARGIN_PX, width + 2 * _MARGIN_PX, wraps)
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
            thick = _thickened(values, width, 1)
            yield None
            for slope in (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS * 2 - 1:
                short = yield from _along(thick, slope, 0, _SHORT_STEPS)
                long = yield from _along(short, slope, _SHORT_STEPS, _STEPS)
                gap = width // 2 + 2
                for sign in (1, -1):
                    ridge = _ridge(long, gap, sign)
                    yield None
                    limit = _limit(ridge, "scratches", times)
                    yield None
                    seeds = ridge > limit
                    if seeds.any():
                        piece = _drawn(seeds, slope, _STEPS)
                        piece &= _drawn(_ridge(short, gap, sign) > limit / 2, slope, _SHORT_STEPS)  # a scratch may end within the piece
                        for k in range(-(width // 2), width // 2 + 1):
                            own |= np.roll(piece, k, 1)
                    yield None
    return found


def _thickened(values: Floats, width: int, axis: int) -> Floats:
    """The mean of so many around each one."""
    total = values.copy()
    for k in range(1, width // 2 + 1):
        total += np.roll(values, k, axis) + np.roll(values, -k, axis)
    return total / np.float32(width)


def _along(values: Floats, slope: float, first: int, last: int) -> Slices[Floats]:
    """The mean of pieces of lines downwards from each place, from 2^first to 2^last pixels long; to the right by ``slope`` a row."""
    for k in range(first, last):
        values = (values + np.roll(values, (-(1 << k), -round(slope * (1 << k))), (0, 1))) * np.float32(0.5)
        yield None
    return values


def _drawn(begins: Bools, slope: float, steps: int) -> Bools:
    """The pieces of lines, of 2^steps pixels, that begin there."""
    for k in range(steps):
        begins = begins | np.roll(begins, (1 << k, round(slope * (1 << k))), (0, 1))
    return begins


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
            blurred = _thickened(blurred, 2 * (radius // 2) + 1, axis)
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


def _limit(answers: Floats, kind: Blemish, times: float) -> float:
    answers = answers[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX]
    step = max(1, round((answers.size / _SAMPLES) ** 0.5))
    percent, factor = _USUAL[kind]
    strong, usual = np.percentile(answers[::step, ::step], (_STRONG_PERCENT, percent))
    return max(times * min(float(strong), factor * float(usual)), _LEAST_CONTRAST)
