"""Enhancement: larger, without noise, sharper, free of JPEG's traces, richer; each by a small network that can learn own pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import torch
from msgspec import Meta

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.raster import Raster
from texgen_desktop.nn.degradations import UNKNOWN
from texgen_desktop.nn.layers import frozen, placed
from texgen_desktop.nn.restoration import RestorationNet, shape_of
from texgen_desktop.nn.restoration_tasks import TASKS
from texgen_desktop.nn.restoration_training import coarse_pays, teach
from texgen_desktop.nn.restored_raster import RestoredRaster
from texgen_desktop.operators import Operator, Tensors, Weights, Workshop
from texgen_desktop.slices import Slices

_WAY_OUT = "Choose a model that was learnt for this step, or the one that ships."

Strength = Annotated[float, Meta(ge=0, le=1, description="How much of what the network changes is taken: 0 nothing, 1 all")]
Model = Annotated[str, Meta(description="The file of a model learnt on own pictures; empty for the one that ships")]


class RestoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of every step that only has a strength."""

    strength: Strength = 1.0
    model: Model = ""


class DenoiseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How strong the noise is, where that is known."""

    sigma: Annotated[
        float,
        Meta(
            ge=0,
            le=50,
            description="Standard deviation of the noise; 0 finds it out, place by place",
            extra={"unit": "levels"},
        ),
    ] = 0.0
    strength: Strength = 1.0
    model: Model = ""


class EnrichSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much detail is made up."""

    strength: Annotated[float, Meta(ge=0, le=1.5, description="How much detail is added: 0 none, 1 as much as was learnt")] = 1.0
    model: Model = ""


def _restore(task: str, title: str) -> Callable[[Any, Raster, Workshop], Slices[Raster]]:
    def apply(settings: RestoreSettings | EnrichSettings | DenoiseSettings, picture: Raster, workshop: Workshop) -> Slices[Raster]:
        net = _network(task, workshop.open_weights(settings.model or task))
        workshop.note(f"{title} by {Path(settings.model).name}" if settings.model else title)
        yield None
        level = None
        if isinstance(settings, DenoiseSettings):
            level = settings.sigma / 255 if settings.sigma > 0 else UNKNOWN
        return RestoredRaster(picture, frozen(net, workshop.device), settings.strength, level)

    return apply


def _network(task: str, weights: Weights) -> RestorationNet:
    shape = shape_of(weights.header)
    made_for = weights.header.get("task")
    wanted = TASKS[task].shape
    if made_for != task or (shape.scale, shape.has_level) != (wanted.scale, wanted.has_level):
        raise TexGenError(f"This model was made for {made_for}, not for {task}.", _WAY_OUT)
    with torch.device("meta"):  # without drawing weights that would be thrown away
        net = RestorationNet(shape)
    try:
        net.load_state_dict({name: tensor.detach().float() for name, tensor in weights.tensors.items()}, assign=True)
    except RuntimeError as error:
        raise TexGenError("The weights of this model do not fit its description.", _WAY_OUT) from error
    return net


def _learn(task: str) -> Callable[[tuple[Raster, ...], float, Workshop], Slices[Weights]]:
    def learn(pictures: tuple[Raster, ...], minutes: float, workshop: Workshop) -> Slices[Weights]:
        """Goes on from the model that ships. One picture is enough: what is learnt is how its own poor copies become itself again."""
        if not pictures:
            raise TexGenError("There is no picture to learn from.", "Choose one or more of your own.")
        if not minutes > 0:
            raise TexGenError("Learning takes some time.", "Give it a few minutes.")
        shipped = workshop.open_weights(task)
        net = _network(task, shipped).to(workshop.device)
        net.load_state_dict({name: tensor.clone() for name, tensor in net.state_dict().items()}, assign=True)  # the shipped ones stay
        placed(net, workshop.device).train().requires_grad_(True)
        pays = yield from coarse_pays(net)
        began = time.monotonic()
        done = 0.0

        def progress(_: int) -> float:
            nonlocal done
            done = (time.monotonic() - began) / (60 * minutes)
            return done

        def told(steps: int, loss: float, _: RestorationNet) -> None:
            net.is_coarse = pays and done < 1 - _EXACT_SHARE
            workshop.tell(min(1.0, done), f"{steps} steps, error {loss:.4f}")

        lesson = TASKS[task].lesson
        lesson = replace(lesson, learning_rate=lesson.learning_rate * _FINE_TUNING, recolours=False)
        average = yield from teach(net, lesson, pictures, seed=workshop.seed, progress=progress, told=told)
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in average.state_dict().items()}
        return Tensors({"task": task, "shape": average.shape.header()}, tensors)

    return learn


_EXACT_SHARE = 0.2  # of the lesson, at its end, without rounding to bfloat16
_FINE_TUNING = 0.5  # of the rate that a network is first taught with


def _operator(task: str, title: str, description: str, settings: type[msgspec.Struct] = RestoreSettings) -> Operator:
    return Operator(
        id=task,
        title=title,
        description=description,
        settings=settings,
        apply=_restore(task, title),
        scale=TASKS[task].shape.scale,
        order=4 + list(TASKS).index(task),
        is_local=True,
        learn=_learn(task),
    )


OPERATORS = (
    _operator("sr2", "Enlarge ×2", "Twice as many pixels both ways, sharper than by interpolation"),
    _operator("sr4", "Enlarge ×4", "Four times as many pixels both ways, sharper than by interpolation"),
    _operator("denoise", "Denoise", "Takes noise out and leaves the grain of the material", DenoiseSettings),
    _operator("deblur", "Deblur", "Undoes slight blur: soft lenses, missed focus, a little motion"),
    _operator("jpeg", "Clean up JPEG", "Takes out the blocks and rings of strong JPEG compression"),
    _operator("enrich", "Enrich", "Adds plausible fine detail to a soft picture; what it adds is made up", EnrichSettings),
)
