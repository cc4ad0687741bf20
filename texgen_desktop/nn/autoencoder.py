"""Photo to codes and back: an encoder with one code for 8 x 8 pixels, and a decoder that adds detail of its own.

Both have a linear path beside the deep one. It begins as the principal axes of the photos' 8 x 8 blocks, which is what a linear VAE
would converge to (Lucas et al. 2019, "Don't blame the ELBO!"): so learning starts at block PCA and goes on from there.

Convolutions are valid, the caller says what lies beyond a border: nothing (a region is decoded from a larger region of codes), the
other side (a torus), or the outermost value again (a crop in training).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.nn.layers import LEAK, convolution
from texgen_desktop.nn.pyramid import COLOURS, StyledConvolution, bounded

STRIDE_PX = 8
MARGIN_CELLS = 6  # of codes, that decoding uses up on each side
_NOISE = (2, 4, 4)  # channels of noise at the full resolution, a half and a quarter
_WINDOW_CELLS = 13
_BASIS_PX = 2 * STRIDE_PX  # of the linear path: wide enough to learn to overlap
_FIRST_LOG_VARIANCE = -3.0  # of a code that begins as a principal component: known rather well
_FULL_WIDTH = 8  # channels at full resolution, where each costs the most

Border = Literal["valid", "circular", "replicate"]
NoiseSource = Callable[[int, int, int, int, int], Tensor]
"""(octave, y, x, height, width) -> (B, channels, height, width); octave 0 lies at the full resolution, 1 at a half, 2 at a quarter."""


@dataclass(frozen=True)
class Posterior:
    """q(z|x) of one code for each cell and one for the whole crop: (B, local, h, w) and (B, whole, h, w), the latter the same everywhere.

    The means of the local code average to 0 over the crop: what the crop has in common is left to the other one.
    """

    local_mean: Tensor
    local_log_variance: Tensor
    whole_mean: Tensor  # (B, whole, 1, 1)
    whole_log_variance: Tensor  # (B, whole, 1, 1)


def _bordered(x: Tensor, border: Border) -> Tensor:
    return x if border == "valid" else F.pad(x, (1, 1, 1, 1), mode=border)


def surroundings(x: Tensor) -> Tensor:
    """The mean over a window of about a training crop around each cell, as much of it as there is: (B, C, h, w)."""
    half = _WINDOW_CELLS // 2
    along = F.avg_pool2d(x, (_WINDOW_CELLS, 1), 1, (half, 0), count_include_pad=False)
    return F.avg_pool2d(along, (1, _WINDOW_CELLS), 1, (0, half), count_include_pad=False)


class Encoder(nn.Module):
    """(B, 3, 8 h, 8 w) -> what is told of each of the h x w cells."""

    def __init__(self, width: int, local: int, whole: int) -> None:
        super().__init__()
        self.local, self.whole = local, whole
        self.down = nn.ModuleList(
            (
                convolution(COLOURS, width // 3, 4, stride=2),
                convolution(width // 3, 2 * width // 3, 4, stride=2),
                convolution(2 * width // 3, width, 4, stride=2),
            )
        )
        self.body = convolution(width, width, 3, gain=0.5)
        self.leave = convolution(width, 2 * (local + whole), 3, gain=0.05)
        self.linear = nn.Conv2d(COLOURS, local + whole, _BASIS_PX, STRIDE_PX, bias=False)
        with torch.no_grad():
            for start, end in ((local, 2 * local), (2 * local + whole, 2 * (local + whole))):
                self.leave.bias[start:end] = _FIRST_LOG_VARIANCE  # type: ignore[index]  # made with its default bias

    def forward(self, x: Tensor) -> Tensor:
        """Means and log variances of both codes, side by side: (B, 2 * (local + whole), h, w)."""
        x = x.contiguous(memory_format=torch.channels_last)
        edge = (_BASIS_PX - STRIDE_PX) // 2
        straight = self.linear(F.pad(x, (edge,) * 4, mode="replicate"))
        for layer in self.down:
            x = F.leaky_relu(layer(_bordered(x, "replicate")), LEAK)
        x = F.leaky_relu(self.body(_bordered(x, "replicate")), LEAK) + x
        told = self.leave(_bordered(x, "replicate"))
        unsure = torch.zeros_like(straight)  # the linear path says nothing of variances
        sizes = [self.local, self.whole]
        (local, whole), (no_local, no_whole) = straight.split(sizes, 1), unsure.split(sizes, 1)
        found: Tensor = told + torch.cat([local, no_local, whole, no_whole], 1)
        return found

    def posterior(self, crop: Tensor) -> Posterior:
        told = self(crop)
        local, local_log, whole, whole_log = told.split([self.local, self.local, self.whole, self.whole], 1)
        return Posterior(
            local - local.mean((2, 3), keepdim=True),
            local_log.clamp(-8, 4),
            whole.mean((2, 3), keepdim=True),
            whole_log.mean((2, 3), keepdim=True).clamp(-8, 4),
        )

    @torch.no_grad()
    def read(self, picture: Tensor) -> Tensor:
        """The means in a picture of any size; the code of the whole is that of each cell's surroundings: (B, local + whole, h, w)."""
        told = self(picture)
        local, whole = told[:, : self.local], told[:, 2 * self.local : 2 * self.local + self.whole]
        return torch.cat([local - surroundings(local), surroundings(whole)], 1)


class _Lattice:
    """Where the features lie on the plane, while convolutions use up their surroundings and the resolution doubles."""

    def __init__(self, codes: Tensor, origin: tuple[int, int], border: Border) -> None:
        self._border = border
        self._used = 1 if border == "valid" else 0  # what a convolution leaves out on each side
        edge = MARGIN_CELLS * self._used
        self.rows, self.columns = (n - 2 * edge for n in codes.shape[-2:])  # of cells that are drawn
        self._origin, self._grain = origin, 1
        self._y, self._x = origin[0] - edge, origin[1] - edge

    def around(self, x: Tensor) -> Tensor:
        """What a convolution needs to see."""
        return _bordered(x, self._border)

    def inside(self, x: Tensor) -> Tensor:
        """What lies where a convolution's output does."""
        return x[..., 1:-1, 1:-1] if self._used else x

    def doubled(self, after: int) -> None:
        """The resolution doubled after so many convolutions."""
        self._y, self._x = 2 * (self._y + after * self._used), 2 * (self._x + after * self._used)
        self._grain *= 2

    def extent(self, x: Tensor) -> tuple[int, int, int, int]:
        """(y, x, height, width) of features that no convolution has used since the last doubling."""
        return self._y, self._x, x.shape[-2], x.shape[-1]

    def cut(self, picture: Tensor, after: int) -> Tensor:
        """The part that was asked for, of a picture that is so many convolutions after the last doubling."""
        dy, dx = (self._grain * first - start - after * self._used for first, start in zip(self._origin, (self._y, self._x), strict=True))
        if not self._used:
            return picture
        return picture[..., dy : dy + self._grain * self.rows, dx : dx + self._grain * self.columns]


class Decoder(nn.Module):
    """Codes -> picture, at full resolution or, from the features on the way there, at a half or a quarter."""

    def __init__(self, codes: int, style: int, widths: tuple[int, int, int]) -> None:
        super().__init__()
        coarse, middle, fine = widths
        self.enter = StyledConvolution(codes, coarse, style)
        self.body = StyledConvolution(coarse, coarse, style)
        self.split_coarse = convolution(coarse, 4 * middle, 3)
        self.mix_middle = StyledConvolution(middle + _NOISE[2], middle, style)
        self.body_middle = convolution(middle, middle, 3, gain=0.5)
        self.split_middle = convolution(middle, 4 * fine, 3)
        self.mix_fine = StyledConvolution(fine + _NOISE[1], fine, style)
        self.split_fine = convolution(fine, 4 * _FULL_WIDTH, 3)
        # Noise for each pixel: what is made of that of coarser lattices alone shows their grid.
        self.mix_full = StyledConvolution(_FULL_WIDTH + _NOISE[0], _FULL_WIDTH, style)
        self.leave = convolution(_FULL_WIDTH, COLOURS, 3, gain=0.03)
        self.leave_quarter = convolution(middle, COLOURS, 3, gain=0.1)
        self.leave_half = convolution(fine, COLOURS, 3, gain=0.1)
        self.linear = nn.ConvTranspose2d(codes, COLOURS, _BASIS_PX, STRIDE_PX, bias=False)

    def forward(
        self, codes: Tensor, style: Tensor, noise: NoiseSource, origin: tuple[int, int] = (0, 0), border: Border = "valid", skip: int = 0
    ) -> list[Tensor]:
        """Pictures at a quarter, a half and the full resolution, without the ``skip`` finest.

        ``codes`` (B, codes, h + 12, w + 12) begin at the cell ``origin`` - 6 and the pictures at ``origin``, where the border is
        valid; elsewhere both have the same extent. The coarser pictures teach nothing to what the full one is made of.
        """
        at = _Lattice(codes, origin, border)
        h = codes.contiguous(memory_format=torch.channels_last)
        h = F.leaky_relu(self.enter(at.around(h), style), LEAK)
        h = F.leaky_relu(self.body(at.around(h), style), LEAK) + at.inside(h)
        h = F.pixel_shuffle(F.leaky_relu(self.split_coarse(at.around(h)), LEAK), 2)
        at.doubled(after=3)

        mixed = torch.cat([h, noise(2, *at.extent(h))], 1)
        h = F.leaky_relu(self.mix_middle(at.around(mixed), style), LEAK) + at.inside(h)
        h = F.leaky_relu(self.body_middle(at.around(h)), LEAK) + at.inside(h)
        quarter = bounded(self.leave_quarter(at.around(h.detach())))
        pictures = [self._straight(codes, 2, at) + at.cut(quarter, after=3)]
        if skip == 2:
            return pictures
        h = F.pixel_shuffle(F.leaky_relu(self.split_middle(at.around(h)), LEAK), 2)
        at.doubled(after=3)

        mixed = torch.cat([h, noise(1, *at.extent(h))], 1)
        h = F.leaky_relu(self.mix_fine(at.around(mixed), style), LEAK) + at.inside(h)
        half = bounded(self.leave_half(at.around(h.detach())))
        pictures.append(self._straight(codes, 4, at) + at.cut(half, after=2))
        if skip == 1:
            return pictures
        h = F.pixel_shuffle(F.leaky_relu(self.split_fine(at.around(h)), LEAK), 2)
        at.doubled(after=2)

        mixed = torch.cat([h, noise(0, *at.extent(h))], 1)
        h = F.leaky_relu(self.mix_full(at.around(mixed), style), LEAK) + at.inside(h)
        full = bounded(self.leave(at.around(h)))
        return [*pictures, self._straight(codes, STRIDE_PX, at) + at.cut(full, after=2)]

    def _straight(self, codes: Tensor, grain: int, at: _Lattice) -> Tensor:
        """The linear path at ``grain`` pixels to a cell; of a coarser picture the means of what the full one has."""
        basis = self.linear.weight
        if grain < STRIDE_PX:
            codes, basis = codes.detach(), F.avg_pool2d(basis.detach(), STRIDE_PX // grain)
        around = at.around(codes)
        drawn = F.conv_transpose2d(around, basis, stride=grain, padding=grain // 2)
        edge = grain * (around.shape[-1] - at.columns) // 2
        return drawn[..., edge : edge + grain * at.rows, edge : edge + grain * at.columns]

    def noise_channels(self, octave: int) -> int:
        return _NOISE[octave]

    def multiply_adds(self) -> float:
        """For one pixel of the full resolution, borders and the two coarser pictures left out."""
        shares = {
            "linear": 64,
            "enter": 64,
            "body": 64,
            "split_coarse": 64,
            "split_fine": 4,
            "mix_fine": 4,
            "mix_full": 1,
            "leave": 1,
            "leave_quarter": 0,
            "leave_half": 0,
        }
        total = 0.0
        for name, parameter in self.named_parameters():
            share = shares.get(name.partition(".")[0], 16)
            if parameter.dim() == 4 and share:
                total += parameter.numel() / share
        return total


@dataclass(frozen=True)
class BlockAxes:
    """The principal axes of the 8 x 8 blocks of pictures."""

    axes: Tensor  # (192, 192) orthonormal columns over (3, 8, 8), those of the largest variance first
    deviations: Tensor  # (192,) of the blocks along them
    whole_deviations: Tensor  # (192,) of the mean block of a crop
    weights: Tensor  # (3, 1, 1) of the channels, which the pictures were multiplied by

    @classmethod
    def of(cls, pictures: Sequence[Tensor], weights: Tensor) -> BlockAxes:
        """Of pictures (1, 3, H, W) whose mean is about 0. ``weights`` say what a step in each channel counts."""
        fields = [F.pixel_unshuffle(weights * p[..., : p.shape[-2] // 8 * 8, : p.shape[-1] // 8 * 8], STRIDE_PX) for p in pictures]
        flat = torch.cat([field.flatten(2)[0] for field in fields], 1)  # (192, blocks)
        around = torch.cat([surroundings(field).flatten(2)[0] for field in fields], 1)
        variances, axes = torch.linalg.eigh(flat @ flat.T / flat.shape[1])
        axes = axes.flip(1)
        return cls(axes, variances.flip(0).clamp_min(0).sqrt(), (axes.T @ around).square().mean(1).sqrt(), weights)


@torch.no_grad()
def begin_linear(encoder: Encoder, decoder: Decoder, blocks: BlockAxes) -> None:
    """Makes the linear paths those of block PCA: code = (block . axis) / deviation, block = sum of axis * deviation * code."""
    edge = (_BASIS_PX - STRIDE_PX) // 2
    patterns = F.pad(blocks.axes.T.reshape(-1, COLOURS, STRIDE_PX, STRIDE_PX), (edge,) * 4)
    for count, first, deviations in (
        (encoder.local, 0, blocks.deviations),
        (encoder.whole, encoder.local, blocks.whole_deviations),
    ):
        scale = deviations[:count, None, None, None].clamp_min(1e-3)
        encoder.linear.weight[first : first + count] = patterns[:count] * blocks.weights / scale
        decoder.linear.weight[first : first + count] = patterns[:count] / blocks.weights * scale
