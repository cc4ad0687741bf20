"""A wall that was photographed at an angle, seen straight on."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from texgen_desktop.imaging.perspective import MOST_SIDE_PX, StraightRaster, View
from texgen_desktop.imaging.raster import Raster
from texgen_desktop.operators import Operator, Workshop
from texgen_desktop.slices import Slices

_X = Meta(ge=0, le=1, description="From the left edge, as a share of the width")
_Y = Meta(ge=0, le=1, description="From the top edge, as a share of the height")
_SIDE = Meta(ge=0, le=MOST_SIDE_PX, description="Of the rectangle; 0: by the distances of the corners", extra={"unit": "px"})


class Perspective(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The corners clockwise from the top left."""

    top_left_x: Annotated[float, _X] = 0.0
    top_left_y: Annotated[float, _Y] = 0.0
    top_right_x: Annotated[float, _X] = 1.0
    top_right_y: Annotated[float, _Y] = 0.0
    bottom_right_x: Annotated[float, _X] = 1.0
    bottom_right_y: Annotated[float, _Y] = 1.0
    bottom_left_x: Annotated[float, _X] = 0.0
    bottom_left_y: Annotated[float, _Y] = 1.0
    width_px: Annotated[int, _SIDE] = 0
    height_px: Annotated[int, _SIDE] = 0


def apply(settings: Perspective, picture: Raster, workshop: Workshop) -> Slices[Raster]:
    corners = (
        (settings.top_left_x, settings.top_left_y),
        (settings.top_right_x, settings.top_right_y),
        (settings.bottom_right_x, settings.bottom_right_y),
        (settings.bottom_left_x, settings.bottom_left_y),
    )
    view = View.of(corners, (picture.width_px, picture.height_px), (settings.width_px, settings.height_px))
    yield None
    workshop.note(f"perspective, {view.width_px} × {view.height_px} px")
    return StraightRaster(picture, view)


OPERATORS = (
    Operator(
        id="perspective",
        title="Straighten a perspective",
        description="Four corners of something rectangular become those of the picture, as if it was photographed straight on.",
        settings=Perspective,
        apply=apply,
        is_local=True,
        order=3,
        moves_pixels=True,
    ),
)
