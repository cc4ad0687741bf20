"""A coarse-to-fine generator of textures on a plane or torus, and the critic that judges one level of it.

Level 0 makes a small picture from noise. Each further level doubles it and adds the detail of its scale, from the picture below
and noise of its own. All convolutions are valid: a region is rendered from a larger region of the level below, so no network ever
sees a border, and noise on a torus makes a picture on a torus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.nn.layers import LEAK, centre, convolution, double

COLOURS = 3

NoiseSource = Callable[[int, int, int, int, int], Tensor]
"""(level, y, x, height, width) on the level's noise lattice -> (B, noise channels, height, width)."""


@dataclass(frozen=True)
class LevelShape:
    """``grain`` is the side in pixels of a noise cell: with 2 the level works at half resolution on 4 times the channels, which is
    cheaper and faster for the same reach (space to depth, Shi et al. 2016)."""

    width: int
    depth: int
    noise: int
    grain: int = 1

    @property
    def margin_px(self) -> int:
        """Pixels on each side that the convolutions use up."""
        return (self.depth + 1) * self.grain


class StyledConvolution(nn.Module):
    """A convolution whose channels are scaled and shifted by the style vector (FiLM, Perez et al. 2018)."""

    def __init__(self, inputs: int, outputs: int, style: int) -> None:
        super().__init__()
        self.convolution = convolution(inputs, outputs, 3)
        self.affine = nn.Linear(style, 2 * outputs)
        nn.init.normal_(self.affine.weight, 0.0, 0.1)
        nn.init.zeros_(self.affine.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = self.affine(style)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, self.convolution(x), 1 + scale)


class Level(nn.Module):
    """One level of the generator: (below, noise, style) -> picture, ``shape.margin_px`` smaller on each side than its input."""

    def __init__(self, shape: LevelShape, style: int, is_first: bool) -> None:
        super().__init__()
        self.shape = shape
        self.is_first = is_first
        packed = COLOURS * shape.grain**2
        self.enter = StyledConvolution(shape.noise if is_first else packed + shape.noise, shape.width, style)
        self.style_again = StyledConvolution(shape.width, shape.width, style)
        # Half the gain: with the skip connections the variance stays near 1 however deep the level is.
        self.body = nn.ModuleList(convolution(shape.width, shape.width, 3, gain=0.5) for _ in range(shape.depth - 2))
        self.leave = convolution(shape.width, packed, 3, gain=0.5 if is_first else 0.1)

    def forward(self, below: Tensor | None, noise: Tensor, style: Tensor) -> Tensor:
        grain, margin = self.shape.grain, self.shape.margin_px
        x = noise
        if below is not None:
            x = torch.cat([F.pixel_unshuffle(below, grain) if grain > 1 else below, noise], 1)
        x = x.contiguous(memory_format=torch.channels_last)
        x = F.leaky_relu(self.enter(x, style), LEAK)
        x = F.leaky_relu(self.style_again(x, style), LEAK) + x[..., 1:-1, 1:-1]
        for layer in self.body:
            x = F.leaky_relu(layer(x), LEAK) + x[..., 1:-1, 1:-1]
        x = self.leave(x)
        if grain > 1:
            x = F.pixel_shuffle(x, grain)
        return x if below is None else below[..., margin:-margin, margin:-margin] + x


class Generator(nn.Module):
    """All levels. Pictures are (B, 3, H, W) in whatever colour space the caller trains in."""

    def __init__(self, shapes: Sequence[LevelShape], style: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(Level(shape, style, is_first=k == 0) for k, shape in enumerate(shapes))

    def level(self, k: int) -> Level:
        level = self.levels[k]
        assert isinstance(level, Level)
        return level

    def region(self, k: int, y: int, x: int, height: int, width: int, style: Tensor, noise: NoiseSource) -> Tensor:
        """Level k's picture of one region of the plane, in that level's pixels: (B, 3, height, width)."""
        grain, margin = self.level(k).shape.grain, self.level(k).shape.margin_px
        # Grown to whole noise cells, and cropped at the end.
        top, left = y // grain * grain, x // grain * grain
        rows, columns = -(-(y + height) // grain) * grain - top, -(-(x + width) // grain) * grain - left
        need = (top - margin, left - margin, rows + 2 * margin, columns + 2 * margin)
        below = None if k == 0 else self.doubled(k - 1, *need, style, noise)
        field = noise(k, *(n // grain for n in need))
        picture: Tensor = self.level(k)(below, field, style)
        return picture[..., y - top : y - top + height, x - left : x - left + width]

    def doubled(self, k: int, y: int, x: int, height: int, width: int, style: Tensor, noise: NoiseSource) -> Tensor:
        """Level k at twice its resolution; the region is in the doubled pixels."""
        top, left = y // 2 - 1, x // 2 - 1
        rows, columns = -(-(y + height) // 2) + 1 - top, -(-(x + width) // 2) + 1 - left
        below = double(self.region(k, top, left, rows, columns, style, noise))
        dy, dx = y - 2 * top - 2, x - 2 * left - 2
        return below[..., dy : dy + height, dx : dx + width]

    def multiply_adds(self) -> float:
        """Multiply-adds for one pixel of the finest level, borders left out."""
        total = 0.0
        for k in range(len(self.levels)):
            weights = sum(p.numel() for p in self.level(k).parameters() if p.dim() == 4)
            total += weights / self.level(k).shape.grain ** 2 / 4 ** (len(self.levels) - 1 - k)
        return total


class Critic(nn.Module):
    """Scores patches of one level: (B, 3, H, W), style -> (B, 1, h, w). Valid padding only, so that it never sees a border that the
    torus does not have. The style is seen in every layer and by projection (Miyato and Koyama 2018)."""

    def __init__(self, entry: int, width: int, style: int) -> None:
        super().__init__()
        layers = [
            convolution(COLOURS, entry, 3),
            convolution(entry, width, 4, stride=2),
            convolution(width, width, 3),
            convolution(width, width, 3),
        ]
        self.body = nn.ModuleList(layers)
        self.shifts = nn.ModuleList(nn.Linear(style, layer.out_channels, bias=False) for layer in layers)
        self.leave = convolution(width, 1, 1)
        self.projection = nn.Linear(style, width, bias=False)
        for linear in (*self.shifts, self.projection):
            nn.init.normal_(linear.weight, 0.0, 0.1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        for layer, shift in zip(self.body, self.shifts, strict=True):
            x = F.leaky_relu(layer(x) + shift(style)[:, :, None, None], LEAK)
        # The mean over channels keeps the projection's score in the range of the other one.
        projected = (x * self.projection(style)[:, :, None, None]).mean(1, keepdim=True)
        score: Tensor = self.leave(x) + projected
        return score


def below_of(patch: Tensor, size: int) -> Tensor:
    """What the level below would hand up, had it made exactly this patch: halved, doubled, and cut to (B, 3, size, size).

    ``patch`` is 4 pixels larger than ``size`` and even.
    """
    return centre(double(F.avg_pool2d(patch, 2)), size)
