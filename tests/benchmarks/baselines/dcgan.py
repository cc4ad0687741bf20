"""A plain DCGAN (Radford, Metz and Chintala 2016) of textures: its convolutions without the dense entry, so that any size can be drawn.

That is the spatial GAN of Jetchev, Bergmann and Vollgraf (2016). Zero padding as published; pictures are cut from the middle of larger
ones, and do not tile. Trained on the graphics card where there is one: the instrument is held against a DCGAN that was trained for long.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from tests.benchmarks.baselines import SIDE_PX, Baseline, Pictures, adversarial
from texgen_desktop.engine.device import choose_device
from texgen_desktop.imaging.colour import Floats

_NOISE, _WIDTH, _BATCH, _CROP_PX = 64, 32, 16, 64
_STRIDE = 16


def _generator() -> nn.Sequential:
    layers: list[nn.Module] = []
    inputs = _NOISE
    for width in (8 * _WIDTH, 4 * _WIDTH, 2 * _WIDTH):
        layers += [nn.ConvTranspose2d(inputs, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, nn.ConvTranspose2d(inputs, 3, 4, 2, 1), nn.Tanh())


def _critic() -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, 2 * _WIDTH, 4, 2, 1), nn.LeakyReLU(0.2)]
    for inputs in (2 * _WIDTH, 4 * _WIDTH):
        layers += [nn.Conv2d(inputs, 2 * inputs, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * inputs), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * _WIDTH, 1, 4, 2, 1))


def _noise(random: torch.Generator, count: int, side: int, device: torch.device) -> Tensor:
    return (torch.rand(count, _NOISE, side, side, generator=random) * 2 - 1).to(device)


def _picture(network: nn.Module, device: torch.device, random: torch.Generator) -> Tensor:
    edge = 2 * _STRIDE
    made: Tensor = network(_noise(random, 1, SIDE_PX // _STRIDE + 4, device))
    return made[..., edge:-edge, edge:-edge]


def grow(photo: Floats, readings_min: Sequence[float], seed: int) -> Iterator[Pictures]:
    device = choose_device().device
    generator, critic = (adversarial.initialised(net, seed + k).to(device) for k, net in enumerate((_generator(), _critic())))
    noise = partial(_noise, count=_BATCH, side=_CROP_PX // _STRIDE, device=device)
    for _ in adversarial.train(generator, critic, photo, noise, _CROP_PX, _BATCH, readings_min, seed):
        yield adversarial.pictures(partial(_picture, copy.deepcopy(generator).eval(), device))


BASELINE = Baseline(
    "dcgan",
    "plain DCGAN",
    f"fully convolutional, noise {_NOISE}, widths {8 * _WIDTH}-{4 * _WIDTH}-{2 * _WIDTH}-3, 4 x 4 stride 2, batch norm, "
    f"crops of {_CROP_PX} px, batch {_BATCH}, Adam 0.0002 beta 0.5, non-saturating, on the best device",
    grow,
)
