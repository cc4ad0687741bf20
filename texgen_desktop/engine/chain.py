"""Steps carried out one after the other: a chain of operators makes one picture of another, its transparency along with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from texgen_desktop.engine.field_info import checked_settings
from texgen_desktop.engine.model_file import check_is_no_pickle, load_model
from texgen_desktop.engine.tensor_file import decode, read_metadata, read_tensor_bytes
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.mask import require_size
from texgen_desktop.imaging.raster import ArrayRaster, EnlargedRaster, Raster, Wraps, read_whole
from texgen_desktop.operators import WEIGHTS, Operator, Step, Tensors, Weights, Workshop
from texgen_desktop.resources import model_file
from texgen_desktop.slices import Slices

Tell = Callable[[float, str], None]
BLOCK_PX = 160
"""Side of a block of the source that a result is read by, as the networks like it best; smaller ones pay dearly for their surroundings."""
LARGEST_BLOCK_PX = 640
"""A strip of such blocks is what is held of the largest result."""


def tell_nobody(done: float, words: str) -> None:
    """For work that nobody waits for."""


def show_nobody(picture: Floats) -> None:
    """For pictures that nobody looks at."""


@dataclass(frozen=True)
class CheckedStep:
    operator: Operator
    settings: msgspec.Struct


@dataclass(frozen=True, eq=False)
class Layers:
    """A picture on its way through a chain: ``colour`` has three channels, ``alpha`` one, or is None where all is opaque."""

    colour: Raster
    alpha: Raster | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Chain:
    """Steps that can be carried out, with what they are given. ``show`` is given the picture as it is so far, again and again."""

    steps: tuple[CheckedStep, ...]
    device: torch.device
    seed: int = 0
    show: Callable[[Floats], None] = show_nobody

    @property
    def needs_mask(self) -> bool:
        return any(step.operator.needs_mask for step in self.steps)

    def apply(self, colour: Raster, alpha: Raster | None, mask: Floats | None, tell: Tell) -> Slices[Layers]:
        """What the steps make of a picture. Local ones do their work only where the result is read.

        ``mask`` is (H, W) float32 in [0, 1], of the size of the picture. TexGenError where a step cannot be carried out on this one.
        """
        layers = Layers(colour, alpha)
        tellers = [index for index, step in enumerate(self.steps) if not step.operator.is_local]
        for index, step in enumerate(self.steps):
            told = _part_of(tell, tellers.index(index), len(tellers)) if index in tellers else tell_nobody
            told(0.0, step.operator.title)
            yield None
            layers = yield from self._apply_step(step, layers, mask, told)
        return layers

    def _apply_step(self, step: CheckedStep, layers: Layers, mask: Floats | None, tell: Tell) -> Slices[Layers]:
        operator, colour, alpha = step.operator, layers.colour, layers.alpha
        if operator.needs_mask:
            mask = _checked_mask(operator, mask, colour)
        if operator.makes_tile and alpha is not None:
            raise TexGenError(
                f"{operator.title}: this picture is transparent in places, and no tile can be made of it.", "Save it without transparency."
            )
        notes: list[str] = []

        def said(done: float, words: str) -> None:
            tell(done, f"{operator.title}: {words}" if words else operator.title)

        workshop = Workshop(self.device, self.seed, mask if operator.needs_mask else None, open_weights, said, self.show, notes.append)
        changed = yield from operator.apply(step.settings, colour, workshop)
        if alpha is not None:
            alpha = yield from self._alpha_after(step, alpha, changed, workshop)
        return Layers(changed, alpha, (*layers.notes, *(notes or [operator.title])))

    def _alpha_after(self, step: CheckedStep, alpha: Raster, changed: Raster, workshop: Workshop) -> Slices[Raster]:
        if step.operator.moves_pixels:
            silent = replace(workshop, tell=tell_nobody, show=show_nobody, note=lambda words: None)
            moved = yield from step.operator.apply(step.settings, _Spread(alpha), silent)
            return _Narrowed(moved)
        if workshop.mask is not None:  # what was filled can be seen
            whole = yield from read_whole(alpha)
            return ArrayRaster(np.maximum(whole, workshop.mask[..., None]), alpha.wraps)
        factor = changed.height_px // alpha.height_px
        return alpha if factor == 1 else EnlargedRaster(alpha, factor)


def check_steps(steps: Sequence[Step], operators: Mapping[str, Operator]) -> tuple[CheckedStep, ...]:
    """TexGenError for a chain without steps, an operator that is not known, and settings that it does not take."""
    if not steps:
        raise TexGenError("There is nothing to do: no step is given.", f"Choose from: {', '.join(operators)}.")
    return tuple(_checked_step(step, operators) for step in steps)


def _checked_step(step: Step, operators: Mapping[str, Operator]) -> CheckedStep:
    operator = operators.get(step.operator.replace("-", "_"))
    if operator is None:
        raise TexGenError(f"There is no step named {step.operator}.", f"The steps here are: {', '.join(operators)}.")
    return CheckedStep(operator, checked_settings(operator.title, operator.settings, step.settings))


def plain_steps(steps: Sequence[CheckedStep]) -> list[dict[str, Any]]:
    """As they are written into files: what differs from the defaults."""
    plain = []
    for step in steps:
        values, defaults = msgspec.to_builtins(step.settings), msgspec.to_builtins(type(step.settings)())
        plain.append({"operator": step.operator.id, "settings": {name: v for name, v in values.items() if v != defaults[name]}})
    return plain


def open_weights(name: str) -> Weights:
    """The operators' model that ships under this name, or what lies at this path: see ``Workshop``."""
    path = Path(name) if Path(name).suffix else model_file(f"{name}.safetensors")
    check_is_no_pickle(path)
    if not read_metadata(path):
        return Tensors({}, decode(read_tensor_bytes(path), path.name)[0])
    file = load_model(path)
    if file.family != WEIGHTS:
        raise TexGenError(f"{path.name} is a model that makes textures, and enhances none.", "Choose one that was learnt for this step.")
    return file


def block_px(before: Raster, after: Raster) -> int:
    """Side of the blocks that a result is read in."""
    return min(LARGEST_BLOCK_PX, BLOCK_PX * max(2, after.height_px // before.height_px))


def _part_of(tell: Tell, index: int, count: int) -> Tell:
    return lambda done, words: tell((index + done) / count, words)


def _checked_mask(operator: Operator, mask: Floats | None, colour: Raster) -> Floats:
    if mask is None or not mask.any():
        raise TexGenError(f"{operator.title} works where the mask is, and nothing is masked.", "Paint over what is to be repaired.")
    require_size(mask, (colour.height_px, colour.width_px))
    return mask


class _Spread:
    """One channel as three."""

    def __init__(self, raster: Raster) -> None:
        self._raster = raster
        self.height_px, self.width_px, self.wraps = raster.height_px, raster.width_px, raster.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        return np.repeat(self._raster.read(y, x, height, width), 3, axis=2)


class _Narrowed:
    """The first of three channels."""

    def __init__(self, raster: Raster) -> None:
        self._raster = raster
        self.height_px, self.width_px = raster.height_px, raster.width_px
        self.wraps: Wraps = raster.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        return self._raster.read(y, x, height, width)[..., :1]
