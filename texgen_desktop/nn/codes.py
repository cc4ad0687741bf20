"""Codes of an autoencoder: where the codes of all pictures lie, new ones drawn from there, and the way between two of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from texgen_desktop.nn.classes import mixture
from texgen_desktop.nn.directions import principal_axes

_HORIZON = 200  # training steps that the statistics look back
_LEAST_DEVIATION = 1e-4


def slerp(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """From codes ``a`` to ``b`` (B, K), both about 0, by shares (B, 1) in [0, 1] on the arc between them (Shoemake 1985).

    Gaussian codes of many dimensions all lie near one sphere, which a straight line would leave (White 2016). Length and direction go
    apart: the direction along the arc, the length evenly.
    """
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    unit_a, unit_b = a / length_a.clamp(min=1e-8), b / length_b.clamp(min=1e-8)
    angle = (unit_a * unit_b).sum(1, keepdim=True).clamp(-1, 1).acos()
    sine = angle.sin()
    on_arc = (((1 - share) * angle).sin() * unit_a + (share * angle).sin() * unit_b) / sine.clamp(min=1e-6)
    straight = (1 - share) * unit_a + share * unit_b
    direction: Tensor = torch.where(sine < 1e-4, straight, on_arc)
    length: Tensor = (1 - share) * length_a + share * length_b
    return direction * length


class CodeStatistics(nn.Module):
    """Mean and covariance of the codes of a run, and the mean of each class, as moving averages."""

    mean: Tensor
    second: Tensor
    class_means: Tensor

    def __init__(self, code: int, class_counts: Sequence[int]) -> None:
        """``class_counts`` says how many pictures of each class there are."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(code))
        self.register_buffer("second", torch.eye(code))
        self.register_buffer("class_means", torch.zeros(len(class_counts), code))
        counts = torch.tensor(class_counts, dtype=torch.float64)
        self._class_weights = (counts / counts.mean()).float()  # 1 for each of equal ones; no part of a run's state

    @torch.no_grad()
    def note(self, codes: Tensor, labels: Tensor, steps_done: int) -> None:
        """A batch of codes (B, K) with labels (B,), -1 for no class."""
        weight = max(1 / _HORIZON, 9 / (steps_done + 10))
        self.mean.lerp_(codes.mean(0), weight)
        self.second.lerp_(codes.T @ codes / len(codes), weight)
        for k in range(len(self.class_means)):
            own = codes[labels == k]
            if len(own):
                self.class_means[k].lerp_(own.mean(0), min(1.0, weight * max(1.0, len(self.class_means) * len(own) / len(codes))))

    def covariance(self) -> Tensor:
        return self.second - torch.outer(self.mean, self.mean)

    def covariance_between(self) -> Tensor:
        """Of the class means, each with its share of the pictures that have a class: in main memory."""
        means, weights = self.class_means.cpu(), self._class_weights[:, None]
        apart = weights.sqrt() * (means - (weights * means).mean(0))
        return apart.T @ apart / len(means)


class CodeSpace(nn.Module):
    """Where the codes of the training pictures lie, as a Gaussian for each mixture of classes (ex-post density estimation, Ghosh et al.
    2020: an autoencoder's decoder knows the codes that it was shown, which are never quite those of a prior).

    A code is m_w + sum over c of sqrt(w_c) e_c (m_c - m_w) + L e with class means m_c, their mixture m_w = sum w_c m_c, L L^T the
    covariance within the classes and e standard normal: mean and covariance are those of the mixture of the classes.
    """

    mean: Tensor
    factor: Tensor
    class_means: Tensor
    directions: Tensor
    spreads: Tensor

    def __init__(self, code: int, classes: int, directions: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(code))
        self.register_buffer("factor", torch.eye(code))
        self.register_buffer("class_means", torch.zeros(classes, code))
        self.register_buffer("directions", torch.eye(directions, code))
        self.register_buffer("spreads", torch.ones(directions))

    @classmethod
    def of(cls, statistics: CodeStatistics, directions: int) -> CodeSpace:
        """The space as it is now, with the leading principal axes of all codes as directions."""
        classes, code = statistics.class_means.shape
        space = cls(code, classes, directions)
        covariance = statistics.covariance().cpu()
        space.directions, space.spreads = principal_axes(covariance, directions)
        space.mean = statistics.mean.cpu().clone()
        space.class_means = statistics.class_means.cpu().clone()
        within = covariance - statistics.covariance_between() if classes else covariance
        axes, deviations = principal_axes(within, code)
        # In the order of memory that a file gives back: products of other orders round otherwise.
        space.factor = (axes.T * deviations.clamp(min=_LEAST_DEVIATION)).contiguous()
        return space.to(statistics.mean.device)

    @property
    def classes(self) -> int:
        return int(self.class_means.shape[0])

    def draw(self, noise: Tensor, class_sliders: Sequence[float]) -> Tensor:
        """Codes (B, K) of standard normal noise (B, K + classes); class sliders in [-1, 1], see ``mixture``."""
        within = noise[:, self.classes :] @ self.factor.T
        if not self.classes:
            return self.mean + within
        shares = mixture(class_sliders).to(noise)
        middle = shares @ self.class_means
        return middle + (noise[:, : self.classes] * shares.sqrt()) @ (self.class_means - middle) + within

    def middle(self, class_sliders: Sequence[float]) -> Tensor:
        """The mean of the codes of a mixture: (K,)."""
        return mixture(class_sliders).to(self.mean) @ self.class_means if self.classes else self.mean
