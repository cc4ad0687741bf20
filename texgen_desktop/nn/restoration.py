"""Compact residual networks that make a better picture of a poor one: larger, without noise, sharper.

All convolutions are valid ones in the resolution of what is given: the caller hands in ``halo`` pixels more on every side. So the result
does not depend on how a picture is cut into blocks, and a tile stays a tile. Upscaling adds what was learnt to the bicubic picture and
shuffles channels into pixels (Shi et al. 2016, ESPCN); residual blocks as in EDSR (Lim et al. 2017) with the activation first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.errors import TexGenError
from texgen_desktop.nn.layers import initialise

COLOURS = 3
_CUBIC_REACH = 2
_LARGEST_WIDTH, _MOST_LAYERS, _MOST_DILATION = 256, 64, 8


@dataclass(frozen=True)
class NetShape:
    """``dilations`` has one entry for each convolution of the body, an even number. ``has_level``: it is told the strength of the noise."""

    scale: int
    width: int
    dilations: tuple[int, ...]
    has_level: bool = False

    @property
    def halo(self) -> int:
        """How many pixels of what is given are used up on each side."""
        return 2 + sum(self.dilations)

    def header(self) -> dict[str, Any]:
        return {**asdict(self), "dilations": list(self.dilations)}


def shape_of(header: Mapping[str, Any]) -> NetShape:
    """The shape that a model file tells; TexGenError where it tells none that could be built."""
    match header.get("shape"):
        case {
            "scale": 1 | 2 | 4 as scale,
            "width": int(width),
            "dilations": list(dilations),
            "has_level": bool(has_level),
        } if (
            0 < width <= _LARGEST_WIDTH
            and 0 < len(dilations) <= _MOST_LAYERS
            and len(dilations) % 2 == 0
            and all(type(each) is int and 1 <= each <= _MOST_DILATION for each in dilations)
        ):
            return NetShape(scale, width, tuple(dilations), has_level)
    raise TexGenError("This model is none that enhances pictures.", "Choose a model that was learnt for this step, or the one that ships.")


class RestorationNet(nn.Module):
    """(B, 3, h + 2 halo, w + 2 halo), sRGB-encoded, to (B, 3, h * scale, w * scale). It begins as the identity, or as bicubic."""

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        self.shape = shape
        self.is_coarse = False  # the convolutions of the body in bfloat16: faster to train where the processor has it, on sums in float32
        self.head = nn.Conv2d(COLOURS + shape.has_level, shape.width, 3)
        self.body = nn.ModuleList(nn.Conv2d(shape.width, shape.width, 3, dilation=by) for by in shape.dilations)
        self.tail = nn.Conv2d(shape.width, COLOURS * shape.scale**2, 3)
        initialise(self.head, 1.0)
        for index, layer in enumerate(self.body):
            initialise(layer, 0.2 if index % 2 else 1.0)  # type: ignore[arg-type]  # a ModuleList forgets what it holds
        initialise(self.tail, 0.01)

    def forward(self, x: Tensor, level: Tensor | None = None) -> Tensor:
        """``level`` (B,) is the noise's standard deviation, or ``degradations.UNKNOWN``, for a net that is told it."""
        return self.base(x) + self.residual(x.clamp(0, 1), level)

    def base(self, x: Tensor) -> Tensor:
        """What is there without anything learnt."""
        if self.shape.scale == 1:
            return _cropped(x, self.shape.halo)
        return bicubic_up(_cropped(x, self.shape.halo - _CUBIC_REACH), self.shape.scale)

    def residual(self, x: Tensor, level: Tensor | None = None) -> Tensor:
        """What the network adds to that."""
        if self.shape.has_level:
            assert level is not None, "this network has to be told how strong the noise is"
            x = torch.cat([x, level.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])], 1)
        h = self.head(x.contiguous(memory_format=torch.channels_last))
        with torch.autocast(h.device.type, torch.bfloat16, enabled=self.is_coarse):
            for first, second, by in zip(self.body[::2], self.body[1::2], self._crops(), strict=True):
                h = second(F.relu(first(F.relu(h)))) + _cropped(h, by)
        return F.pixel_shuffle(self.tail(F.relu(h)), self.shape.scale)

    def _crops(self) -> list[int]:
        dilations = self.shape.dilations
        return [first + second for first, second in zip(dilations[::2], dilations[1::2], strict=True)]


def _cropped(x: Tensor, by: int) -> Tensor:
    return x[..., by : x.shape[-2] - by, by : x.shape[-1] - by]


def _filtered(x: Tensor, line: Tensor, stride: int) -> Tensor:
    """Each channel with ``line`` along both axes: valid."""
    batch, channels, height, width = x.shape
    tall = F.conv2d(x.reshape(batch * channels, 1, height, width), line.view(1, 1, -1, 1), stride=(stride, 1))
    made = F.conv2d(tall, line.view(1, 1, 1, -1), stride=(1, stride))
    return made.reshape(batch, channels, *made.shape[2:])


# ------------------------------------------------------------------------------------------------- bicubic


def bicubic_up(x: Tensor, scale: int) -> Tensor:
    """(B, C, h + 4, w + 4) to (B, C, h * scale, w * scale): Keys' kernel with a = -0.5, as Pillow and MATLAB have it."""
    batch, channels, height, width = x.shape
    kernel = _up_kernel(scale).to(x)
    spread = F.conv2d(x.reshape(batch * channels, 1, height, width), kernel)
    return F.pixel_shuffle(spread, scale).reshape(batch, channels, *(scale * (side - 2 * _CUBIC_REACH) for side in (height, width)))


def bicubic_down(x: Tensor, scale: int) -> Tensor:
    """(B, C, (h + 3) * scale, (w + 3) * scale) to (B, C, h, w): the same kernel, widened so that nothing is aliased.

    The first pixel of the result covers ``x[1.5 * scale : 2.5 * scale]``.
    """
    places = (torch.arange(4 * scale, dtype=torch.float64) + 0.5) / scale - 2
    line = _cubic(places)
    return _filtered(x, (line / line.sum()).to(x), scale)


def _up_kernel(scale: int) -> Tensor:
    """(scale^2, 1, 5, 5): for each pixel of the larger grid the weights of the smaller one's around it."""
    shifts = (torch.arange(scale, dtype=torch.float64) + 0.5) / scale - 0.5
    taps = torch.arange(-_CUBIC_REACH, _CUBIC_REACH + 1, dtype=torch.float64)
    lines = _cubic(taps[None, :] - shifts[:, None])
    lines = lines / lines.sum(1, keepdim=True)
    return torch.einsum("ij,kl->ikjl", lines, lines).reshape(scale**2, 1, len(taps), len(taps)).float()


def _cubic(x: Tensor, a: float = -0.5) -> Tensor:
    """Keys 1981, eq. 4, with its free parameter ``a``."""
    x = x.abs()
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
