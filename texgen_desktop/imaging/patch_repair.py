"""Fills holes of a picture with patches of the rest of it, coarse to fine; across the edges where the picture wraps.

The energy, and the vote of all patches over a pixel, are those of Wexler, Shechtman and Irani (2007, "Space-time completion of video");
the filling of the coarsest level from the border inwards is that of Newson et al. (2014, "Video inpainting of complex scenes"). The
search is in ``patch_match``. Equal arguments give equal pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.canonical_roll import canonical_roll
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.mask import blended, require_size
from texgen_desktop.imaging.patch_match import Bools, Level
from texgen_desktop.imaging.raster import Wraps
from texgen_desktop.slices import Slices

Tell = Callable[[float, str], None]
Show = Callable[[Floats], None]

_ROUNDS = (8, 4)  # of searching and voting: at the coarsest level, at the finest
_MANY_TARGETS, _FEW_ROUNDS = 100_000, 2
_SHARPNESS = (0.25, 1.0)
_FINAL_SHARPNESS = 4.0
_TRUST, _FINAL_TRUST = 1.4, 1.7
_COARSEST_DEPTH_PX = 3  # at the coarsest level every patch of the hole sees something known
_LEAST_SIDE_PX = 20
_STRIDE, _STRIDE_FROM_PX = 2, 100  # targets are two pixels apart, but on small levels
_NEAR_PX = 32
_SLAB = 1 << 20  # pixels a slice


def patch_repair(
    pixels: Floats, mask: Floats, wraps: Wraps, seed: int = 0, tell: Tell | None = None, show: Show | None = None
) -> Slices[Floats]:
    """(H, W, 3) with the pixels of the mask replaced.

    ``mask`` is (H, W) in [0, 1]: pixels at 0 stay bit for bit, those at 1 are replaced whatever they are, those between are blended.
    ``tell`` is told the share that is done and in words what is being done, ``show`` the picture so far, first at a low resolution and at
    last at its own. Where the picture wraps, a roll of picture and mask rolls the result, bit for bit.

    TexGenError for a mask of another size, an empty one, and one that leaves too little whole picture to take patches from.
    """
    require_size(mask, (pixels.shape[0], pixels.shape[1]))
    hole = mask > 0
    if not hole.any():
        raise TexGenError("The mask is empty: nothing is to be repaired.", "Paint white what is to be replaced.")
    roll = yield from canonical_roll(pixels, hole, wraps)
    levels = yield from _pyramid(pixels, hole, wraps, roll)
    finest = levels[0]
    random = np.random.default_rng(seed)
    plan = [_rounds(level, k, len(levels)) for k, level in enumerate(levels)]
    work, done = sum(len(level.targets) * rounds for level, rounds in zip(levels, plan, strict=True)), 0
    coarse: Level | None = None
    for k in reversed(range(len(levels))):
        level, rounds = levels.pop(), plan[k]
        words = f"Repair at {level.width} × {level.height}"
        sharpness = float(np.interp(k, (0, max(1, len(plan) - 1)), _SHARPNESS[::-1]))
        reach = max(level.height, level.width) // 2
        if coarse is None:
            yield from level.peel(random)
        else:
            yield from level.take_over(coarse, random)
            yield from level.vote(_TRUST, 0)
        for n in range(rounds):
            yield from level.search(random, 2 if n % 2 else 4, reach if coarse is None or n == 0 else _NEAR_PX)
            yield from level.vote(_TRUST, sharpness)
            done += len(level.targets)
            if tell is not None:
                tell(done / work, words)
            yield None
        if show is not None and k:
            show(np.roll(level.picture, tuple(-(shift >> k) for shift in roll), (0, 1)))
        coarse = level
    yield from finest.search(random, 1, 0)
    yield from finest.vote(_FINAL_TRUST, _FINAL_SHARPNESS)
    places = finest.places
    repaired = yield from blended(pixels, mask, places, roll, lambda part: finest.picture[places[part, 0], places[part, 1]])
    if show is not None:
        show(repaired)
    return repaired


def _rounds(level: Level, k: int, count: int) -> int:
    if len(level.targets) > _MANY_TARGETS:
        return _FEW_ROUNDS
    return round(float(np.interp(k, (0, max(1, count - 1)), _ROUNDS[::-1])))


def _pyramid(pixels: Floats, hole: Bools, wraps: Wraps, roll: tuple[int, int]) -> Slices[list[Level]]:
    """From the finest level to the coarsest that is of use. Pixels count only where they are known."""
    level = _level(hole.shape, wraps)
    columns = (np.arange(level.width) - roll[1]) % level.width
    rolled = np.empty_like(hole)
    for top in range(0, level.height, max(1, _SLAB // level.width)):
        rows = (np.arange(top, min(level.height, top + max(1, _SLAB // level.width))) - roll[0]) % level.height
        level.picture[top : top + len(rows)] = pixels[rows[:, None], columns]
        rolled[top : top + len(rows)] = hole[rows[:, None], columns]
        yield None
    yield from level.prepare(rolled)
    if not level.has_sources:
        raise TexGenError("Too little of the picture is left to repair it from.", "Mask less, or use a larger picture.")
    levels = [level]
    while int(level.depth.max()) > _COARSEST_DEPTH_PX and min(level.height, level.width) >= 2 * _LEAST_SIDE_PX:
        level = yield from _halved(level)
        if not level.hole.any() or not level.has_sources:
            break
        levels.append(level)
    return levels


def _level(shape: tuple[int, int], wraps: Wraps) -> Level:
    return Level(shape, wraps, _STRIDE if min(shape) >= _STRIDE_FROM_PX else 1)


def _halved(fine: Level) -> Slices[Level]:
    """Of half the size, rounded up; a last odd row or column stands for itself."""
    height, width = -(-fine.height // 2), -(-fine.width // 2)
    coarse = _level((height, width), fine.wraps)
    hole = np.empty((height, width), bool)
    step = max(1, _SLAB // 4 // width)
    for top in range(0, height, step):
        rows = slice(2 * top, 2 * (top + step))
        known = (~fine.hole[rows]).astype(np.float32)
        sums, counts = _sums(fine.picture[rows] * known[..., None]), _sums(known)
        coarse.picture[top : top + step] = sums / np.maximum(counts, 1)[..., None]
        hole[top : top + step] = 2 * counts < _sums(np.ones_like(known))
        yield None
    yield from coarse.prepare(hole)
    return coarse


def _sums(values: Floats) -> Floats:
    """Of 2 × 2; beyond an odd side there is nothing."""
    for axis in (0, 1):
        lines = np.moveaxis(values, axis, 0)
        sums = lines[::2].copy()
        sums[: len(lines) // 2] += lines[1::2]
        values = np.moveaxis(sums, 0, axis)
    return values
