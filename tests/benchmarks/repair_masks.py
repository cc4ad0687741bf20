"""Made-up masks in the manner of LaMa (Suvorov et al. 2021): broken lines of a brush, and boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.mask import rectangle, stroke

_LEAST, _MOST = 0.04, 0.35  # of the picture


@dataclass(frozen=True)
class Kind:
    """For a picture of 256 px a side: how long and wide a piece of a line is at most, how many lines, and boxes (least, most, how many)."""

    length_px: int
    width_px: int
    lines: int
    boxes: tuple[int, int, int] | None = None


KINDS = {"thin": Kind(200, 10, 5), "medium": Kind(100, 50, 4, (10, 50, 5)), "thick": Kind(200, 100, 4, (30, 150, 4))}


def made_mask(kind: str, side_px: int, seed: int) -> Floats:
    """(side, side), 0 or 1, between 4 and 35 per cent of it 1. Equal arguments give equal masks."""
    random, shape = np.random.default_rng(seed), KINDS[kind]
    while True:
        mask = _drawn(random, shape, side_px)
        if _LEAST < mask.mean() < _MOST:
            return mask


def _drawn(random: np.random.Generator, kind: Kind, side_px: int) -> Floats:
    scale = side_px / 256
    mask = np.zeros((side_px, side_px), np.float32)
    for _ in range(random.integers(1, kind.lines + 1)):
        place = random.uniform(0, side_px, 2)
        for turn in range(random.integers(1, 6)):
            angle = random.uniform(0, 4) * (-1) ** turn
            after = np.clip(place + scale * (10 + random.integers(kind.length_px)) * np.array([np.sin(angle), np.cos(angle)]), 0, side_px)
            stroke(mask, [tuple(place), tuple(after)], scale * (5 + random.integers(kind.width_px)) / 2, 1, 1, (False, False))
            place = after
    if kind.boxes and random.random() < 0.3:
        least, most, count = kind.boxes
        for _ in range(random.integers(1, count + 1)):
            size = scale * random.integers(least, most, 2)
            corner = random.uniform(0, side_px - size)
            rectangle(mask, tuple(corner), tuple(corner + size), 1, (False, False))
    return (mask > 0.5).astype(np.float32)
