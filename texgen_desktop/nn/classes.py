"""How much of each class: from a class that is known, and from sliders."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def told(labels: Tensor, classes: int, is_told: Tensor) -> Tensor:
    """Shares of the classes less the even mixture: (B, classes), rows of 0 for label -1 and where ``is_told`` is False.

    0 thus means any class: networks that are not told now and then learn what that is (as in classifier-free guidance, Ho and
    Salimans 2022), and an untouched slider asks for it.
    """
    is_known = (labels >= 0) & is_told.to(labels.device)
    one_hot = torch.nn.functional.one_hot(labels.clamp(min=0), max(classes, 1))[:, :classes].float()
    return torch.where(is_known[:, None], one_hot - 1 / max(classes, 1), 0.0)


def mixture(sliders: Sequence[float]) -> Tensor:
    """Shares of the classes of sliders in [-1, 1]: (classes,), sums to 1.

    0 on all is the even mixture, 1 on one alone is that class alone, 1 on two is half of each, -1 leaves a class out.
    """
    values = torch.tensor(sliders, dtype=torch.float32)
    wanted, rest = values.clamp(min=0), 1 + values.clamp(max=0)
    total = float(wanted.sum())
    even = rest / rest.sum() if float(rest.sum()) > 0 else torch.full_like(rest, 1 / max(len(rest), 1))
    return even * max(0.0, 1 - total) + wanted / max(1.0, total)
