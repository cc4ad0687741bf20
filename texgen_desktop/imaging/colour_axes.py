"""The colours of a photo along their own principal axes: for most textures one axis says nearly all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from texgen_desktop.imaging.colour import Floats

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
        colours = np.concatenate([photo.reshape(-1, 3) for photo in photos]).astype(np.float64)
        mean = colours.mean(0)
        variances, axes = np.linalg.eigh((colours - mean).T @ (colours - mean) / len(colours))
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
