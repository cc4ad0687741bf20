"""The colours of the photos as a coordinate system, so that a generated texture is tied to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from texgen_desktop.data.photos import Photo

# Axes that hardly vary are not blown up to unit variance: on a grey photo they are noise of the camera and of JPEG.
_LEAST_SCALE = 0.08


Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Palette:
    """Principal axes of the colours: ``rgb = mean + (x * scales) @ axes``, rgb sRGB-encoded in [0, 1], rows of ``axes`` orthonormal."""

    mean: Triple
    axes: tuple[Triple, Triple, Triple]
    scales: Triple

    @classmethod
    def of(cls, photos: Sequence[Photo]) -> Palette:
        """PCA over the pixels of all photos, at most 2^18 of each."""
        samples = [p.pixels.reshape(-1, 3)[:: -(-p.pixels.size // (3 << 18))] for p in photos]
        colours = np.concatenate(samples).astype(np.float64)
        mean = colours.mean(0)
        variances, vectors = np.linalg.eigh(np.cov((colours - mean).T))
        scales = np.sqrt(np.maximum(variances[::-1], 1e-8))
        scales = np.maximum(scales, _LEAST_SCALE * scales[0])
        axes = vectors[:, ::-1].T
        # An eigenvector's sign is arbitrary; fixed, so that the same photo always gives the same palette.
        axes = axes * np.where(axes.sum(1, keepdims=True) < 0, -1.0, 1.0)
        return cls(_triple(mean), (_triple(axes[0]), _triple(axes[1]), _triple(axes[2])), _triple(scales))

    def _matrix(self, like: Tensor) -> tuple[Tensor, Tensor]:
        scaled = torch.tensor(self.axes, dtype=torch.float64) * torch.tensor(self.scales, dtype=torch.float64)[:, None]
        mean = torch.tensor(self.mean, dtype=torch.float64)[:, None, None]
        return scaled.to(like), mean.to(like)

    def encode(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) sRGB-encoded in [0, 1] -> coordinates of about unit variance."""
        scaled, mean = self._matrix(rgb)
        inverse = scaled / scaled.square().sum(1, keepdim=True)
        return torch.einsum("ac,bchw->bahw", inverse, rgb - mean)

    def decode(self, x: Tensor) -> Tensor:
        """Coordinates (B, 3, H, W) -> sRGB-encoded, clipped to [0, 1]."""
        scaled, mean = self._matrix(x)
        return (torch.einsum("ac,bahw->bchw", scaled, x) + mean).clamp(0.0, 1.0)


def _triple(row: NDArray[np.float64]) -> Triple:
    return float(row[0]), float(row[1]), float(row[2])
