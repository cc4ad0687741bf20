"""How far made pictures are from real ones by the features of random networks: small is alike. Nothing is ever trained on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from texgen_desktop.slices import Slices

_CHANNELS = (3, 32, 64, 96)
_PIXELS_AT_ONCE = 1 << 15
_LEAST_VARIANCE = 1e-8  # of pictures that are all the same


class RandomFeatures:
    """Fixed random convolutions, each channel brought to mean 0 and variance 1 over the real pictures (as random networks judge about as
    well as trained ones once their features are on one scale)."""

    def __init__(self, seed: int) -> None:
        dice = torch.Generator().manual_seed(seed)
        self._weights = [torch.randn(outputs, inputs, 3, 3, generator=dice) for inputs, outputs in pairwise(_CHANNELS)]
        self._scales: list[tuple[Tensor, Tensor]] = []

    def scaled_by(self, real: Tensor) -> Slices[None]:
        """``real`` (N, 3, S, S) in [-1, 1]."""
        for weight in self._weights:
            count, total, squares = 0, torch.zeros(len(weight), dtype=torch.float64), torch.zeros(len(weight), dtype=torch.float64)
            for part in _parts(real):
                with torch.no_grad():
                    found = self._layers(part, len(self._scales) + 1)[-1]
                count += found.numel() // len(weight)
                total += found.sum((0, 2, 3), dtype=torch.float64)
                squares += found.square().sum((0, 2, 3), dtype=torch.float64)
                yield None
            mean = total / count
            deviation = ((squares - count * mean.square()) / (count - 1)).clamp(min=_LEAST_VARIANCE).sqrt()
            self._scales.append((mean.float()[:, None, None], deviation.float()[:, None, None]))

    def _layers(self, x: Tensor, count: int) -> list[Tensor]:
        """The first so many layers' features before their non-linearity; those whose scale is not known yet as they are."""
        found = []
        for k, weight in enumerate(self._weights[:count]):
            x = F.conv2d(x, weight, padding=1)
            if k < len(self._scales):
                mean, deviation = self._scales[k]
                x = (x - mean) / deviation
            found.append(x)
            x = F.avg_pool2d(F.relu(x), 2)
        return found

    def of(self, pictures: Tensor) -> Slices[NDArray[np.float64]]:
        """Mean activations of every layer: (N, 192)."""
        rows = []
        for part in _parts(pictures):
            with torch.no_grad():
                rows.append(torch.cat([F.relu(layer).mean((2, 3)) for layer in self._layers(part, len(self._weights))], 1))
            yield None
        return torch.cat(rows).double().numpy()


def _parts(pictures: Tensor) -> Iterator[Tensor]:
    """As many as a slice has time for."""
    return iter(pictures.split(max(1, _PIXELS_AT_ONCE // (pictures.shape[2] * pictures.shape[3]))))


def frechet(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """|m_a - m_b|^2 + Tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of two sets of features (Dowson and Landau 1982; Heusel et al. 2017)."""
    covariances = [np.cov(x.T) for x in (a, b)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariances[1] @ root), 0)).sum()
    return float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * cross)


class FrechetDistance:
    """To a set of real pictures, as the mean over some random networks. Few pictures read further away than many of the same kind."""

    def __init__(self, networks: Sequence[RandomFeatures], real: Sequence[NDArray[np.float64]]) -> None:
        self._networks, self._real = networks, real

    @classmethod
    def prepared(cls, real: Tensor, seeds: Sequence[int]) -> Slices[FrechetDistance]:
        """``real`` (N, 3, S, S) in [-1, 1], at least two of at least 4 x 4 pixels; a network for each seed."""
        networks, features = [RandomFeatures(seed) for seed in seeds], []
        for network in networks:
            yield from network.scaled_by(real)
            features.append((yield from network.of(real)))
        return cls(networks, features)

    def to(self, pictures: Tensor) -> Slices[float]:
        """``pictures`` (N, 3, S, S) in [-1, 1], at least two; infinite where they are not finite."""
        distances = []
        for network, real in zip(self._networks, self._real, strict=True):
            found = yield from network.of(pictures)
            if not np.isfinite(found).all():
                return float("inf")
            distances.append(frechet(real, found))
            yield None
        return float(np.mean(distances))
