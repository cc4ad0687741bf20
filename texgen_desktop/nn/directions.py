"""Directions in a space of codes along which pictures change, and how a slider moves a code along one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

FAR = 2.5
"""Standard deviations from the middle to where a slider stands at its end."""


@dataclass(frozen=True, eq=False)
class NoiseReader:
    """What reads the coarsest noise of a generator of textures."""

    weights: Tensor
    """(outputs, noise): its first layer's answer to noise that is moved everywhere alike."""
    side: int
    """Of the square of places that one pixel sees, about."""


def semantic_directions(weights: Tensor, count: int) -> Tensor:
    """The ``count`` directions that the first layers of a generator answer to most: (K, inputs) rows of unit length.

    SeFa (Shen and Zhou 2021): the n that maximise |A n| are the eigenvectors of A^T A with the largest eigenvalues, for A = ``weights``
    (outputs, inputs), all that reads the code, with columns of unit length as in the authors' own code.
    """
    columns = F.normalize(weights.double(), dim=0)
    return _leading(columns.T @ columns, count)[0].to(weights.dtype)


def principal_axes(covariance: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` leading principal axes of a covariance, rows (count, K), and the standard deviations along them (count,)."""
    axes, variances = _leading(covariance.double(), count)
    return axes.to(covariance.dtype), variances.clamp(min=0).sqrt().to(covariance.dtype)


def _leading(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(matrix)
    axes, values = vectors.T.flip(0)[:count], values.flip(0)[:count]
    # An eigenvector's sign is arbitrary; fixed, so that a slider keeps its sense from snapshot to snapshot.
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    return (axes * torch.where(largest < 0, -1.0, 1.0)).contiguous(), values


def steer(codes: Tensor, middle: Tensor, directions: Tensor, spreads: Tensor, values: Tensor) -> Tensor:
    """Codes (B, K) moved along unit ``directions`` (D, K), each with a standard deviation and a slider's value in [-1, 1], both (D,).

    At 0 a code stays what it is, at either end it lies ``FAR`` deviations from the middle (K,) in this direction, whatever it was
    before, and keeps all else: so a slider's end looks alike in all pictures, and never leaves what the network knows.
    """
    along = (codes - middle) @ directions.T
    return codes + (FAR * spreads * values - values.abs() * along) @ directions
