"""How good pictures become poor ones: what a restoration network learns to undo. Every draw comes from a generator, so runs repeat.

A degradation takes (B, 3, H, W) sRGB-encoded crops with ``margin`` pixels more on each side than it gives back, times its scale, and
rounds its result to 8 bits, as files are.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Generator, Tensor

from texgen_desktop.nn.restoration import bicubic_down, bicubic_up

MOST_NOISE = 50 / 255
UNKNOWN = -0.2
"""In place of the noise's standard deviation: the network has to find it out by itself."""
_REACH = 6  # of a blur, in pixels


@dataclass(frozen=True)
class Degradation:
    """``make`` (clean, dice) gives the poor picture, and the standard deviation (B,) of its noise where the network is told it."""

    margin: int
    make: Callable[[Tensor, Generator], tuple[Tensor, Tensor | None]]


def shrinking(scale: int, realistic: float = 0.15) -> Degradation:
    """Bicubic, as in the tables of the literature; a share ``realistic`` of the crops is blurred, noisy and from a JPEG besides."""
    edge = scale * 3 // 2

    def make(clean: Tensor, dice: Generator) -> tuple[Tensor, Tensor | None]:
        is_real = _uniform(len(clean), 0, 1, dice) < realistic
        blurs = torch.where(is_real, _uniform(len(clean), 0.2, 0.4 * scale, dice), 0)
        small = bicubic_down(convolved(clean, gaussians(blurs)), scale)
        sigma = torch.where(is_real, _uniform(len(clean), 0, 4 / 255, dice), 0)
        small = rounded(small + _normal(small, dice) * _each(sigma))
        quality = _uniform(len(clean), 70, 97, dice)
        return _where(is_real, jpeg(small, quality), small), None

    return Degradation(edge + _REACH, make)


def noise() -> Degradation:
    """Normal noise of 0 to 50 of 255 levels, clipped as a file clips it; in every eighth crop it is coarse, as that of a camera is.

    For every third crop the network is not told how strong it is.
    """

    def make(clean: Tensor, dice: Generator) -> tuple[Tensor, Tensor | None]:
        level = _uniform(len(clean), 0, 1, dice) * MOST_NOISE
        fine = _normal(clean, dice)
        coarse = F.avg_pool2d(fine, 2, stride=1) * 2
        is_told = _uniform(len(clean), 0, 1, dice) < 2 / 3
        is_coarse = _uniform(len(clean), 0, 1, dice) < 1 / 8
        grain = _where(is_coarse, coarse, fine[..., 1:, 1:])
        return rounded(clean[..., 1:, 1:] + grain * _each(level))[..., :-1, :-1], torch.where(is_told, level, UNKNOWN)

    return Degradation(1, make)


def blurring() -> Degradation:
    """Gaussian blur, defocus or a straight motion, some noise; every fourth crop stays sharp."""

    def make(clean: Tensor, dice: Generator) -> tuple[Tensor, Tensor | None]:
        count = len(clean)
        kind = torch.randint(0, 8, (count,), generator=dice)
        by_gauss = gaussians(torch.where(kind < 2, 0, _uniform(count, 0.4, 2.5, dice)))
        by_disk = disks(_uniform(count, 0.7, 3.2, dice))
        by_motion = lines(_uniform(count, 2, 9, dice), _uniform(count, 0, np.pi, dice))
        kernels = torch.where((kind < 4).view(-1, 1, 1), by_gauss, torch.where((kind < 6).view(-1, 1, 1), by_disk, by_motion))
        soft = convolved(clean, kernels)
        return rounded(soft + _normal(soft, dice) * _each(_uniform(count, 0, 2 / 255, dice))), None

    return Degradation(_REACH, make)


def compression() -> Degradation:
    """JPEG of quality 10 to 90, colours in full or half resolution; every eighth crop stays clean."""

    def make(clean: Tensor, dice: Generator) -> tuple[Tensor, Tensor | None]:
        is_clean = _uniform(len(clean), 0, 1, dice) < 1 / 8
        return _where(is_clean, rounded(clean), jpeg(clean, _uniform(len(clean), 10, 90, dice))), None

    return Degradation(0, make)


def impoverishing() -> Degradation:
    """Detail taken away: half the resolution and back, or a Gaussian blur, or a JPEG of both; every fourth crop stays rich."""

    def make(clean: Tensor, dice: Generator) -> tuple[Tensor, Tensor | None]:
        count = len(clean)
        kind = torch.randint(0, 8, (count,), generator=dice)
        halved = bicubic_up(bicubic_down(clean, 2), 2)  # uses up 3 and then 4 pixels on each side
        blurs = torch.where(kind < 2, 0, _uniform(count, 0.5, 1.6, dice))
        edge = (clean.shape[-1] - halved.shape[-1]) // 2
        soft = convolved(clean, gaussians(blurs))
        soft = soft[..., edge - _REACH : soft.shape[-2] - edge + _REACH, edge - _REACH : soft.shape[-1] - edge + _REACH]
        poor = rounded(_where(kind >= 4, halved, soft))
        return _where(kind == 7, jpeg(poor, _uniform(count, 75, 95, dice)), poor), None

    return Degradation(7, make)


# ------------------------------------------------------------------------------------------------- blocks


def rounded(x: Tensor) -> Tensor:
    """To what an 8-bit file holds."""
    return (x.clamp(0, 1) * 255).round() / 255


def jpeg(x: Tensor, quality: Tensor) -> Tensor:
    """Each picture through a JPEG of its ``quality``; from 75 on with colours in full resolution."""
    out = np.empty((len(x), *x.shape[2:], x.shape[1]), np.uint8)
    pixels = (x.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    for index, (picture, q) in enumerate(zip(pixels, quality.tolist(), strict=True)):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=round(q), subsampling=0 if q >= 75 else 2)
        out[index] = np.asarray(Image.open(file))
    return torch.from_numpy(out).to(x.device).permute(0, 3, 1, 2).to(x.dtype) / 255


def convolved(x: Tensor, kernels: Tensor) -> Tensor:
    """Each picture with its own kernel, (B, K, K): valid."""
    batch, channels, height, width = x.shape
    weights = kernels.to(x).repeat_interleave(channels, 0)[:, None]
    return F.conv2d(x.reshape(1, batch * channels, height, width), weights, groups=batch * channels).reshape(
        batch, channels, height - kernels.shape[-1] + 1, width - kernels.shape[-1] + 1
    )


def gaussians(sigma: Tensor) -> Tensor:
    """(B,) standard deviations to (B, 13, 13) kernels; 0 is none."""
    squares = _offsets().square()
    line = torch.exp(-squares / (2 * sigma.clamp_min(1e-3).square())[:, None])
    return _summing_to_one(line[:, :, None] * line[:, None, :])


def disks(radius: Tensor) -> Tensor:
    """(B,) radii to (B, 13, 13): out of focus; the rim is one pixel soft."""
    distances = (_offsets()[:, None].square() + _offsets()[None, :].square()).sqrt()
    return _summing_to_one((radius[:, None, None] - distances + 0.5).clamp(0, 1))


def lines(length: Tensor, angle: Tensor) -> Tensor:
    """(B,) lengths and angles in radians to (B, 13, 13): a straight motion."""
    y, x = _offsets()[:, None], _offsets()[None, :]
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    along, across = x * cosine + y * sine, y * cosine - x * sine
    return _summing_to_one((length[:, None, None] / 2 - along.abs() + 0.5).clamp(0, 1) * (1 - across.abs()).clamp(0, 1))


def _offsets() -> Tensor:
    return torch.arange(-_REACH, _REACH + 1).float()


def _summing_to_one(kernels: Tensor) -> Tensor:
    return kernels / kernels.sum((1, 2), keepdim=True)


def _uniform(count: int, least: float, most: float, dice: Generator) -> Tensor:
    return least + (most - least) * torch.rand(count, generator=dice)


def _normal(like: Tensor, dice: Generator) -> Tensor:
    return torch.randn(like.shape, generator=dice).to(like)


def _each(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def _where(chosen: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(chosen.to(yes.device).view(-1, 1, 1, 1), yes, no)
