"""The exponential moving average of a network's weights, and the optimiser's memory as plain tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


@torch.no_grad()
def average_into(average: nn.Module, network: nn.Module, steps_done: int, horizon: int = 200) -> None:
    """Moves ``average`` towards ``network``. Early on the horizon is short, so that the average is no relic of the start."""
    decay = min(1 - 1 / horizon, (steps_done + 1) / (steps_done + 10))
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)


def adam(network: nn.Module, learning_rate: float, betas: tuple[float, float] = (0.0, 0.99)) -> torch.optim.Adam:
    """Adam in one fused kernel; by default as GANs like it, without momentum (beta1 0)."""
    return torch.optim.Adam(network.parameters(), learning_rate, betas, fused=True)


def adam_tensors(optimizer: torch.optim.Adam, network: nn.Module) -> dict[str, Tensor]:
    """The optimiser's memory by parameter name; empty before its first step."""
    found = {}
    for name, parameter in network.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            found[f"{name}.{key}"] = value
    return found


def load_adam(optimizer: torch.optim.Adam, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Takes back what ``adam_tensors`` gave."""
    optimizer.state.clear()
    for name, parameter in network.named_parameters():
        keys = [key for key in ("step", "exp_avg", "exp_avg_sq") if f"{name}.{key}" in tensors]
        for key in keys:
            value = tensors[f"{name}.{key}"].to(parameter.device)  # the step too: the fused kernel reads it there
            if value.dim() == 4:
                value = value.contiguous(memory_format=torch.channels_last)
            optimizer.state[parameter][key] = value.clone()
