"""The copy meter: which patches of a tile lie nearer to the photo than its own parts lie to each other.

Patches of 32 x 32 pixels are compared as they look from a little further away, at a quarter of the resolution, without their mean and
their contrast: a copy that was sharpened, shifted by a pixel or made a little lighter is still a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.colour_axes import ColourAxes
from texgen_desktop.slices import Slices

PATCH_PX = 32
STRIDE_PX = 16
_COARSE = 4  # pixels of the picture in one of a patch
_SIDE = PATCH_PX // _COARSE
_SEARCH_STRIDE_PX = 24  # between patches of one half that are looked for in the other
_PHASE_PX = 2  # the photo is searched at every second position
_WAVES = (40, 12, 12)  # the coarsest ones of each colour axis: the first axis says nearly all
_PERCENT = 5.0
_LEAST_CONTRAST = 0.25  # of the photo's usual contrast: what has less is not blown up to full
_BLOCK = 1 << 13  # positions at a time
_QUERIES, _ROWS = 1 << 10, 1 << 6  # patches that are looked for at a time, and of their products those that the caches hold


@dataclass(frozen=True, eq=False)
class Copies:
    """``is_copy`` (rows, columns): for every patch whether it lies too near to the photo. Patch (r, c) begins at pixel (16 r, 16 c)."""

    is_copy: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """In [0, 1]. Up to 0.1 is chance: the whole photo offers twice as many neighbours as the half that the threshold comes from."""
        return float(self.is_copy.mean())

    def overlay(self, height_px: int, width_px: int) -> Floats:
        """(H, W) in [0, 1]: the share of the patches over each pixel that are copies; 0 where there is no patch."""
        hits, patches = np.zeros((height_px, width_px), np.float32), np.zeros((height_px, width_px), np.float32)
        for (row, column), is_copy in np.ndenumerate(self.is_copy):
            place = np.s_[row * STRIDE_PX : row * STRIDE_PX + PATCH_PX, column * STRIDE_PX : column * STRIDE_PX + PATCH_PX]
            hits[place] += is_copy
            patches[place] += 1
        return (hits / np.maximum(patches, 1)).astype(np.float32, copy=False)


class CopyMeter:
    """The photos' side, made once: their patches at all positions, and how near their halves come to each other."""

    def __init__(self, axes: ColourAxes, contrast: float) -> None:
        self._axes = axes
        self._contrast = contrast
        self._patches: list[Floats] = []  # (positions, components)
        self._threshold = 0.0

    @classmethod
    def prepared(cls, photos: Sequence[Floats], axes: ColourAxes) -> Slices[CopyMeter]:
        """In slices. At least one photo, (H, W, 3), needs room for two patches side by side."""
        contrasts = []
        for photo in photos:
            contrasts.append(_lengths(_centred(_flat(_patches(axes.encode(photo), STRIDE_PX)))))
            yield None
        made = cls(axes, float(np.median(np.concatenate(contrasts))))
        between_halves, shifted = [], []
        for photo in photos:
            for half, other in _halves(photo):
                queries = made._queries(half, _SEARCH_STRIDE_PX)
                yield None
                grids = yield from made._grids(other)
                between_halves.append((yield from _nearest(queries, made._blocks(grids))))
            blocks = []
            for block in made._blocks((yield from made._grids(photo))):
                blocks.append(block)
                yield None
            queries = made._queries(photo[1:, 1:], PATCH_PX)
            yield None
            shifted.append((yield from _nearest(queries, blocks)))
            made._patches += blocks
        made._threshold = _threshold(np.concatenate(between_halves), np.concatenate(shifted))
        return made

    def judged(self, tile: Floats) -> Slices[Copies]:
        """Where ``tile``, (H, W, 3) of at least 32 x 32 pixels, is a copy; in slices."""
        patches = _patches(self._axes.encode(tile), STRIDE_PX)
        yield None
        queries = self._coded(patches)
        yield None
        distances = yield from _nearest(queries, self._patches)
        return Copies(distances.reshape(patches.shape[:2]) < self._threshold)

    def _queries(self, picture: Floats, stride_px: int) -> Floats:
        return self._coded(_patches(self._axes.encode(picture), stride_px))

    def _grids(self, photo: Floats) -> Slices[list[Floats]]:
        """All patches of a photo, a grid for each place that the first one may begin at; a grid a slice."""
        encoded = self._axes.encode(photo)
        grids = []
        for y, x in product(range(0, _COARSE, _PHASE_PX), repeat=2):
            yield None
            if min(photo.shape[0] - y, photo.shape[1] - x) >= PATCH_PX:
                grids.append(_patches(encoded[y:, x:], _COARSE))
        yield None
        return grids

    def _blocks(self, grids: Sequence[Floats]) -> Iterator[Floats]:
        """The patches of all grids, coded; some rows at a time."""
        for patches in grids:
            rows = max(1, _BLOCK // patches.shape[1])
            for top in range(0, patches.shape[0], rows):
                yield self._coded(patches[top : top + rows])

    def _coded(self, patches: Floats) -> Floats:
        """(rows, columns, 3, 8, 8) to (rows * columns, components)."""
        return _normalised(_flat(patches), self._contrast) @ _waves()


def _threshold(between_halves: Floats, shifted: Floats) -> float:
    """The 5th percentile between the halves. Where an artist has cloned a part of the photo, of those that are no clones.

    ``shifted`` says how far a copy lies off at most that is a pixel away from where the photo was searched. Where most patches come as
    near as that the texture itself repeats.
    """
    fresh = between_halves[between_halves > np.percentile(shifted, 75)]
    return float(np.percentile(fresh if 2 * len(fresh) > len(between_halves) else between_halves, _PERCENT))


def _halves(photo: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Both halves along the longer side, either way round; nothing where they are smaller than a patch."""
    height, width = photo.shape[:2]
    one, other = (photo[:, : width // 2], photo[:, width // 2 :]) if width >= height else (photo[: height // 2], photo[height // 2 :])
    if min(one.shape[:2]) >= PATCH_PX:
        yield one, other
        yield other, one


def _patches(encoded: Floats, stride_px: int) -> Floats:
    """Every patch at a quarter of the resolution, a view: (rows, columns, 3, 8, 8); ``stride_px`` is a multiple of 4."""
    height, width = (n // _COARSE for n in encoded.shape[:2])
    cut = encoded[: height * _COARSE, : width * _COARSE]
    coarse = cut.reshape(height, _COARSE, width, _COARSE, 3).mean((1, 3))
    step = stride_px // _COARSE
    windows: Floats = np.lib.stride_tricks.sliding_window_view(coarse, (_SIDE, _SIDE), axis=(0, 1))[::step, ::step]
    return windows


def _flat(patches: Floats) -> Floats:
    """(rows, columns, 3, 8, 8) to (rows * columns, 3 * 8 * 8)."""
    return patches.reshape(-1, 3 * _SIDE * _SIDE)


def _normalised(patches: Floats, contrast: float) -> Floats:
    """(N, D) without each channel's mean, and of length 1 unless there is hardly any contrast."""
    centred = _centred(patches)
    normalised: Floats = (centred / np.maximum(_lengths(centred), _LEAST_CONTRAST * contrast)).astype(np.float32, copy=False)
    return normalised


def _centred(patches: Floats) -> Floats:
    channels = patches.reshape(len(patches), 3, -1)
    centred: Floats = (channels - channels.mean(2, keepdims=True)).reshape(len(patches), -1)
    return centred


def _lengths(vectors: Floats) -> Floats:
    """(N, D) to (N, 1)."""
    lengths: Floats = np.sqrt(np.square(vectors).sum(1, keepdims=True))
    return lengths


@cache
def _waves() -> Floats:
    """(3 * 8 * 8, components): an orthonormal basis of cosines (DCT-II) without the means.

    A basis that is found in the photo would fit its own patches better than any others, and bring those nearer.
    """
    k, x = np.mgrid[:_SIDE, :_SIDE]
    cosines = np.cos(np.pi * k * (x + 0.5) / _SIDE) * np.sqrt(np.where(k == 0, 1, 2) / _SIDE)
    coarse_first = sorted(((y, x) for y in range(_SIDE) for x in range(_SIDE)), key=lambda wave: (wave[0] ** 2 + wave[1] ** 2, wave))[1:]
    basis = np.zeros((3, _SIDE, _SIDE, sum(_WAVES)), np.float32)
    waves = [(channel, *wave) for channel, count in enumerate(_WAVES) for wave in coarse_first[:count]]
    for column, (channel, ky, kx) in enumerate(waves):
        basis[channel, :, :, column] = np.outer(cosines[ky], cosines[kx])
    return basis.reshape(-1, sum(_WAVES))


def _nearest(queries: Floats, blocks: Iterator[Floats] | Sequence[Floats]) -> Slices[Floats]:
    """The squared distance of each query to the nearest of all patches: (queries,). In slices."""
    found = np.full(len(queries), np.inf, np.float32)
    for block in blocks:
        lengths = np.square(block).sum(1)
        for first in range(0, len(queries), _QUERIES):
            some = slice(first, first + _QUERIES)
            products = queries[some] @ block.T
            yield None
            nearest = [(lengths - 2 * few).min(1) for few in np.array_split(products, -(-len(products) // _ROWS))]
            found[some] = np.minimum(found[some], np.concatenate(nearest))
            yield None
    distances: Floats = found + np.square(queries).sum(1)
    return distances
