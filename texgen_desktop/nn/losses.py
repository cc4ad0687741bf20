"""What the networks are judged by: the losses of a GAN, and of a picture that is to look like another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

GanLossName = Literal["relativistic", "non-saturating", "minimax", "least squares", "hinge"]


@dataclass(frozen=True)
class GanLoss:
    """Both sides of the game. Scores are f(x), before any sigmoid: D(x) = sigmoid(f(x)).

    ``critic`` is (scores of real, scores of made), ``generator`` is (scores of made, scores of real); each gives a mean to be minimised.
    """

    critic: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    rewards_any_lead: bool
    """Whether the critic always gains when it scores real pictures still further above made ones. Else some lead is enough for it."""


def relativistic(winner: Tensor, loser: Tensor) -> Tensor:
    """softplus(loser - winner), averaged: the relativistic pairing loss (Jolicoeur-Martineau 2018; R3GAN, Huang et al. 2024).

    The critic minimises ``relativistic(real, fake)``, the generator ``relativistic(fake, real)``.
    """
    return F.softplus(loser - winner).mean()


def cross_entropy(real: Tensor, made: Tensor) -> Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))] with D = sigmoid(f), for -log sigmoid(f) = softplus(-f) (Goodfellow et al. 2014, eq. 1)."""
    return F.softplus(-real).mean() + F.softplus(made).mean()


def _minimax(made: Tensor, real: Tensor) -> Tensor:
    """E[log(1 - D(G(z)))], the generator's side of eq. 1: flat where the critic is sure."""
    return -F.softplus(made).mean()


def _non_saturating(made: Tensor, real: Tensor) -> Tensor:
    """-E[log D(G(z))], which the same paper advises instead (section 3): the same fixed point, steep where the critic is sure."""
    return F.softplus(-made).mean()


def _least_squares_critic(real: Tensor, made: Tensor) -> Tensor:
    """E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2 (LSGAN, Mao et al. 2017, eq. 9 with a 0, b = c = 1)."""
    return ((real - 1).square().mean() + made.square().mean()) / 2


def _least_squares_generator(made: Tensor, real: Tensor) -> Tensor:
    """E[(D(G(z)) - 1)^2] / 2 (the same)."""
    return (made - 1).square().mean() / 2


def _hinge_critic(real: Tensor, made: Tensor) -> Tensor:
    """E[max(0, 1 - f(x))] + E[max(0, 1 + f(G(z)))] (Lim and Ye 2017)."""
    return F.relu(1 - real).mean() + F.relu(1 + made).mean()


def _hinge_generator(made: Tensor, real: Tensor) -> Tensor:
    """-E[f(G(z))] (the same)."""
    return -made.mean()


GAN_LOSSES: Mapping[GanLossName, GanLoss] = {
    "minimax": GanLoss(cross_entropy, _minimax, rewards_any_lead=True),
    "non-saturating": GanLoss(cross_entropy, _non_saturating, rewards_any_lead=True),
    "least squares": GanLoss(_least_squares_critic, _least_squares_generator, rewards_any_lead=False),
    "hinge": GanLoss(_hinge_critic, _hinge_generator, rewards_any_lead=False),
    "relativistic": GanLoss(relativistic, relativistic, rewards_any_lead=True),
}


def smoothness(scores: Tensor, scores_of_noisy: Tensor, gamma: float, sigma: float) -> Tensor:
    """R1 and R2 without double backward: gamma / (2 sigma^2) * E[(D(x) - D(x + sigma * noise))^2].

    For small sigma this is gamma / 2 * E[|grad D|^2] (approximate R1 of Lin et al. 2025, "Seaweed APT").
    """
    return gamma / (2 * sigma**2) * (scores - scores_of_noisy).square().mean()


def laplacian_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """sum over scales j of 2^j * mean |L_j(x) - L_j(y)| with L_j the bands of a Laplacian pyramid (Bojanowski et al. 2018, GLO).

    Coarse bands weigh more, as in the paper, for they hold fewer values; the bands here are differences to the mean of 2 x 2 pixels.
    A blurred picture pays in the fine bands what it would save in squared error. (B, 3, S, S) twice, S a power of two of at least 8.
    """
    difference, total, weight = made - wanted, made.new_zeros(()), 1.0
    while difference.shape[-1] > 4:
        coarse = F.avg_pool2d(difference, 2)
        total = total + weight * (difference - F.interpolate(coarse, scale_factor=2, mode="nearest")).abs().mean()
        difference, weight = coarse, 2 * weight
    return total + weight * difference.abs().mean()
