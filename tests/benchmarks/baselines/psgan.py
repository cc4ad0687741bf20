"""Periodic spatial GANs (PSGAN, Bergmann, Jetchev and Vollgraf 2017): one as large and with as large a batch as ``texture_gan``, and one of
the published size, for a GPU.

Local noise and learnt waves, 5 x 5 transposed convolutions, a critic that judges every place. No global noise: there is one texture.
Drawn on a torus: waves are snapped to whole periods and the noise is wrapped further than the network looks.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.baselines import SIDE_PX, Baseline, Pictures, adversarial
from texgen_desktop.engine.device import choose_device
from texgen_desktop.imaging.colour import Floats

_WRAP = 6  # cells; the network looks less than 4 to each side


@dataclass(frozen=True)
class Size:
    """``widths`` of the generator, coarse to fine, before its picture. ``steps``: where training ends, at the latest."""

    local: int
    waves: int
    widths: tuple[int, ...]
    batch: int
    cells: int
    is_odd: bool
    """n cells become 2 n - 1 in each layer, as published, and not 2 n."""
    steps: int | None = None

    @property
    def stride(self) -> int:
        return 2 ** (len(self.widths) + 1)

    @property
    def crop_px(self) -> int:
        return (self.cells - 1) * self.stride + 1 if self.is_odd else self.cells * self.stride

    def multiply_adds_a_pixel(self) -> float:
        ladder = list(pairwise((self.local + self.waves, *self.widths, 3)))
        return sum(25 * inputs * width / 4 ** (len(ladder) - k) for k, (inputs, width) in enumerate(ladder))

    def described(self) -> str:
        return (
            f"{self.multiply_adds_a_pixel() / 1000:.0f} thousand multiply-adds a pixel, local noise {self.local}, waves {self.waves}, "
            f"widths {'-'.join(map(str, self.widths))}-3, 5 x 5 stride 2, batch norm, crops of {self.crop_px} px, batch {self.batch}, "
            f"Adam 0.0002 beta 0.5, non-saturating at every place{f', at most {self.steps} steps' if self.steps else ''}"
        )


_ONE_LEVEL = Size(local=20, waves=4, widths=(232, 116, 58), batch=4, cells=8, is_odd=False)
_PUBLISHED = Size(local=30, waves=6, widths=(512, 256, 128, 64), batch=25, cells=6, is_odd=True, steps=9_000)
"""The authors' settings for one texture: 18 epochs of 1000 iterations, which teach critic and generator in turn."""


class _Generator(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(0)
        self.waves = nn.Parameter(torch.empty(size.waves, 2).uniform_(-math.pi / 2, math.pi / 2, generator=random))
        grown = partial(nn.ConvTranspose2d, kernel_size=5, stride=2, padding=2, output_padding=0 if size.is_odd else 1)
        layers: list[nn.Module] = []
        inputs = size.local + size.waves
        for width in size.widths:
            layers += [grown(inputs, width, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            inputs = width
        self.body = nn.Sequential(*layers, grown(inputs, 3), nn.Tanh())

    def forward(self, field: tuple[Tensor, Tensor], period: int | None = None) -> Tensor:
        local, phase = field
        waves = self.waves if period is None else (self.waves * period / (2 * math.pi)).round() * 2 * math.pi / period
        places = torch.arange(local.shape[-1], dtype=torch.float32, device=local.device)
        angle = waves[:, 0, None, None] * places[:, None] + waves[:, 1, None, None] * places + phase[:, :, None, None]
        made: Tensor = self.body(torch.cat([local, torch.sin(angle)], 1))
        return made


def _critic(size: Size) -> nn.Sequential:
    widths = (3, *size.widths[::-1])
    layers: list[nn.Module] = []
    for k, (inputs, width) in enumerate(pairwise(widths)):
        layers += [nn.Conv2d(inputs, width, 5, 2, 2, bias=k == 0), *([nn.BatchNorm2d(width)] if k else []), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 5, 2, 2))


def _field(size: Size, random: torch.Generator, count: int, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    local = torch.rand(count, size.local, side, side, generator=random) * 2 - 1
    return local.to(device), (torch.rand(count, size.waves, generator=random) * 2 * math.pi).to(device)


def _tile(size: Size, network: _Generator, device: torch.device, random: torch.Generator) -> Tensor:
    cells = SIDE_PX // size.stride
    local, phase = _field(size, random, 1, cells, device)
    wrapped = F.pad(local, (_WRAP,) * 4, mode="circular")
    edge = _WRAP * size.stride
    return network((wrapped, phase), cells)[..., edge : edge + SIDE_PX, edge : edge + SIDE_PX]


def _grow(size: Size, device: torch.device, photo: Floats, readings_min: Sequence[float], seed: int) -> Iterator[Pictures]:
    generator = adversarial.initialised(_Generator(size), seed).to(device)
    critic = adversarial.initialised(_critic(size), seed + 1).to(device)
    assert isinstance(generator, _Generator)
    noise = partial(_field, size, count=size.batch, side=size.cells, device=device)
    for _ in adversarial.train(generator, critic, photo, noise, size.crop_px, size.batch, readings_min, seed, size.steps):
        yield adversarial.pictures(partial(_tile, size, copy.deepcopy(generator).eval(), device))


def _grow_published(photo: Floats, readings_min: Sequence[float], seed: int) -> Iterator[Pictures]:
    return _grow(_PUBLISHED, choose_device().device, photo, readings_min, seed)


BASELINE = Baseline("psgan", "PSGAN-style, one level", _ONE_LEVEL.described(), partial(_grow, _ONE_LEVEL, torch.device("cpu")))
"""Where the families train, too."""
PUBLISHED = Baseline("psgan_published", "PSGAN as published", _PUBLISHED.described(), _grow_published, needs_gpu=True)
