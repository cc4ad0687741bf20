"""Generating natural images with direct patch distributions matching (Elnekave and Weiss, ECCV 2022), on a torus.

The pixels themselves are optimised, coarse to fine, until random projections of their 7 x 7 patches are distributed as the photo's.
Here the patches wrap around the edges, so that the result is a tile.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.benchmarks.baselines import SIDE_PX, Baseline, Pictures
from texgen_desktop.imaging.colour import Floats

_PATCH, _PROJECTIONS, _STEPS = 7, 64, 300
_COARSEST_PX, _FACTOR = 24, 0.75
_LEARNING_RATE, _NOISE = 0.02, 0.75
_MOST_PATCHES = 1 << 13


def make(photo: Floats, seconds: float, seed: int) -> tuple[Floats, bool]:
    """One tile, and whether it had all its steps: each level gets its share of the time, and no more than 300."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.from_numpy(photo).permute(2, 0, 1)[None] * 2 - 1
    sides = [SIDE_PX]
    while sides[0] * _FACTOR >= _COARSEST_PX:
        sides.insert(0, round(sides[0] * _FACTOR))
    work = np.cumsum([max(side, 64) ** 2 for side in sides])
    began_s, is_whole, result = time.perf_counter(), True, torch.zeros(1, 3, sides[0], sides[0])
    result += _NOISE * torch.randn(result.shape, generator=generator)
    for side, done in zip(sides, work / work[-1], strict=True):
        scale = side / SIDE_PX
        wanted = F.interpolate(target, scale_factor=scale, mode="bicubic", antialias=True, align_corners=False) if scale < 1 else target
        result = _resized(result, side).requires_grad_()
        optimizer = torch.optim.Adam([result], lr=_LEARNING_RATE)
        for step in range(_STEPS):
            # Sampled patches make a noise of the size of the steps: it fades out before the level ends.
            optimizer.param_groups[0]["lr"] = _LEARNING_RATE * min(1.0, 2.2 - 2 * step / _STEPS)
            optimizer.zero_grad()
            _distance(result, wanted, generator).backward()
            optimizer.step()
            if time.perf_counter() - began_s > done * seconds:
                is_whole &= step == _STEPS - 1
                break
        result = result.detach().clamp(-1, 1)
    return ((result[0].permute(1, 2, 0) + 1) / 2).numpy(), is_whole


def _resized(picture: Tensor, side: int) -> Tensor:
    """On the torus."""
    if picture.shape[-1] == side:
        return picture
    scale = side / picture.shape[-1]
    edge = 8
    grown = F.interpolate(F.pad(picture, (edge,) * 4, mode="circular"), scale_factor=scale, mode="bicubic", align_corners=False)
    first = (grown.shape[-1] - side) // 2
    return grown[..., first : first + side, first : first + side].clone()


def _distance(made: Tensor, wanted: Tensor, generator: torch.Generator) -> Tensor:
    """The sliced Wasserstein distance of the patches, on fresh directions; of a random sample where there are very many."""
    directions = torch.randn(3 * _PATCH**2, _PROJECTIONS, generator=generator)
    directions = directions / directions.square().sum(0).sqrt()
    wrapped = F.pad(made, (_PATCH - 1, 0, _PATCH - 1, 0), mode="circular")[0]
    count = min(made.shape[-1] ** 2, _MOST_PATCHES)
    found = (_patches(wrapped, count, generator) @ directions).T.contiguous()  # (projections, places)
    like = (_patches(wanted[0], count, generator) @ directions).T.contiguous()
    # numpy sorts ten times as fast as torch on a CPU.
    order = torch.from_numpy(np.argsort(found.detach().numpy(), axis=1))
    return (found.gather(1, order) - torch.from_numpy(np.sort(like.numpy(), axis=1))).abs().mean()


def _patches(picture: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(3, H, W) to ``count`` patches at random places, flattened."""
    _, height, width = picture.shape
    y = torch.randint(height - _PATCH + 1, (count, 1), generator=generator)
    x = torch.randint(width - _PATCH + 1, (count, 1), generator=generator)
    channel, dy, dx = torch.meshgrid(torch.arange(3), torch.arange(_PATCH), torch.arange(_PATCH), indexing="ij")
    inside = (channel * height * width + dy * width + dx).reshape(1, -1)
    return picture.reshape(-1)[y * width + x + inside]


def grow(photo: Floats, readings_min: Sequence[float], _seed: int) -> Iterator[Pictures]:
    whole: dict[int, Floats] = {}  # more time would not change them

    def picture(minutes: float, seed: int) -> Floats:
        if seed in whole:
            return whole[seed]
        made, is_whole = make(photo, minutes * 60, seed)
        if is_whole:
            whole[seed] = made
        return made

    for minutes in readings_min:
        yield partial(picture, minutes)


BASELINE = Baseline(
    "gpdm",
    "GPDM, wrapped",
    f"{_PATCH} x {_PATCH} patches, {_PROJECTIONS} projections a step, at most {_STEPS} steps a level (as published), "
    f"Adam {_LEARNING_RATE} that fades in the second half, levels x {_FACTOR} from {_COARSEST_PX} px up, "
    f"at most {_MOST_PATCHES} patches a step, first noise {_NOISE}, wrapped edges",
    grow,
)
