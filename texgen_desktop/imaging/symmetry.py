"""Whether textures look the same mirrored or turned, and pictures mirrored: then they may be, and hold more to learn from."""

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
_LEAST_PICTURES = 64
_PARTS = 4  # of a picture's height and of its width
_PICTURE_SIDE_PX = 64  # pictures are halved until they are smaller than that

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


def can_be_mirrored(pictures: NDArray[np.uint8]) -> bool:
    """Whether a set of pictures, (N, H, W, 3) sRGB, would be as natural mirrored left to right.

    The same directions, but in each part of the picture by itself, for here it matters where things lie: most letters have their stem on
    the left. In the mean of all pictures mirroring moves them hardly more than one half of the set differs from the other. Of fewer
    than 64 pictures the halves tell too little, and it is not allowed.
    """
    if len(pictures) < _LEAST_PICTURES:
        return False
    found = np.stack([_directions_by_part(picture) for picture in pictures])
    whole, doubt = found.mean(0), max(_LEAST_DOUBT, _distance(found[::2].mean(0), found[1::2].mean(0)))
    return _distance(whole, _mirrored(whole.reshape(_PARTS, _PARTS, _DIRECTIONS)[:, ::-1]).reshape(whole.shape)) <= _TOLERANCE * doubt


def _directions_by_part(picture: NDArray[np.uint8]) -> Histogram:
    """(1, parts * parts * directions): the share of each direction in each part in the weight of all gradients."""
    values = grey(picture.astype(np.float32))
    while min(values.shape) >= _PICTURE_SIDE_PX:
        values = _halved(values)
    rows, columns = (np.arange(n) * _PARTS // n for n in values.shape)
    bins, strengths = _gradients(values)
    bins += (rows[:, None] * _PARTS + columns) * _DIRECTIONS
    weights = np.bincount(bins.ravel(), strengths.ravel(), minlength=_PARTS**2 * _DIRECTIONS)
    return weights[None] / max(float(weights.sum()), 1e-12)


def _directions(photo: Picture) -> Histogram:
    """(scales, directions): the share of each direction in the weight of all gradients, at each scale."""
    values, found = grey(photo), []
    for _ in range(_SCALES):
        bins, strengths = _gradients(values)
        weights = np.bincount(bins.ravel(), strengths.ravel(), minlength=_DIRECTIONS)
        found.append(weights / max(float(weights.sum()), 1e-12))
        values = _halved(values)
    return np.stack(found)


def _gradients(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each pixel the bin of its gradient's direction, and how strong it is. The axes lie in the middle of bins: with few levels of grey
    many gradients run exactly along them, and at a border all of them would fall to one side, in the mirror to the other."""
    dy, dx = np.gradient(values)
    bins = np.rint((np.arctan2(dy, dx) / (2 * np.pi) + 0.5) * _DIRECTIONS).astype(np.int64) % _DIRECTIONS
    return bins, np.hypot(dy, dx)


def _halved(values: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = (n // 2 * 2 for n in values.shape)
    smaller: NDArray[np.float64] = values[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3))
    return smaller


def _distance(one: Histogram, other: Histogram) -> float:
    """Total variation, the worst of the scales: 0 for equal ones, 1 for those that share nothing."""
    return float(np.abs(one - other).sum(1).max() / 2)


def _mirrored(found: Histogram) -> Histogram:
    """The angle becomes pi minus the angle: bin k of n, the first around -pi, becomes bin n / 2 - k."""
    return found[..., (_DIRECTIONS // 2 - np.arange(_DIRECTIONS)) % _DIRECTIONS]


def _turned(found: Histogram, quarters: int) -> Histogram:
    return np.roll(found, quarters * _DIRECTIONS // 4, axis=1)
