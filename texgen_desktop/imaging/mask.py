"""Masks: where a picture is to be repaired. (H, W) float32 in [0, 1], 1 where all is replaced, 0 where all stays.

On an axis that wraps, whatever leaves at one edge comes in at the other one. Only ``stroke``, ``polygon`` and ``rectangle`` change the mask
that they are given; they return the boxes that changed, so that nothing else has to be drawn or remembered.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Wraps, plane_indices
from texgen_desktop.imaging.read import MAX_PIXELS, read_image

Bools = NDArray[np.bool_]
Point = tuple[float, float]
"""(x, y) in pixels of the mask; (0, 0) is the corner of the first one. It may lie outside."""
_BOXES = 3  # box blurs in a row that come near to a Gaussian


@dataclass(frozen=True)
class Box:
    """A rectangle of the plane in pixels; on an axis that wraps it may reach over the edge."""

    y: int
    x: int
    height: int
    width: int


def read_mask(path: Path) -> Floats:
    """Of any picture: its brightness; or where it is transparent, if that is all that there is in it. Raises ImageError."""
    picture = read_image(path, MAX_PIXELS)
    grey: Floats = picture.pixels.mean(2)
    if picture.alpha is not None and float(np.ptp(grey)) < 1 / 255:
        return picture.alpha
    return grey if picture.alpha is None else grey * picture.alpha


def grown(mask: Floats, by_px: int, wraps: Wraps) -> Floats:
    """Its border pushed outwards by so many pixels, inwards where that is negative; corners become rounder (octagons)."""
    if by_px < 0:
        return 1 - grown(1 - mask, -by_px, wraps)
    for step in range(by_px):
        # A cross and a square in turn: their diagonals are too short and too long, together they are near to a circle.
        rows = _widest(mask, 0, wraps[0])
        mask = _widest(rows, 1, wraps[1]) if step % 2 else np.maximum(rows, _widest(mask, 1, wraps[1]))
    return mask


def feathered(mask: Floats, by_px: float, wraps: Wraps) -> Floats:
    """Blurred with a Gaussian whose standard deviation is ``by_px``, made of three boxes."""
    side = 2 * round(((12 * by_px * by_px / _BOXES + 1) ** 0.5 - 1) / 2) + 1
    for axis in (0, 1):
        for _ in range(_BOXES):
            mask = _box_blurred(mask, axis, side, wraps[axis])
    return np.clip(mask, 0, 1)


def inverted(mask: Floats) -> Floats:
    return 1 - mask


def picked(pixels: Floats, at: tuple[int, int], tolerance: float, is_contiguous: bool, wraps: Wraps) -> Floats:
    """Where the colour is that of the pixel ``at`` (row, column): no channel of (H, W, 3) differs by more than ``tolerance``.

    ``is_contiguous``: only what can be reached from there, by steps up, down, left and right.
    """
    alike = (np.abs(pixels - pixels[at]) <= tolerance).all(2)
    return (_reached(alike, at, wraps) if is_contiguous else alike).astype(np.float32)


def stroke(mask: Floats, points: Sequence[Point], radius_px: float, hardness: float, value: float, wraps: Wraps) -> list[Box]:
    """Paint ``value`` (1) or wipe it out (0) along a line through the points; one point is a dab.

    Full within ``hardness`` (0 … 1) of the radius, and less and less from there to the rim.
    """
    changed = []
    for start, end in itertools.pairwise(points) if len(points) > 1 else [(points[0], points[0])]:
        top, left = (int(np.floor(min(start[k], end[k]) - radius_px)) for k in (1, 0))
        bottom, right = (int(np.ceil(max(start[k], end[k]) + radius_px)) + 1 for k in (1, 0))
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32) + 0.5
        distance = _distance(x, y, start, end)
        soft = max(radius_px * (1 - hardness), 1.0)
        changed += _laid_on(mask, np.clip((radius_px - distance) / soft + 0.5 / soft, 0, 1), top, left, value, wraps)
    return changed


def polygon(mask: Floats, points: Sequence[Point], value: float, wraps: Wraps) -> list[Box]:
    """Paint or wipe out what lies inside of a closed line."""
    if len(points) < 3:
        return []
    xs, ys = [x for x, _ in points], [y for _, y in points]
    top, left = int(np.floor(min(ys))), int(np.floor(min(xs)))
    size = int(np.ceil(max(xs))) - left + 1, int(np.ceil(max(ys))) - top + 1
    drawn = Image.new("L", size)
    ImageDraw.Draw(drawn).polygon([(x - left - 0.5, y - top - 0.5) for x, y in points], fill=1)
    return _laid_on(mask, np.asarray(drawn, np.float32), top, left, value, wraps)


def rectangle(mask: Floats, start: Point, end: Point, value: float, wraps: Wraps) -> list[Box]:
    """Paint or wipe out the rectangle between two corners."""
    left, right = sorted((round(start[0]), round(end[0])))
    top, bottom = sorted((round(start[1]), round(end[1])))
    return _laid_on(mask, np.ones((bottom - top, right - left), np.float32), top, left, value, wraps)


def parts_inside(box: Box, height_px: int, width_px: int, wraps: Wraps) -> list[Box]:
    """What of a box lies in a picture of this size: up to four parts where it wraps, none where it is all outside."""
    spans = (_spans(box.y, box.height, height_px, wraps[0]), _spans(box.x, box.width, width_px, wraps[1]))
    return [Box(y, x, height, width) for y, height in spans[0] for x, width in spans[1]]


def _spans(first: int, count: int, size: int, is_torus: bool) -> list[tuple[int, int]]:
    if not is_torus:
        start, end = max(first, 0), min(first + count, size)
        return [(start, end - start)] if end > start else []
    if count >= size:
        return [(0, size)]
    start = first % size
    end = start + count
    return [(start, end - start)] if end <= size else [(start, size - start), (0, end - size)]


def _laid_on(mask: Floats, shape: Floats, top: int, left: int, value: float, wraps: Wraps) -> list[Box]:
    """Lay ``shape`` (h, w), opaque where it is 1, on the mask with its first pixel at (top, left)."""
    height, width = mask.shape
    rows, columns = np.arange(top, top + shape.shape[0]), np.arange(left, left + shape.shape[1])
    inside = [np.ones(len(places), bool) if is_torus else (places >= 0) & (places < size)
              for places, size, is_torus in ((rows, height, wraps[0]), (columns, width, wraps[1]))]  # fmt: skip
    shape = shape[inside[0]][:, inside[1]]
    where = np.ix_(rows[inside[0]] % height, columns[inside[1]] % width)
    # A shape wider than the mask comes over the same pixel again; ufunc.at takes all of them into account.
    join, laid = (np.maximum, shape) if value > 0 else (np.minimum, 1 - shape)
    if shape.shape[0] > height or shape.shape[1] > width:
        join.at(mask, where, laid)
    else:
        mask[where] = join(mask[where], laid)
    return parts_inside(Box(top, left, len(rows), len(columns)), height, width, wraps)


def _distance(x: Floats, y: Floats, start: Point, end: Point) -> Floats:
    """From the middle of each pixel to the straight line between two points."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = along_x * along_x + along_y * along_y
    share = np.clip(((x - start[0]) * along_x + (y - start[1]) * along_y) / length, 0, 1) if length else np.float32(0)
    found: Floats = np.hypot(x - start[0] - share * along_x, y - start[1] - share * along_y)
    return found


def _padded(mask: Floats, axis: int, reach: int, is_torus: bool) -> Floats:
    size = mask.shape[axis]
    return mask.take(plane_indices(-reach, size + 2 * reach, size, is_torus), axis)


def _widest(mask: Floats, axis: int, is_torus: bool) -> Floats:
    """The largest of each pixel and its two neighbours."""
    lines = np.moveaxis(_padded(mask, axis, 1, is_torus), axis, 0)
    widest: Floats = np.maximum(np.maximum(lines[:-2], lines[1:-1]), lines[2:])
    return np.moveaxis(widest, 0, axis)


def _box_blurred(mask: Floats, axis: int, side: int, is_torus: bool) -> Floats:
    lines = np.moveaxis(_padded(mask, axis, side // 2, is_torus), axis, 0)
    sums = np.concatenate([np.zeros_like(lines[:1], np.float64), np.cumsum(lines, axis=0, dtype=np.float64)])
    means: Floats = ((sums[side:] - sums[:-side]) / side).astype(np.float32)
    return np.moveaxis(means, 0, axis)


def _reached(open_: Bools, at: tuple[int, int], wraps: Wraps) -> Bools:
    """What can be walked to from ``at`` over true pixels. Whole rows and columns at a time: a spiral takes a round for each turn."""
    reached = np.zeros_like(open_)
    reached[at] = True
    count = 0
    while (now := int(reached.sum())) != count:
        count = now
        for axis in (1, 0):
            for way in (1, -1):
                reached = _swept(reached, open_, axis, way)
            if wraps[axis]:
                first, last = np.moveaxis(reached, axis, 0)[[0, -1]]
                ends = np.moveaxis(reached, axis, 0)
                ends[0] |= last & np.moveaxis(open_, axis, 0)[0]
                ends[-1] |= first & np.moveaxis(open_, axis, 0)[-1]
    return reached


def _swept(reached: Bools, open_: Bools, axis: int, way: int) -> Bools:
    """Walk on from all that is reached, along one axis in one direction, as far as it is open."""
    been, free = (np.moveaxis(each, axis, 0)[::way] for each in (reached, open_))
    number = np.arange(len(been))[:, None]
    last_been = np.maximum.accumulate(np.where(been, number, -1), 0)
    last_wall = np.maximum.accumulate(np.where(free, -1, number), 0)
    swept: Bools = (last_been > last_wall)[::way]
    return np.moveaxis(swept, 0, axis).copy()
