"""The colours of a photo along their own principal axes: for most textures one axis says nearly all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.slices import Slices, run_to_end

_LEAST_SPREAD = 1 / 512
_LEAST_SHARE = 0.2  # of the first axis' spread: what is weaker is mostly the noise of the camera, and stays weak


@dataclass(frozen=True, eq=False)
class ColourAxes:
    """``mean`` (3,) and ``matrix`` (3, 3), whose columns are unit axes; ``scale`` (3,) is the spread along each."""

    mean: Floats
    matrix: Floats
    scale: Floats

    @classmethod
    def of(cls, *photos: Floats) -> ColourAxes:
        """The axes of one photo or several, (H, W, 3) each."""
        return run_to_end(cls.prepared(photos))

    @classmethod
    def prepared(cls, photos: Sequence[Floats]) -> Slices[ColourAxes]:
        """The same as ``of``, in slices."""
        colours = np.empty((sum(photo.shape[0] * photo.shape[1] for photo in photos), 3))
        first = 0
        for photo in photos:
            count = photo.shape[0] * photo.shape[1]
            colours[first : first + count] = photo.reshape(-1, 3)
            first += count
            yield None
        mean = colours.mean(0)
        yield None
        centred = colours - mean
        yield None
        # Two arrays: of one and its own transpose numpy finds the product in another way, with other last digits.
        product = centred.T @ centred.copy()
        variances, axes = np.linalg.eigh(product / len(colours))
        spreads = np.sqrt(np.maximum(variances[::-1], _LEAST_SPREAD**2))
        axes = axes[:, ::-1]
        axes = axes * np.where(axes.sum(0) < 0, -1, 1)  # the sign of an eigenvector is arbitrary
        scale = np.maximum(spreads, _LEAST_SHARE * spreads[0])
        return cls(mean.astype(np.float32), axes.astype(np.float32), scale.astype(np.float32))

    def encode(self, picture: Floats) -> Floats:
        """(..., 3) sRGB-encoded to (..., 3) of about unit spread."""
        encoded: Floats = (((picture - self.mean) @ self.matrix) / self.scale).astype(np.float32, copy=False)
        return encoded

    def decode(self, encoded: Floats) -> Floats:
        decoded: Floats = ((encoded * self.scale) @ self.matrix.T + self.mean).astype(np.float32, copy=False)
        return decoded
