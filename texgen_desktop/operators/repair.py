"""Repair: what the mask covers is made anew out of the rest of the picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np
import torch
from msgspec import Meta

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.canonical_roll import canonical_roll
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.colour_axes import ColourAxes
from texgen_desktop.imaging.mask import blended, require_size
from texgen_desktop.imaging.patch_repair import patch_repair
from texgen_desktop.imaging.raster import ArrayRaster, Raster, Wraps, read_whole
from texgen_desktop.nn.holed import Bools, Holed, pyramid
from texgen_desktop.nn.layers import frozen, placed, seeded
from texgen_desktop.nn.repair_net import RepairNet, fill
from texgen_desktop.nn.repair_training import Lesson
from texgen_desktop.nn.run_state import portable
from texgen_desktop.operators import Operator, Tensors, Weights, Workshop
from texgen_desktop.slices import Slices

Learnt = Literal["cnn", "gan"]

_WIDTH = 36
_MOST_LEVELS, _COARSEST_PX, _LEAST_KNOWN = 4, 24, 0.25
_FEWEST_PIXELS = 1024
_SHOWING = 0.04  # of the time of learning at most
_SLAB = 1 << 20  # pixels a slice
_SHOWN_PX = 1024  # longer side at most


class RepairSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the masked part is made anew."""

    method: Annotated[
        Literal["auto", "patch", "cnn", "gan"],
        Meta(
            description="patch: pieces of the picture, without training. cnn: a network that learns the picture first. "
            "gan: that network, with a critic for crisp detail. auto: what measured best"
        ),
    ] = "auto"
    minutes: Annotated[
        float, Meta(gt=0, le=24 * 60, description="How long cnn and gan learn: 3 is a draft, 15 good, 60 best", extra={"unit": "min"})
    ] = 15.0
    model: Annotated[str, Meta(description="A model learned before, which cnn and gan use instead of learning now")] = ""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file of a learned model says of itself."""

    method: Learnt
    levels: Annotated[int, Meta(ge=1, le=_MOST_LEVELS)]
    width: Annotated[int, Meta(ge=8, le=128)]
    steps: Annotated[int, Meta(ge=0)]


def _apply(settings: RepairSettings, picture: Raster, workshop: Workshop) -> Slices[Raster]:
    pixels = yield from read_whole(picture)
    mask = _checked(workshop.mask, pixels)
    method = settings.method
    if method == "auto" and settings.model:
        workshop.note("auto: the model that was chosen")
    elif method == "auto":
        method = "patch"
        workshop.note("auto: patch, which takes seconds; cnn and gan learn the picture for minutes first")
    if method == "patch":
        repaired = yield from patch_repair(pixels, mask, picture.wraps, workshop.seed, workshop.tell, workshop.show)
        workshop.note("patch")
    else:
        repaired = yield from _repaired_by_network(method, settings, pixels, mask, picture.wraps, workshop)
    return ArrayRaster(repaired, picture.wraps)


def _checked(mask: Floats | None, pixels: Floats) -> Floats:
    """The mask, (H, W) in [0, 1]. TexGenError where it is not one for this picture."""
    if mask is None or not mask.any():
        raise TexGenError("The mask is empty: nothing is to be repaired.", "Paint over what is to be replaced.")
    require_size(mask, (pixels.shape[0], pixels.shape[1]))
    return mask


# --------------------------------------------------------------------------------------------------------- by a network


@dataclass(frozen=True, eq=False)
class _Canvas:
    """A picture in the colours that a network sees, with nothing in its hole; ``roll`` (rows, columns) is how it was rolled."""

    holed: Holed
    axes: ColourAxes
    roll: tuple[int, int]
    limits: tuple[Floats, Floats]  # (3,) each: the least and the most of each channel that is known

    @classmethod
    def of(cls, pixels: Floats, hole: Bools, wraps: Wraps) -> Slices[_Canvas]:
        """TexGenError where too little is known."""
        # Cut open at the same place of the picture wherever its edges lie: all that follows is the same for a picture that was rolled.
        roll = yield from canonical_roll(pixels, hole, wraps)
        hole = np.roll(hole, roll, (0, 1))
        yield None
        pixels = np.roll(pixels, roll, (0, 1))
        yield None
        known = pixels[~hole]
        if len(known) < _FEWEST_PIXELS:
            raise TexGenError("Too little of the picture is left to repair it from.", "Mask less, or use a larger picture.")
        limits = known.min(0), known.max(0)
        yield None
        axes = yield from ColourAxes.prepared([known[None]])
        colours = np.empty_like(pixels)
        step = max(1, _SLAB // pixels.shape[1])
        for top in range(0, len(pixels), step):
            rows = slice(top, top + step)
            # Whatever lies in the hole, no number of it gets any further.
            colours[rows] = axes.encode(np.where(hole[rows, :, None], axes.mean, pixels[rows]))
            yield None
        return cls(Holed(colours, hole, wraps), axes, roll, limits)

    def shown(self, colours: Floats) -> Floats:
        """Any level's colours as they are seen, at a size for the screen."""
        every = -(-max(colours.shape) // _SHOWN_PX)
        roll = [-round(shift * colours.shape[0] / (every * self.holed.hole.shape[0])) for shift in self.roll]
        picture: Floats = np.roll(np.clip(self.axes.decode(colours[::every, ::every]), *self.limits), roll, (0, 1))
        return picture

    def blended(self, pixels: Floats, mask: Floats, colours: Floats) -> Slices[Floats]:
        """The pixels (H, W, 3) with those of the mask (H, W) replaced, as far as it says, by colours that were made for the canvas."""
        places = np.argwhere(self.holed.hole)

        def made(part: slice) -> Floats:
            return np.clip(self.axes.decode(colours[places[part, 0], places[part, 1]]), *self.limits)

        return (yield from blended(pixels, mask, places, self.roll, made))


def _repaired_by_network(
    method: Literal["auto", "cnn", "gan"], settings: RepairSettings, pixels: Floats, mask: Floats, wraps: Wraps, workshop: Workshop
) -> Slices[Floats]:
    canvas = yield from _Canvas.of(pixels, mask > 0, wraps)
    if method == "auto" or settings.model:
        net, header = _opened(settings.model, method, workshop)
        words = f"{header.method}, with a model of {header.steps} steps"
    else:
        net, steps = yield from _taught([canvas], method, settings.minutes, workshop)
        words = f"{method}, learned in {steps} steps"
    workshop.tell(1.0, "Filling")
    colours = yield from fill(net, canvas.holed, workshop.seed, lambda level: workshop.show(canvas.shown(level)))
    repaired = yield from canvas.blended(pixels, mask, colours)
    workshop.note(words)
    return repaired


def _taught(canvases: Sequence[_Canvas], method: Learnt, minutes: float, workshop: Workshop) -> Slices[tuple[RepairNet, int]]:
    """A network that has learned the pictures for so long, and its steps. At least one for each level."""
    levels = yield from _level_count([canvas.holed for canvas in canvases])
    pyramids = []
    for canvas in canvases:
        pyramids.append((yield from pyramid(canvas.holed, levels)))
    net = _new_net(levels, workshop.seed, workshop.device)
    lesson = yield from Lesson.prepared(pyramids, net, workshop.seed, with_critic=method == "gan")
    started, shown, took = time.monotonic(), 0.0, 0.0
    while (elapsed := time.monotonic() - started) < 60 * minutes or lesson.steps_done < levels:
        yield from lesson.step(min(elapsed / (60 * minutes), 0.999))
        workshop.tell(min(1.0, elapsed / (60 * minutes)), f"Learning: {lesson.steps_done} steps")
        if canvases[0].holed.hole.any() and elapsed - shown > max(5.0, took / _SHOWING):
            began = time.monotonic()
            colours = yield from fill(lesson.average, canvases[0].holed, workshop.seed, lambda _: None)
            workshop.show(canvases[0].shown(colours))
            shown, took = elapsed, time.monotonic() - began
            yield None
    return lesson.average, lesson.steps_done


def _level_count(pictures: Sequence[Holed]) -> Slices[int]:
    """As many as leave enough to learn from at the coarsest."""
    count = 1
    while count < _MOST_LEVELS:
        coarser = []
        for picture in pictures:
            coarser.append((yield from picture.halved()))
        pictures = coarser
        if any(min(picture.hole.shape) < _COARSEST_PX or picture.hole.mean() > 1 - _LEAST_KNOWN for picture in pictures):
            break
        count += 1
    return count


def _new_net(levels: int, seed: int, device: torch.device) -> RepairNet:
    with seeded(seed):
        return placed(RepairNet(levels, _WIDTH), device)


def _opened(model: str, method: Literal["auto", "cnn", "gan"], workshop: Workshop) -> tuple[RepairNet, _Header]:
    weights = workshop.open_weights(model)
    hint = "Choose a model that was learned for repair, or leave the field empty to learn now."
    try:
        header = msgspec.convert(weights.header, _Header)
        net = RepairNet(header.levels, header.width)
        net.load_state_dict(dict(weights.tensors), strict=True)
    except (msgspec.ValidationError, RuntimeError) as error:
        raise TexGenError("This model is not one that repairs.", hint) from error
    if method not in ("auto", header.method):
        raise TexGenError(f"This model was learned by {header.method}, not {method}.", f"Choose {header.method} as the method.")
    return frozen(net, workshop.device), header


def _learn(pictures: tuple[Raster, ...], minutes: float, workshop: Workshop) -> Slices[Weights]:
    """A GAN of the pictures; the mask does not count."""
    canvases = []
    for picture in pictures:
        pixels = yield from read_whole(picture)
        canvases.append((yield from _Canvas.of(pixels, np.zeros(pixels.shape[:2], bool), picture.wraps)))
    net, steps = yield from _taught(canvases, "gan", minutes, workshop)
    header = _Header("gan", len(net.levels), _WIDTH, steps)
    return Tensors(msgspec.to_builtins(header), portable(net.state_dict()))


OPERATORS = (
    Operator(
        id="repair",
        title="Repair",
        description="Makes anew what the mask covers, so that it fits what is around it",
        settings=RepairSettings,
        apply=_apply,
        needs_mask=True,
        learn=_learn,
    ),
)
