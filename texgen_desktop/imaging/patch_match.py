"""A picture with a hole, and for each patch that touches the hole a similar patch of the rest.

The search is PatchMatch (Barnes et al. 2009), a chunk of targets at a time. Two things keep it from the dull solutions that the sum of
distances has: a source that is used too often costs more (Kaspar et al. 2015, "Self tuning texture optimization"), and a source that is
not the neighbours' one has to be clearly nearer than it. So large coherent pieces are copied. Plain numpy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.mask_distance import any_around, depth_of
from texgen_desktop.imaging.raster import Wraps
from texgen_desktop.slices import Slices

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

PATCH_PX = 7
REACH = PATCH_PX // 2
_LEAST_SOURCES = 64
_CHUNK = 4096  # targets that are looked at together
_RUN = np.dtype(f"V{PATCH_PX * 3 * 4}")
_GUESSES = 8192  # sources that the first filling chooses from
_WEIGHTS = np.array([0, 0.5, 1], np.float32)  # in a distance: of a pixel beyond the picture, in the hole, known
_NEW_FACTOR = 0.6  # by so much a source of another piece has to be nearer
_CROWDED, _CROWD_COST = 2.0, 0.5  # from how many copies of a place on it costs more, and how much each one, in typical distances
_DEEPEST_PX = 16  # the trust does not fall further


class Level:
    """One resolution: the picture (its hole is filled bit by bit), the targets, and where they may be taken from.

    ``targets`` (N, 2) are the middles, ``stride`` px apart, of the patches that touch the hole, ``source`` (N, 2) that of the patch that
    belongs to each, ``distance`` (N,) their mean squared difference; ``places`` (M, 2) are the pixels of the hole.
    """

    def __init__(self, shape: tuple[int, int], wraps: Wraps, stride: int) -> None:
        """Without anything in it: see ``prepared``."""
        self.height, self.width = shape
        self.wraps, self.stride = wraps, stride
        self._pitch = self.width + 2 * REACH
        # A run begins at every pixel: beyond the last there has to be room for one.
        room = np.zeros((self.height + 2 * REACH) * self._pitch * 3 + PATCH_PX * 3, np.float32)
        self._pixels = room[: -PATCH_PX * 3].reshape(-1, 3)
        self._runs: NDArray[np.void] = np.ndarray(len(self._pixels), _RUN, room.data, 0, (3 * 4,))
        self._padded = self._pixels.reshape(self.height + 2 * REACH, self._pitch, 3)
        self.picture = self._padded[REACH : REACH + self.height, REACH : REACH + self.width]
        rows, columns = np.divmod(np.arange(PATCH_PX**2), PATCH_PX)
        self._deltas: Ints = rows * self._pitch + columns

    def prepare(self, hole: Bools) -> Slices[None]:
        """Find out about the hole, after ``picture`` was filled in. What lies in the hole is not looked at."""
        self.hole = hole
        touched = yield from any_around(hole, self.wraps, PATCH_PX)
        grid = touched[:: self.stride, :: self.stride]
        self.targets: Ints = np.argwhere(grid) * self.stride
        self.source: Ints = np.zeros_like(self.targets)
        self.distance: Floats = np.zeros(len(self.targets), np.float32)
        yield None
        self._number = np.full(grid.shape, -1, np.int32)
        self._number[grid] = np.arange(len(self.targets), dtype=np.int32)
        yield None
        self.is_source = np.logical_not(touched, out=touched)
        for axis, is_torus in enumerate(self.wraps):
            if not is_torus:
                edge = np.moveaxis(self.is_source, axis, 0)
                edge[:REACH] = edge[len(edge) - REACH :] = False
        self._source_count = int(np.count_nonzero(self.is_source))
        yield None
        yield from self._number_pixels()
        self.depth = yield from depth_of(hole, self.wraps)

    def _number_pixels(self) -> Slices[None]:
        """``places`` and, in arrays with a border: which of them each pixel is, and what kind of pixel (0 beyond, 1 hole, 2 known)."""
        hole = self.hole
        count = int(np.count_nonzero(hole))
        slots = np.full(self._padded.shape[:2], count, np.int32)
        yield None
        kinds = np.zeros(self._padded.shape[:2], np.uint8)
        inside = slice(REACH, REACH + self.height), slice(REACH, REACH + self.width)
        places, first = [], 0
        for rows in _slabs(self.height, self.width):
            part = hole[rows]
            self.picture[rows][part] = 0
            kinds[inside][rows] = 2 - part.view(np.uint8)
            found = np.argwhere(part)
            slots[inside][rows][part] = np.arange(first, first + len(found), dtype=np.int32)
            places.append(found + np.array([rows.start, 0]))
            first += len(found)
            yield None
        self.places: Ints = np.concatenate(places)
        for padded in (slots, kinds):
            self._wrap_border(padded)
        self._wrap_border(self._padded)
        self._slots, self._kinds = slots.ravel(), kinds.ravel()

    @property
    def has_sources(self) -> bool:
        return self._source_count >= _LEAST_SOURCES

    # ---------------------------------------------------------------------------------------------------- access

    def _wrap_border(self, padded: NDArray[Any]) -> None:
        """Bring the border of REACH pixels up to date where the picture wraps."""
        for axis, is_torus in enumerate(self.wraps):
            if is_torus:
                lines = np.moveaxis(padded, axis, 0)
                inside = lines[REACH:-REACH]
                for k in range(REACH):
                    lines[k], lines[len(lines) - REACH + k] = inside[(k - REACH) % len(inside)], inside[k % len(inside)]

    def _flat(self, middles: Ints) -> Ints:
        """Where the patches around them begin."""
        begins: Ints = middles[:, 0] * self._pitch + middles[:, 1]
        return begins

    def _patches(self, middles: Ints) -> Floats:
        """(N, 3 * 49)"""
        rows = self._flat(middles)[:, None] + np.arange(PATCH_PX) * self._pitch
        found: Floats = self._runs[rows].view(np.float32).reshape(len(middles), 3 * PATCH_PX**2)
        return found

    def _weights(self, middles: Ints) -> Floats:
        """(N, 49), of sum 1: how much each pixel of a patch counts."""
        weights: Floats = _WEIGHTS[self._kinds[self._flat(middles)[:, None] + self._deltas]]
        weights /= weights.sum(1, keepdims=True)
        return weights

    def placed(self, places: Ints) -> tuple[Ints, Bools]:
        """Places (N, 2) brought into the picture, and whether they were in it: on an axis that wraps they always are."""
        around = places % np.array([self.height, self.width])
        is_in: Bools = ((places == around) | np.array(self.wraps)).all(-1)
        return around, is_in

    def number_at(self, places: Ints) -> Ints:
        """The target at the corner of the cell of the grid that each place lies in, -1 where there is none."""
        numbers: Ints = self._number[places[:, 0] // self.stride, places[:, 1] // self.stride].astype(np.intp)
        return numbers

    def _chunks(self) -> Iterator[slice]:
        for start in range(0, len(self.targets), _CHUNK):
            yield slice(start, start + _CHUNK)

    def _some_sources(self, random: np.random.Generator, count: int) -> Ints:
        """(count, 2) at random. They are listed only where they are few: there may be as many as pixels."""
        if self._source_count < self.is_source.size // 64:
            listed = np.argwhere(self.is_source)
            return listed[random.integers(len(listed), size=count)]
        found: list[Ints] = []
        missing = count
        while missing > 0:
            drawn = random.integers((0, 0), (self.height, self.width), (max(256, 2 * missing), 2))
            fitting = drawn[self.is_source[drawn[:, 0], drawn[:, 1]]][:missing]
            found.append(fitting)
            missing -= len(fitting)
        return np.concatenate(found)

    # ------------------------------------------------------------------------------------------------- beginnings

    def peel(self, random: np.random.Generator) -> Slices[None]:
        """Fill the hole from its border inwards, each layer with the middles of the patches that are most like what is known so far."""
        sources = self._some_sources(random, _GUESSES) if self._source_count > _GUESSES else np.argwhere(self.is_source)
        flat = self._patches(sources)
        squares = np.square(flat).reshape(len(flat), -1, 3).sum(2)
        depth = self.depth[self.places[:, 0], self.places[:, 1]]
        known = (self._kinds == 2).astype(np.float32)
        for layer in range(1, int(depth.max()) + 1):
            places = self.places[depth == layer]
            for start in range(0, len(places), 256):
                part = places[start : start + 256]
                weights = known[self._flat(part)[:, None] + self._deltas]
                wanted = (self._patches(part).reshape(len(part), -1, 3) * weights[..., None]).reshape(len(part), -1)
                best = sources[(weights @ squares.T - 2 * wanted @ flat.T).argmin(1)]
                self.picture[part[:, 0], part[:, 1]] = self.picture[best[:, 0], best[:, 1]]
                yield None
            known.reshape(-1, self._pitch)[places[:, 0] + REACH, places[:, 1] + REACH] = 1
            self._wrap_border(self._padded)
            self._wrap_border(known.reshape(-1, self._pitch))
        for chunk in self._chunks():
            self.source[chunk] = self._guess(random, chunk, max(self.height, self.width) // 2)
            yield None

    def take_over(self, coarse: Level, random: np.random.Generator) -> Slices[None]:
        """The matches of a level of half the size, seen at this one."""
        for part in self._chunks():
            targets = self.targets[part]
            number = coarse.number_at(targets // 2)
            source, is_in = self.placed(2 * coarse.source[number] + targets - 2 * coarse.targets[number])
            fits = (number >= 0) & is_in & self.is_source[source[:, 0], source[:, 1]]
            self.source[part] = np.where(fits[:, None], source, self._guess(random, part, 8 * PATCH_PX))
            self.distance[part] = coarse.distance[number]
            yield None

    def _guess(self, random: np.random.Generator, chosen: slice, reach: int) -> Ints:
        """A random source for each of the targets, mostly at most ``reach`` away."""
        targets = self.targets[chosen]
        source, is_in = self.placed(targets + random.integers(-reach, reach + 1, targets.shape))
        fits = is_in & self.is_source[source[:, 0], source[:, 1]]
        source[~fits] = self._some_sources(random, int(np.count_nonzero(~fits)))
        return source

    # ---------------------------------------------------------------------------------------------------- search

    def search(self, random: np.random.Generator, jump: int, reach: int) -> Slices[None]:
        """One round: the matches of the neighbours and of those ``jump`` further, then places ever nearer to the own one."""
        cost = self._costs()
        for part in self._chunks():
            targets = self.targets[part]
            trial = _Trial(self, self._patches(targets), self._weights(targets), self.source[part], cost)
            for distance in (1, jump):
                for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                    offset = np.array(step) * distance * self.stride
                    neighbour, is_in = self.placed(targets - offset)
                    number = self.number_at(neighbour)
                    is_in &= (number >= 0) & (neighbour % self.stride == 0).all(1)
                    trial.offer(self.source[number] + offset, is_in, 1)
            for axis in (0, 1):  # what is built in rows or columns goes on along them
                moved = targets.copy()
                moved[:, axis] = random.integers(self.hole.shape[axis], size=len(moved))
                trial.offer(moved, np.ones(len(moved), bool), _NEW_FACTOR)
            near = reach
            while near >= 1:
                moved = trial.source + random.integers(-near, near + 1, targets.shape)
                trial.offer(moved, np.ones(len(moved), bool), _NEW_FACTOR)
                near //= 3
            self.source[part], self.distance[part] = trial.source, trial.distance
            yield None

    def _costs(self) -> Floats:
        """(h, w): what a source costs in each cell of a patch's size, beyond its distance."""
        rows, columns = -(-self.height // PATCH_PX), -(-self.width // PATCH_PX)
        cells = self.source[:, 0] // PATCH_PX * columns + self.source[:, 1] // PATCH_PX
        copies = np.bincount(cells, minlength=rows * columns).reshape(rows, columns) * (self.stride / PATCH_PX) ** 2
        typical = float(np.median(self.distance))
        costs: Floats = (np.maximum(copies / _CROWDED - 1, 0) * (_CROWD_COST * typical)).astype(np.float32)
        return costs

    # ------------------------------------------------------------------------------------------------------ votes

    def vote(self, trust: float, sharpness: float) -> Slices[None]:
        """Give each pixel of the hole the mean of what the patches over it would have there (Wexler et al. 2007).

        Near patches count most, the more so the greater ``sharpness``; those inside the hole agree with it anyway and would outvote those
        that know the border: a patch counts ``trust`` times less for each pixel that it lies further inside.
        """
        spread = max(float(np.percentile(self.distance, 75)), 1e-8)
        sums = np.zeros((len(self.places) + 1, 4), np.float32)
        for part in self._chunks():
            middles = self.targets[part]
            targets, sources = self._flat(middles), self._flat(self.source[part])
            depth = np.minimum(self.depth[middles[:, 0], middles[:, 1]], _DEEPEST_PX).astype(np.float32)
            weight = (np.exp(self.distance[part] * np.float32(-sharpness / spread)) + np.float32(1e-8)) * np.float32(trust) ** -depth
            votes = np.empty((len(targets), 4), np.float32)
            for delta in self._deltas:
                votes[:, :3] = self._pixels[sources + delta]
                votes[:, 3] = 1
                votes *= weight[:, None]
                sums[self._slots[targets + delta]] += votes
            yield None
        self.picture[self.places[:, 0], self.places[:, 1]] = sums[:-1, :3] / np.maximum(sums[:-1, 3:], 1e-30)
        self._wrap_border(self._padded)


class _Trial:
    """Some targets while sources are offered to them: the best so far, and its distance with what it costs."""

    def __init__(self, level: Level, wanted: Floats, weights: Floats, source: Ints, cost: Floats) -> None:
        self._level, self._wanted, self._weights, self._cost = level, wanted, weights, cost
        self.source = source.copy()
        self.distance = self._measured(np.arange(len(source)), source)

    def offer(self, source: Ints, may: Bools, factor: float) -> None:
        """Take over those that are nearer than ``factor`` times what is there."""
        source, is_in = self._level.placed(source)
        is_in &= may & self._level.is_source[source[:, 0], source[:, 1]] & (source != self.source).any(1)
        chosen = np.flatnonzero(is_in)
        found = self._measured(chosen, source[chosen])
        is_nearer = found < self.distance[chosen] * np.float32(factor)
        better = chosen[is_nearer]
        self.source[better], self.distance[better] = source[better], found[is_nearer]

    def _measured(self, chosen: Ints, source: Ints) -> Floats:
        apart = self._wanted[chosen] - self._level._patches(source)
        apart *= apart
        found: Floats = np.einsum("nkc,nk->n", apart.reshape(len(apart), PATCH_PX**2, 3), self._weights[chosen]) / 3
        found += self._cost[source[:, 0] // PATCH_PX, source[:, 1] // PATCH_PX]
        return found


def _slabs(height: int, width: int) -> Iterator[slice]:
    """Some rows at a time."""
    count = max(1, (1 << 21) // width)
    for top in range(0, height, count):
        yield slice(top, top + count)
