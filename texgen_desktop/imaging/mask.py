"""Masks: (H, W) float32 in [0, 1], 1 where the picture is to be replaced. What changes, picks and draws them. Plain numpy.

Where the picture wraps, a mask goes on across the edge. Brush, lasso and rectangle draw in place, and touch no more than they cover.
Their places are (y, x) in pixels from the top left corner: the middle of the first pixel is (0.5, 0.5); they may lie beyond the edges.
Their ``value`` 1 masks, 0 unmasks, one between masks up to that value: drawing twice over a place is the same as once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Wraps
from texgen_desktop.slices import Slices

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

Place = tuple[float, float]

_SLAB = 1 << 20  # pixels a slice
_ROUNDING = 1e-6
_PIECE_PX = 128  # a long slanted line has few pixels, but a large box around it
_LINES = 4  # how many lines of a row a polygon is looked at along


def require_size(mask: Floats, size: tuple[int, int], name: str = "The mask") -> None:
    """TexGenError for a mask that is not that of a picture of ``size`` (height, width)."""
    if mask.shape != size:
        sizes = f"{mask.shape[1]} × {mask.shape[0]}, the picture {size[1]} × {size[0]}"
        raise TexGenError(f"{name} is of another size: {sizes}.", "Make a mask of the size of the picture.")


def blended(pixels: Floats, mask: Floats, places: Ints, roll: tuple[int, int], made: Callable[[slice], Floats]) -> Slices[Floats]:
    """``pixels`` (H, W, 3) with what was made for the masked places, as far as the mask says; all others stay bit for bit.

    ``places`` (N, 2) are those of the picture rolled by ``roll``; ``made`` gives the colours (n, 3) of a slice of them.
    """
    repaired = np.empty_like(pixels)
    step = max(1, _SLAB // pixels.shape[1])
    for top in range(0, len(pixels), step):
        repaired[top : top + step] = pixels[top : top + step]
        yield None
    for start in range(0, len(places), _SLAB // 4):
        chosen = slice(start, start + _SLAB // 4)
        y, x = ((places[chosen] - np.array(roll)) % np.array(mask.shape)).T
        share = np.minimum(mask[y, x], 1)[:, None]
        found = made(chosen)
        # What is masked in full may be anything: it is not to be multiplied by 0.
        repaired[y, x] = np.where(share == 1, found, found * share + pixels[y, x] * (1 - share))
        yield None
    return repaired


def inverted(mask: Floats) -> Floats:
    return np.float32(1) - mask


def grown(mask: Floats, px: int, wraps: Wraps) -> Floats:
    """Each pixel gets the greatest value within ``px`` of it, a round distance; with a negative number the smallest: the mask shrinks.

    What lies beyond an edge that does not wrap neither masks nor unmasks.
    """
    result = np.zeros_like(mask)
    if mask.any():
        part = _Part(mask, abs(px), wraps)
        part.put(result, _greatest(part.values, px) if px >= 0 else inverted(_greatest(inverted(part.values), -px)))
    return result


def feathered(mask: Floats, px: int, wraps: Wraps) -> Floats:
    """A hard border becomes a soft one from ``px`` inside to ``px`` outside; further away nothing changes.

    Beyond an edge that does not wrap, the mask goes on as at the edge.
    """
    result = np.zeros_like(mask)
    if mask.any():
        part = _Part(mask, px, wraps)
        soft = part.values.astype(np.float64)
        for reach in (px - px // 2, px // 2):  # twice a running mean: a border of two parabolas
            soft = _mean_around(_mean_around(soft, reach).T, reach).T
        # A sum's rounding must not leave a trace of mask where there is none.
        soft[soft < _ROUNDING] = 0
        soft[soft > 1 - _ROUNDING] = 1
        part.put(result, soft)
    return result


class _Part:
    """As much of a mask as is needed to change all that lies within ``reach`` of what is masked."""

    def __init__(self, mask: Floats, reach: int, wraps: Wraps) -> None:
        lines, inner = zip(*(_stretch(mask, axis, reach, wraps[axis]) for axis in (0, 1)), strict=True)
        self.values = mask[np.ix_(*lines)]
        self._inner = inner
        self._places = np.ix_(*(stretch[own] for stretch, own in zip(lines, inner, strict=True)))

    def put(self, mask: Floats, changed: NDArray[np.floating]) -> None:
        mask[self._places] = changed[self._inner]


def _stretch(mask: Floats, axis: int, reach: int, wraps: bool) -> tuple[Ints, slice]:
    """The lines of the part, and which of them change: the others are there to be looked at."""
    used = np.flatnonzero(mask.max(1 - axis))
    side = mask.shape[axis]
    first, last = int(used[0]) - reach, int(used[-1]) + reach
    if wraps and last - first + 1 >= side:
        first, last = 0, side - 1
    if not wraps:
        first, last = max(first, 0), min(last, side - 1)
    begin, end = first - reach, last + reach
    if not wraps:
        begin, end = max(begin, 0), min(end, side - 1)
    return np.arange(begin, end + 1) % side, slice(first - begin, last + 1 - begin)


def _greatest(values: Floats, px: int) -> Floats:
    """Within ``px`` of each pixel; beyond the part there is nothing."""
    found = values.copy()
    wide, half = values, 0  # the greatest within ``half`` to the left and right
    for dy in range(px, -1, -1):
        wanted = int((px * px - dy * dy) ** 0.5)
        while half < wanted:
            step = min(2 * half + 1, wanted - half)  # so that the three stretches leave no gap
            wider = wide.copy()
            _raise(wider.T, wide.T, step)
            wide, half = wider, half + step
        _raise(found, wide, dy)
    return found


def _raise(values: Floats, others: Floats, by: int) -> None:
    """To those ``by`` lines further on and further back where they are greater."""
    count = max(len(values) - by, 0)
    for own, there in ((values[:count], others[len(values) - count :]), (values[len(values) - count :], others[:count])):
        np.maximum(own, there, out=own)


def _mean_around(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Of ``reach`` lines on either side of each one; the last is continued."""
    sums = np.pad(values, [(reach + 1, reach), (0, 0)], mode="edge").cumsum(0)
    means: NDArray[np.float64] = (sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1)
    return means


def from_alpha(alpha: Floats) -> Floats:
    """What is transparent is to be repaired."""
    return inverted(alpha)


def picked(pixels: Floats, place: tuple[int, int], tolerance: float, wraps: Wraps, is_contiguous: bool = True) -> Floats:
    """1 where no channel differs from the colour at ``place`` (y, x) by more than ``tolerance``.

    ``is_contiguous``: only what hangs together with that place, side by side and not over corners.
    """
    colour = pixels[place]
    is_like = np.ones(pixels.shape[:2], bool)
    for channel in range(pixels.shape[2]):
        is_like &= np.abs(pixels[..., channel] - colour[channel]) <= tolerance
    return (_piece(is_like, place, wraps) if is_contiguous else is_like).astype(np.float32)


def _piece(is_like: Bools, place: tuple[int, int], wraps: Wraps) -> Bools:
    """The connected part around the place. Runs of pixels along the rows are joined, not pixels: there are few."""
    height, width = is_like.shape
    steps = np.diff(np.pad(is_like.view(np.int8), [(0, 0), (1, 1)]), axis=1)
    row, first = np.nonzero(steps == 1)
    after = np.nonzero(steps == -1)[1]
    key = width + 1
    below = row + 1
    if wraps[0]:
        below %= height
    # Runs are in order, so those of the row below that touch a run follow on each other.
    begin = np.searchsorted(row * key + after, below * key + first, "right")
    end = np.searchsorted(row * key + first, below * key + after, "left")
    counts = np.maximum(end - begin, 0)
    upper = np.repeat(np.arange(len(row)), counts)
    lower = np.arange(len(upper)) - np.repeat(counts.cumsum() - counts, counts) + np.repeat(begin, counts)
    if wraps[1]:
        ending, starting = np.flatnonzero(after == width), np.flatnonzero(first == 0)
        _, at_end, at_start = np.intersect1d(row[ending], row[starting], return_indices=True)
        upper, lower = np.append(upper, ending[at_end]), np.append(lower, starting[at_start])
    label = np.arange(len(row))
    while True:
        least = np.minimum(label[upper], label[lower])
        before = label.copy()
        for side in (upper, lower):
            np.minimum.at(label, before[side], least)
        label = label[label]
        if np.array_equal(label, before):
            break
    own = np.searchsorted(row * key + first, place[0] * key + place[1], "right") - 1
    chosen = label == label[own]
    edges = np.zeros((height, width + 1), np.int8)
    edges[row[chosen], first[chosen]] = 1
    edges[row[chosen], after[chosen]] -= 1
    piece: Bools = edges.cumsum(1, dtype=np.int8)[:, :-1] > 0
    return piece


def stroke(mask: Floats, points: Sequence[Place], radius_px: float, hardness: float, value: float, wraps: Wraps) -> None:
    """Draw along the line through the points; a single one gives a dab.

    ``hardness`` in [0, 1]: the share of the radius that is fully covered. From there the brush fades out, over one pixel at least.
    """
    solid = min(hardness * radius_px, radius_px - 0.5)
    for start, end in pairwise(points if len(points) > 1 else [*points, *points]):
        count = max(1, math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1])) / _PIECE_PX))
        stops = [(start[0] + (end[0] - start[0]) * k / count, start[1] + (end[1] - start[1]) * k / count) for k in range(count + 1)]
        for (y0, x0), (y1, x1) in pairwise(stops):
            reach = radius_px + 1
            top, left = math.floor(min(y0, y1) - reach), math.floor(min(x0, x1) - reach)
            y = np.arange(top, math.ceil(max(y0, y1) + reach), dtype=np.float32)[:, None] + np.float32(0.5 - y0)
            x = np.arange(left, math.ceil(max(x0, x1) + reach), dtype=np.float32) + np.float32(0.5 - x0)
            dy, dx = y1 - y0, x1 - x0
            along = (y * np.float32(dy) + x * np.float32(dx)) / np.float32(max(dy * dy + dx * dx, 1e-9))
            np.clip(along, 0, 1, out=along)
            away = np.square(y - along * np.float32(dy))
            away += np.square(x - along * np.float32(dx))
            np.sqrt(away, out=away)
            away -= np.float32(radius_px + 0.5)
            away *= np.float32(-1 / (radius_px + 0.5 - solid))
            np.clip(away, 0, 1, out=away)
            _put(mask, top, left, away, value, wraps)


def polygon(mask: Floats, points: Sequence[Place], value: float, wraps: Wraps) -> None:
    """Fill what the line through the points goes around an odd number of times; the last point is joined to the first."""
    corners = np.array(points, np.float64)
    top, left = np.floor(corners.min(0)).astype(int)
    if not wraps[0]:
        top = max(int(top), 0)
    bottom, right = np.ceil(corners.max(0)).astype(int)
    if not wraps[0]:
        bottom = min(int(bottom), len(mask))
    if bottom <= top or right <= left:
        return
    lines = (np.arange((bottom - top) * _LINES) + 0.5) / _LINES + top
    found_lines, found_x = [], []
    for (y0, x0), (y1, x1) in zip(corners, np.roll(corners, -1, 0), strict=True):
        first, last = np.searchsorted(lines, sorted((y0, y1)))
        found_lines.append(np.arange(first, last))
        found_x.append(x0 + (lines[first:last] - y0) * ((x1 - x0) / (y1 - y0 or 1)))
    line, x = np.concatenate(found_lines), np.concatenate(found_x) - left
    order = np.lexsort((x, line))
    line, x = line[order], x[order]
    # On each line there is an even number of crossings: the fill begins at one and ends at the next.
    sign = np.where(np.arange(len(x)) % 2, -1, 1) / _LINES
    column = np.floor(x).astype(np.intp)
    cover = np.zeros((bottom - top, right - left + 2), np.float32)
    np.add.at(cover, (line // _LINES, column), sign * (column + 1 - x))
    np.add.at(cover, (line // _LINES, column + 1), sign * (x - column))
    np.cumsum(cover, axis=1, out=cover)
    cover[cover > 1 - _ROUNDING] = 1
    _put(mask, int(top), int(left), np.clip(cover[:, :-2], 0, 1), value, wraps)


def rectangle(mask: Floats, corner: Place, opposite: Place, value: float, wraps: Wraps) -> None:
    (y0, x0), (y1, x1) = corner, opposite
    polygon(mask, [(y0, x0), (y0, x1), (y1, x1), (y1, x0)], value, wraps)


def _put(mask: Floats, top: int, left: int, cover: Floats, value: float, wraps: Wraps) -> None:
    """Draw where ``cover`` is, whose first pixel lies at (top, left) of the plane."""
    for rows, part_rows in overlaps(top, cover.shape[0], mask.shape[0], wraps[0]):
        for columns, part_columns in overlaps(left, cover.shape[1], mask.shape[1], wraps[1]):
            own, part = mask[rows, columns], cover[part_rows, part_columns]
            if value > 0:
                np.maximum(own, part * np.float32(value), out=own)
            else:
                np.minimum(own, 1 - part, out=own)


def overlaps(first: int, count: int, side: int, wraps: bool) -> Iterator[tuple[slice, slice]]:
    """For each time that a stretch of the plane meets the picture: where in the picture, and where in the stretch."""
    copies = range(first // side, (first + count - 1) // side + 1) if wraps else (0,)
    for copy in copies:
        begin, end = max(first, copy * side), min(first + count, (copy + 1) * side)
        if begin < end:
            yield slice(begin - copy * side, end - copy * side), slice(begin - first, end - first)
