"""What the known part of a picture has to say about a hole (contextual attention, Yu et al. 2018): detail of places that look alike.

The coarser level's filling is cut into cells. Each is looked up, with what is around it, in what is known of the picture at that scale;
the finer picture of the place that is most like it is laid there. The network sees it as a proposal, and mends it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Wraps, plane_indices
from texgen_desktop.nn.holed import COLOURS, Bools, Holed
from texgen_desktop.slices import Slices

Ints = NDArray[np.intp]

_CELL = 4  # of the coarser level
_AROUND = 2  # seen on each side of a cell
_KEY = _CELL + 2 * _AROUND
_QUERIES = 512  # at once
_ROUNDS = 4
_COHERENT = 2.5  # how much worse a neighbour's place, moved along, may be than the best one


@dataclass(frozen=True, eq=False)
class Memory:
    """Places of a picture, each a square of the coarser level, its key, and what the finer level has in the middle of it.

    ``tops`` (N, 2) is where keys begin, ``is_whole`` (h, w) where one may begin: all of it is known and lies in the picture. ``coarse``
    (h, w, 3) and ``fine`` (H, W, 3) are the two levels.
    """

    tops: Ints
    keys: Tensor  # (N, key)
    fine: Floats
    coarse: Floats
    is_whole: Bools
    wraps: Wraps

    @classmethod
    def of(cls, coarse: Holed, fine: Holed, most: int, random: np.random.Generator) -> Memory:
        """At most so many places, drawn at random, of those of which all is known."""
        is_whole = ~_reached(coarse.hole, coarse.wraps)
        tops = np.argwhere(is_whole)
        if len(tops) > most:
            tops = tops[np.sort(random.choice(len(tops), most, replace=False))]
        keys = torch.from_numpy(_windows(coarse.colours, tops, _KEY, coarse.wraps).reshape(len(tops), _KEY * _KEY * COLOURS))
        return cls(tops, keys, fine.colours, coarse.colours, is_whole, coarse.wraps)

    def proposal(self, made: Floats, mask: Bools, wraps: Wraps, sides: tuple[int, int], banned: Bools | None = None) -> Slices[Floats]:
        """(H, W, 3) of the finer level, 0 outside of the cells that touch the mask.

        ``made`` (h, w, 3) is the coarser picture with the hole filled, ``mask`` (h, w); ``sides`` are H and W. Places where ``banned``, of
        the shape of the coarser picture, is true are left out. Zeros where there is no place at all.
        """
        proposal = np.zeros((*sides, 3), np.float32)
        rows, columns = (-(-n // _CELL) for n in mask.shape)
        padded = np.zeros((rows * _CELL, columns * _CELL), bool)
        padded[: mask.shape[0], : mask.shape[1]] = mask
        is_asked = np.asarray(padded.reshape(rows, _CELL, columns, _CELL).any((1, 3)))
        cells = np.argwhere(is_asked)
        allowed = self.is_whole if banned is None else self.is_whole & ~banned
        usable = np.flatnonzero(allowed[self.tops[:, 0], self.tops[:, 1]])
        if not len(cells) or not len(usable):
            return proposal
        keys = self.keys if len(usable) == len(self.tops) else self.keys[torch.from_numpy(usable)]
        squares = keys.square().sum(1)
        asked = torch.from_numpy(_windows(made, cells * _CELL - _AROUND, _KEY, wraps).reshape(len(cells), _KEY * _KEY * COLOURS))
        best = []
        for part in asked.split(_QUERIES):
            best.append((squares - 2 * part @ keys.T).argmin(1))
            yield None
        places = self.tops[usable[torch.cat(best).numpy()]]
        goes_around = np.array([wrap and side % _CELL == 0 for wrap, side in zip(wraps, mask.shape, strict=True)])
        places = yield from self._coherent(cells, is_asked, goes_around, asked.numpy(), places, allowed)
        y, x = (2 * _CELL * cells[:, axis, None] + np.arange(2 * _CELL) for axis in (0, 1))
        is_in = (y < sides[0])[:, :, None] & (x < sides[1])[:, None, :]
        flat = (y[:, :, None] * sides[1] + x[:, None, :])[is_in]
        proposal.reshape(-1, 3)[flat] = _windows(self.fine, 2 * (places + _AROUND), 2 * _CELL, self.wraps)[is_in]
        yield None
        core = slice(_AROUND, _AROUND + _CELL)
        tones = (asked.numpy() - self._keys(places)).reshape(-1, _KEY, _KEY, COLOURS)[:, core, core].mean((1, 2))
        covered = is_asked.repeat(2 * _CELL, 0).repeat(2 * _CELL, 1)[: sides[0], : sides[1], None]
        return np.where(covered, proposal + _spread(tones, is_asked, goes_around, sides), np.float32(0))

    def _coherent(self, cells: Ints, is_asked: Bools, goes_around: Bools, asked: Floats, places: Ints, allowed: Bools) -> Slices[Ints]:
        """The places (N, 2), where a neighbour's place moved along is nearly as good: that one (Ashikhmin 2001).

        All cells at the same time, so that it does not matter which comes first. ``goes_around`` (2,): the last cell is the first one's
        neighbour.
        """
        number = np.full(is_asked.shape, -1)
        number[is_asked] = np.arange(len(cells))
        sides = np.array(allowed.shape)
        places = places.copy()
        own = np.square(self._keys(places) - asked).sum(1)
        price = own.copy()
        for _ in range(_ROUNDS):
            for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                neighbour = cells - np.array(step)
                around = neighbour % is_asked.shape
                is_in = ((neighbour == around) | goes_around).all(1)
                there = np.where(is_in, number[around[:, 0], around[:, 1]], -1)
                moved = places[there] + _CELL * np.array(step)
                around = moved % sides
                is_in = (there >= 0) & ((moved == around) | self.wraps).all(1) & allowed[around[:, 0], around[:, 1]]
                moved = around
                chosen = np.flatnonzero(is_in)
                found = np.square(self._keys(moved[chosen]) - asked[chosen]).sum(1)
                is_better = found < _COHERENT * price[chosen]
                # One that already follows a neighbour changes only for a better one.
                is_better &= ((moved[chosen] != places[chosen]).any(1)) & ((price[chosen] == own[chosen]) | (found < price[chosen]))
                better = chosen[is_better]
                places[better], price[better] = moved[better], found[is_better] + 1e-9
                yield None
        return places

    def _keys(self, places: Ints) -> Floats:
        return _windows(self.coarse, places, _KEY, self.wraps).reshape(len(places), _KEY * _KEY * COLOURS)

    def banned(self, corner: tuple[int, int], mask: Bools) -> Bools:
        """Where keys see something of a mask that begins at ``corner`` of the coarser level."""
        sides = self.is_whole.shape
        hidden = np.zeros(sides, bool)
        y = plane_indices(corner[0], mask.shape[0], sides[0], self.wraps[0])
        x = plane_indices(corner[1], mask.shape[1], sides[1], self.wraps[1])
        np.logical_or.at(hidden, (y[:, None], x), mask)
        return _reached(hidden, self.wraps)


def _spread(tones: Floats, is_asked: Bools, goes_around: Bools, sides: tuple[int, int]) -> Floats:
    """How much lighter or darker the pieces are to be, from what the cells (N, 3) want: (H, W, 3), without a step between two of them."""
    grid = np.zeros((*is_asked.shape, COLOURS + 1), np.float32)
    grid[is_asked] = np.concatenate([tones, np.ones((len(tones), 1), np.float32)], 1)
    for axis in (0, 1):
        widths = [(0, 0)] * 3
        widths[axis] = (1, 1)
        grid = np.pad(grid, widths, mode="wrap" if goes_around[axis] else "edge")
    fine = F.interpolate(torch.from_numpy(grid).permute(2, 0, 1)[None], scale_factor=2 * _CELL, mode="bilinear", align_corners=False)
    inside = fine[0, :, 2 * _CELL :, 2 * _CELL :][:, : sides[0], : sides[1]].permute(1, 2, 0).numpy()
    spread: Floats = inside[..., :COLOURS] / np.maximum(inside[..., COLOURS:], 1e-3)
    return spread


def _reached(hole: Bools, wraps: Wraps) -> Bools:
    """Whether a key that begins at a pixel touches the hole, or leaves the picture."""
    reached = hole
    for axis, is_torus in enumerate(wraps):
        widths = [(0, 0), (0, 0)]
        widths[axis] = (0, _KEY - 1)
        padded = np.pad(reached, widths, mode="wrap") if is_torus else np.pad(reached, widths, constant_values=True)
        reached = np.asarray(np.lib.stride_tricks.sliding_window_view(padded, _KEY, axis).any(-1))
    return reached


def _windows(picture: Floats, tops: Ints, side: int, wraps: Wraps) -> Floats:
    """(N, side, side, 3) of the plane."""
    height, width = picture.shape[:2]
    rows = plane_indices(-4 * side, height + 8 * side, height, wraps[0])[tops[:, :1] + np.arange(side) + 4 * side]
    columns = plane_indices(-4 * side, width + 8 * side, width, wraps[1])[tops[:, 1:] + np.arange(side) + 4 * side]
    found: Floats = picture[rows[:, :, None], columns[:, None, :]]
    return found
