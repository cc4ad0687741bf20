"""How a restoration network is taught: good crops are made poor, and it has to undo that."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor

from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.imaging.raster import Raster
from texgen_desktop.nn.adversary import Adversary
from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.degradations import Degradation
from texgen_desktop.nn.layers import frozen, halve, placed
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.restoration import RestorationNet
from texgen_desktop.nn.run_state import check_finite
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.slices import Slices

_CROPS, _HARM, _CRITIC, _COLOURS = 0, 1, 2, 3  # purposes of random streams within one step
_LUMA = (0.299, 0.587, 0.114)  # BT.601
_SOFTNESS = 0.01  # of the Charbonnier loss: differences below it count squared
_LUMA_WEIGHT = 1.0
_WARM_UP_STEPS, _LEAST_RATE = 50, 0.01
_BEFORE_CRITIC = 0.1  # of the lesson: the critic would only learn that nothing has been learnt yet
_PROBE_PX, _PROBES, _PAYS = 48, 4, 0.75
_FINE_WEIGHT = 0.2  # of the error of single pixels, where a critic asks for detail that may lie elsewhere


@dataclass(frozen=True)
class Lesson:
    """``side`` is that of what the network gives for one crop, in pixels of what it is given; ``at_once`` crops make a slice.

    ``adversarial`` is the weight of a critic's blame; 0: there is none. ``recolours``: three of four crops change their colours, for
    there are more colours in the world than in the pictures.
    """

    degradation: Degradation
    batch: int = 8
    at_once: int = 2
    side: int = 48
    learning_rate: float = 1.5e-3
    adversarial: float = 0.0
    recolours: bool = True


def luma(x: Tensor) -> Tensor:
    """(B, 3, H, W) to (B, 1, H, W)."""
    return (x * x.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def charbonnier(difference: Tensor) -> Tensor:
    """sqrt(d^2 + e^2) - e, averaged (Charbonnier et al. 1994)."""
    return ((difference.square() + _SOFTNESS**2).sqrt() - _SOFTNESS).mean()


def unlikeness(made: Tensor, wanted: Tensor) -> Tensor:
    """What is minimised: the error of the colours, and once more that of their luma."""
    return charbonnier(made - wanted) + _LUMA_WEIGHT * charbonnier(luma(made - wanted))


def loose_unlikeness(made: Tensor, wanted: Tensor) -> Tensor:
    """Mostly the error of what is seen at half the resolution."""
    return unlikeness(halve(made), halve(wanted)) + _FINE_WEIGHT * unlikeness(made, wanted)


def teach(
    net: RestorationNet,
    lesson: Lesson,
    pictures: Sequence[Raster],
    *,
    seed: int,
    progress: Callable[[int], float],
    told: Callable[[int, float, RestorationNet], None],
) -> Slices[RestorationNet]:
    """Returns the average of the weights over the last steps, frozen.

    ``progress`` says what share of the lesson is done after so many steps: 1 ends it. After each step ``told`` hears how many are done,
    the loss, and the average so far. Pictures are drawn by their area.
    """
    device = next(net.parameters()).device
    placed(net, device).train().requires_grad_(True)
    average = frozen(copy.deepcopy(net), device)
    average.is_coarse = False
    optimizer = adam(net, lesson.learning_rate, betas=(0.9, 0.99))
    adversary = Adversary(device, seed) if lesson.adversarial > 0 else None
    steps = 0
    while (done := progress(steps)) < 1:
        clean = draw_crops(pictures, lesson, net, stream(seed, steps, _CROPS)).to(device)
        if lesson.recolours:
            clean = recoloured(clean, stream(seed, steps, _COLOURS))
        poor, level, wanted = spoilt(clean, lesson.degradation, net, stream(seed, steps, _HARM))
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        yield None
        critic = adversary if done >= _BEFORE_CRITIC else None
        given = net.base(poor)
        parts = []
        for part in range(0, lesson.batch, lesson.at_once):
            chosen = slice(part, part + lesson.at_once)
            made = net(poor[chosen], None if level is None else level[chosen])
            if critic is not None:
                loss = loose_unlikeness(made, wanted[chosen])
                loss = loss + lesson.adversarial * critic.blame(made, wanted[chosen], given[chosen])
            else:
                loss = unlikeness(made, wanted[chosen])
            loss = loss * (len(made) / lesson.batch)
            loss.backward()
            total += float(loss.detach())
            parts.append(made.detach())
            yield None
        if not math.isfinite(total):
            raise NonFiniteLoss("the loss", steps * lesson.batch)
        if critic is not None:
            note = partial(check_finite, what="the critic's loss", images_seen=steps * lesson.batch)
            yield from critic.learn(torch.cat(parts), wanted, given, stream(seed, steps, _CRITIC), note)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = lesson.learning_rate * cosine(done, _LEAST_RATE) * min(1.0, (steps + 1) / _WARM_UP_STEPS)
        optimizer.step()
        average_into(average, net, steps)
        steps += 1
        told(steps, total, average)
    return average


def coarse_pays(net: RestorationNet) -> Slices[bool]:
    """Whether convolutions in bfloat16 save a quarter of a step's time or more: measured here, for on some processors they take longer.

    The fastest of a few passes each, forward and backward, in some tenths of a second.
    """
    side = _PROBE_PX + 2 * net.shape.halo
    device = next(net.parameters()).device
    given = torch.zeros((2, 3, side, side), device=device)
    level = torch.zeros(2, device=device) if net.shape.has_level else None
    best = {False: math.inf, True: math.inf}
    was_coarse = net.is_coarse
    for _ in range(_PROBES):
        for is_coarse in best:
            net.is_coarse = is_coarse
            began = time.perf_counter()
            gradient = torch.autograd.grad(net(given, level).square().mean(), net.head.weight)[0]
            float(gradient.sum())  # waits for a graphics card
            best[is_coarse] = min(best[is_coarse], time.perf_counter() - began)
            yield None
    net.is_coarse = was_coarse
    return best[True] < _PAYS * best[False]


def draw_crops(pictures: Sequence[Raster], lesson: Lesson, net: RestorationNet, dice: Generator) -> Tensor:
    """(batch, 3, S, S) of anywhere in the pictures, turned by quarters and mirrored; S holds what degradation and network use up."""
    side = net.shape.scale * (lesson.side + 2 * net.shape.halo) + 2 * lesson.degradation.margin
    areas = torch.tensor([picture.height_px * picture.width_px for picture in pictures], dtype=torch.float64)
    crops = []
    for index in torch.multinomial(areas, lesson.batch, replacement=True, generator=dice).tolist():
        picture = pictures[index]
        y, x = (_start(size, side, wraps, dice) for size, wraps in zip((picture.height_px, picture.width_px), picture.wraps, strict=True))
        crop = picture.read(y, x, side, side)
        turns, mirrored = torch.randint(0, 4, (), generator=dice), torch.randint(0, 2, (), generator=dice)
        crop = np.rot90(crop, int(turns))
        crops.append(torch.from_numpy(np.ascontiguousarray(crop[:, ::-1] if mirrored else crop)))
    return torch.stack(crops).permute(0, 3, 1, 2)


def _start(size: int, side: int, wraps: bool, dice: Generator) -> int:
    """Where a crop begins: anywhere on an axis that wraps, else so that it stays inside where it can."""
    places = size if wraps else max(1, size - side + 1)
    return int(torch.randint(0, places, (), generator=dice))


def recoloured(crops: Tensor, dice: Generator) -> Tensor:
    """(B, 3, H, W): channels in another order, colours between grey and gaudy, lighter or darker; every fourth crop as it is."""
    count = len(crops)
    order = torch.rand(count, 3, generator=dice).argsort(1).to(crops.device)
    mixed = crops.gather(1, order[:, :, None, None].expand_as(crops))
    saturation, gain, lift = (
        (least + (most - least) * torch.rand(count, 1, 1, 1, generator=dice)).to(crops)
        for least, most in ((0, 1.7), (0.6, 1.2), (-0.1, 0.1))
    )
    grey = luma(mixed)
    changed = ((grey + saturation * (mixed - grey)) * gain + lift).clamp(0, 1)
    is_kept = (torch.rand(count, 1, 1, 1, generator=dice) < 0.25).to(crops.device)
    return torch.where(is_kept, crops, changed)


def spoilt(clean: Tensor, degradation: Degradation, net: RestorationNet, dice: Generator) -> tuple[Tensor, Tensor | None, Tensor]:
    """(what the network is given, how strong its noise is or None, what it should make of it)."""
    poor, level = degradation.make(clean, dice)
    edge = degradation.margin + net.shape.scale * net.shape.halo
    return poor, None if level is None else level.to(poor), clean[..., edge : clean.shape[-2] - edge, edge : clean.shape[-1] - edge]
