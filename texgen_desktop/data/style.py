"""The style of a texture: the palette that its pictures are made in, and the axes that its sliders move."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import torch
from msgspec import Meta
from torch import Tensor

from texgen_desktop.data.palette import Palette
from texgen_desktop.imaging.properties import SIGNATURE_LENGTH
from texgen_desktop.imaging.slider_proof import Draw, failing, slider_proofs
from texgen_desktop.slices import Slices

_AXIS_WORDS: Mapping[str, tuple[str, str]] = {
    "scale": ("Scale", "How large the grains, stones or leaves are."),
    "stretch": ("Stretch", "Wider than high to the right, higher than wide to the left."),
    "slant": ("Slant", "Leaning to one side or to the other."),
    "brightness": ("Brightness", "Like the darker or the lighter parts of the photo."),
    "warmth": ("Warmth", "Like the bluer or the redder parts of the photo."),
}
"""The title of an axis that is bent or measured, and what it changes."""
MOST_GROUPS = 6
"""Photos or folders of photos that get a slider each; of more the texture is a mixture of all."""
_MOST_AXES = len(_AXIS_WORDS) + MOST_GROUPS


class StyleAxis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One axis of the style vector: ``value = (measured - middle) / spread``; bent axes have middle 0 and spread 1.

    The axis of a group is 1 for what is like its photos, -1 for what is not, and 0 where that is open. ``group`` is its name and
    ``signature`` what it looks like, see ``imaging.properties``.
    """

    id: str
    middle: float = 0.0
    spread: float = 1.0
    group: str = ""
    signature: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """A model file may come from a stranger: raises ValueError for an axis that no sampler makes."""
        is_known = self.id.startswith("group_") and len(self.signature) == SIGNATURE_LENGTH if self.group else self.id in _AXIS_WORDS
        if not is_known or not 0 < self.spread < math.inf or not all(map(math.isfinite, (self.middle, *self.signature))):
            raise ValueError(f"{self.id[:40]!r} is no style axis")

    @property
    def words(self) -> tuple[str, str]:
        """Its title, and what it changes."""
        return (self.group, f"How much the texture is like {self.group}.") if self.group else _AXIS_WORDS[self.id]


class StyleHeader(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The shape of ``Style.header``, for the headers of models to add to: a file from a stranger has to fit it."""

    palette: Palette
    style: Annotated[tuple[StyleAxis, ...], Meta(max_length=_MOST_AXES)]
    unproven: Annotated[tuple[str, ...], Meta(max_length=_MOST_AXES)] = ()


@dataclass(frozen=True)
class Style:
    """What a trained texture keeps of its photos beside the weights. The values of its axes are numbers in [-1, 1]."""

    palette: Palette
    axes: tuple[StyleAxis, ...]
    unproven: frozenset[str] = frozenset()
    """Axes without a slider, which stay in the middle: they were measured and do not change what they name."""

    @classmethod
    def opened(cls, told: StyleHeader) -> Style:
        """Out of a model file. Raises msgspec.ValidationError for an axis that is there twice, or unproven and not there."""
        known = {axis.id for axis in told.style}
        if len(known) < len(told.style) or not known.issuperset(told.unproven):
            raise msgspec.ValidationError("repeated or unknown style axes")
        return cls(told.palette, told.style, frozenset(told.unproven))

    def header(self) -> dict[str, Any]:
        return {
            "palette": msgspec.to_builtins(self.palette),
            "style": [msgspec.to_builtins(axis) for axis in self.axes],
            "unproven": sorted(self.unproven),
        }

    @property
    def words(self) -> list[tuple[str, str, str]]:
        """(id, title, description) of the slider of each axis that has one."""
        return [(axis.id, *axis.words) for axis in self.axes if axis.id not in self.unproven]

    @property
    def titles(self) -> list[str]:
        """Of those sliders."""
        return [title for _, title, _ in self.words]

    def values(self, value: Callable[[str], float]) -> dict[str, float]:
        """Where each axis stands, by its id, when ``value`` says where its slider does."""
        return {axis.id: 0.0 if axis.id in self.unproven else value(axis.id) for axis in self.axes}

    def row(self, value: Callable[[str], float], device: torch.device) -> Tensor:
        """The same for a network: (1, axes)."""
        return torch.tensor([list(self.values(value).values())], dtype=torch.float32, device=device)

    def proofs(self, draw: Draw) -> Slices[dict[str, float]]:
        """For each axis how well the pictures follow it, see ``slider_proofs``."""
        return (yield from slider_proofs({axis.id: axis.signature for axis in self.axes}, draw))

    def proven(self, draw: Draw) -> Slices[Style]:
        """With only those sliders that hold what their names say, measured on pictures in which each can be moved."""
        return replace(self, unproven=failing((yield from self.proofs(draw))))
