"""What a run is read by while it trains: textures beside their photo, pictures beside their set."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from texgen_desktop.data.photos import Photo
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.engine.rendering import drawn
from texgen_desktop.engine.source import Source
from texgen_desktop.families import Family, Look, Model, Region, RenderRequest
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.score import INSTRUMENT, LEAST_PHOTO_PX, Judge
from texgen_desktop.nn.picture_features import FrechetDistance
from texgen_desktop.slices import Slices

MOST_PHOTOS, MOST_PICTURES, LEAST_PICTURES = 4, 256, 128
_TILE_PX = 256
_SHEET_PX, _SHEET_CELLS = 1024, 16  # as many cells to a side as have room, and no more
_AT_ONCE = 64
_LEAST_DISTANCE = 1e-6  # has a logarithm
_NETWORK = 3
"""Seed of the random features; benchmarks look with others, so that no run is chosen by what it is measured with."""


@dataclass(frozen=True)
class Reading:
    """``worth`` is how far the run is from its goal, lower is better and 0.02 less worth having; it may be infinite. ``curves`` is what is
    plotted beside the losses."""

    worth: float
    curves: dict[str, float]


class Instrument(Protocol):
    """Reads a run: the middle position of all sliders, seed 0. Looks at the photos when it is first asked, which takes seconds."""

    name: str
    """Readings are compared only with those of the same name."""
    is_ready: bool
    """Whether it has looked at them."""

    def read(self, snapshot: Callable[[], Source]) -> Slices[Reading]:
        """The snapshot is taken when the photos have been looked at."""
        ...


def looked_at(family: Family, model: Model, photos: Sequence[Photo]) -> Slices[Sequence[Photo]]:
    """What a run is read by: the first few of its photos; of pictures, which lie in the order of their classes, some spread evenly over
    all, as large as ``model`` makes its own."""
    if family.makes == "textures":
        return photos[:MOST_PHOTOS]
    chosen = np.linspace(0, len(photos) - 1, min(len(photos), MOST_PICTURES)).round().astype(np.intp)
    if isinstance(photos, PictureSet):
        some: Sequence[Photo] = PictureSet(photos.pixels[chosen], photos.labels[chosen], photos.classes)
    else:
        some = [photos[k] for k in chosen]
    return (yield from PictureSet.prepared(some, model.cell_px))


def instrument_for(photos: Sequence[Photo]) -> Instrument | None:
    """For what ``looked_at`` has chosen. None where there is too little to judge by."""
    if isinstance(photos, PictureSet):
        return PictureInstrument(photos) if len(photos) >= LEAST_PICTURES else None
    return TextureInstrument(photos) if all(min(photo.pixels.shape[:2]) >= LEAST_PHOTO_PX for photo in photos) else None


class TextureInstrument:
    """By ``imaging/score.py``: structure, which it is judged by, and copies."""

    name = f"structure {INSTRUMENT}"
    is_ready = False

    def __init__(self, photos: Sequence[Photo]) -> None:
        self._photos = [photo.pixels for photo in photos]
        self._judge: Judge | None = None

    def read(self, snapshot: Callable[[], Source]) -> Slices[Reading]:
        judge = yield from self._prepared()
        tile = yield from _drawn(snapshot(), _TILE_PX)
        structure = yield from judge.structure_of(tile)
        copies = yield from judge.copies_of(tile)
        return Reading(structure, {"structure": structure, "copy share": copies.share})

    def _prepared(self) -> Slices[Judge]:
        if self._judge is None:
            self._judge = yield from Judge.prepared(self._photos)
            self.is_ready = True
        return self._judge


class PictureInstrument:
    """By the Fréchet distance of random features between a sheet of new pictures and the set. Of few pictures it is lowest for copies of
    them: from ``LEAST_PICTURES`` on other pictures of the same kind read better than worse ones."""

    name = "pictures 1"
    is_ready = False

    def __init__(self, pictures: PictureSet) -> None:
        self._pictures = pictures
        self._distance: FrechetDistance | None = None

    def read(self, snapshot: Callable[[], Source]) -> Slices[Reading]:
        """Its worth is the logarithm of the distance, whose unit differs from set to set. What is plotted is its root, a distance indeed:
        it begins at some ten and ends at one to three, which goes with the losses."""
        distance = yield from self._prepared()
        found = max((yield from self._to(distance, snapshot())), _LEAST_DISTANCE)
        return Reading(math.log(found), {"picture distance": math.sqrt(found)} if math.isfinite(found) else {})

    def _prepared(self) -> Slices[FrechetDistance]:
        if self._distance is None:
            parts = []
            for first in range(0, len(self._pictures), _AT_ONCE):
                parts.append(self._pictures.batch(range(first, min(first + _AT_ONCE, len(self._pictures)))))
                yield None
            self._distance = yield from FrechetDistance.prepared(torch.cat(parts), (_NETWORK,))
            self.is_ready = True
        return self._distance

    def _to(self, distance: FrechetDistance, source: Source) -> Slices[float]:
        side = self._pictures.side_px
        sheet = yield from _drawn(source, max(2, min(_SHEET_CELLS, _SHEET_PX // side)) * side)
        return (yield from distance.to(_cells(sheet, side)))


def _cells(sheet: Floats, side: int) -> Tensor:
    """(H, W, 3) in [0, 1] -> (N, 3, side, side) in [-1, 1]."""
    rows, columns = sheet.shape[0] // side, sheet.shape[1] // side
    cells = sheet.reshape(rows, side, columns, side, 3).transpose(0, 2, 4, 1, 3).reshape(-1, 3, side, side)
    return torch.from_numpy(np.ascontiguousarray(cells)) * 2 - 1


def _drawn(source: Source, side_px: int) -> Slices[Floats]:
    return drawn(source, RenderRequest(Look(), Region(0, 0, side_px, side_px)))
