"""A four-sided part of a picture, seen straight on: its four corners become those of a rectangle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Raster, Wraps, plane_indices

Doubles = NDArray[np.float64]
Point = tuple[float, float]

LEAST_SIDE_PX, MOST_SIDE_PX = 8, 32768
_LEAST_SINE = 0.03  # of the angle at a corner
_CELL_PX = 64  # pixels within a cell are made of equally many samples, wherever it is cut
_MOST_SAMPLES = 8  # of a pixel, along one axis


@dataclass(frozen=True)
class View:
    """What becomes a rectangle of ``width_px`` × ``height_px``: ``matrix`` (3, 3) brings its pixels to those of the picture, both x, y, 1
    and with whole numbers at the pixels' corners."""

    matrix: Doubles
    width_px: int
    height_px: int

    @classmethod
    def of(cls, corners: Sequence[Point], picture_px: tuple[int, int], size_px: tuple[int, int] = (0, 0)) -> View:
        """``corners`` are (x, y) as shares of the picture, clockwise from the top left; sizes are (width, height).

        A size of 0 follows from the distances of the corners: the longer of two opposite sides counts, so that nothing is lost.
        TexGenError where the corners do not make a four-sided figure without a dent, in this order, of at least 8 pixels a side.
        """
        points = np.array(corners, np.float64) * picture_px
        sides = np.roll(points, -1, 0) - points  # top, right, bottom, left
        lengths = np.hypot(*sides.T)
        if lengths.min() < LEAST_SIDE_PX:
            raise TexGenError(
                f"Two of the four corners lie less than {LEAST_SIDE_PX} pixels apart.", "Move the corners to those of a rectangular thing."
            )
        before = np.roll(sides, 1, 0)
        sines = (before[:, 0] * sides[:, 1] - before[:, 1] * sides[:, 0]) / (lengths * np.roll(lengths, 1))
        if sines.min() < _LEAST_SINE:
            raise TexGenError(
                "The four corners do not make a rectangle seen at an angle.",
                "Set them clockwise from the top left, so that no lines cross and no three corners lie in one line.",
            )
        width = size_px[0] or round(max(lengths[0], lengths[2]))
        height = size_px[1] or round(max(lengths[1], lengths[3]))
        return cls(_homography(points) @ np.diag([1 / width, 1 / height, 1]), min(width, MOST_SIDE_PX), min(height, MOST_SIDE_PX))


def _homography(points: Doubles) -> Doubles:
    """(3, 3) that brings the corners of the unit square to ``points`` (4, 2), clockwise from (0, 0) (Heckbert 1989)."""
    unit = ((0, 0), (1, 0), (1, 1), (0, 1))
    rows = [
        row
        for (u, v), (x, y) in zip(unit, points, strict=True)
        for row in ((u, v, 1, 0, 0, 0, -u * x, -v * x), (0, 0, 0, u, v, 1, -u * y, -v * y))
    ]
    found: Doubles = np.append(np.linalg.solve(np.array(rows, np.float64), points.reshape(-1)), 1).reshape(3, 3)
    return found


class StraightRaster:
    """The rectangle, made where it is read. It wraps on no axis: the picture's own edges are no longer its edges.

    Sampled with Catmull and Rom's cubic; where the picture is reduced, each pixel is the mean of as many samples as it covers pixels.
    """

    wraps: Wraps = (False, False)

    def __init__(self, source: Raster, view: View) -> None:
        self._source, self._view = source, view
        self.height_px, self.width_px = view.height_px, view.width_px

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        rows, columns = plane_indices(y, height, self.height_px, False), plane_indices(x, width, self.width_px, False)
        top, bottom, left, right = int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
        bands = []
        for first, last in _cells(top, bottom):
            bands.append(np.concatenate([self._cell(first, start, last, end) for start, end in _cells(left, right)], 1))
        return np.concatenate(bands)[(rows - top)[:, None], columns - left]

    def _cell(self, top: int, left: int, bottom: int, right: int) -> Floats:
        down, across = self._samples(top, left)
        v = np.arange(top * down, bottom * down)[:, None] + 0.5
        u = np.arange(left * across, right * across) + 0.5
        x, y = self._seen(u / across, v / down)
        samples = self._cubic(y - 0.5, x - 0.5) if max(down, across) <= 2 else self._linear(y - 0.5, x - 0.5)
        means: Floats = samples.reshape(bottom - top, down, right - left, across, -1).mean((1, 3))
        return means

    def _samples(self, top: int, left: int) -> tuple[int, int]:
        """How many a pixel of this cell has, down and across: as many as it covers pixels of the picture at most."""
        first_v, first_u = top // _CELL_PX * _CELL_PX, left // _CELL_PX * _CELL_PX
        v = np.minimum([first_v, first_v + _CELL_PX], self.height_px)[:, None]
        u = np.minimum([first_u, first_u + _CELL_PX], self.width_px)
        x, y = self._seen(u, v)
        across = np.hypot(np.diff(x, axis=1), np.diff(y, axis=1)).max() / (u[1] - u[0])
        down = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0)).max() / (v[1, 0] - v[0, 0])
        return tuple(int(np.clip(np.ceil(scale - 0.1), 1, _MOST_SAMPLES)) for scale in (down, across))  # type: ignore[return-value]

    def _seen(self, u: Doubles, v: Doubles) -> tuple[Doubles, Doubles]:
        """x and y in the picture of places in the rectangle."""
        x, y, depth = (row[0] * u + row[1] * v + row[2] for row in self._view.matrix)
        return x / depth, y / depth

    def _cubic(self, y: Doubles, x: Doubles) -> Floats:
        return self._gathered(y, x, -1, [_catmull_rom(part - np.floor(part)) for part in (y, x)])

    def _linear(self, y: Doubles, x: Doubles) -> Floats:
        shares = [part - np.floor(part) for part in (y, x)]
        return self._gathered(y, x, 0, [[1 - share, share] for share in shares])

    def _gathered(self, y: Doubles, x: Doubles, first: int, weights: list[list[Doubles]]) -> Floats:
        """Sums of pixels around each place, (h, w, 3): the n × n that begin ``first`` from the one above and left of it."""
        count = len(weights[0])
        top, left = np.floor(y).astype(np.intp) + first, np.floor(x).astype(np.intp) + first
        y0, x0 = int(top.min()), int(left.min())
        part = self._source.read(y0, x0, int(top.max()) - y0 + count, int(left.max()) - x0 + count)
        flat, width = part.reshape(-1, part.shape[2]), part.shape[1]
        places = (top - y0) * width + (left - x0)
        total = np.zeros((*y.shape, part.shape[2]), np.float32)
        most = np.ones_like(total)  # the cubic overshoots at edges: not beyond white, unless the picture does
        for i, j in np.ndindex(count, count):
            pixels = flat[places + (i * width + j)]
            total += pixels * (weights[0][i] * weights[1][j]).astype(np.float32)[..., None]
            np.maximum(most, pixels, out=most)
        return np.clip(total, 0, most)


def _cells(first: int, last: int) -> list[tuple[int, int]]:
    """Where cells begin and end between two pixels."""
    ends = [*range((first // _CELL_PX + 1) * _CELL_PX, last, _CELL_PX), last]
    return list(zip([first, *ends], ends, strict=False))


def _catmull_rom(t: Doubles) -> list[Doubles]:
    """Weights of the four pixels around a place that lies ``t`` after the second (Keys 1981, a = -1/2)."""
    return [
        ((-0.5 * t + 1) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1,
        ((-1.5 * t + 2) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
