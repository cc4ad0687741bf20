"""How far made pictures are from real ones by the features of random networks: small is alike. Never trained on, never tuned."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

_CHANNELS = (3, 32, 64, 96)
_NETWORKS = 3
_AT_ONCE = 64


class RandomFeatures:
    """Fixed random convolutions, each channel brought to mean 0 and variance 1 over the real pictures (as random networks judge about as
    well as trained ones once their features are on one scale)."""

    def __init__(self, real: Tensor, seed: int) -> None:
        """``real`` (N, 3, S, S) in [-1, 1]."""
        dice = torch.Generator().manual_seed(seed)
        self._weights: list[Tensor] = []
        self._scales: list[tuple[Tensor, Tensor]] = []
        for inputs, outputs in pairwise(_CHANNELS):
            self._weights.append(torch.randn(outputs, inputs, 3, 3, generator=dice))
            found = torch.cat([self._layers(part)[-1] for part in real.split(_AT_ONCE)])
            self._scales.append((found.mean((0, 2, 3), keepdim=True), found.std((0, 2, 3), keepdim=True)))

    def _layers(self, x: Tensor) -> list[Tensor]:
        """Features before their non-linearity; the last ones not yet brought to scale."""
        found = []
        for k, weight in enumerate(self._weights):
            x = F.conv2d(x, weight, padding=1)
            if k < len(self._scales):
                mean, deviation = self._scales[k]
                x = (x - mean) / deviation
            found.append(x)
            x = F.avg_pool2d(F.relu(x), 2)
        return found

    @torch.no_grad()
    def of(self, pictures: Tensor) -> NDArray[np.float64]:
        """Mean activations of every layer: (N, 192)."""
        rows = []
        for part in pictures.split(_AT_ONCE):
            rows.append(torch.cat([F.relu(layer).mean((2, 3)) for layer in self._layers(part)], 1))
        return torch.cat(rows).double().numpy()


def frechet(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """|m_a - m_b|^2 + Tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of two sets of features (Dowson and Landau 1982; Heusel et al. 2017)."""
    covariances = [np.cov(x.T) for x in (a, b)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariances[1] @ root), 0)).sum()
    return float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * cross)


class FrechetDistance:
    """To a set of real pictures, as the mean over some random networks."""

    def __init__(self, real: Tensor) -> None:
        self._networks = [RandomFeatures(real, seed) for seed in range(_NETWORKS)]
        self._real = [network.of(real) for network in self._networks]

    def to(self, pictures: Tensor) -> float:
        """``pictures`` (N, 3, S, S) in [-1, 1]."""
        distances = [frechet(real, network.of(pictures)) for network, real in zip(self._networks, self._real, strict=True)]
        return float(np.mean(distances))
