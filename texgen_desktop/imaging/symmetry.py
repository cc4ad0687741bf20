"""Whether a texture looks the same mirrored or turned: then crops may be, and the photo holds more to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.properties import Picture, grey

_DIRECTIONS = 24
_SCALES = 3
_LEAST_SIDE_PX = 4 * 2**_SCALES
_TOLERANCE = 1.25
_LEAST_DOUBT = 0.04  # of the weight of all gradients: less than that nobody sees

Histogram = NDArray[np.float64]


@dataclass(frozen=True)
class Symmetries:
    """What may be done to crops of the photo without showing."""

    mirror: bool
    turn: bool


def symmetries(photo: Picture) -> Symmetries:
    """Mirrored left to right, and turned by quarters.

    The directions of the gradients, light to dark and by their strength, at some scales: a photo that is lit from one side, a grain or
    a course of bricks shows in them. What is allowed moves them hardly more than one half of the photo differs from the other. Of a strip
    that is too narrow to tell nothing is allowed.
    """
    if min(photo.shape[:2]) < _LEAST_SIDE_PX:
        return Symmetries(mirror=False, turn=False)
    whole = _directions(photo)
    height, width = photo.shape[:2]
    halves = [(photo[: height // 2], photo[height // 2 :]), (photo[:, : width // 2], photo[:, width // 2 :])]
    doubt = max(_LEAST_DOUBT, *(_distance(_directions(one), _directions(other)) for one, other in halves))

    def is_same(changed: Histogram) -> bool:
        return _distance(whole, changed) <= _TOLERANCE * doubt

    return Symmetries(mirror=is_same(_mirrored(whole)), turn=is_same(_turned(whole, 1)) and is_same(_turned(whole, 2)))


def _directions(photo: Picture) -> Histogram:
    """(scales, directions): the share of each direction in the weight of all gradients, at each scale."""
    values, found = grey(photo), []
    for _ in range(_SCALES):
        dy, dx = np.gradient(values)
        angle = np.arctan2(dy, dx)
        bins = np.floor((angle / (2 * np.pi) + 0.5) * _DIRECTIONS).astype(int) % _DIRECTIONS
        weights = np.bincount(bins.ravel(), np.hypot(dy, dx).ravel(), minlength=_DIRECTIONS)
        found.append(weights / max(float(weights.sum()), 1e-12))
        height, width = (n // 2 * 2 for n in values.shape)
        values = values[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3))
    return np.stack(found)


def _distance(one: Histogram, other: Histogram) -> float:
    """Total variation, the worst of the scales: 0 for equal ones, 1 for those that share nothing."""
    return float(np.abs(one - other).sum(1).max() / 2)


def _mirrored(found: Histogram) -> Histogram:
    """The angle becomes pi minus the angle: bin k of n, from -pi on, becomes bin n / 2 - 1 - k."""
    return found[:, (_DIRECTIONS // 2 - 1 - np.arange(_DIRECTIONS)) % _DIRECTIONS]


def _turned(found: Histogram, quarters: int) -> Histogram:
    return np.roll(found, quarters * _DIRECTIONS // 4, axis=1)
