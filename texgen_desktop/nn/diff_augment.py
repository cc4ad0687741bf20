"""Pictures changed at random before the critic sees them, real ones and made ones alike, so that gradients pass through.

A critic that has only few pictures learns them by heart; changed like this it cannot, and the generator does not learn the changes as
long as some pictures stay as they are (DiffAugment, Zhao et al. 2020; the probability is that of ADA, Karras et al. 2020).
"""

from __future__ import annotations

import torch
from torch import Tensor

_REACH = 8  # pictures are shifted by up to their side / 8
_HOLE = 2  # holes have a side of the picture's / 2


def augment(pictures: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """(B, 3, S, S) in about [-1, 1] -> the same; each of colour, shift and hole happens to a picture with that probability.

    Colour: brightness +- 0.5, saturation 0 to 2, contrast 0.5 to 1.5. What is shifted in, and holes, are 0: a middle grey.
    """
    dice = torch.rand(10, len(pictures), generator=generator).to(pictures.device)
    is_coloured, is_shifted, has_hole = (dice[:3] < probability)[:, :, None, None, None]
    pictures = torch.where(is_coloured, _recoloured(pictures, dice[3:6, :, None, None, None]), pictures)
    pictures = _shifted(pictures, dice[6], dice[7], is_shifted)
    return pictures.masked_fill(has_hole & _holes(pictures, dice[8], dice[9]), 0.0)


def _recoloured(x: Tensor, dice: Tensor) -> Tensor:
    x = x + (dice[0] - 0.5)
    grey = x.mean(1, keepdim=True)
    x = (x - grey) * (2 * dice[1]) + grey
    middle = x.mean((1, 2, 3), keepdim=True)
    return (x - middle) * (dice[2] + 0.5) + middle


def _shifted(x: Tensor, across: Tensor, down: Tensor, is_shifted: Tensor) -> Tensor:
    side = x.shape[-1]
    reach = side // _REACH
    is_shifted = is_shifted[:, 0, 0, 0]
    rows = torch.arange(side, device=x.device)[None] + _steps(down, reach, is_shifted)[:, None]
    columns = torch.arange(side, device=x.device)[None] + _steps(across, reach, is_shifted)[:, None]
    padded = torch.nn.functional.pad(x, (reach,) * 4).permute(0, 2, 3, 1)
    batch = torch.arange(len(x), device=x.device)[:, None, None]
    return padded[batch, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _steps(dice: Tensor, reach: int, is_shifted: Tensor) -> Tensor:
    """Where to begin in a picture that is padded by ``reach``."""
    steps = (dice * (2 * reach + 1)).floor().long().clamp(max=2 * reach)
    return torch.where(is_shifted, steps, reach)


def _holes(x: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """True in the hole of each picture: (B, 1, S, S)."""
    side = x.shape[-1]
    places = torch.arange(side, device=x.device, dtype=x.dtype)[None] + 0.5
    in_rows = (places - down[:, None] * side).abs() <= side / (2 * _HOLE)
    in_columns = (places - across[:, None] * side).abs() <= side / (2 * _HOLE)
    return in_rows[:, None, :, None] & in_columns[:, None, None, :]
