"""What an operator is (it takes a picture and gives another), and how the operators are found.

Every module in this folder has ``OPERATORS``, a tuple of ``Operator``. A chain is a list of ``Step``, carried out one after the other;
whatever an operator does keeps a tile a tile: on an axis that wraps, ``f(roll(x)) == roll(f(x))``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from texgen_desktop.slices import Slices

if TYPE_CHECKING:
    from torch import Tensor, device

    from texgen_desktop.imaging.colour import Floats
    from texgen_desktop.imaging.raster import Raster


WEIGHTS = "restoration"
"""What model files of operators are called where those of texture models bear their family."""


class Weights(Protocol):
    """A model file that was read and checked, or one that was just learned. ``header`` holds plain JSON values."""

    @property
    def header(self) -> dict[str, Any]: ...

    @property
    def tensors(self) -> Mapping[str, Tensor]: ...


@dataclass(frozen=True, eq=False)
class Tensors:
    """``Weights`` that come from no model file of ours: they were just learnt, or another program wrote them."""

    header: dict[str, Any]
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True)
class Workshop:
    """What an operator is given beside the picture.

    ``mask`` (H, W) float32 is 1 where the picture is to be repaired, 0 where it stays, between where both are blended; None without one.
    """

    device: device
    seed: int
    mask: Floats | None
    open_weights: Callable[[str], Weights]
    """The model that ships under this name, or that lies at this path; of another maker's .safetensors file the tensors, with no header.
    TexGenError where there is none that can be used, pickles above all."""
    tell: Callable[[float, str], None]
    """How far this operator is, in [0, 1], and what it does now in a few words. May be called often."""
    show: Callable[[Floats], None]
    """The picture as it is so far, (H, W, 3), in whatever resolution: coarse ones first."""
    note: Callable[[str], None]
    """What was really done, for the record that goes into the file: "patch", "sr2 of 2026-11-27"."""


@dataclass(frozen=True)
class Operator:
    """``settings`` is a frozen ``msgspec.Struct`` with ``forbid_unknown_fields``, every field with a default: see ``families``.

    ``needs_mask``: it works where the mask is. ``makes_tile``: what it gives wraps on both axes. ``scale``: sides grow so many times.
    ``is_local``: it does its work where the result is read, a pixel from its surroundings. ``moves_pixels``: they lie elsewhere afterwards,
    so that it has to be applied to the transparency as well.
    """

    id: str
    title: str
    description: str
    settings: type[msgspec.Struct]
    apply: Callable[[Any, Raster, Workshop], Slices[Raster]]
    """(settings, picture of three channels, workshop) -> what it becomes. Either does its work here, or where the result is read: then
    a block is read in at most some 150 ms, and the memory does not grow with the picture."""
    scale: int = 1
    needs_mask: bool = False
    makes_tile: bool = False
    order: int = 0
    """Its place in menus, from the smallest."""
    is_local: bool = False
    moves_pixels: bool = False
    learn: Callable[[tuple[Raster, ...], float, Workshop], Slices[Weights]] | None = None
    """(one's own pictures, minutes, workshop) -> a model that a field ``model`` of the settings can name once it is in a file. None for an
    operator that has no such field."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operator of a chain, with the settings that differ from their defaults, as plain JSON values; one that is not on is left out."""

    operator: str
    settings: dict[str, Any] = {}
    is_on: bool = True


def open_chain(text: str | bytes) -> tuple[Step, ...]:
    """The steps that a preset file holds: a JSON list of {"operator", "settings", "is_on"}; ValueError where it holds none."""
    try:
        return msgspec.json.decode(text, type=tuple[Step, ...])
    except msgspec.MsgspecError as error:
        raise ValueError(f"it is no list of steps: {error}") from error


def discover() -> dict[str, Operator]:
    """Every operator by id, in their order. Imports torch."""
    found: list[Operator] = []
    for module in pkgutil.iter_modules(__path__):
        found += importlib.import_module(f"{__name__}.{module.name}").OPERATORS
    return {operator.id: operator for operator in sorted(found, key=lambda operator: (operator.order, operator.id))}
