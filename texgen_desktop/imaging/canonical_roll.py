"""Where a picture that wraps is cut open to be worked on: the same place of the picture, wherever its edges lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Wraps
from texgen_desktop.slices import Slices

_SLAB = 1 << 20  # pixels a slice

Sums = NDArray[np.int64]


def canonical_roll(pixels: Floats, hole: NDArray[np.bool_], wraps: Wraps) -> Slices[tuple[int, int]]:
    """(rows, columns) to roll by, 0 on an axis that does not wrap. A picture that was rolled before gets the same place at its edges.

    The cut goes through the middle of the longest stretch with the smallest share of the hole. If there are several, what is known
    of the picture decides.
    """
    rolls = [0, 0]
    for axis in (0, 1):
        if not wraps[axis]:
            continue
        counts = hole.sum(1 - axis, dtype=np.int64)
        cuts = _calmest(counts)
        if len(cuts) > 1:
            counts = counts + 131 * (yield from _content(pixels, hole, axis))
        rolls[axis] = -_first(counts, cuts)
        yield None
    return rolls[0], rolls[1]


def _calmest(counts: Sums) -> NDArray[np.intp]:
    """The middles of the longest stretches, around the circle, of the least count."""
    length = len(counts)
    is_least = counts == counts.min()
    if is_least.all():
        return np.arange(length)
    begin = int(np.flatnonzero(~is_least)[0])
    steps = np.diff(np.concatenate([[0], np.roll(is_least, -begin).astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    longest = (ends - starts) == (ends - starts).max()
    middles: NDArray[np.intp] = ((starts + ends)[longest] // 2 + begin) % length
    return middles


def _first(values: Sums, cuts: NDArray[np.intp]) -> int:
    """The cut from which on the values come first in the order of the alphabet."""
    for k in range(len(values)):
        if len(cuts) == 1:
            break
        ahead = values[(cuts + k) % len(values)]
        cuts = cuts[ahead == ahead.min()]
    return int(cuts[0])


def _content(pixels: Floats, hole: NDArray[np.bool_], axis: int) -> Slices[Sums]:
    """Of each line a number that depends on its known pixels alone, and not on their order: whole numbers, for sums of those are exact."""
    total = np.zeros(pixels.shape[axis], np.int64)
    step = max(1, _SLAB // pixels.shape[1])
    for top in range(0, len(pixels), step):
        rows = slice(top, top + step)
        bits = np.ascontiguousarray(pixels[rows], np.float32).view(np.int32)
        sums = np.where(hole[rows, :, None], 0, bits).sum((2, 1 - axis), dtype=np.int64)
        if axis == 0:
            total[rows] = sums
        else:
            total += sums
        yield None
    return total
