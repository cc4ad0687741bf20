"""Fills holes of a picture with patches of the rest of it, coarse to fine; across the edges where the picture is a tile.

The energy, and the vote of all patches over a pixel, are those of Wexler, Shechtman and Irani (2007, "Space-time completion of video"),
the search for the nearest patches is PatchMatch (Barnes et al. 2009), with all patches looked at in the same round. Plain numpy; equal
arguments give equal pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Wraps
from texgen_desktop.slices import Slices

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

PATCH_PX = 7
_REACH = PATCH_PX // 2
_COARSEST_PX = 40  # the short side of the coarsest level is at least this
_LEAST_SOURCES = 64
_ROUNDS = (3, 12)  # of searching and voting: at the finest level, at the coarsest
_OFFSETS: Ints = np.argwhere(np.ones((PATCH_PX, PATCH_PX), bool)) - _REACH
_TRUST = 1.15  # how much less a patch counts that lies a pixel further inside the hole: it closes from its border (Wexler et al.)
_BLOCK = 8192  # patches that are compared at once


def patch_repair(pixels: Floats, hole: Bools, wraps: Wraps, seed: int = 0) -> Slices[Floats]:
    """(H, W, 3) with the pixels where ``hole`` (H, W) is true replaced; all others stay bit for bit.

    TexGenError for a hole of another size, an empty one, and one that leaves too little whole picture to take patches from.
    """
    if hole.shape != pixels.shape[:2]:
        sizes = f"{hole.shape[1]} × {hole.shape[0]}, the picture {pixels.shape[1]} × {pixels.shape[0]}"
        raise TexGenError(f"The mask is of another size: {sizes}.", "Make a mask of the size of the picture.")
    if not hole.any():
        raise TexGenError("The mask is empty: nothing is to be repaired.", "Paint white what is to be replaced.")
    levels = _pyramid(pixels, hole, wraps)
    random = np.random.default_rng(seed)
    matches: _Matches | None = None
    for depth, level in enumerate(reversed(levels)):
        matches = _Matches.random(level, random) if matches is None else _Matches.refined(level, matches, random)
        level.vote(matches)
        rounds = round(np.interp(depth, (0, max(1, len(levels) - 1)), _ROUNDS[::-1]))
        for _ in range(rounds):
            yield from matches.search(random)
            level.vote(matches)
            yield None
    assert matches is not None, "there is at least one level"
    matches.level.vote(matches, sharpness=4.0)
    repaired = pixels.copy()
    repaired[hole] = matches.level.picture[hole]
    return repaired


def _pyramid(pixels: Floats, hole: Bools, wraps: Wraps) -> list[_Level]:
    """From the finest to the coarsest level that still has patches to take from. Pixels count only where they are known."""
    level = _Level(pixels, hole, wraps)
    if not level.has_sources:
        raise TexGenError("Too little of the picture is left to repair it from.", "Mask less, or use a larger picture.")
    levels = [level]
    while True:
        height, width = level.shape
        if min(height, width) < 2 * _COARSEST_PX or height % 2 or width % 2:
            return levels
        known = (~level.hole).astype(np.float32)[..., None]
        sums = (level.picture * known).reshape(height // 2, 2, width // 2, 2, 3).sum((1, 3))
        counts = known.reshape(height // 2, 2, width // 2, 2, 1).sum((1, 3))
        level = _Level((sums / np.maximum(counts, 1)).astype(np.float32), counts[..., 0] < 2, wraps)
        if not level.hole.any() or not level.has_sources:
            return levels
        levels.append(level)


class _Level:
    """A picture with a hole: which patches are to be found (``targets``, those that touch the hole), and where they may come from."""

    def __init__(self, picture: Floats, hole: Bools, wraps: Wraps) -> None:
        self.picture, self.hole, self.wraps = picture.copy(), hole, wraps
        self.shape = hole.shape
        touched = _any_around(hole, wraps)
        inside = np.ones_like(hole)
        for axis, is_torus in enumerate(wraps):
            if not is_torus:
                edge = np.moveaxis(inside, axis, 0)
                edge[:_REACH] = edge[len(edge) - _REACH :] = False
        self.is_source = ~touched & inside
        self.sources: Ints = np.argwhere(self.is_source)
        self.targets: Ints = np.argwhere(touched)
        self.number = np.full(hole.shape, -1, np.intp)  # of the target at each place
        self.number[touched] = np.arange(len(self.targets))
        self.holes: Ints = np.argwhere(hole)
        self.trust = (_TRUST ** -_depth(hole, wraps))[touched]

    @property
    def has_sources(self) -> bool:
        return len(self.sources) >= _LEAST_SOURCES

    def placed(self, places: Ints) -> tuple[Ints, Bools]:
        """Places (…, 2) brought into the picture, and whether they were in it: on an axis that wraps they always are."""
        sides = np.array(self.shape)
        is_in = np.ones(places.shape[:-1], bool)
        for axis, is_torus in enumerate(self.wraps):
            if not is_torus:
                is_in &= (places[..., axis] >= 0) & (places[..., axis] < sides[axis])
        around = places % sides
        clipped = np.clip(places, 0, sides - 1)
        return np.where(np.array(self.wraps), around, clipped), is_in

    def patches(self, middles: Ints) -> Floats:
        """(N, patch, 3) around the places (N, 2)."""
        places, _ = self.placed(middles[:, None] + _OFFSETS)
        found: Floats = self.picture[places[..., 0], places[..., 1]]
        return found

    def vote(self, matches: _Matches, sharpness: float = 1.0) -> None:
        """Give each pixel of the hole the mean of what the patches over it would have there, near ones counting most."""
        # Patches inside the hole agree with what is there anyway: by their distance alone they would outvote those that know the border.
        spread = 4 * max(float(np.percentile(matches.distance, 75)), 1e-6)
        weight = self.trust**sharpness * (np.exp(-(matches.distance - matches.distance.min()) / spread) + 1e-8)
        before = self.picture.copy()
        for start in range(0, len(self.holes), _BLOCK):
            holes = self.holes[start : start + _BLOCK]
            middles, is_in = self.placed(holes[:, None] - _OFFSETS)
            number = self.number[middles[..., 0], middles[..., 1]]
            weights = (weight[number] * (is_in & (number >= 0))).astype(np.float32)
            sources, _ = self.placed(matches.source[number] + _OFFSETS)
            colours = before[sources[..., 0], sources[..., 1]]
            sums = np.einsum("nk,nkc->nc", weights, colours)
            self.picture[holes[:, 0], holes[:, 1]] = sums / np.maximum(weights.sum(1), 1e-12)[:, None]


@dataclass(eq=False)
class _Matches:
    """For each target the middle of the source patch that is nearest so far: ``source`` (N, 2), ``distance`` (N,)."""

    level: _Level
    source: Ints
    distance: Floats

    @classmethod
    def random(cls, level: _Level, random: np.random.Generator) -> _Matches:
        source = level.sources[random.integers(len(level.sources), size=len(level.targets))]
        return cls(level, source, np.ones(len(source), np.float32))

    @classmethod
    def refined(cls, level: _Level, coarse: _Matches, random: np.random.Generator) -> _Matches:
        """The matches of a level of half the size, seen at this one."""
        matches = cls.random(level, random)
        number = coarse.level.number[level.targets[:, 0] // 2, level.targets[:, 1] // 2]
        source, is_in = level.placed(2 * coarse.source[number] + level.targets % 2)
        is_usable = (number >= 0) & is_in & level.is_source[source[:, 0], source[:, 1]]
        matches.source = np.where(is_usable[:, None], source, matches.source)
        return matches

    def search(self, random: np.random.Generator) -> Slices[None]:
        """One round: the neighbours' matches, then places ever nearer to the own one."""
        level = self.level
        wanted = level.patches(level.targets)
        self.distance = self._measured(wanted, self.source)
        yield None
        for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            neighbour, is_in = level.placed(level.targets - np.array(step))
            number = level.number[neighbour[:, 0], neighbour[:, 1]]
            self._try(wanted, self.source[number] + np.array(step), (number >= 0) & is_in)
            yield None
        reach = max(level.shape) // 2
        while reach >= 1:
            moved = self.source + random.integers(-reach, reach + 1, self.source.shape)
            self._try(wanted, moved, np.ones(len(moved), bool))
            yield None
            reach //= 3

    def _try(self, wanted: Floats, source: Ints, may: Bools) -> None:
        """Take over those of ``source`` that are nearer than what is there."""
        source, is_in = self.level.placed(source)
        chosen = np.flatnonzero(may & is_in & self.level.is_source[source[:, 0], source[:, 1]])
        distance = self._measured(wanted[chosen], source[chosen])
        is_nearer = distance < self.distance[chosen]
        better = chosen[is_nearer]
        self.source[better], self.distance[better] = source[better], distance[is_nearer]

    def _measured(self, wanted: Floats, source: Ints) -> Floats:
        """Mean squared difference of the patches, (N,)."""
        found = np.empty(len(source), np.float32)
        for start in range(0, len(source), _BLOCK):
            part = slice(start, start + _BLOCK)
            found[part] = np.square(wanted[part] - self.level.patches(source[part])).mean((1, 2))
        return found


def _depth(hole: Bools, wraps: Wraps) -> Floats:
    """How many pixels each one lies inside the hole, 32 at most."""
    depth = np.zeros(hole.shape, np.float32)
    inside = hole
    for _ in range(32):
        depth += inside
        inside = ~_any_around(~inside, wraps, 3)
    return depth


def _any_around(hole: Bools, wraps: Wraps, side_px: int = PATCH_PX) -> Bools:
    """Whether the square of ``side_px`` around each pixel touches the hole."""
    touched = hole
    for axis, is_torus in enumerate(wraps):
        widths = [(0, 0), (0, 0)]
        widths[axis] = (side_px // 2, side_px // 2)
        padded = np.pad(touched, widths, mode="wrap" if is_torus else "constant")
        touched = np.asarray(np.lib.stride_tricks.sliding_window_view(padded, side_px, axis).any(-1))
    return touched
