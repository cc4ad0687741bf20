"""Weights of a trained network as the beginning of another one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from texgen_desktop.errors import TexGenError

LEAST_SHARE = 0.5


@torch.no_grad()
def take_over(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copies every tensor that has the same name and shape; what depends on other style axes or other widths stays as it was made.

    TexGenError when less than half of the network's weights find a match: that would be no warm start.
    """
    own = network.state_dict()
    fitting = {name: value for name, value in own.items() if name in tensors and tensors[name].shape == value.shape}
    share = sum(value.numel() for value in fitting.values()) / max(1, sum(value.numel() for value in own.values()))
    if share < LEAST_SHARE:
        raise TexGenError("The model to start from is built differently.", "Choose one that was trained with this preset, or start afresh.")
    for name, value in fitting.items():
        value.copy_(tensors[name])
