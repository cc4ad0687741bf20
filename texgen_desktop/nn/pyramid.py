"""A coarse-to-fine generator of textures on a plane or torus, and the critic that judges one level of it.

Level 0 makes a small picture from noise. Each further level doubles the picture below smoothly and adds the detail of its scale. It is
free to mend what it finds: forced to keep the 2 x 2 means of the picture below, it drew their grid. All convolutions are valid: a region
is rendered from a larger region of the level below, so no network ever sees a border, and noise on a torus makes a picture on a torus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.nn.directions import NoiseReader
from texgen_desktop.nn.layers import LEAK, convolution, double
from texgen_desktop.nn.noise import gaussian_field

COLOURS = 3
LOUDEST = 4.0  # of a picture made from noise, or of the detail of a level; the caller's unit is about a standard deviation
_FULL_WIDTH = 8  # channels at a level's full resolution, where each costs four times as much
_LOWPASS = torch.tensor([-1.0, 4.0, 10.0, 4.0, -1.0]) / 16  # 1 at frequency 0, 0.75 at half of the Nyquist frequency, 0 at it

NoiseSource = Callable[[int, int, int, int, int], Tensor]
"""(level, y, x, height, width) on the level's noise lattice -> (B, noise channels, height, width)."""


@dataclass(frozen=True)
class LevelShape:
    """Channels, number of 3 x 3 convolutions at that width, and channels of noise.

    Level 0 works at its own resolution. The others work at that of the level below and leave through a pixel shuffle (Shi et al.
    2016): a quarter of the positions, so the same cost buys twice the width and twice the reach. Their noise lies there too. One lean
    convolution at full resolution follows: without it the four pixels of a position show as a fine grid.

    ``antialias``: the detail, before it is bounded, has nothing at the Nyquist frequency of either axis. What lies there is faint beside
    all else, so that a critic hardly sees it, and the four pixels of a position draw a mesh with it, here and there.
    """

    width: int
    depth: int
    noise: int
    antialias: bool = False


@dataclass(frozen=True)
class Place:
    """A rectangle of the plane in pixels of ``level``; ``cells`` (rows, columns) of the torus in pixels of level 0, None: no wrap."""

    level: int
    y: int
    x: int
    height: int
    width: int
    cells: tuple[int | None, int | None] = (None, None)


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
    """One level of the generator: (below, noise, style) -> picture. Its input is ``margin`` positions wider on each side."""

    lowpass: Tensor

    def __init__(self, shape: LevelShape, style: int, is_first: bool) -> None:
        super().__init__()
        self.shape = shape
        self.is_first = is_first
        self.enter = StyledConvolution(shape.noise if is_first else COLOURS + shape.noise, shape.width, style)
        if not is_first:
            with torch.no_grad():  # detail follows the picture below first, and learns to vary later
                self.enter.convolution.weight[:, COLOURS:].mul_(0.3)
        self.style_again = StyledConvolution(shape.width, shape.width, style)
        # Half the gain: with the skip connections the variance stays near 1 however deep the level is.
        self.body = nn.ModuleList(convolution(shape.width, shape.width, 3, gain=0.5) for _ in range(shape.depth - 2))
        if not is_first:
            self.split = convolution(shape.width, 4 * _FULL_WIDTH, 3)
        self.leave = convolution(shape.width, COLOURS, 3, gain=0.5) if is_first else convolution(_FULL_WIDTH, COLOURS, 3, gain=0.2)
        if shape.antialias:
            self.register_buffer("lowpass", _LOWPASS.outer(_LOWPASS).repeat(COLOURS, 1, 1, 1), persistent=False)

    @property
    def margin(self) -> int:
        """Positions of the lattice that it works on, on each side, that its convolutions use up."""
        return self.shape.depth + (1 if self.is_first else 2) + self.shape.antialias

    def multiply_adds(self) -> int:
        """Of its convolutions, for a position of the lattice that it works on."""
        total = 4 * self.lowpass.numel() if self.shape.antialias else 0
        for name, parameter in self.named_parameters():
            if parameter.dim() == 4:
                at_full_resolution = not self.is_first and name.startswith("leave.")
                total += parameter.numel() * (4 if at_full_resolution else 1)
        return total

    def forward(self, below: Tensor | None, noise: Tensor, style: Tensor) -> Tensor:
        x = noise if below is None else torch.cat([below, noise], 1)
        x = x.contiguous(memory_format=torch.channels_last)
        x = F.leaky_relu(self.enter(x, style), LEAK)
        x = F.leaky_relu(self.style_again(x, style), LEAK) + x[..., 1:-1, 1:-1]
        for layer in self.body:
            x = F.leaky_relu(layer(x), LEAK) + x[..., 1:-1, 1:-1]
        if below is None:
            return bounded(self.leave(x))
        x = F.pixel_shuffle(F.leaky_relu(self.split(x), LEAK), 2)
        detail = self.leave(_inner(x, 1))  # it uses up half a position: cut to whole ones
        if self.shape.antialias:
            detail = F.conv2d(detail, self.lowpass, groups=COLOURS)
        return bounded(detail) + double(_inner(below, self.margin - 1))


def bounded(x: Tensor) -> Tensor:
    """Softly: a generator that may shout louder than any photo wins for a while, and then nobody learns."""
    return LOUDEST * torch.tanh(x / LOUDEST)


def _inner(picture: Tensor, edge: int) -> Tensor:
    return picture[..., edge : picture.shape[-2] - edge, edge : picture.shape[-1] - edge]


class Generator(nn.Module):
    """All levels. Pictures are (B, 3, H, W) in whatever colour space the caller trains in."""

    def __init__(self, shapes: Sequence[LevelShape], style: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(Level(shape, style, is_first=k == 0) for k, shape in enumerate(shapes))

    def level(self, k: int) -> Level:
        level = self.levels[k]
        assert isinstance(level, Level)
        return level

    @property
    def noise_reader(self) -> NoiseReader:
        first = self.level(0)
        return NoiseReader(first.enter.convolution.weight.detach().sum((2, 3)), 2 * first.shape.depth + 1)

    def region(self, k: int, y: int, x: int, height: int, width: int, style: Tensor, noise: NoiseSource) -> Tensor:
        """Level k's picture of one region of the plane, in that level's pixels: (B, 3, height, width)."""
        grain = 1 if k == 0 else 2
        margin = self.level(k).margin
        # Grown to whole positions of the lattice that the level works on, and cropped at the end.
        top, left = y // grain, x // grain
        rows, columns = -(-(y + height) // grain) - top, -(-(x + width) // grain) - left
        need = (top - margin, left - margin, rows + 2 * margin, columns + 2 * margin)
        below = None if k == 0 else self.region(k - 1, *need, style, noise)
        picture: Tensor = self.level(k)(below, noise(k, *need), style)
        dy, dx = y - grain * top, x - grain * left
        return picture[..., dy : dy + height, dx : dx + width]

    def plane(
        self, style: Tensor, place: Place, layout: tuple[int, float], detail: tuple[int, float], shift: Tensor | None = None
    ) -> Tensor:
        """A region of the endless plane or of a torus, of noise that is a function of its coordinates: (1, 3, height, width).

        ``layout`` and ``detail`` are (seed, strength) of the coarsest level and of all others. ``shift`` (noise,) is added to the
        coarsest noise everywhere.
        """

        def noise(k: int, y: int, x: int, height: int, width: int) -> Tensor:
            seed, strength = layout if k == 0 else detail
            periods = tuple(None if cells is None else cells * 2 ** max(0, k - 1) for cells in place.cells)
            field = gaussian_field(seed, k, self.level(k).shape.noise, y, x, height, width, (periods[0], periods[1]))
            field = strength * field.to(style.device)
            return field if k > 0 or shift is None else field + shift[:, None, None]

        return self.region(place.level, place.y, place.x, place.height, place.width, style, noise)

    def multiply_adds(self) -> float:
        """Multiply-adds for one pixel of the finest level, borders left out."""
        finest = len(self.levels) - 1
        total = 0.0
        for k in range(len(self.levels)):
            total += self.level(k).multiply_adds() / 4 ** (finest - max(0, k - 1))
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
        *shifts, projection = self._styles(style)
        for layer, shift in zip(self.body, shifts, strict=True):
            x = F.leaky_relu(layer(x) + shift, LEAK)
        # The mean over channels keeps the projection's score in the range of the other one.
        projected = (x * projection).mean(1, keepdim=True)
        score: Tensor = self.leave(x) + projected
        return score

    def _styles(self, style: Tensor) -> tuple[Tensor, ...]:
        """What each layer adds and what the score is projected on, (B, channels, 1, 1) each: one product for all of them."""
        weights = [linear.weight for linear in (*self.shifts, self.projection)]
        styles: Tensor = F.linear(style, torch.cat(weights))[:, :, None, None]
        return torch.split(styles, [len(weight) for weight in weights], 1)
