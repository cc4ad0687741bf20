"""What the networks of a GAN are judged by."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def relativistic(winner: Tensor, loser: Tensor) -> Tensor:
    """softplus(loser - winner), averaged: the relativistic pairing loss (Jolicoeur-Martineau 2018; R3GAN, Huang et al. 2024).

    The critic minimises ``relativistic(real, fake)``, the generator ``relativistic(fake, real)``.
    """
    return F.softplus(loser - winner).mean()


def smoothness(scores: Tensor, scores_of_noisy: Tensor, gamma: float, sigma: float) -> Tensor:
    """R1 and R2 without double backward: gamma / (2 sigma^2) * E[(D(x) - D(x + sigma * noise))^2].

    For small sigma this is gamma / 2 * E[|grad D|^2] (approximate R1 of Lin et al. 2025, "Seaweed APT").
    """
    return gamma / (2 * sigma**2) * (scores - scores_of_noisy).square().mean()
