"""Ways to move all of a texture's coarsest noise at once: more rust or less, more stone or more mortar. Found in the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from texgen_desktop.imaging.naming import NamedDirection, are_distinct, direction_id, name_directions, unmeasured
from texgen_desktop.imaging.properties import Picture
from texgen_desktop.imaging.slider_proof import Draw
from texgen_desktop.nn.directions import FAR, NoiseReader, semantic_directions
from texgen_desktop.slices import Slices

COUNT = 3
TENSOR = "directions"
"""Their name in a model file."""
_PICTURES = 4


@dataclass(frozen=True, eq=False)
class NoiseDirections:
    """``shifts`` (COUNT, noise) is what is added to the noise at the right end of each slider; only those in ``named`` have one."""

    shifts: Tensor
    named: tuple[NamedDirection, ...]

    @classmethod
    def of(cls, reader: NoiseReader) -> NoiseDirections:
        """Those that the generator answers to most (SeFa, Shen and Zhou 2021), with neutral names.

        A generator knows noise whose mean over what one pixel sees, some ``side`` squared places, deviates from 0 by 1 / ``side``; a
        slider's end lies ``FAR`` times as far.
        """
        count = min(COUNT, reader.weights.shape[1])
        return cls(FAR / reader.side * semantic_directions(reader.weights, count), unmeasured(count))

    @classmethod
    def opened(cls, named: Sequence[NamedDirection], shifts: Tensor | None, reader: NoiseReader) -> NoiseDirections:
        """Out of a model file; early versions wrote none. Raises RuntimeError for what does not fit the generator."""
        if shifts is None:
            if named:
                raise RuntimeError("the directions are missing")
            return NONE
        noise = reader.weights.shape[1]
        count = min(COUNT, noise)
        if shifts.shape != (count, noise) or shifts.dtype != torch.float32 or not are_distinct(named, count):
            raise RuntimeError("the directions do not fit the generator")
        return cls(shifts.to(reader.weights.device), tuple(named))

    def tensors(self) -> Mapping[str, Tensor]:
        return {TENSOR: self.shifts} if len(self.shifts) else {}

    @property
    def words(self) -> list[tuple[str, str, str]]:
        """(id, title, description) of the slider of each."""
        return [(direction_id(n.direction), n.title, n.description) for n in self.named]

    def shift(self, value: Callable[[str], float]) -> Tensor | None:
        """(noise,): what to add to the noise where the sliders stand; ``value`` says where, in [-1, 1], by their ids. None for nothing."""
        values = [(n.direction, n.sign * value(direction_id(n.direction))) for n in self.named]
        moved = [self.shifts[direction] * position for direction, position in values if position]
        return torch.stack(moved).sum(0) if moved else None

    def measured(self, draw: Draw, side_px: int, taken: Sequence[str]) -> Slices[NoiseDirections]:
        """With the names of what they change, none of those that are ``taken``; those without a name go. See ``name_directions``.

        ``draw`` makes pictures with a side of ``side_px`` in which these sliders can be moved; a few of them are a slice.
        """

        def sheet(direction: int, position: float) -> Picture:
            return np.concatenate([draw(seed, direction_id(direction), position) for seed in range(_PICTURES)], 1)

        return replace(self, named=(yield from name_directions(unmeasured(len(self.shifts)), side_px, sheet, taken)))

    def header(self) -> list[dict[str, Any]]:
        return [msgspec.to_builtins(n) for n in self.named]


NONE = NoiseDirections(torch.zeros(0, 0), ())
