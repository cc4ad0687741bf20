"""A photo becomes a tile by a cut: opposite edges are laid over each other, and it goes over from one to the other where that shows least.

How far they overlap is searched for too, so that what repeats in the photo (bricks, weave) goes on in step. The cut is a path of least
error (Efros and Freeman 2001, "Image quilting"), closed around the torus; the error counts less where the photo is busy. What is left of a
step fades to both sides (``membrane``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.membrane import closed
from texgen_desktop.slices import Slices

Ints = NDArray[np.intp]

_OVERLAPS = (0.12, 0.42)  # of a side
_COARSE_PX = 96  # the shorter side of the picture at which all overlaps are tried is less than twice this
_PRICE = 0.5  # how much more an error counts with an overlap of the whole side: smaller tiles repeat sooner
_AROUND_PX = 2  # overlaps that are tried at each finer level, to either side
_BUSY_PX = 4  # reach of what counts as around a pixel
_ROWS = 512  # of a path in one slice
_PIXELS = 1 << 18  # that are compared in one slice


@dataclass(frozen=True)
class Cut:
    """``tile`` (h, w, 3) is smaller than the photo by the overlap. ``where`` (h, w) is true along the cut.

    ``error`` is how much both sides differ along the cut, relative to how much neighbouring pixels of the photo do; (rows, columns).
    """

    tile: Floats
    where: NDArray[np.bool_]
    error: tuple[float, float]


def cut_tile(pixels: Floats) -> Slices[Cut]:
    """The photo (H, W, 3) as a tile, of 58 % to 88 % of its sides. In slices."""
    columns = yield from _seam(pixels)
    sideways = columns.joined(pixels)
    across = columns.steps(pixels)
    rows = yield from _seam(sideways.swapaxes(0, 1))
    tile = rows.joined(sideways.swapaxes(0, 1)).swapaxes(0, 1)
    yield None
    steps_down, steps_across = np.zeros_like(tile), np.zeros_like(tile)
    for steps, found in zip((steps_across, steps_down), across, strict=True):
        steps[:, : columns.overlap] = rows.joined(found.swapaxes(0, 1)).swapaxes(0, 1)  # of the cut that is there already
    yield None
    for steps, found in zip((steps_down, steps_across), rows.steps(sideways.swapaxes(0, 1)), strict=True):
        steps[: rows.overlap] += found.swapaxes(0, 1)
    where = (np.abs(steps_down) + np.abs(steps_across)).max(2) > 0
    yield None
    made = yield from closed(tile, steps_down, steps_across)
    made = np.clip(made, 0, max(1.0, float(pixels.max())))
    yield None
    rolls = (-_beginning(made), -_beginning(made.swapaxes(0, 1)))
    yield None
    return Cut(np.roll(made, rolls, (0, 1)), np.roll(where, rolls, (0, 1)), (rows.error, columns.error))


def _beginning(tile: Floats) -> int:
    """The first row that follows on the one before by a usual step: a tile may begin anywhere, but better not on the strongest line."""
    steps = np.array([np.abs(tile[y] - tile[y - 1]).mean() for y in range(len(tile))])
    low, high = np.percentile(steps, (5, 95))
    return int(np.flatnonzero((steps >= low) & (steps <= high))[0])


@dataclass(frozen=True)
class _Seam:
    """The left edge of a picture over its right one. ``path`` (H,): left of it the pixel is from the right edge, from it on the left."""

    overlap: int
    path: Ints
    error: float

    def joined(self, picture: Floats) -> Floats:
        """(H, W, C) to (H, W - overlap, C); fewer rows are the first ones."""
        width = picture.shape[1] - self.overlap
        made = picture[:, :width].copy()
        right = picture[:, width:]
        from_right = self._from_right[: len(picture), :, None]
        made[:, : self.overlap] = np.where(from_right, right, picture[:, : self.overlap])
        return made

    @property
    def _from_right(self) -> NDArray[np.bool_]:
        return np.arange(self.overlap) < self.path[:, None]

    def steps(self, picture: Floats) -> tuple[Floats, Floats]:
        """How much greater the steps to the right and down have to be for the seam to close, in the overlap: (H, overlap, C) each.

        To be: the mean of the steps that both pictures have there.
        """
        difference = picture[:, picture.shape[1] - self.overlap :] - picture[:, : self.overlap]
        label = self._from_right.astype(np.float32)[..., None]
        found = []
        for axis in (1, 0):
            change = label - np.roll(label, -1, axis)
            if axis == 1:
                change[:, -1] = 0  # beyond it the photo goes on
            found.append(0.5 * (difference + np.roll(difference, -1, axis)) * change)
        return found[0], found[1]


def _seam(picture: Floats) -> Slices[_Seam]:
    """The best overlap of left and right. The cut runs from top to bottom, and there meets its beginning."""
    levels = [picture]
    while min(levels[-1].shape[:2]) >= 2 * _COARSE_PX:
        levels.append(_halved(levels[-1]))
        yield None
    overlap = None
    for level in reversed(levels):
        width = level.shape[1]
        least, most = (round(share * width) for share in _OVERLAPS)
        if overlap is None:
            tried = range(least, most + 1)
        else:
            tried = range(max(least, 2 * overlap - _AROUND_PX), min(most, 2 * overlap + _AROUND_PX) + 1)
        busy = _busy(level)
        best = np.inf
        for each in tried:
            cost = yield from _cost(level, busy, each)
            path, mean = yield from _cheapest_ring(cost)
            price = mean * (1 + _PRICE * each / width)
            if price < best:
                best, overlap, found = price, each, _Seam(each, path, mean)
    return found


def _cost(picture: Floats, busy: Floats, overlap: int) -> Slices[Floats]:
    """How much both pictures differ in the overlap, in value and in step, over how busy they are: (H, overlap)."""
    height, width, _ = picture.shape
    cost = np.empty((height, overlap), np.float32)
    rows = max(8, _PIXELS // overlap)
    for top in range(0, height, rows):
        above = max(0, top - 1)
        part = slice(above, top + rows)
        difference = picture[part, width - overlap :] - picture[part, :overlap]
        squares = np.square(difference)
        for axis in (0, 1):
            step = np.square(np.diff(difference, axis=axis, append=difference[-1:] if axis == 0 else difference[:, -1:]))
            squares = squares + step
        energy = squares.sum(2) / (busy[part, width - overlap :] + busy[part, :overlap])
        cost[top : top + rows] = energy[top - above :]
        yield None
    return cost


def _busy(picture: Floats) -> Floats:
    """Mean squared steps around each pixel, not below half of what is usual in the picture: (H, W)."""
    squares = np.square(np.gradient(picture, axis=0)) + np.square(np.gradient(picture, axis=1))
    around = squares.sum(2)
    for axis in (0, 1):
        around = _mean_around(around, axis)
    usual = float(around.mean())
    floored: Floats = around + np.float32(0.5 * usual + 1e-8)
    return floored


def _mean_around(values: Floats, axis: int) -> Floats:
    widths = [(0, 0), (0, 0)]
    widths[axis] = (_BUSY_PX + 1, _BUSY_PX)
    sums = np.cumsum(np.pad(values, widths, mode="edge"), axis=axis, dtype=np.float64)
    reach = 2 * _BUSY_PX + 1
    upper = np.take(sums, np.arange(reach, sums.shape[axis]), axis)
    lower = np.take(sums, np.arange(0, sums.shape[axis] - reach), axis)
    found: Floats = ((upper - lower) / reach).astype(np.float32)
    return found


def _cheapest_ring(cost: Floats) -> Slices[tuple[Ints, float]]:
    """The path from top to bottom that ends beside where it begins, (H,) with values from 1 on, and its mean cost."""
    open_path = yield from _cheapest(np.concatenate([cost, cost]), None)
    path = yield from _cheapest(cost, int(open_path[len(cost)]))
    return np.maximum(path, 1), float(cost[np.arange(len(cost)), path].mean())


def _cheapest(cost: Floats, beginning: int | None) -> Slices[Ints]:
    """By dynamic programming; with a ``beginning`` it also ends there or beside it. A step down goes at most one to either side."""
    height, width = cost.shape
    total = cost[0].copy()
    if beginning is not None:
        total[np.arange(width) != beginning] = np.inf
    moves = np.empty((height, width), np.int8)
    around = np.full(width + 2, np.inf, np.float32)
    for y in range(1, height):
        around[1:-1] = total
        left, right = around[:-2], around[2:]
        move = np.where(left < total, -1, 0)
        best = np.minimum(left, total)
        moves[y] = np.where(right < best, 1, move)
        total = np.minimum(best, right) + cost[y]
        if y % _ROWS == 0:
            yield None
    ends = total if beginning is None else np.where(np.abs(np.arange(width) - beginning) <= 1, total, np.inf)
    path = np.empty(height, np.intp)
    path[-1] = np.argmin(ends)
    for y in range(height - 1, 0, -1):
        path[y - 1] = path[y] + moves[y, path[y]]
    yield None
    return path


def _halved(picture: Floats) -> Floats:
    height, width = (side // 2 for side in picture.shape[:2])
    halves: Floats = picture[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).mean((1, 3))
    return halves
