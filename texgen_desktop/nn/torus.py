"""Pictures on a torus: what lies beyond an edge is the opposite side."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def wrapped(x: Tensor, before: int, after: int) -> Tensor:
    """(B, C, H, W) with that many more rows and columns on each side: (B, C, H + before + after, W + before + after)."""
    return F.pad(x, (before, after, before, after), mode="circular")


def resized(x: Tensor, side: int, shift: tuple[float, float] = (0.0, 0.0)) -> Tensor:
    """(B, C, h, w) to (B, C, side, side), bilinear: made for growing, the smaller picture's pixels are not averaged.

    Where a new pixel falls between two old ones it is smoother than where it falls on one. Without a shift the first and the last always
    lie alike, and after some rounds of growing the step from one to the other is another one than elsewhere: a seam. ``shift`` is how
    many of the new pixels (down, right) the grid lies elsewhere.
    """
    rows, columns = (_interpolation(n, side, by).to(x) for n, by in zip(x.shape[-2:], shift, strict=True))
    return rows @ x @ columns.T


def _interpolation(n: int, side: int, shift: float) -> Tensor:
    """(side, n): each row has the weights of two neighbours, the last pixel being a neighbour of the first."""
    places = (torch.arange(side, dtype=torch.float64) + 0.5 + shift) * n / side - 0.5
    first = places.floor()
    matrix = torch.zeros(side, n, dtype=torch.float64)
    rows = torch.arange(side)
    matrix[rows, first.long() % n] += 1 - (places - first)
    matrix[rows, (first.long() + 1) % n] += places - first
    return matrix
