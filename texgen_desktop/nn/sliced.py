"""Distances between the distributions of two pictures' patches, measured along random directions: no critic has to be trained.

Along one direction the Wasserstein distance is the mean gap between two sorted lists, and every gap pulls its patch to its place
(Rabin et al. 2012). Random directions that change at every step cover the distribution of whole patches (GPDM, Elnekave and Weiss 2022;
on features of a network: Heitz et al. 2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_LEAST_VARIANCE = 1e-3  # of the largest: below that a direction is rounding, and would be blown up
_NO_VARIANCE = 1e-6  # of a photo in one colour
_PROBE_PATCHES = 20_000


def sliced_wasserstein(made: Tensor, real: Tensor) -> Tensor:
    """W1, averaged over directions: mean |sort(made) - sort(real)|, of projections (directions, samples) each.

    The counts may differ: the real quantiles are then taken at the ranks of the made ones. Gradients reach ``made`` alone.
    """
    targets = _sorted(real.detach())
    if real.shape[1] != made.shape[1]:
        targets = F.interpolate(targets[None], made.shape[1], mode="linear", align_corners=False)[0]
    # Each value's target is the real one of its rank: the same as sorting both, without a sort to go back through.
    return (made - torch.empty_like(targets).scatter_(1, _ranking(made.detach()), targets)).abs().mean()


def _sorted(rows: Tensor) -> Tensor:
    """On the CPU numpy sorts 20 times as fast as torch does, and sorting would take half of a step."""
    return torch.from_numpy(np.sort(rows.numpy(), axis=1)) if rows.device.type == "cpu" else rows.sort(dim=1).values


def _ranking(rows: Tensor) -> Tensor:
    return torch.from_numpy(np.argsort(rows.numpy(), axis=1)) if rows.device.type == "cpu" else rows.argsort(dim=1)


def projected(pictures: Tensor, directions: Tensor, stride: int = 1) -> Tensor:
    """Every patch along every direction: (B, C, H, W), (P, C, k, k) -> (P, B * h * w)."""
    return F.conv2d(pictures, directions, stride=stride).transpose(0, 1).flatten(1)


@dataclass(frozen=True)
class PatchDirections:
    """Where random directions through the patches of a kind of picture come from.

    Of natural patches nearly all variance is slow change, and so is what a plain random direction sees. These are drawn through
    ``root``, a power of the patches' covariance between -1/2 (all that occurs is seen alike, the photo's noise too) and 0.
    """

    root: Tensor  # (C k k, C k k)
    channels: int
    size: int

    @classmethod
    def of(cls, pictures: Tensor, size: int, whiteness: float) -> PatchDirections:
        """From the patches of (B, C, H, W); ``whiteness`` 0 draws plain directions, 1 whitens (ZCA, Bell and Sejnowski 1997)."""
        rows, columns = (n - size + 1 for n in pictures.shape[-2:])
        every = max(1, round((pictures.shape[0] * rows * columns / _PROBE_PATCHES) ** 0.5))
        windows = pictures.unfold(2, size, every).unfold(3, size, every)  # (B, C, h, w, k, k)
        patches = windows.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2).double()
        covariance = (patches - patches.mean(0)).T @ (patches - patches.mean(0)) / len(patches)
        variances, vectors = torch.linalg.eigh(covariance.cpu())
        scales = variances.clamp_min(max(float(variances[-1]) * _LEAST_VARIANCE, _NO_VARIANCE)) ** (-whiteness / 2)
        # So that a random direction meets unit variance on the average, at any whiteness.
        scales = scales / (scales.square() * variances).sum().clamp_min(_NO_VARIANCE).sqrt()
        root = (vectors * scales) @ vectors.T
        return cls(root.float().to(pictures.device), pictures.shape[1], size)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` directions as filters: (count, C, k, k)."""
        plain = torch.randn(count, self.root.shape[0], generator=generator).to(self.root)
        directions: Tensor = plain / plain.square().mean(1, keepdim=True).sqrt() @ self.root
        return directions.reshape(count, self.channels, self.size, self.size)


def random_filters(count: int, channels: int, size: int, generator: torch.Generator) -> Tensor:
    """Filters whose answers have about the variance of what they read: (count, channels, size, size)."""
    return torch.randn(count, channels, size, size, generator=generator) / math.sqrt(channels * size * size)


def modulus_features(pictures: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """What two layers of random filters see, (P, samples): where the moduli of the first ones' answers are large together.

    |filter|, averaged over 2 x 2, filtered again (scattering, Bruna and Mallat 2013; random filters for textures: Ustyuzhaninov et al.
    2017). A modulus tells how strong an edge is wherever it lies exactly, which no direction through the pixels does.
    """
    return projected(F.avg_pool2d(F.conv2d(pictures, first).abs(), 2), second)
