"""Lanczos resizing that streams blocks of rows and wraps where the picture wraps.

A picture on a torus keeps its period: ``h`` source rows become exactly ``H`` rows, and row ``H`` would be row 0 again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats

SourceRows = Callable[[int, int], Floats]
_LOBES = 3


def resize_rows(
    source_rows: SourceRows,
    source_size: tuple[int, int],
    target_size: tuple[int, int],
    wraps: tuple[bool, bool] = (True, True),
    block_rows: int = 64,
) -> Iterator[Floats]:
    """Yield the resized picture from top to bottom in blocks of (block_rows or fewer, W, 3) float32.

    ``source_rows(y0, y1)`` gives rows y0 … y1 - 1 as (y1 - y0, w, 3); where the picture wraps in y it is asked for rows below 0
    and from h on, and takes them modulo h. Sizes and ``wraps`` are (rows, columns). Where an axis does not wrap its edge
    is continued. The filter widens when the picture shrinks. A row does not depend on the block that it comes in.
    """
    (h, w), (height, width) = source_size, target_size
    columns, column_weights = _taps(0, width, width, w)
    columns = columns % w if wraps[1] else np.clip(columns, 0, w - 1)
    for top in range(0, height, block_rows):
        rows, row_weights = _taps(top, min(top + block_rows, height), height, h)
        if not wraps[0]:
            rows = np.clip(rows, 0, h - 1)
        first, last = int(rows.min()), int(rows.max())
        source = source_rows(first, last + 1)
        tall = _weighted_sum(source, rows - first, row_weights, axis=0)
        yield _weighted_sum(tall, columns, column_weights, axis=1)


def _taps(start: int, stop: int, target: int, source: int) -> tuple[NDArray[np.intp], Floats]:
    """Source indices and weights, both (stop - start, taps), of target positions start … stop - 1 along one axis."""
    scale = max(1.0, source / target)
    centres = (np.arange(start, stop) + 0.5) * source / target - 0.5
    first = np.floor(centres - _LOBES * scale).astype(np.intp) + 1
    indices = first[:, None] + np.arange(int(np.ceil(2 * _LOBES * scale)))
    distances = (indices - centres[:, None]) / scale
    weights = np.where(np.abs(distances) < _LOBES, np.sinc(distances) * np.sinc(distances / _LOBES), 0)
    return indices, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _weighted_sum(source: Floats, indices: NDArray[np.intp], weights: Floats, axis: int) -> Floats:
    """Tap by tap and not by a matrix product: BLAS rounds differently for other block heights."""
    shape = [1, 1, 1]
    shape[axis] = -1
    total = np.take(source, indices[:, 0], axis=axis) * weights[:, 0].reshape(shape)
    for tap in range(1, indices.shape[1]):
        total += np.take(source, indices[:, tap], axis=axis) * weights[:, tap].reshape(shape)
    return total
