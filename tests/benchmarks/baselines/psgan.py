"""A one-level periodic spatial GAN (PSGAN, Bergmann, Jetchev and Vollgraf 2017), as large and with as large a batch as ``texture_gan``.

Local noise and learnt waves at 1/16 of the resolution, 5 x 5 transposed convolutions, a critic that judges every place. No global noise:
there is one texture. Drawn on a torus: waves are snapped to whole periods and the noise is wrapped further than the network looks.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.baselines import SIDE_PX, Baseline, Pictures, adversarial
from texgen_desktop.imaging.colour import Floats

_LOCAL, _WAVES, _WIDTHS, _BATCH = 20, 4, (232, 116, 58), 4
_STRIDE, _CELLS, _WRAP = 16, 8, 6


class _Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.waves = nn.Parameter(torch.empty(_WAVES, 2).uniform_(-math.pi / 2, math.pi / 2, generator=torch.Generator().manual_seed(0)))
        layers: list[nn.Module] = []
        inputs = _LOCAL + _WAVES
        for width in _WIDTHS:
            layers += [nn.ConvTranspose2d(inputs, width, 5, 2, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            inputs = width
        self.body = nn.Sequential(*layers, nn.ConvTranspose2d(inputs, 3, 5, 2, 2, 1), nn.Tanh())

    def forward(self, field: tuple[Tensor, Tensor], period: int | None = None) -> Tensor:
        local, phase = field
        waves = self.waves if period is None else (self.waves * period / (2 * math.pi)).round() * 2 * math.pi / period
        places = torch.arange(local.shape[-1], dtype=torch.float32)
        angle = waves[:, 0, None, None] * places[:, None] + waves[:, 1, None, None] * places + phase[:, :, None, None]
        made: Tensor = self.body(torch.cat([local, torch.sin(angle)], 1))
        return made

    def multiply_adds_a_pixel(self) -> float:
        layers = [layer for layer in self.body if isinstance(layer, nn.ConvTranspose2d)]
        return sum(layer.weight.numel() / 4 ** (len(layers) - k) for k, layer in enumerate(layers))


def _critic() -> nn.Sequential:
    widths = (3, *_WIDTHS[::-1])
    layers: list[nn.Module] = []
    for k, (inputs, width) in enumerate(pairwise(widths)):
        layers += [nn.Conv2d(inputs, width, 5, 2, 2, bias=k == 0), *([nn.BatchNorm2d(width)] if k else []), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 5, 2, 2))


def _field(random: torch.Generator, count: int, side: int) -> tuple[Tensor, Tensor]:
    local = torch.rand(count, _LOCAL, side, side, generator=random) * 2 - 1
    return local, torch.rand(count, _WAVES, generator=random) * 2 * math.pi


def _tile(network: _Generator, random: torch.Generator) -> Tensor:
    cells = SIDE_PX // _STRIDE
    local, phase = _field(random, 1, cells)
    wrapped = F.pad(local, (_WRAP,) * 4, mode="circular")
    edge = _WRAP * _STRIDE
    return network((wrapped, phase), cells)[..., edge:-edge, edge:-edge]


def grow(photo: Floats, readings_min: Sequence[float], seed: int) -> Iterator[Pictures]:
    generator, critic = adversarial.initialised(_Generator(), seed), adversarial.initialised(_critic(), seed + 1)
    assert isinstance(generator, _Generator)
    crop_px = _CELLS * _STRIDE
    noise = partial(_field, count=_BATCH, side=_CELLS)
    for _ in adversarial.train(generator, critic, photo, noise, crop_px, _BATCH, readings_min, seed):
        yield adversarial.pictures(partial(_tile, copy.deepcopy(generator).eval()))


BASELINE = Baseline(
    "psgan",
    "PSGAN-style, one level",
    f"{_Generator().multiply_adds_a_pixel() / 1000:.0f} thousand multiply-adds a pixel, local noise {_LOCAL}, waves {_WAVES}, widths "
    f"{'-'.join(map(str, _WIDTHS))}-3, 5 x 5 stride 2, batch norm, crops of {_CELLS * _STRIDE} px, batch {_BATCH}, Adam 0.0002 beta 0.5, "
    "non-saturating at every place",
    grow,
)
