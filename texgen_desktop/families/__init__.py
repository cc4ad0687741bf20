"""Model families: what a family offers, what a render asks for, and how the families are found.

A family is one module in this package that defines ``FAMILY: Family``. Nothing else has to be edited: forms, command line
flags, checkpoint headers and contract tests follow from its config. This module itself imports no torch.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from texgen_desktop.slices import Slices

if TYPE_CHECKING:
    import msgspec
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, device

    from texgen_desktop.data.photos import Photo


@dataclass(frozen=True)
class Slider:
    """One style axis of a trained model. Its values run from -1 to 1, 0 is the photo's own middle."""

    id: str
    title: str
    description: str


@dataclass(frozen=True)
class Look:
    """Everything an artist sets on a trained model; equal looks give equal pixels.

    ``style`` holds (slider id, value in [-1, 1]); a slider that is not named stands at 0. A strength of 1 is the noise that the
    model was trained with, 0 is none.
    """

    style: tuple[tuple[str, float], ...] = ()
    layout_seed: int = 0
    detail_seed: int = 0
    layout_strength: float = 1.0
    detail_strength: float = 1.0

    def value(self, slider_id: str) -> float:
        return dict(self.style).get(slider_id, 0.0)

    def with_value(self, slider_id: str, value: float) -> Look:
        style = {**dict(self.style), slider_id: value}
        return replace(self, style=tuple(sorted((k, v) for k, v in style.items() if v != 0.0)))


Seed = Literal["layout", "detail"]


@dataclass(frozen=True)
class Region:
    """A rectangle of the plane in pixels; ``y`` and ``x`` may be negative or huge."""

    y: int
    x: int
    height: int
    width: int


@dataclass(frozen=True)
class RenderRequest:
    """A region of the endless plane, or of a torus.

    ``cells`` is (rows, columns) of the torus in the model's coarsest cells; None on an axis means that this axis does not wrap.
    ``region`` counts pixels of the level that is rendered. ``skip_levels`` leaves the finest levels out: each one halves the
    resolution (and about quarters the cost).

    A family that makes pictures has one picture in each cell, every one of another seed: its plane is an endless contact sheet.
    """

    look: Look
    region: Region
    cells: tuple[int | None, int | None] = (None, None)
    skip_levels: int = 0


def moved_slider(
    render: Callable[[RenderRequest], Tensor], side_px: int, cells: int, skip_levels: int = 0
) -> Callable[[int, str, float], NDArray[np.float32]]:
    """Draws a texture for its sliders to be measured: (seed, slider, position) -> (S, S, 3), that slider alone moved.

    Of a torus of ``cells`` squared the first ``side_px`` pixels, at a resolution with so many levels less.
    """
    side = side_px >> skip_levels

    def draw(seed: int, slider: str, position: float) -> NDArray[np.float32]:
        look = Look(layout_seed=seed, detail_seed=seed).with_value(slider, position)
        request = RenderRequest(look, Region(0, 0, side, side), (cells, cells), skip_levels)
        picture: NDArray[np.float32] = render(request).permute(1, 2, 0).cpu().numpy()
        return picture

    return draw


def class_sliders(classes: Sequence[str]) -> tuple[Slider, ...]:
    """One for each class of pictures, to mix them."""
    return tuple(Slider(f"class{k + 1}", name, f"How much of {name}.") for k, name in enumerate(classes))


def class_values(look: Look, count: int) -> list[float]:
    """Where these sliders stand."""
    return [look.value(f"class{k + 1}") for k in range(count)]


class Model(Protocol):
    """Trained weights that can be rendered; immutable, and free of anything that training still changes."""

    @property
    def sliders(self) -> tuple[Slider, ...]: ...

    @property
    def seeds(self) -> tuple[Seed, ...]:
        """Those seeds, and the strengths that go with them, that change the picture."""
        ...

    @property
    def cell_px(self) -> int:
        """Side of a coarsest cell in output pixels: tiles are whole cells."""
        ...

    @property
    def level_count(self) -> int: ...

    def header(self) -> dict[str, Any]:
        """What ``Family.open`` needs beside the tensors, as plain JSON values."""
        ...

    def tensors(self) -> dict[str, Tensor]: ...


class Trainer(Protocol):
    """A run in progress. Its schedule and its random numbers depend on (config, seed, images seen) alone."""

    images_seen: int
    """May be set to any whole step: the next one is then of that place of the schedule, with the weights as they are."""

    @property
    def images_total(self) -> int: ...

    def step(self) -> Slices[None]:
        """One training step in slices of at most 150 ms; exhausting it advances ``images_seen``.

        Raises NonFiniteLoss before a broken step reaches the weights. A step that was begun has to be finished or thrown away with
        the trainer.
        """
        ...

    def take_losses(self) -> dict[str, float]:
        """Means since the last call, of losses and whatever else is worth plotting beside them."""
        ...

    def start_from(self, model: Any) -> None:
        """Begin with the weights of a finished model of this family. TexGenError when it is built too differently."""
        ...

    def tune(self, config: Any) -> None:
        """Go on with another config, between two steps. It differs from the run's own in fields that are declared ``live`` alone."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Every tensor that an exact continuation needs (weights, EMA, optimisers)."""
        ...

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None: ...

    def model(self) -> Model:
        """A snapshot: of the averaged weights, where a family averages them."""
        ...


@dataclass(frozen=True)
class Family:
    """A kind of model. ``presets`` maps names to configs, among them "draft", "standard" and "high", from the quickest to the best.

    A field of the config whose ``Meta`` has ``extra={"live": True}`` may be changed while a run trains.
    """

    id: str
    title: str
    description: str
    config: type[msgspec.Struct]
    presets: Mapping[str, msgspec.Struct]
    start: Callable[[Any, Sequence[Photo], int, device], Slices[Trainer]]
    """(config, photos, seed, device) -> a run before its first step, prepared in slices of at most 150 ms."""
    open: Callable[[dict[str, Any], Mapping[str, Tensor], device], Model]
    render: Callable[[Any, RenderRequest], Tensor]
    """(model, request) -> (3, H, W) float32, sRGB-encoded in [0, 1]. Pure, a function of its arguments alone."""
    prove: Callable[[Any], Slices[Model]]
    """A finished model -> the same with only those sliders that, measured, change what they name; in slices of at most 150 ms."""
    cost_gflop: Callable[[Any], float]
    """config -> multiply-add work of the whole schedule in GFLOP, for time estimates."""
    efficiency: float
    """Share of the machine's convolution speed (``engine.device.conv_gflops``) that whole training steps reach, as measured on two CPU
    threads and taken for any device: they also sort, normalise and update, and narrow layers are slower than those of the probe."""
    crop_px: Callable[[Any], int] = lambda config: 0
    """config -> side of the widest training crop at the working scale: no larger structure can be learnt."""
    makes: Literal["textures", "images"] = "textures"
    """What comes out: endless texture, or separate pictures."""
    encode: Callable[[Any, Photo], Slices[Model]] | None = None
    """(model, photo) -> the model with this photo as the middle of its sliders, in slices; None where a family cannot read photos."""


def discover() -> dict[str, Family]:
    """Every family by id, in the order of the ids. Imports torch."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        family: Family = importlib.import_module(f"{__name__}.{module.name}").FAMILY
        found[family.id] = family
    return dict(sorted(found.items()))
