"""Networks between a code and a picture of a fixed size: one that draws, and two that look.

Sides are powers of two from 16 on, pictures (B, 3, S, S) in about [-1, 1]. Upsampling is resizing before a convolution: transposed
convolutions draw checkerboards (Odena et al. 2016). None uses batch statistics: a picture does not depend on its neighbours in a batch.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.nn.layers import LEAK, initialise
from texgen_desktop.nn.pyramid import COLOURS

_FIRST_SIDE = 4
_FULL_WIDTH = 16  # channels at full resolution, where each costs four times as much
_GROWTH = (1.0, 1.5, 2.0, 3.0, 4.0)  # channels, from half the resolution down


def _widths(side_px: int, width: int) -> list[int]:
    """Channels at sides 4, 8, …, side / 2, in multiples of 8."""
    stages = side_px.bit_length() - _FIRST_SIDE.bit_length()
    return [8 * max(1, round(width * _GROWTH[min(k, len(_GROWTH) - 1)] / 8)) for k in range(stages)][::-1]


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1, gain: float = 1.0) -> nn.Conv2d:
    """For looking: with a border of zeros, for pictures have edges."""
    layer = nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2)
    initialise(layer, gain)
    return layer


def _brush(inputs: int, outputs: int, gain: float = 1.0) -> nn.Conv2d:
    """For drawing, 3 x 3: the edge goes on beyond itself. Zeros there would draw a frame around every picture."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate")
    initialise(layer, gain)
    return layer


def _dense(inputs: int, outputs: int, gain: float = 1.0) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    initialise(layer, gain)
    return layer


def _size(layer: nn.Module) -> int:
    """Multiply-adds for each position of a convolution's output, or of a dense layer."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return weight.numel()


def _doubled(x: Tensor) -> Tensor:
    """Twice the resolution, each value four times: of smooth values one convolution makes smooth edges only, worms and no pictures."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _smoothly_doubled(x: Tensor) -> Tensor:
    """Twice the resolution, bilinear: at full resolution repeated values, as much as a pixel shuffle, would leave a fine grid."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Painter(nn.Module):
    """(code (B, K), condition (B, C)) -> picture. A dense layer makes 4 x 4 positions; each stage doubles them and convolves.

    The code is heard again at every stage, as scale and shift of each channel (FiLM, Perez et al. 2018): so it decides on the whole
    picture, its colours and its grain, and not on its sixteen parts alone.
    """

    def __init__(self, code: int, condition: int, side_px: int, width: int) -> None:
        super().__init__()
        widths = _widths(side_px, width)
        self.code = code
        self.enter = _dense(code + condition, widths[0] * _FIRST_SIDE**2)
        self.stages = nn.ModuleList(_brush(a, b) for a, b in pairwise(widths))
        self.styles = nn.ModuleList(_dense(code + condition, 2 * b, gain=0.3) for b in widths[1:])
        self.narrow = _convolution(widths[-1], _FULL_WIDTH, 1)
        self.finest = _brush(_FULL_WIDTH, _FULL_WIDTH)
        self.leave = _brush(_FULL_WIDTH, COLOURS, gain=0.5)

    def forward(self, code: Tensor, condition: Tensor) -> Tensor:
        code = torch.cat([code, condition], 1)
        x = F.leaky_relu(self.enter(code), LEAK).unflatten(1, (-1, _FIRST_SIDE, _FIRST_SIDE))
        x = x.contiguous(memory_format=torch.channels_last)
        for stage, style in zip(self.stages, self.styles, strict=True):
            scale, shift = style(code)[:, :, None, None].chunk(2, dim=1)
            x = F.leaky_relu(torch.addcmul(shift, stage(_doubled(x)), 1 + scale), LEAK)
        x = F.leaky_relu(self.finest(_smoothly_doubled(self.narrow(x))), LEAK)
        # Not bounded: driven to the ends of a tanh by a critic that is ahead, a generator would have no slope left to come back on.
        picture: Tensor = self.leave(x)
        return picture

    def multiply_adds(self) -> int:
        """Of its layers, for one picture."""
        total, side = _size(self.enter) + sum(_size(style) for style in self.styles), _FIRST_SIDE
        for stage in self.stages:
            side *= 2
            total += _size(stage) * side**2
        return total + _size(self.narrow) * side**2 + (_size(self.finest) + _size(self.leave)) * (2 * side) ** 2

    def code_weights(self) -> Tensor:
        """All weights that read the code: (outputs, code)."""
        layers = [self.enter, *self.styles]
        return torch.cat([layer.weight[:, : self.code].detach() for layer in layers if isinstance(layer, nn.Linear)])


class Reader(nn.Module):
    """(picture, condition (B, C)) -> (B, outputs). Convolutions of stride 2 down to 4 x 4, each followed by one that adds to what it
    is given, then a dense layer. The condition is told by projection (Miyato and Koyama 2018) on the first output."""

    def __init__(self, side_px: int, width: int, condition: int, outputs: int) -> None:
        super().__init__()
        widths = _widths(side_px, width)[::-1]
        self.halve = nn.ModuleList(_convolution(a, b, 4, stride=2) for a, b in zip([COLOURS, *widths], widths, strict=False))
        # Half the gain: with the skip connection the variance stays near 1.
        self.add = nn.ModuleList(_convolution(b, b, 3, gain=0.5) for b in widths)
        features = widths[-1] * _FIRST_SIDE**2
        self.leave = _dense(features, outputs)
        self.projection = nn.Linear(condition, features, bias=False) if condition else None

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        x = picture.contiguous(memory_format=torch.channels_last)
        for halve, add in zip(self.halve, self.add, strict=True):
            x = F.leaky_relu(halve(x), LEAK)
            x = x + F.leaky_relu(add(x), LEAK)
        x = x.flatten(1)
        found: Tensor = self.leave(x)
        if self.projection is not None:
            heard = (x * self.projection(condition)).mean(1, keepdim=True)
            found = torch.cat([found[:, :1] + heard, found[:, 1:]], 1)
        return found

    def multiply_adds(self) -> int:
        """Of its layers, for one picture."""
        total, side = _size(self.leave), _FIRST_SIDE << (len(self.halve) - 1)
        for halve, add in zip(self.halve, self.add, strict=True):
            total += (_size(halve) + _size(add)) * side**2
            side //= 2
        return total


class PoolingReader(nn.Module):
    """picture -> code (B, outputs): convolution and max pooling by turns down to 4 x 4, then a dense layer.

    A convolution is y(x, y) = sum over i, j of w(i, j) x(x + i, y + j) for each pair of channels; pooling keeps the greatest of 2 x 2:
    y(x, y) = max(x(x, y), x(x + 1, y), x(x, y + 1), x(x + 1, y + 1)), at every other x and y.
    """

    def __init__(self, side_px: int, width: int, outputs: int) -> None:
        super().__init__()
        widths = _widths(side_px, width)[::-1]
        self.convolutions = nn.ModuleList(_convolution(a, b, 3) for a, b in zip([COLOURS, *widths], widths, strict=False))
        self.leave = _dense(widths[-1] * _FIRST_SIDE**2, outputs)

    def forward(self, picture: Tensor) -> Tensor:
        x = picture.contiguous(memory_format=torch.channels_last)
        for convolution in self.convolutions:
            x = F.max_pool2d(F.leaky_relu(convolution(x), LEAK), 2)
        code: Tensor = self.leave(x.flatten(1))
        return code

    def multiply_adds(self) -> int:
        """Of its layers, for one picture."""
        total, side = _size(self.leave), _FIRST_SIDE << len(self.convolutions)
        for convolution in self.convolutions:
            total += _size(convolution) * side**2
            side //= 2
        return total
