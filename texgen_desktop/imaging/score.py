"""How good a texture is beside the photo that it was learnt from: six readings.

The instrument is frozen: readings can be compared only where ``INSTRUMENT`` is the same. Pictures are (H, W, 3) float32, sRGB-encoded
in [0, 1], at the scale of the photo. Plain numpy; equal arguments give equal numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.colour_axes import ColourAxes
from texgen_desktop.imaging.properties import grey
from texgen_desktop.imaging.score_copy import PATCH_PX, Copies, CopyMeter
from texgen_desktop.imaging.score_structure import Structure
from texgen_desktop.slices import Slices, run_to_end

INSTRUMENT = 2
"""To be counted up whenever an equal picture gets another number. 2: structure compresses the filters' strengths."""
LEAST_PHOTO_PX, LEAST_TILE_PX = 2 * PATCH_PX, PATCH_PX
_QUANTILES = 256
_SPECTRUM_PX = 128  # side of a window
_RINGS, _SECTORS = 8, 6


@dataclass(frozen=True)
class Score:
    """The readings of one tile; lower is better.

    ``structure`` is 0 for another crop of the photo and 1 for noise of its spectrum and colours. ``palette`` is a distance of
    colours in sRGB units, of which 1 is from black to white; ``spectrum`` in decibels. ``seam_x`` and ``seam_y`` are how far the step
    across the edge lies outside of what is usual inside, as a share of the usual step; 0 cannot be told from the inside. ``copy`` is
    the share of 32 px patches that lie nearer to the photo than 95 % of one half's patches do to the other half.
    """

    structure: float
    palette: float
    spectrum: float
    seam_x: float
    seam_y: float
    copy: float

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, and which instrument read them."""
        return {**{name: round(value, 5) for name, value in asdict(self).items()}, "instrument": INSTRUMENT}


class Judge:
    """Knows the photo and judges any number of tiles. Reads none of the world: ``judged`` depends on photos and tile alone."""

    def __init__(self, photos: Sequence[Floats], structure: Structure, meter: CopyMeter) -> None:
        self._photos = photos
        self._structure = structure
        self._meter = meter

    @cached_property
    def _quantiles(self) -> Floats:
        """Of the photos; only ``score`` needs them, and a run in training never does."""
        quantiles: Floats = np.mean([_colour_quantiles(photo) for photo in self._photos], axis=0)
        return quantiles

    @classmethod
    def of(cls, *photos: Floats) -> Judge:
        return run_to_end(cls.prepared(photos))

    @classmethod
    def prepared(cls, photos: Sequence[Floats]) -> Slices[Judge]:
        """In slices of less than a tenth of a second. TexGenError when a photo is smaller than 64 pixels a side."""
        if any(min(photo.shape[:2]) < LEAST_PHOTO_PX for photo in photos):
            raise TexGenError(f"A photo of less than {LEAST_PHOTO_PX} pixels a side is too small to judge by.", "Use a larger photo.")
        axes = yield from ColourAxes.prepared(photos)
        structure = yield from Structure.prepared(photos, axes)
        meter = yield from CopyMeter.prepared(photos, axes)
        return cls(photos, structure, meter)

    def structure_of(self, tile: Floats) -> Slices[float]:
        """``Score.structure`` alone, in slices."""
        return self._structure.judged(_checked(tile))

    def copies_of(self, tile: Floats) -> Slices[Copies]:
        """Where the tile repeats the photo, in slices."""
        return self._meter.judged(_checked(tile))

    def score(self, tile: Floats) -> Score:
        """All readings. TexGenError for a tile of less than 32 pixels a side."""
        window_px = min(_SPECTRUM_PX, *(side for picture in (tile, *self._photos) for side in picture.shape[:2]))
        wanted = np.mean([_log_spectrum(photo, window_px) for photo in self._photos], axis=0)
        return Score(
            structure=run_to_end(self.structure_of(tile)),
            palette=float(np.abs(_colour_quantiles(tile) - self._quantiles).mean()),
            spectrum=float(np.abs(_log_spectrum(tile, window_px) - wanted).mean()),
            seam_x=seam(tile.swapaxes(0, 1)),
            seam_y=seam(tile),
            copy=run_to_end(self.copies_of(tile)).share,
        )


def seam(tile: Floats) -> float:
    """How far the step from the last row to the first lies outside of the middle 98 % of steps between rows, over their median; else 0."""
    return _standing_out(np.abs(np.diff(tile, axis=0)).mean((1, 2)), float(np.abs(tile[0] - tile[-1]).mean()))


def worst_seam(tile: Floats) -> float:
    """The greater of ``seam`` between rows and between columns."""
    return max(seam(tile), seam(tile.swapaxes(0, 1)))


def _standing_out(steps: Floats, across: float) -> float:
    if not len(steps):  # of a single row: there is nothing inside that the step could stand out from
        return 0.0
    low, usual, high = np.percentile(steps, (1, 50, 99))
    return max(0.0, across - float(high), float(low) - across) / max(float(usual), 1e-6)


class SeamMeter:
    """``seam`` of both axes of a picture that passes by in rows, from top to bottom, so that nobody has to hold the whole."""

    def __init__(self) -> None:
        self._first: Floats | None = None
        self._last: Floats | None = None
        self._row_steps: list[Floats] = []
        self._column_steps = np.zeros(1)
        self._across_columns = 0.0

    def add(self, rows: Floats) -> None:
        """The next rows, (h, W, 3)."""
        above = rows[:1] if self._last is None else self._last
        self._row_steps.append(np.abs(np.diff(np.concatenate([above, rows]), axis=0)).mean((1, 2))[0 if self._last is not None else 1 :])
        self._column_steps = self._column_steps + np.abs(np.diff(rows, axis=1)).sum((0, 2), dtype=np.float64)
        self._across_columns += float(np.abs(rows[:, 0] - rows[:, -1]).sum(dtype=np.float64))
        self._first = rows[:1].copy() if self._first is None else self._first
        self._last = rows[-1:].copy()

    def seams(self) -> tuple[float, float]:
        """(between the last row and the first, between the last column and the first), each as ``seam`` would say."""
        if self._first is None or self._last is None:
            raise ValueError("no rows have passed")
        rows = np.concatenate(self._row_steps)
        values_in_column = (len(rows) + 1) * self._first.shape[2]
        return (
            _standing_out(rows, float(np.abs(self._first - self._last).mean())),
            _standing_out(self._column_steps / values_in_column, self._across_columns / values_in_column),
        )


def diversity(tiles: Sequence[Floats]) -> float:
    """Of tiles of equal size: spread at each pixel over the tiles, relative to the spread inside them.

    1 for pictures that have nothing to do with each other, 0 where all are the same (GPDM's measure, Elnekave and Weiss 2022, with the
    tiles' own contrast below the line). NaN for a single tile.
    """
    if len(tiles) < 2:
        return float("nan")
    stack = np.stack(tiles)
    across, inside = stack.var(0, ddof=1).mean(), stack.var((1, 2)).mean()
    return float(np.sqrt(across / max(float(inside), 1e-12)))


def _colour_quantiles(picture: Floats) -> Floats:
    """(directions, quantiles): projections of all colours on fixed directions, for a sliced Wasserstein distance (Rabin et al. 2011)."""
    directions = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) > (0, 0, 0)], np.float32)
    directions /= np.sqrt(np.square(directions).sum(1, keepdims=True))
    places = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    projected = np.sort(picture.reshape(-1, 3) @ directions.T, axis=0)
    found: Floats = projected[(places * len(projected)).astype(np.intp)].T
    return found


def _log_spectrum(picture: Floats, side: int) -> Floats:
    """Mean power of the grey picture in rings and sectors of frequency, in decibels: (rings, sectors).

    The mean over windows of ``side`` pixels that overlap by half (Welch 1967).
    """
    values, window = grey(picture), np.outer(np.hanning(side), np.hanning(side))
    values = values - values.mean()
    tops, lefts = (np.unique(np.linspace(0, n - side, -(-2 * n // side) - 1).astype(int)) for n in values.shape)
    power = np.mean([np.abs(np.fft.fft2(values[y : y + side, x : x + side] * window)) ** 2 for y in tops for x in lefts], axis=0)
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None]
    radius, angle = np.hypot(fy, fx), np.arctan2(fy, fx) % np.pi
    inside = (radius >= 1.5 / side) & (radius < 0.5)
    ring = np.floor(np.log(np.maximum(radius, 1e-9) * side / 1.5) / np.log(side / 3) * _RINGS).astype(int)
    sector = np.round(angle / np.pi * _SECTORS).astype(int) % _SECTORS
    bins = (ring * _SECTORS + sector)[inside]
    sums, counts = (np.bincount(bins, weights, _RINGS * _SECTORS) for weights in (power[inside], np.ones(len(bins))))
    decibels: Floats = 10 * np.log10(np.maximum(sums / np.maximum(counts, 1), 1e-7 * side**2))
    return decibels.reshape(_RINGS, _SECTORS).astype(np.float32)


def _checked(tile: Floats) -> Floats:
    if min(tile.shape[:2]) < LEAST_TILE_PX:
        raise TexGenError(f"A tile of less than {LEAST_TILE_PX} pixels a side is too small to be judged.", "Judge a larger one.")
    return tile
