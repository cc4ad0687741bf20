"""Teaches the network to fill holes, on the very picture that has one or on several.

Random holes are cut where the picture is known. What was there is asked for pixel by pixel only next to the hole's border, where it can be
told from around; in the midst the patches have to be distributed as those of the picture (``nn/sliced.py``), and with a critic also to pass
for them. From a part of the run on the real hole is filled as well: nobody knows what belongs there, but its patches are judged alike.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.critics import teach_critic
from texgen_desktop.nn.holed import COLOURS, Holed
from texgen_desktop.nn.layers import frozen, halve, placed, seeded
from texgen_desktop.nn.losses import GAN_LOSSES
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.repair_attention import Memory
from texgen_desktop.nn.repair_masks import random_mask
from texgen_desktop.nn.repair_net import PatchCritic, RepairNet, doubled
from texgen_desktop.nn.run_state import check_finite
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.sliced import PatchDirections, random_filters, sliced_wasserstein
from texgen_desktop.slices import Slices

CROP_PX = 64  # of the level that is taught
_AROUND_PX = 48  # of each coarser level, which so sees more than the crop
_BATCH = 4
_RATE, _CRITIC_RATE = 1e-3, 8e-4
_REAL_FROM, _CRITIC_FROM = 0.3, 0.25  # shares of the run
_PATCH_PX, _FEATURE_PX = 7, 14
_DIRECTIONS, _FILTERS, _WHITENESS = 48, 24, 0.1
_BORDER_PX = 3
_BORDER_WEIGHT, _CHANGES_WEIGHT, _PATCHES_WEIGHT, _FEATURES_WEIGHT = 1.0, 0.5, 1.0, 1.0
_CRITIC_WIDTH, _SMOOTHNESS = 64, 1.0
_LEAST_SAMPLES = 64
_TRIES = 8
_PLACES = 3_000  # that are looked up
_GAN = GAN_LOSSES["relativistic"]


@dataclass(eq=False)
class _Crop:
    """Windows of the picture ``which``, by level: where they begin, and what is there."""

    which: int
    corners: dict[int, tuple[int, int]] = field(default_factory=dict)
    colours: dict[int, Tensor] = field(default_factory=dict)
    holes: dict[int, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Draw:
    """A batch at one level. The last of it may show the real hole: ``mask`` is that, and ``unknown`` empty."""

    truth: Tensor  # (B, 3, S, S)
    mask: Tensor  # (B, 1, S, S): what is to be filled and judged
    unknown: Tensor  # (B, 1, S, S): the real hole where it lies in other crops: filled, but not judged
    guide: Tensor  # (B, 3, S, S)
    proposal: Tensor  # (B, 3, S, S)

    @property
    def hole(self) -> Tensor:
        return torch.maximum(self.mask, self.unknown)


class Lesson:
    """A run, made by ``prepared``. ``losses`` are the last ones by name."""

    def __init__(self, pictures: Sequence[Sequence[Holed]], net: RepairNet, seed: int, with_critic: bool) -> None:
        self._pictures, self._seed = pictures, seed
        self._device = next(net.parameters()).device
        self.net = net
        self.average = frozen(copy.deepcopy(net), self._device)
        self.steps_done = 0
        self.losses: dict[str, float] = {}
        self._optimizers = [adam(level, _RATE, (0.5, 0.99)) for level in net.levels]
        self._critics: list[PatchCritic] = []
        if with_critic:
            with seeded(seed):
                self._critics = [placed(PatchCritic(_CRITIC_WIDTH), self._device) for _ in net.levels]
        self._critic_optimizers = [adam(critic, _CRITIC_RATE) for critic in self._critics]
        self._holes = [np.argwhere(levels[-1].hole) for levels in pictures]
        self._memories: list[list[Memory]] = []  # of each picture: from each level for the next finer one
        self._bases: list[list[PatchDirections]] = []  # of each level, at its scale and at half of it

    @classmethod
    def prepared(cls, pictures: Sequence[Sequence[Holed]], net: RepairNet, seed: int, with_critic: bool) -> Slices[Lesson]:
        """``pictures`` are pyramids, finest first, each of as many levels as the network has; ``net`` is taught in place."""
        lesson = cls(pictures, net, seed, with_critic)
        random = np.random.default_rng((seed, 1))
        for levels in pictures:
            lesson._memories.append([])
            for fine, coarse in pairwise(levels):
                lesson._memories[-1].append(Memory.of(coarse, fine, _PLACES, random))
                yield None
        for k in range(len(net.levels)):
            probe = torch.stack([lesson._crop(k, random).colours[k] for _ in range(_BATCH)])
            scales = (probe, halve(probe))
            lesson._bases.append([PatchDirections.of(scale.to(lesson._device), _PATCH_PX, _WHITENESS) for scale in scales])
            yield None
        return lesson

    # ------------------------------------------------------------------------------------------------- what is shown

    def _crop(self, k: int, random: np.random.Generator, at_hole: bool = False) -> _Crop:
        """Windows of level ``k`` and of all coarser ones around it."""
        found: _Crop | None = None
        for _ in range(1 if at_hole else _TRIES):
            which = int(random.integers(len(self._pictures)))
            if at_hole:
                which = int(random.choice([n for n, places in enumerate(self._holes) if len(places)]))
            levels = self._pictures[which]
            top = len(levels) - 1
            side = CROP_PX if top == k else _AROUND_PX
            shape = levels[top].hole.shape
            corner = [0, 0]
            for axis in (0, 1):
                free = shape[axis] - (CROP_PX >> (top - k))
                # On an axis that wraps anywhere, on another one where the crop does not stick out.
                inner = int(random.integers(0, shape[axis] if levels[top].wraps[axis] else max(1, free + 1)))
                corner[axis] = inner - (side - (CROP_PX >> (top - k))) // 2
            if at_hole:
                middle = self._holes[which][random.integers(len(self._holes[which]))]
                spread = max(1, CROP_PX >> (top - k + 2))
                corner = [int(place - side // 2 + random.integers(-spread, spread + 1)) for place in middle]
            crop = _Crop(which)
            for j in range(top, k - 1, -1):
                if j < top:
                    side = CROP_PX if j == k else _AROUND_PX
                    corner = [2 * place + _AROUND_PX - side // 2 for place in corner]
                crop.corners[j] = (corner[0], corner[1])
                crop.colours[j], crop.holes[j] = levels[j].window(corner[0], corner[1], side, side)
            if found is None or crop.holes[k].mean() < found.holes[k].mean():
                found = crop
            if not found.holes[k].any():
                break
        assert found is not None, "there is a try"
        return found

    def _draw(self, k: int, progress: float) -> Slices[_Draw]:
        random = np.random.default_rng((self._seed, self.steps_done, 0))
        crops = [self._crop(k, random) for _ in range(_BATCH)]
        masks = torch.stack([torch.from_numpy(random_mask(CROP_PX, random).astype(np.float32))[None] for _ in crops])
        if progress >= _REAL_FROM and any(len(places) for places in self._holes):
            crops.append(self._crop(k, random, at_hole=True))
        yield None
        above: tuple[Tensor, Tensor] | None = None  # what the coarser level made, and where
        for j in range(len(self._pictures[0]) - 1, k - 1, -1):
            truth = torch.stack([crop.colours[j] for crop in crops])
            unknown = torch.stack([crop.holes[j] for crop in crops])
            mask = unknown.clone()
            edge = (truth.shape[-1] - (CROP_PX >> (j - k))) // 2
            mask[:_BATCH] = F.pad(F.max_pool2d(masks, 1 << (j - k)), (edge,) * 4)
            unknown[_BATCH:] = 0
            guide = proposal = torch.zeros_like(truth)
            if above is not None:
                guide = doubled(above[0])
                edge = (guide.shape[-1] - truth.shape[-1]) // 2
                guide = guide[..., edge:-edge, edge:-edge]
                proposal = yield from self._proposals(j, crops, *above, truth.shape[-1])
            drawn = _Draw(*(t.to(self._device) for t in (truth, mask, unknown, guide, proposal)))
            if j == k:
                return drawn
            with torch.no_grad():
                made = self.average.level(j)(drawn.guide, drawn.proposal, drawn.truth, drawn.hole, self._noise(drawn, j))
            above = made.cpu(), drawn.hole.cpu()
            yield None
        raise AssertionError("a level is among the levels")

    def _proposals(self, j: int, crops: Sequence[_Crop], made: Tensor, hole: Tensor, side: int) -> Slices[Tensor]:
        """For windows of level ``j``, of so many pixels in the middle of those of the coarser level."""
        found = []
        for crop, picture, gap in zip(crops, made, hole, strict=True):
            memory, mask = self._memories[crop.which][j], gap[0].numpy() > 0
            banned = memory.banned(crop.corners[j + 1], mask)
            sides = (2 * mask.shape[0], 2 * mask.shape[1])
            work = memory.proposal(picture.permute(1, 2, 0).contiguous().numpy(), mask, (False, False), sides, banned)
            found.append(torch.from_numpy((yield from work)).permute(2, 0, 1))
        edge = (2 * made.shape[-1] - side) // 2
        return torch.stack(found)[..., edge : edge + side, edge : edge + side]

    def _noise(self, drawn: _Draw, level: int) -> Tensor:
        return torch.randn(drawn.mask.shape, generator=stream(self._seed, self.steps_done, 10 + level)).to(self._device)

    # ---------------------------------------------------------------------------------------------------- what is learned

    def step(self, progress: float) -> Slices[None]:
        """One level's step; ``progress`` in [0, 1) of the run chooses the rates. A function of it, the steps done and the seed."""
        k = len(self.net.levels) - 1 - self.steps_done % len(self.net.levels)
        level, optimizer = self.net.level(k), self._optimizers[k]
        share = min(1.0, (self.steps_done + 1) / 40) * cosine(progress, 0.05, hold=0.5)
        optimizer.param_groups[0]["lr"] = _RATE * share
        drawn = yield from self._draw(k, progress)
        output = level(drawn.guide, drawn.proposal, drawn.truth, drawn.hole, self._noise(drawn, k))
        yield None
        made = output.detach().requires_grad_(True)
        generator = stream(self._seed, self.steps_done, 1)
        yield from self._compare(k, made, drawn, generator)
        if self._critics and progress >= _CRITIC_FROM:
            yield from self._judge(k, made, drawn, share)
        optimizer.zero_grad(set_to_none=True)
        output.backward(made.grad)
        torch.nn.utils.clip_grad_norm_(level.parameters(), 1.0)
        optimizer.step()
        average_into(self.average.level(k), level, self.steps_done // len(self.net.levels), 100)
        self.steps_done += 1
        yield None

    def _settle(self, name: str, loss: Tensor, weight: float) -> None:
        check_finite(loss, f"the loss of {name}", self.steps_done)
        self.losses[name] = float(loss.detach())
        (weight * loss).backward()

    def _compare(self, k: int, made: Tensor, drawn: _Draw, generator: torch.Generator) -> Slices[None]:
        """Gathers the gradients at ``made``."""
        count = _BATCH
        border = _border(drawn.hole[:count]) * drawn.mask[:count] * (1 - drawn.unknown[:count])
        loss = ((made[:count] - drawn.truth[:count]).abs() * border).sum() / (COLOURS * border.sum()).clamp_min(1)
        self._settle(f"border {k}", loss, _BORDER_WEIGHT)
        if k < len(self.net.levels) - 1:  # absolute changes: few and where they gain the most, and the detail that was proposed stays
            changed = ((made - drawn.proposal).abs() * drawn.mask).sum() / (COLOURS * drawn.mask.sum()).clamp_min(1)
            self._settle(f"changes {k}", changed, _CHANGES_WEIGHT)
        truth, mask, unknown = drawn.truth, drawn.mask, drawn.unknown
        for scale in range(2):
            directions = self._bases[k][scale].draw(_DIRECTIONS, generator).to(self._device)

            def patches(pictures: Tensor, directions: Tensor = directions) -> Tensor:
                return F.conv2d(pictures, directions)

            whole = made if scale == 0 else halve(made)
            yield from self._distance(f"patches {k}.{scale}", patches, _PATCH_PX, 1, whole, truth, mask, unknown, count, _PATCHES_WEIGHT)
            yield None
            if scale == 0:
                first = self._bases[k][0].draw(_FILTERS, generator).to(self._device)
                second = random_filters(_DIRECTIONS, _FILTERS, 4, generator).to(self._device)

                def features(pictures: Tensor, first: Tensor = first, second: Tensor = second) -> Tensor:
                    return F.conv2d(F.avg_pool2d(F.conv2d(pictures, first).abs(), 2), second)

                yield from self._distance(f"features {k}", features, _FEATURE_PX, 2, whole, truth, mask, unknown, count, _FEATURES_WEIGHT)
                truth, mask, unknown = halve(truth), F.max_pool2d(mask, 2), F.max_pool2d(unknown, 2)

    def _distance(
        self,
        name: str,
        see: Callable[[Tensor], Tensor],
        reach: int,
        stride: int,
        made: Tensor,
        truth: Tensor,
        mask: Tensor,
        unknown: Tensor,
        count: int,
        weight: float,
    ) -> Slices[None]:
        """How differently the answers are distributed that see something of the mask, and nothing that is unknown."""
        is_wanted = (F.max_pool2d(mask, reach, stride) > 0) & (F.max_pool2d(unknown, reach, stride) == 0)
        answers = see(made).transpose(0, 1).flatten(1)[:, is_wanted.flatten()]
        with torch.no_grad():
            wanted = see(truth[:count]).transpose(0, 1).flatten(1)[:, is_wanted[:count].flatten()]
        yield None
        if min(answers.shape[1], wanted.shape[1]) >= _LEAST_SAMPLES:
            self._settle(name, sliced_wasserstein(answers, wanted), weight)

    def _judge(self, k: int, made: Tensor, drawn: _Draw, share: float) -> Slices[None]:
        critic, optimizer = self._critics[k], self._critic_optimizers[k]
        optimizer.param_groups[0]["lr"] = _CRITIC_RATE * share
        # What is unknown is the same on both sides; what has no truth is set against another crop.
        truth = torch.where(drawn.unknown > 0, made.detach(), drawn.truth)
        truth = torch.cat([truth[:_BATCH], truth[: len(made) - _BATCH]])
        on_real = yield from teach_critic(
            critic,
            optimizer,
            truth,
            made.detach(),
            drawn.mask,
            loss=_GAN,
            gamma=_SMOOTHNESS,
            smoothed=2,
            dice=stream(self._seed, self.steps_done, 2),
            note=lambda loss: check_finite(loss, "the critic's loss", self.steps_done),
        )
        critic.requires_grad_(False)
        self._settle(f"critic {k}", _GAN.generator(critic(made, drawn.mask), on_real), 1.0)
        critic.requires_grad_(True)
        yield None


def _border(hole: Tensor) -> Tensor:
    """Weights that fall inwards from the border of the hole, 0 from ``_BORDER_PX`` pixels on; 0 outside."""
    weight, inside = torch.zeros_like(hole), hole
    for depth in range(_BORDER_PX):
        deeper = 1 - F.max_pool2d(1 - inside, 3, 1, 1)
        weight = weight + (inside - deeper) * (1 - depth / _BORDER_PX)
        inside = deeper
    return weight
