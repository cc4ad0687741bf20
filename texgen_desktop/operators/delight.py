"""Uneven light taken out of a picture: what is brighter on the whole becomes darker and the other way round, the texture stays."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from texgen_desktop.imaging.light import EvenRaster, Light
from texgen_desktop.imaging.raster import Raster
from texgen_desktop.operators import Operator, Workshop
from texgen_desktop.slices import Slices


class Delight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    size: Annotated[
        float, Meta(ge=0.02, le=0.5, description="What is larger than this share of the shorter side counts as light, not as texture")
    ] = 0.1
    strength: Annotated[float, Meta(ge=0, le=1, description="How much of the unevenness is taken out")] = 1.0
    keep_colour: Annotated[bool, Meta(description="Change only the brightness; else the colour of the light is evened out too")] = True


def apply(settings: Delight, picture: Raster, workshop: Workshop) -> Slices[Raster]:
    workshop.tell(0.0, "measuring the light")
    light = yield from Light.measured(picture, settings.size, settings.keep_colour)
    workshop.note("Light evened out")
    return EvenRaster(picture, light, settings.strength)


OPERATORS = (
    Operator(
        id="delight",
        title="Even out the light",
        description="Takes uneven light out of a photo: a side in the shade, a bright middle, dark corners. A tile stays a tile.",
        settings=Delight,
        apply=apply,
        order=2,
    ),
)
