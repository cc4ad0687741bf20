"""Image quilting (Efros and Freeman, SIGGRAPH 2001): overlapping blocks of the photo, joined along the cut of least error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.baselines import SIDE_PX, Baseline, Pictures
from texgen_desktop.imaging.colour import Floats

_BLOCK_PX, _OVERLAP_PX, _TOLERANCE = 48, 8, 0.1


def make(photo: Floats, seed: int) -> Floats:
    random = np.random.default_rng(seed)
    step = _BLOCK_PX - _OVERLAP_PX
    blocks = -(-(SIDE_PX - _OVERLAP_PX) // step)
    made = np.zeros((blocks * step + _OVERLAP_PX, blocks * step + _OVERLAP_PX, 3), np.float32)
    for row in range(blocks):
        for column in range(blocks):
            place = np.s_[row * step : row * step + _BLOCK_PX, column * step : column * step + _BLOCK_PX]
            known = np.zeros((_BLOCK_PX, _BLOCK_PX), bool)
            known[: _OVERLAP_PX if row else 0] = True
            known[:, : _OVERLAP_PX if column else 0] = True
            block = _fitting(photo, made[place], known, random)
            keep = np.zeros((_BLOCK_PX, _BLOCK_PX), bool)  # of what is there
            error = np.square(made[place] - block).sum(2)
            if column:
                keep[:, :_OVERLAP_PX] |= np.arange(_OVERLAP_PX) < _cut(error[:, :_OVERLAP_PX])[:, None]
            if row:
                keep[:_OVERLAP_PX] |= (np.arange(_OVERLAP_PX) < _cut(error[:_OVERLAP_PX].T)[:, None]).T
            made[place] = np.where(keep[..., None], made[place], block)
    return made[:SIDE_PX, :SIDE_PX]


def _fitting(photo: Floats, there: Floats, known: NDArray[np.bool_], random: np.random.Generator) -> Floats:
    """One of the blocks whose overlap is at most a tenth worse than the best."""
    rows, columns = photo.shape[0] - _BLOCK_PX + 1, photo.shape[1] - _BLOCK_PX + 1
    if known.any():
        mask = known[..., None].astype(np.float32)
        errors = (_correlated(np.square(photo), mask.repeat(3, 2)) - 2 * _correlated(photo, there * mask))[:rows, :columns]
        errors += np.square(there * mask).sum()
        best = max(float(errors.min()), 1e-6)
        y, x = random.choice(np.argwhere(errors <= (1 + _TOLERANCE) * best + 1e-6))
    else:
        y, x = random.integers(rows), random.integers(columns)
    return photo[y : y + _BLOCK_PX, x : x + _BLOCK_PX]


def _correlated(photo: Floats, pattern: Floats) -> NDArray[np.float64]:
    shape = photo.shape[:2]
    product = np.fft.rfft2(photo, shape, axes=(0, 1)) * np.conj(np.fft.rfft2(pattern, shape, axes=(0, 1)))
    return np.fft.irfft2(product.sum(2), shape)


def _cut(error: NDArray[np.float32]) -> NDArray[np.intp]:
    """(rows, overlap) to the column of the cheapest path from top to bottom, by dynamic programming."""
    cost = error.astype(np.float64)
    for row in range(1, len(cost)):
        before = np.pad(cost[row - 1], 1, constant_values=np.inf)
        cost[row] += np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    path = np.empty(len(cost), np.intp)
    path[-1] = cost[-1].argmin()
    for row in range(len(cost) - 2, -1, -1):
        first = max(0, path[row + 1] - 1)
        path[row] = first + cost[row, first : path[row + 1] + 2].argmin()
    return path


def grow(photo: Floats, readings_min: Sequence[float], _seed: int) -> Iterator[Pictures]:
    for _ in readings_min:
        yield lambda seed: make(photo, seed)


BASELINE = Baseline(
    "quilting",
    "image quilting",
    f"blocks of {_BLOCK_PX} px, overlap {_OVERLAP_PX} px, tolerance {_TOLERANCE}; does not tile, takes seconds",
    grow,
)
