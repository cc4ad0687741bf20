"""Pictures that are read in pieces: an operator takes one and gives another, and nobody has to hold the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.slices import Slices

V = TypeVar("V", bound=NDArray[Any])
Wraps = tuple[bool, bool]
"""Whether rows follow on each other across the bottom edge, and columns across the right one."""


class Raster(Protocol):
    """A picture continued over the whole plane: an axis that wraps repeats it, another one mirrors it at its edges.

    Reading is pure: equal arguments give equal pixels, and a part is the same (to 1e-5) whether it is read alone or in a larger one.
    """

    @property
    def height_px(self) -> int: ...

    @property
    def width_px(self) -> int: ...

    @property
    def wraps(self) -> Wraps: ...

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        """(height, width, C) float32, sRGB-encoded, [0, 1] unless the picture has more. ``y`` and ``x`` may lie anywhere."""
        ...


class ArrayRaster:
    """A picture in memory: (H, W, C) float32. The array is read, never written, and shared."""

    def __init__(self, pixels: Floats, wraps: Wraps) -> None:
        self.pixels = pixels
        self.height_px, self.width_px = pixels.shape[:2]
        self.wraps = wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        return window(self.pixels, y, x, height, width, self.wraps)


class EnlargedRaster:
    """Another raster, each side ``factor`` times as long, its pixels blended linearly."""

    def __init__(self, raster: Raster, factor: int) -> None:
        self._raster, self._factor = raster, factor
        self.height_px, self.width_px = raster.height_px * factor, raster.width_px * factor
        self.wraps: Wraps = raster.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        top, rows, row_shares = self._between(y, height)
        left, columns, column_shares = self._between(x, width)
        source = self._raster.read(top, left, int(rows[-1]) + 2, int(columns[-1]) + 2)
        tall = source[rows] + row_shares[:, None, None] * (source[rows + 1] - source[rows])
        return tall[:, columns] + column_shares[:, None] * (tall[:, columns + 1] - tall[:, columns])

    def _between(self, first: int, count: int) -> tuple[int, np.ndarray[tuple[int], np.dtype[np.intp]], Floats]:
        """The first source pixel, and for each pixel which ones of them it lies between and how near to the second."""
        places = (np.arange(first, first + count) + 0.5) / self._factor - 0.5
        below = np.floor(places).astype(np.intp)
        return int(below[0]), below - below[0], (places - below).astype(np.float32)


def window(values: V, y: int, x: int, height: int, width: int, wraps: Wraps) -> V:
    """What is seen of (H, W, …) in a rectangle of the plane."""
    rows = plane_indices(y, height, values.shape[0], wraps[0])
    columns = plane_indices(x, width, values.shape[1], wraps[1])
    return cast(V, values[rows[:, None], columns])


def plane_indices(first: int, count: int, size: int, wraps: bool) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Which of ``size`` pixels are seen at ``first`` … ``first + count - 1`` of the plane. The mirror repeats the outermost pixel."""
    places = np.arange(first, first + count)
    if wraps:
        return places % size
    folded = places % (2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded)


def pieces(raster: Raster, side_px: int) -> Iterator[tuple[int, int, int, int]]:
    """(y, x, height, width) of blocks of at most ``side_px``² that make up the picture, row by row."""
    for y in range(0, raster.height_px, side_px):
        for x in range(0, raster.width_px, side_px):
            yield y, x, min(side_px, raster.height_px - y), min(side_px, raster.width_px - x)


def read_whole(raster: Raster, side_px: int = 256) -> Slices[Floats]:
    """The picture in memory, (H, W, C), a block a slice; that of an ``ArrayRaster`` is its own array."""
    if isinstance(raster, ArrayRaster):
        return raster.pixels
    whole: Floats | None = None
    for y, x, height, width in pieces(raster, side_px):
        piece = raster.read(y, x, height, width)
        if whole is None:
            whole = np.empty((raster.height_px, raster.width_px, piece.shape[2]), np.float32)
        whole[y : y + height, x : x + width] = piece
        yield None
    assert whole is not None, "a picture has pixels"
    return whole
