"""Pictures on a torus: what lies beyond an edge is the opposite side."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def wrapped(x: Tensor, before: int, after: int) -> Tensor:
    """(B, C, H, W) with that many more rows and columns on each side: (B, C, H + before + after, W + before + after)."""
    return F.pad(x, (before, after, before, after), mode="circular")


def resized(x: Tensor, side: int) -> Tensor:
    """(B, C, h, w) to (B, C, side, side), bilinear: made for growing, the smaller picture's pixels are not averaged."""
    rows, columns = (_interpolation(n, side).to(x) for n in x.shape[-2:])
    return rows @ x @ columns.T


def _interpolation(n: int, side: int) -> Tensor:
    """(side, n): each row has the weights of two neighbours, the last pixel being a neighbour of the first."""
    places = (torch.arange(side, dtype=torch.float64) + 0.5) * n / side - 0.5
    first = places.floor()
    matrix = torch.zeros(side, n, dtype=torch.float64)
    rows = torch.arange(side)
    matrix[rows, first.long() % n] += 1 - (places - first)
    matrix[rows, (first.long() + 1) % n] += places - first
    return matrix
