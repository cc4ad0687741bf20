"""Photos become training crops, each with the style that its sliders would have to show.

The sampler bends the photo (larger, stretched, slanted) and measures it (lighter, warmer), and knows which photo it came from: all that is
told to the networks, and so becomes sliders. All of a crop follows from the generator that is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from texgen_desktop.data.palette import Palette
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.style import MOST_GROUPS, Style, StyleAxis
from texgen_desktop.imaging.properties import LUMA, signature
from texgen_desktop.slices import Slices

SCALE_OCTAVES = 0.5  # "scale" at 1 shows everything 2 ** 0.5 times as large, at -1 as small
STRETCH_OCTAVES = 0.35  # "stretch" at 1: that much wider than high
SLANT = 0.35  # "slant" at 1: stretched by e ** 0.35 along one diagonal, squeezed along the other
_STYLE_PROBE = 96  # crops that the middle and the range of the measured sliders are taken from
_LEAST_SPREAD = 0.004  # in [0, 1]: a property that varies less over the photo is no slider
_DOUBT = 0.05  # of a measured slider, in its own units
BENDS = ("scale", "stretch", "slant")
_UNTOLD = 1 / 3  # of the crops are not told which group they are from, and half are not told of each group that they are not from
MEASURES = {"brightness": LUMA, "warmth": (0.5, 0.0, -0.5)}
"""What the measured axes weigh R, G and B by, sRGB-encoded."""


class Grouped(Protocol):
    """A photo, read or not."""

    @property
    def name(self) -> str: ...
    @property
    def group(self) -> str: ...


def group_of_each(photos: Sequence[Grouped]) -> list[str]:
    """The folder that each photo came from, or its own name where photos came from no folders."""
    return [photo.group or Path(photo.name).stem for photo in photos]


def group_names(photos: Sequence[Grouped]) -> list[str]:
    """Of each photo the group that gets a slider: its folder, or itself; all empty where there is one group or too many."""
    names = group_of_each(photos)
    return names if 1 < len(set(names)) <= MOST_GROUPS else [""] * len(names)


@dataclass(frozen=True)
class Batch:
    """``patches`` (B, 3, size, size) in palette coordinates; ``style`` (B, axes), mostly within [-1, 1]."""

    patches: Tensor
    style: Tensor


def bend_matrix(scale: float, stretch: float, slant: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """What one pixel of a crop is in pixels of the photo, ((x by x, x by y), (y by x, y by y)): all bends keep the area but the scale."""
    step = 2 ** (-SCALE_OCTAVES * scale)
    wide = 2 ** (STRETCH_OCTAVES * stretch / 2)
    lean, upright = math.sinh(SLANT * slant), math.cosh(SLANT * slant)
    return (step * upright / wide, step * lean * wide), (step * lean / wide, step * upright * wide)


class CropSampler:
    """Crops of the photos at every level of a pyramid with ``level_count`` octaves, the last one being the working scale."""

    def __init__(
        self,
        photos: Sequence[Photo],
        level_count: int,
        coarse_crop_px: int,
        device: torch.device,
        is_mirrored: bool = False,
        is_turned: bool = False,
    ) -> None:
        """``is_mirrored`` and ``is_turned``: crops of the photo's mirror image, and of it turned by quarters, are drawn as well."""
        self.palette = Palette.of(photos)
        self.axes = tuple(StyleAxis(name) for name in BENDS)
        self._level_count = level_count
        self._coarse_crop_px = coarse_crop_px
        self._device = device
        self._is_mirrored, self._is_turned = is_mirrored, is_turned
        self._pyramids: list[list[Tensor]] = []
        areas = torch.tensor([float(p.pixels.shape[0] * p.pixels.shape[1]) for p in photos])
        self._shares = (areas / areas.sum()).cumsum(0)
        groups = group_names(photos)
        self._groups = sorted(set(groups) - {""})
        self._group_of = [self._groups.index(group) if self._groups else 0 for group in groups]

    @classmethod
    def prepared(
        cls,
        photos: Sequence[Photo],
        level_count: int,
        coarse_crop_px: int,
        device: torch.device,
        is_mirrored: bool = False,
        is_turned: bool = False,
    ) -> Slices[CropSampler]:
        """A sampler that is ready to draw, in slices: a photo each, then some crops each to measure what its sliders range over."""
        sampler = cls(photos, level_count, coarse_crop_px, device, is_mirrored, is_turned)
        for photo in photos:
            yield None
            sampler._pyramids.append(sampler._pyramid(photo))
        probe = torch.Generator().manual_seed(0)
        crops = []
        for _ in range(_STYLE_PROBE // 16):
            yield None
            crops.append(sampler.draw(probe, 0, 16, coarse_crop_px).patches)
        sampler.axes += sampler._measured_axes(torch.cat(crops))
        if sampler._groups:
            sampler.axes += yield from sampler._group_axes(photos)
        return sampler

    @property
    def style(self) -> Style:
        """Of a model that learns from these crops, before any slider was measured."""
        return Style(self.palette, self.axes)

    @property
    def groups(self) -> tuple[str, ...]:
        """Of each photo the axis of the group that it belongs to; all empty where the photos are no groups."""
        return tuple(f"group_{index}" if self._groups else "" for index in self._group_of)

    def _group_axes(self, photos: Sequence[Photo]) -> Slices[tuple[StyleAxis, ...]]:
        """An axis for each group, with the mean signature of its photos; a photo a slice."""
        signatures: list[list[tuple[float, ...]]] = [[] for _ in self._groups]
        for photo, group in zip(photos, self._group_of, strict=True):
            signatures[group].append(signature(photo.pixels))
            yield None
        means = [tuple(sum(values) / len(found) for values in zip(*found, strict=True)) for found in signatures]
        return tuple(StyleAxis(f"group_{k}", group=self._groups[k], signature=mean) for k, mean in enumerate(means))

    def _pyramid(self, photo: Photo) -> list[Tensor]:
        """The photo at every half octave, finest first. Cut to whole pixels of the coarsest level, so that all levels are in register."""
        unit = 2 ** (self._level_count - 1)
        height, width = (max(unit, n // unit * unit) for n in photo.pixels.shape[:2])
        full = self.palette.encode(torch.from_numpy(photo.pixels[:height, :width]).to(self._device).permute(2, 0, 1)[None])
        size = [max(2, round(n * 2**-0.5)) for n in full.shape[-2:]]
        levels = [full, F.interpolate(full, size, mode="bilinear", antialias=True, align_corners=False)]
        while len(levels) < 2 * self._level_count and min(levels[-2].shape[-2:]) >= 4:
            levels.append(F.avg_pool2d(levels[-2], 2))
        return levels

    def _measured_axes(self, crops: Tensor) -> tuple[StyleAxis, ...]:
        """Brightness and warmth, with their middle and range over the photos; left out where the photos hardly vary."""
        found, colours = [], self._mean_colours(crops)
        for name, weights in MEASURES.items():
            values = colours @ colours.new_tensor(weights)
            spread = float(values.std())
            if spread > _LEAST_SPREAD:
                found.append(StyleAxis(name, float(values.mean()), 3 * spread))
        return tuple(found)

    def _mean_colours(self, patches: Tensor) -> Tensor:
        """The mean colour of each patch, sRGB-encoded: (B, 3)."""
        return self.palette.decode(patches).mean((2, 3))

    @property
    def measured_columns(self) -> slice:
        """Where the measured axes stand in the style."""
        return slice(len(BENDS), len(BENDS) + sum(axis.id in MEASURES for axis in self.axes))

    def measured(self, patches: Tensor) -> Tensor:
        """The measured axes of pictures in palette coordinates, in the order of ``axes`` after the bends: (B, measured axes)."""
        colours = self._mean_colours(patches)
        values = [(colours @ colours.new_tensor(MEASURES[a.id]) - a.middle) / a.spread for a in self.axes if a.id in MEASURES]
        return torch.stack(values, 1) if values else colours[:, :0]

    def draw(self, generator: torch.Generator, level: int, count: int, size: int, surround: int = 0, is_bent_alike: bool = False) -> Batch:
        """``count`` crops of ``size`` pixels at ``level`` (0 is the coarsest), with ``surround`` more pixels on each side.

        ``is_bent_alike`` bends all of them as the first, and takes them from photos of one group: together they are then a sample of one
        and the same texture.

        A finer crop lies somewhere in a coarsest crop, whose measured properties are its style: they belong to the whole texture,
        not to the few grains that a fine crop shows.
        """
        dice = torch.rand(count, len(BENDS) + 6, generator=generator)
        positions = self._positions(count, generator)
        # Half of the crops are the photo as it is, pixel for pixel: the middle of the sliders is what is looked at most.
        is_bent = dice[:, -6:-5] < 0.5
        bends = (2 * dice[:, : len(BENDS)] - 1) * is_bent
        if is_bent_alike:
            bends = bends[:1].expand(count, -1)
        told_bends, told_dice = bends.tolist(), dice[:, -5:-1].tolist()
        photos = torch.searchsorted(self._shares, dice[:, -1].clamp(max=0.999999)).tolist()
        has_measures = any(axis.id in MEASURES for axis in self.axes)
        patches, coarse = [], []
        groups: list[int] = []
        for k in range(count):
            chosen = photos[k]
            if is_bent_alike and groups and self._groups:
                chosen = self._another_of(groups[0], chosen)
            groups.append(self._group_of[chosen])
            pyramid = self._pyramids[chosen]
            frame = self._frame(pyramid, told_bends[k], told_dice[k], level, size, positions[k])
            patches.append(self._sample(pyramid, level, frame.centre, frame, size + 2 * surround))
            if has_measures and level > 0:
                coarse.append(self._sample(pyramid, 0, frame.outer_centre, frame, self._coarse_crop_px))
        stack = torch.cat(patches)
        style = [bends.to(self._device)]
        if has_measures:
            whole = torch.cat(coarse) if level > 0 else stack[..., surround : surround + size, surround : surround + size]
            for values in self.measured(whole).unbind(1):
                # Told only roughly: else the critic could check a fake against its style to the last digit, and nothing would pass.
                doubt = _DOUBT * torch.randn(count, generator=generator).to(self._device)
                style.append((values + doubt).clamp(-2, 2)[:, None])
        if self._groups:
            told = self._told_groups(groups, generator)
            style.append((told[:1].expand(count, -1) if is_bent_alike else told).to(self._device))
        return Batch(stack, torch.cat(style, 1))

    def _another_of(self, group: int, chosen: int) -> int:
        """The photo itself where it belongs to the group, else one that does: the next in order."""
        members = [index for index, own in enumerate(self._group_of) if own == group]
        return chosen if chosen in members else members[chosen % len(members)]

    def _told_groups(self, groups: list[int], generator: torch.Generator) -> Tensor:
        """Which group each crop is from, with gaps, so that every mixture of told and untold is learnt: (B, groups)."""
        told = -torch.ones(len(groups), len(self._groups))
        told[range(len(groups)), groups] = 1.0
        dice = torch.rand(told.shape, generator=generator)
        return told * (dice >= torch.where(told > 0, _UNTOLD, 0.5))

    def _positions(self, count: int, generator: torch.Generator) -> list[_Position]:
        """How the photo lies under each crop; as it is where nothing else is allowed, and then no random number is drawn."""
        if not (self._is_mirrored or self._is_turned):
            return [_UPRIGHT] * count
        quarters = torch.randint(4 if self._is_turned else 1, (count,), generator=generator).tolist()
        mirrored = torch.randint(2 if self._is_mirrored else 1, (count,), generator=generator).tolist()
        return [_Position(quarter, bool(mirror)) for quarter, mirror in zip(quarters, mirrored, strict=True)]

    def _frame(self, pyramid: list[Tensor], bends: list[float], dice: list[float], level: int, size: int, position: _Position) -> _Frame:
        """Where the crop lies. Lengths are in pixels of the working scale."""
        height, width = pyramid[0].shape[-2:] if position.quarters % 2 == 0 else pyramid[0].shape[:-3:-1]
        scale, stretch, slant = bends
        step = 2 ** (-SCALE_OCTAVES * scale)
        matrix = bend_matrix(scale, stretch, slant)
        unit = 2 ** (self._level_count - 1)
        outer = self._coarse_crop_px * unit
        inner = size * 2 ** (self._level_count - 1 - level)
        # Half the bounding box of the bent coarsest crop; a photo smaller than that is mirrored at its edges.
        half = [outer / 2 * (abs(row[0]) + abs(row[1])) for row in matrix]
        centre_x = half[0] + dice[0] * (width - 2 * half[0]) if width > 2 * half[0] else width / 2
        centre_y = half[1] + dice[1] * (height - 2 * half[1]) if height > 2 * half[1] else height / 2
        shift_x, shift_y = (dice[2] - 0.5) * (outer - inner), (dice[3] - 0.5) * (outer - inner)
        x = centre_x + matrix[0][0] * shift_x + matrix[0][1] * shift_y
        y = centre_y + matrix[1][0] * shift_x + matrix[1][1] * shift_y
        # On the level's own pixels, so that a crop that is not bent is not resampled either.
        pixel = 2 ** (self._level_count - 1 - level)
        x, y = round(x / pixel) * pixel, round(y / pixel) * pixel
        frame = _Frame(matrix=matrix, step=step, outer_centre=(centre_x, centre_y), centre=(x, y))
        return frame if position == _UPRIGHT else position.placed(frame, (width, height))

    def _sample(self, pyramid: list[Tensor], level: int, centre: tuple[float, float], frame: _Frame, size: int) -> Tensor:
        unit = 2 ** (self._level_count - 1 - level)
        source = pyramid[max(0, min(len(pyramid) - 1, math.floor(2 * math.log2(unit * frame.step) + 1e-6)))]
        height, width = pyramid[0].shape[-2:]
        reach = size * unit
        theta = torch.tensor(
            [
                [frame.matrix[0][0] * reach / width, frame.matrix[0][1] * reach / width, 2 * centre[0] / width - 1],
                [frame.matrix[1][0] * reach / height, frame.matrix[1][1] * reach / height, 2 * centre[1] / height - 1],
            ],
            device=self._device,
        )
        grid = F.affine_grid(theta[None], [1, 3, size, size], align_corners=False)
        return F.grid_sample(source, grid, mode="bicubic", padding_mode="reflection", align_corners=False)


@dataclass(frozen=True)
class _Frame:
    """A crop's place: ``matrix`` takes a step of one crop pixel to the photo, ``step`` is its mean length."""

    matrix: tuple[tuple[float, float], tuple[float, float]]
    step: float
    outer_centre: tuple[float, float]
    centre: tuple[float, float]


@dataclass(frozen=True)
class _Position:
    """How the photo lies under a crop: turned by so many quarters, and mirrored before that."""

    quarters: int = 0
    is_mirrored: bool = False

    def placed(self, frame: _Frame, size: tuple[float, float]) -> _Frame:
        """A place on the photo in this position, of that (width, height), as a place on the photo as it is."""
        mirror = -1.0 if self.is_mirrored else 1.0
        cosine, sine = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[self.quarters]
        rows = ((mirror * cosine, -mirror * sine), (sine, cosine))
        width, height = size if self.quarters % 2 == 0 else size[::-1]

        def moved(centre: tuple[float, float]) -> tuple[float, float]:
            x, y = centre[0] - size[0] / 2, centre[1] - size[1] / 2
            return rows[0][0] * x + rows[0][1] * y + width / 2, rows[1][0] * x + rows[1][1] * y + height / 2

        (a, b), (c, d) = frame.matrix
        matrix = (
            (rows[0][0] * a + rows[0][1] * c, rows[0][0] * b + rows[0][1] * d),
            (rows[1][0] * a + rows[1][1] * c, rows[1][0] * b + rows[1][1] * d),
        )
        return _Frame(matrix=matrix, step=frame.step, outer_centre=moved(frame.outer_centre), centre=moved(frame.centre))


_UPRIGHT = _Position()
