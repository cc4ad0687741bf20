"""The colours of the photos as a coordinate system, so that a generated texture is tied to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from texgen_desktop.data.photos import Photo

_MOST_COLOURS, _MOST_OF_ONE = 1 << 22, 1 << 18
# On a grey photo the lesser axes are noise of the camera and of JPEG, and are hardly blown up at all.
_LEAST_SCALE = 0.08

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Palette:
    """Principal axes of the colours: ``rgb = mean + (x * scales) @ axes``, rgb sRGB-encoded in [0, 1], rows of ``axes`` orthonormal.

    The first coordinate has unit variance. The others are whitened half the way, by the root of their share of its deviation: whitened all
    the way a critic has as much to say of the faint colour noise of a photo as of its shapes.
    """

    mean: Triple
    axes: tuple[Triple, Triple, Triple]
    scales: Triple

    @classmethod
    def of(cls, photos: Sequence[Photo]) -> Palette:
        """PCA over the pixels of all photos, at most 2^18 of each and 2^22 in all."""
        most = min(_MOST_OF_ONE, _MOST_COLOURS // len(photos))
        samples = [p.pixels.reshape(-1, 3)[:: -(-p.pixels.size // (3 * most))] for p in photos]
        colours = np.concatenate(samples).astype(np.float64)
        mean = colours.mean(0)
        variances, vectors = np.linalg.eigh(np.cov((colours - mean).T))
        deviations = np.sqrt(np.maximum(variances[::-1], 1e-8))
        scales = deviations[0] * np.maximum(np.sqrt(deviations / deviations[0]), _LEAST_SCALE)
        axes = vectors[:, ::-1].T
        # An eigenvector's sign is arbitrary; fixed, so that the same photo always gives the same palette.
        axes = axes * np.where(axes.sum(1, keepdims=True) < 0, -1.0, 1.0)
        return cls(_triple(mean), (_triple(axes[0]), _triple(axes[1]), _triple(axes[2])), _triple(scales))

    def _matrix(self, like: Tensor) -> tuple[Tensor, Tensor]:
        scaled = torch.tensor(self.axes, dtype=torch.float64) * torch.tensor(self.scales, dtype=torch.float64)[:, None]
        mean = torch.tensor(self.mean, dtype=torch.float64)[:, None, None]
        return scaled.to(like), mean.to(like)

    def encode(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) sRGB-encoded in [0, 1] -> coordinates of at most about unit variance."""
        scaled, mean = self._matrix(rgb)
        inverse = scaled / scaled.square().sum(1, keepdim=True)
        return torch.einsum("ac,bchw->bahw", inverse, rgb - mean)

    def decode(self, x: Tensor) -> Tensor:
        """Coordinates (B, 3, H, W) -> sRGB-encoded, clipped to [0, 1]."""
        scaled, mean = self._matrix(x)
        return (torch.einsum("ac,bahw->bchw", scaled, x) + mean).clamp(0.0, 1.0)


def _triple(row: NDArray[np.float64]) -> Triple:
    return float(row[0]), float(row[1]), float(row[2])
