"""How bright a picture is on the whole from place to place, and the picture with that evened out.

The light is a sum of few smooth functions: waves along an axis that wraps, cosines along one that mirrors, where a parabola is added
because light that falls off to one side is no cosine. Their coefficients are sums over all pixels, so that they can be gathered piece by
piece from a picture of any size, and a picture that is rolled has the same light, rolled. The waves are weighted as a Gaussian blur
would do it. Values stay sRGB-encoded: a factor there is, but for the darkest values, a factor in linear light too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.properties import LUMA
from texgen_desktop.imaging.raster import Raster, Wraps, pieces, plane_indices
from texgen_desktop.slices import Slices

Doubles = NDArray[np.float64]

_LEAST_WEIGHT = 1e-7  # of a wave that is still looked at
_MOST_GAIN = 4.0
_PIECE_PX = 256


@dataclass(frozen=True)
class _Axis:
    """The functions along one axis of ``size`` pixels, all of mean square 1; the first is the constant."""

    size: int
    wraps: bool
    blur_px: float | None  # standard deviation; None: no waves at all

    @property
    def _wave_count(self) -> int:
        if self.blur_px is None:
            return 0
        period = self.size if self.wraps else 2 * self.size
        seen = period / self.blur_px * np.sqrt(-np.log(_LEAST_WEIGHT) / 2) / np.pi
        return int(min(seen, (self.size - 1) // 2 if self.wraps else self.size - 1))

    def waves(self, first: int, count: int) -> Doubles:
        """(count, functions) at pixels ``first`` … of the plane."""
        k = np.arange(1, self._wave_count + 1)
        if self.wraps:
            turns = (np.arange(first, first + count)[:, None] * k % self.size) * (2 * np.pi / self.size)
            varying = np.concatenate([np.cos(turns), np.sin(turns)], 1)
        else:
            halves = (2 * np.arange(first, first + count) + 1)[:, None] * k % (4 * self.size)
            varying = np.cos(halves * (np.pi / (2 * self.size)))
        return np.concatenate([np.ones((count, 1)), np.sqrt(2) * varying], 1)

    def weights(self) -> Doubles:
        """What a Gaussian blur leaves of each wave: (functions,)."""
        if self.blur_px is None:
            return np.ones(1)
        k = np.arange(1, self._wave_count + 1) / (self.size if self.wraps else 2 * self.size)
        left = np.exp(-2 * np.square(np.pi * self.blur_px * k))
        return np.concatenate([[1.0], left, left] if self.wraps else [[1.0], left])

    def powers(self, first: int, count: int) -> Doubles:
        """(count, 1 or 3): constant, slope and bend, orthogonal to one another; along an axis that wraps only the constant."""
        if self.wraps:
            return np.ones((count, 1))
        places = 2.0 * plane_indices(first, count, self.size, False) + 1 - self.size
        square = (self.size**2 - 1) / 3  # mean of places²
        slope = places / np.sqrt(square)
        bend = np.square(slope) - 1
        return np.stack([np.ones(count), slope, bend / np.sqrt(0.8 - 2.4 / max(self.size**2 - 1, 3.01))], 1)


@dataclass(frozen=True)
class Light:
    """Of one picture, over the whole plane. ``mean`` (C,): C = 1 where only the brightness counts, else 3. ``most``: its largest value."""

    mean: Doubles
    most: float
    _rows: _Axis
    _columns: _Axis
    _waves: Doubles
    _powers: Doubles

    @classmethod
    def measured(cls, raster: Raster, size: float | None, keeps_colour: bool) -> Slices[Light]:
        """``size`` is the blur's standard deviation as a share of the shorter side: what is smaller is texture. None takes no more than
        slope and bend along the axes that do not wrap. In slices.
        """
        shape = (raster.height_px, raster.width_px)
        blur_px = None if size is None else max(size * min(shape), 1.0)
        rows, columns = (_Axis(n, wraps, blur_px) for n, wraps in zip(shape, raster.wraps, strict=True))
        waves: Doubles | float = 0.0
        powers: Doubles | float = 0.0
        most = 0.0
        for y, x, height, width in pieces(raster, _PIECE_PX):
            piece = raster.read(y, x, height, width)
            most = max(most, float(piece.max()))
            values = (piece @ np.array(LUMA, np.float32))[..., None] if keeps_colour else piece
            waves = waves + _projected(rows.waves(y, height), values, columns.waves(x, width))
            powers = powers + _projected(rows.powers(y, height), values, columns.powers(x, width))
            yield None
        waves, powers = np.asarray(waves) / np.prod(shape), np.asarray(powers) / np.prod(shape)
        # The parabola is taken out before the blur, which bends it at the edges, and is put back after it.
        overlap = [axis.waves(0, axis.size).T @ axis.powers(0, axis.size) / axis.size for axis in (rows, columns)]
        rest = waves - np.einsum("ki,ijc,lj->klc", overlap[0], powers, overlap[1])
        weights = np.outer(rows.weights(), columns.weights())[..., None]
        return cls(powers[0, 0], most, rows, columns, rest * weights, powers)

    def at(self, y: int, x: int, height: int, width: int) -> Floats:
        """(height, width, C) float32 at these pixels of the plane."""
        found = _summed(self._rows.waves(y, height), self._waves, self._columns.waves(x, width))
        found += _summed(self._rows.powers(y, height), self._powers, self._columns.powers(x, width))
        return found.astype(np.float32)

    def evened(self, pixels: Floats, y: int, x: int, strength: float = 1.0) -> Floats:
        """``pixels`` (h, w, 3), which lie at ``y``, ``x`` of the picture, as they would be if its mean light were everywhere."""
        light = self.at(y, x, *pixels.shape[:2])
        mean = np.maximum(self.mean, 1e-4).astype(np.float32)
        gain = (mean / np.maximum(light, mean / _MOST_GAIN)) ** np.float32(strength)
        found: Floats = np.clip(pixels * gain, None, max(1.0, self.most))
        return found


class EvenRaster:
    """A picture with its light evened out, where it is read."""

    def __init__(self, source: Raster, light: Light, strength: float) -> None:
        self._source, self._light, self._strength = source, light, strength

    @property
    def height_px(self) -> int:
        return self._source.height_px

    @property
    def width_px(self) -> int:
        return self._source.width_px

    @property
    def wraps(self) -> Wraps:
        return self._source.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        return self._light.evened(self._source.read(y, x, height, width), y, x, self._strength)


def _projected(down: Doubles, values: Floats, across: Doubles) -> Doubles:
    """Sums of (h, w, C) with each function of the rows and each of the columns: (K, L, C)."""
    height, width, channels = values.shape
    tall = (down.T @ values.reshape(height, -1)).reshape(-1, width, channels)
    found: Doubles = (tall.transpose(0, 2, 1) @ across).transpose(0, 2, 1)
    return found


def _summed(down: Doubles, coefficients: Doubles, across: Doubles) -> Doubles:
    """The functions with these coefficients (K, L, C) at the pixels: (h, w, C)."""
    found: Doubles = (down @ (coefficients.transpose(2, 0, 1) @ across.T)).transpose(1, 2, 0)
    return found
