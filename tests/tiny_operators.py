"""Operators that are quick and can be foretold: what a chain, the desk and files do with them is what is tested."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
import torch

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import ArrayRaster, EnlargedRaster, Raster, read_whole
from texgen_desktop.operators import Operator, Tensors, Weights, Workshop
from texgen_desktop.slices import Slices


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class DarkenSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: Annotated[float, msgspec.Meta(ge=0, le=1, description="How much darker")] = 0.5


class _Darkened:
    def __init__(self, raster: Raster, amount: float) -> None:
        self._raster, self._amount = raster, amount
        self.height_px, self.width_px, self.wraps = raster.height_px, raster.width_px, raster.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        return self._raster.read(y, x, height, width) * np.float32(1 - self._amount)


def _darken(settings: DarkenSettings, raster: Raster, workshop: Workshop) -> Slices[Raster]:
    workshop.note(f"darkened by {settings.amount:g}")
    yield None
    return _Darkened(raster, settings.amount)


def _enlarge(settings: NoSettings, raster: Raster, workshop: Workshop) -> Slices[Raster]:
    yield None
    return EnlargedRaster(raster, 2)


def _fill(settings: NoSettings, raster: Raster, workshop: Workshop) -> Slices[Raster]:
    """White where the mask is."""
    pixels = (yield from read_whole(raster)).copy()
    assert workshop.mask is not None
    for share in (0.5, 1.0):
        workshop.tell(share, "filling")
        workshop.show(pixels[::2, ::2])
        yield None
    pixels[workshop.mask > 0.5] = 1
    return ArrayRaster(pixels, raster.wraps)


def _turn(settings: NoSettings, raster: Raster, workshop: Workshop) -> Slices[Raster]:
    pixels = yield from read_whole(raster)
    return ArrayRaster(pixels[::-1].copy(), raster.wraps)


def _tile(settings: NoSettings, raster: Raster, workshop: Workshop) -> Slices[Raster]:
    pixels = yield from read_whole(raster)
    return ArrayRaster(pixels, (True, True))


def _fail(settings: NoSettings, raster: Raster, workshop: Workshop) -> Slices[Raster]:
    yield None
    if raster.width_px == 40:
        raise TexGenError("A picture of 40 pixels cannot be done.", "Take another.")
    return raster


def _learn(pictures: tuple[Raster, ...], minutes: float, workshop: Workshop) -> Slices[Weights]:
    """The mean of all."""
    sums = torch.zeros(3)
    for picture in pictures:
        pixels = yield from read_whole(picture)
        sums += torch.from_numpy(pixels.mean((0, 1)))
    workshop.tell(1.0, "learnt")
    return Tensors({"operator": "darken"}, {"mean": sums / len(pictures)})


OPERATORS = {
    operator.id: operator
    for operator in (
        Operator("darken", "Darken", "Less light.", DarkenSettings, _darken, is_local=True, learn=_learn),
        Operator("enlarge", "Enlarge", "Twice the size.", NoSettings, _enlarge, scale=2, is_local=True),
        Operator("fill", "Fill", "White.", NoSettings, _fill, needs_mask=True),
        Operator("turn", "Turn", "Upside down.", NoSettings, _turn, moves_pixels=True),
        Operator("tile", "Tile", "As it is, but a tile.", NoSettings, _tile, makes_tile=True),
        Operator("fail", "Fail", "Not with 40 pixels.", NoSettings, _fail),
    )
}
