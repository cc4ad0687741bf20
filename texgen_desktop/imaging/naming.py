"""Names for directions that a network has found by itself: each is measured on pictures and named by what it changes most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from texgen_desktop.imaging.properties import (
    Picture,
    brightness,
    coarseness,
    colourfulness,
    contrast,
    greenness,
    lean,
    light_from_above,
    light_from_right,
    light_in_the_middle,
    matched,
    regularity,
    spearman,
    warmth,
    width_over_height,
)
from texgen_desktop.imaging.slider_proof import HOLDS_FROM
from texgen_desktop.slices import Slices

VISIBLE_FROM = 0.02
"""Mean difference of pixels between a slider's two ends, in [0, 1], from which it changes anything worth a slider."""
_POSITIONS = (-1.0, -0.5, 0.0, 0.5, 1.0)
_LEAST_EFFECT = 0.5  # of the deviation of the property over pictures that are not touched


@dataclass(frozen=True)
class _Property:
    title: str
    description: str
    measure: Callable[[Picture], float]
    is_of_colour: bool = False


_PROPERTIES = (
    _Property("Brightness", "Darker to the left, lighter to the right.", brightness, True),
    _Property("Warmth", "Bluer to the left, redder to the right.", warmth, True),
    _Property("Green", "More purple to the left, greener to the right.", greenness, True),
    _Property("Colourfulness", "Greyer to the left, more colourful to the right.", colourfulness, True),
    _Property("Contrast", "Less contrast to the left, more to the right.", contrast, True),
    _Property("Coarseness", "Finer to the left, coarser to the right.", coarseness),
    _Property("Regularity", "Less regular to the left, more regular to the right.", regularity),
    _Property("Stretch", "Taller shapes to the left, wider ones to the right.", width_over_height),
    _Property("Slant", "Leaning to one side or to the other.", lean),
    _Property("Top light", "Lighter below to the left, lighter above to the right.", light_from_above, True),
    _Property("Side light", "Lighter on the left to the left, on the right to the right.", light_from_right, True),
    _Property("Centre light", "Darker in the middle to the left, lighter to the right.", light_in_the_middle, True),
)


@dataclass(frozen=True)
class NamedDirection:
    """A slider along one of a model's directions, by its index; ``sign`` is -1 where it was turned round for its words to be true."""

    direction: Annotated[int, Meta(ge=0, lt=64)]
    title: Annotated[str, Meta(max_length=60)]
    description: Annotated[str, Meta(max_length=300)]
    sign: Literal[-1, 1] = 1


def direction_id(direction: int) -> str:
    """Of the slider that moves along it."""
    return f"direction{direction + 1}"


Draw = Callable[[int, float], Picture]
"""(direction, position in [-1, 1]) -> a sheet of the same few pictures each time, with that direction alone moved."""


def unmeasured(count: int) -> tuple[NamedDirection, ...]:
    """Neutral names, for a model whose directions change from minute to minute."""
    return tuple(_numbered(k) for k in range(count))


def are_distinct(named: Sequence[NamedDirection], count: int) -> bool:
    """Whether each is another one of ``count`` directions: what a model file says may come from a stranger."""
    directions = {n.direction for n in named}
    return len(directions) == len(named) and directions <= set(range(count))


def name_directions(
    named: Sequence[NamedDirection], side_px: int, draw: Draw, taken: Collection[str] = ()
) -> Slices[tuple[NamedDirection, ...]]:
    """Those directions that change something visible, named; one sheet of pictures with a side of ``side_px`` a slice.

    A property names a direction when it follows the positions (Spearman of 0.8 or more over all pictures, each against itself in the
    middle), and changes by at least half of what it varies among untouched pictures. Each name is given once, to the direction with the
    greatest change; titles that are ``taken`` belong to other sliders already. A direction without a name goes, for nobody could tell
    what its slider is for; but where no direction has a name the visible ones stay, numbered: they are then all that there is to move.
    """
    middle = _cut(draw(named[0].direction, 0.0), side_px) if named else []
    yield None
    untouched = [_measured(picture, picture) for picture in middle]
    yield None
    visible: list[int] = []
    candidates: list[tuple[float, int, int]] = []  # (effect in natural deviations, direction, property)
    for direction in (n.direction for n in named):
        readings, ends = [], []
        for position in _POSITIONS:
            made = middle if position == 0 else _cut(draw(direction, position), side_px)
            if abs(position) == 1:
                ends.append(np.stack(made))
            yield None
            readings.append(np.array([_measured(picture, own) for picture, own in zip(made, middle, strict=True)]) - untouched)
            yield None
        if float(np.abs(ends[1] - ends[0]).mean()) < VISIBLE_FROM:
            continue
        visible.append(direction)
        candidates += [(effect, direction, k) for k, effect in _effects(np.stack(readings), np.array(untouched))]
    return _assigned(visible, [(effect, direction, k) for effect, direction, k in candidates if _PROPERTIES[k].title not in taken])


def _cut(sheet: Picture, side_px: int) -> list[Picture]:
    rows, columns = (range(0, length, side_px) for length in sheet.shape[:2])
    return [sheet[y : y + side_px, x : x + side_px] for y in rows for x in columns]


def _effects(readings: NDArray[np.float64], untouched: NDArray[np.float64]) -> list[tuple[int, float]]:
    """The properties that follow a direction, each with what it changes from end to end in deviations among untouched pictures.

    ``readings`` (positions, pictures, properties) are differences to the picture's own middle.
    """
    natural = np.maximum(untouched.std(0), 1e-3)
    positions = [position for position in _POSITIONS for _ in range(readings.shape[1])]
    found = []
    for k in range(len(_PROPERTIES)):
        effect = float((readings[-1, :, k] - readings[0, :, k]).mean() / natural[k])
        if abs(effect) >= _LEAST_EFFECT and abs(spearman(positions, readings[:, :, k].ravel().tolist())) >= HOLDS_FROM:
            found.append((k, effect))
    return found


def _measured(picture: Picture, own_middle: Picture) -> NDArray[np.float64]:
    """All properties of a picture; what is no matter of colour is measured in the colours of the same picture in the middle."""
    plain = matched(picture, own_middle)
    return np.array([p.measure(picture if p.is_of_colour else plain) for p in _PROPERTIES])


def _assigned(visible: Sequence[int], candidates: Sequence[tuple[float, int, int]]) -> tuple[NamedDirection, ...]:
    given: dict[int, NamedDirection] = {}
    taken: set[int] = set()
    for effect, direction, k in sorted(candidates, key=lambda c: -abs(c[0])):
        if direction not in given and k not in taken:
            taken.add(k)
            given[direction] = NamedDirection(direction, _PROPERTIES[k].title, _PROPERTIES[k].description, 1 if effect > 0 else -1)
    kept = given or {direction: _numbered(direction) for direction in visible}
    return tuple(kept[direction] for direction in visible if direction in kept)


def _numbered(direction: int) -> NamedDirection:
    what = "One of the ways in which the pictures differ most; move it to see which."
    return NamedDirection(direction, f"Direction {direction + 1}", what)
