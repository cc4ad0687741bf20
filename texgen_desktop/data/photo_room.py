"""How much memory the photos of a run may take, and what is done where all of them would take more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

from texgen_desktop.data.crops import Grouped, group_names
from texgen_desktop.data.photos import Rectangle

ROOM_BYTES = 1 << 30
"""For the photos of a run, with the pyramids that crops are drawn from: 37 photos of 768 x 1024 pixels, 148 of 448 x 448."""
_PIXEL_BYTES = 3 * 4  # three floats
_PYRAMID = 2  # pixels in all levels for one in the photo: each level has half as many as the one before


class Framed(Grouped, Protocol):
    """A photo that is not read yet, and how it is going to be learnt."""

    @property
    def width_px(self) -> int: ...
    @property
    def height_px(self) -> int: ...
    @property
    def crop(self) -> Rectangle: ...
    @property
    def working_side_px(self) -> int: ...


F = TypeVar("F", bound=Framed)


def with_room(photos: Sequence[F]) -> Sequence[F]:
    """The photos that are taken where crops are drawn from them: all, or as many as have room, evenly chosen.

    At least one of each group that gets a slider is taken, and so all where few photos are a group each.
    """
    needed = [(1 + _PYRAMID) * _pixels_bytes(photo) for photo in photos]
    groups, count = group_names(photos), len(photos)
    taken = _evenly_chosen(groups, count)
    while count > 1 and sum(needed[k] for k in taken) > ROOM_BYTES:
        count -= 1
        taken = _evenly_chosen(groups, count)
    return [photos[k] for k in taken]


def _evenly_chosen(groups: Sequence[str], count: int) -> list[int]:
    """Some ``count`` of them, as many of each group as its share is, with the first of each."""
    by_group = sorted(range(len(groups)), key=lambda k: groups[k])
    firsts = {groups[k]: k for k in reversed(by_group)}
    return sorted({by_group[k * len(groups) // count] for k in range(count)} | set(firsts.values()))


def sides_with_room(photos: Sequence[Framed]) -> list[int]:
    """The working side of each photo where they are made into small pictures: its own, or a smaller one where all would have no room."""
    share = min(1.0, math.sqrt(ROOM_BYTES / max(1, sum(_pixels_bytes(photo) for photo in photos))))
    return [max(1, math.floor(share * _working_side(photo))) if share < 1 else photo.working_side_px for photo in photos]


def _working_side(photo: Framed) -> float:
    """The short side that it comes to: a photo is never enlarged."""
    return min(photo.working_side_px, photo.crop.width * photo.width_px, photo.crop.height * photo.height_px)


def _pixels_bytes(photo: Framed) -> int:
    width, height = photo.crop.width * photo.width_px, photo.crop.height * photo.height_px
    return round(_PIXEL_BYTES * width * height * (_working_side(photo) / max(1.0, min(width, height))) ** 2)
