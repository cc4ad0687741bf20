"""How far the pixels of a mask lie from its border, across the edges where the picture wraps. In slices, for masks may be large."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.raster import Wraps
from texgen_desktop.slices import Slices

Bools = NDArray[np.bool_]

_DEPTH_LIMIT_PX = 64
_SLAB = 1 << 19  # pixels a slice


def depth_of(hole: Bools, wraps: Wraps) -> Slices[NDArray[np.int16]]:
    """How many steps up, down, left or right lead out of the hole, at most 64; 0 beside it. The outside of the picture is no way out."""
    limit = _DEPTH_LIMIT_PX
    depth = hole.astype(np.int16)
    depth *= limit
    yield None
    for axis, is_torus in enumerate(wraps):
        lines = np.moveaxis(depth, axis, 0)
        ramp = np.arange(len(lines) + 2 * limit * is_torus, dtype=np.int16)[:, None]
        for part in _slabs(lines.shape[1], len(lines)):
            values = lines[:, part]
            if is_torus:
                values = np.pad(values, [(limit, limit), (0, 0)], mode="wrap")
            down = np.minimum.accumulate(values - ramp, 0) + ramp
            up = np.minimum.accumulate((values + ramp)[::-1], 0)[::-1] - ramp
            nearer = np.minimum(down, up)
            lines[:, part] = nearer[limit:-limit] if is_torus else nearer
            yield None
    return depth


def any_around(hole: Bools, wraps: Wraps, side_px: int) -> Slices[Bools]:
    """Whether the square of ``side_px`` (odd) around each pixel touches the hole."""
    reach = side_px // 2
    touched = hole.copy()
    for axis, is_torus in enumerate(wraps):
        lines = np.moveaxis(touched, axis, 0)
        for part in _slabs(lines.shape[1], len(lines)):
            padded = np.pad(lines[:, part], [(reach, reach), (0, 0)], mode="wrap" if is_torus else "constant")
            found = padded[: len(lines)].copy()
            for k in range(1, side_px):
                found |= padded[k : k + len(lines)]
            lines[:, part] = found
            yield None
    return touched


def _slabs(count: int, length: int) -> Iterator[slice]:
    step = max(1, _SLAB // length)
    for start in range(0, count, step):
        yield slice(start, start + step)
