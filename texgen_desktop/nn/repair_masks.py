"""Random holes to learn repair on: strokes, boxes and blobs, thin to thick (after LaMa, Suvorov et al. 2022, section 3.3)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

_COVERED = (0.1, 0.65)  # share of a crop: less teaches little, more leaves nothing to go by
_WIDTHS = ((0.02, 0.08), (0.08, 0.2), (0.2, 0.4))  # of strokes, as a share of the side: thin, medium, thick
_MOST_STROKES = (6, 4, 2)
_TRIES = 20


def random_mask(side_px: int, random: np.random.Generator) -> Bools:
    """(side, side), true in a hole of between a tenth and two thirds of the area."""
    draw: Callable[[int, np.random.Generator], Bools] = (_strokes, _strokes, _boxes, _blobs)[random.integers(4)]
    mask = draw(side_px, random)
    for _ in range(_TRIES):
        if _COVERED[0] <= mask.mean() <= _COVERED[1]:
            break
        mask = draw(side_px, random)
    return mask


def _strokes(side_px: int, random: np.random.Generator) -> Bools:
    """Bent lines with round ends."""
    y, x = np.mgrid[:side_px, :side_px].astype(np.float32)
    mask = np.zeros((side_px, side_px), bool)
    kind = random.integers(len(_WIDTHS))
    for _ in range(random.integers(1, _MOST_STROKES[kind] + 1)):
        here = random.uniform(0, side_px, 2)
        heading = random.uniform(0, 2 * np.pi)
        for _ in range(random.integers(1, 5)):
            there = here + random.uniform(0.15, 0.6) * side_px * np.array([np.sin(heading), np.cos(heading)])
            radius = random.uniform(*_WIDTHS[kind]) * side_px / 2
            along = there - here
            share = np.clip(((y - here[0]) * along[0] + (x - here[1]) * along[1]) / max(float(along @ along), 1e-6), 0, 1)
            mask |= (y - here[0] - share * along[0]) ** 2 + (x - here[1] - share * along[1]) ** 2 <= radius**2
            here, heading = there, heading + random.uniform(-1.2, 1.2)
    return mask


def _boxes(side_px: int, random: np.random.Generator) -> Bools:
    mask = np.zeros((side_px, side_px), bool)
    for _ in range(random.integers(1, 4)):
        height, width = (max(1, round(side)) for side in random.uniform(0.15, 0.7, 2) * side_px)
        top, left = random.integers(0, side_px - height + 1), random.integers(0, side_px - width + 1)
        mask[top : top + height, left : left + width] = True
    return mask


def _blobs(side_px: int, random: np.random.Generator) -> Bools:
    """Where smooth noise is high."""
    waves = np.fft.rfft2(random.standard_normal((side_px, side_px)))
    rows, columns = np.fft.fftfreq(side_px)[:, None] * side_px, np.fft.rfftfreq(side_px)[None] * side_px
    smooth = np.fft.irfft2(waves * np.exp(-(rows**2 + columns**2) / (2 * random.uniform(1.5, 4) ** 2)), s=(side_px, side_px))
    return np.asarray(smooth > np.quantile(smooth, 1 - random.uniform(*_COVERED)))
