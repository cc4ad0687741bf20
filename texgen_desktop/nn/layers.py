"""Convolutions and resampling that see no border: the caller hands in as much surrounding as they use up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

LEAK = 0.2


def convolution(inputs: int, outputs: int, size: int, stride: int = 1, gain: float = 1.0) -> nn.Conv2d:
    """A valid convolution with He's initialisation for a leaky ReLU (He et al. 2015), times ``gain``."""
    layer = nn.Conv2d(inputs, outputs, size, stride)
    initialise(layer, gain)
    return layer


def initialise(layer: nn.Conv2d | nn.Linear, gain: float) -> None:
    """He's initialisation for a leaky ReLU, times ``gain``; biases 0."""
    nn.init.kaiming_normal_(layer.weight, LEAK, nonlinearity="leaky_relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight.mul_(gain)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Networks that are built in here draw their first weights from ``seed``; everybody else's random numbers go on as before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def sizes_only() -> Iterator[None]:
    """Networks that are built in here have sizes, and neither memory nor values."""
    with torch.device("meta"), _NothingDrawn():
        yield


class _NothingDrawn(TorchFunctionMode):
    """Skips first values: to draw normal ones where there is no memory, torch imports its compiler, which takes more than a second."""

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_, Tensor.normal_):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def double(x: Tensor) -> Tensor:
    """Twice the resolution, bilinear. (B, C, H, W) -> (B, C, 2 H - 4, 2 W - 4): the outermost pixel on each side is used up."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)[..., 2:-2, 2:-2]


def halve(x: Tensor) -> Tensor:
    """Half the resolution, by the mean of 2 x 2 pixels."""
    return F.avg_pool2d(x, 2)


_Network = TypeVar("_Network", bound=nn.Module)


def placed(network: _Network, device: torch.device) -> _Network:
    """Moved to the device, weights in channels-last order: up to twice as fast on a CPU, and what tensor cores want."""
    network.to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's overloads
    return network


def frozen(network: _Network, device: torch.device) -> _Network:
    """Placed, and never to be trained again: for a model, or for an average."""
    return placed(network, device).eval().requires_grad_(False)
