"""What the readings are counted from: other crops of the photo, which nobody can beat, and noise of its spectrum and colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from tests.benchmarks.baselines import SIDE_PX, Baseline, Pictures
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.phase_noise import phase_noise
from texgen_desktop.slices import run_to_end

_OTHER_SEEDS = 1000
"""The instrument looks at noise of the first seeds itself."""


def crop(photo: Floats, seed: int) -> Floats:
    chance = np.random.default_rng(seed)
    y, x = (int(chance.integers(whole - SIDE_PX + 1)) for whole in photo.shape[:2])
    return photo[y : y + SIDE_PX, x : x + SIDE_PX]


def noise(photo: Floats, seed: int) -> Floats:
    return crop(run_to_end(phase_noise(photo, _OTHER_SEEDS + seed)), seed)


def grow_crops(photo: Floats, readings_min: Sequence[float], _seed: int) -> Iterator[Pictures]:
    for _ in readings_min:
        yield partial(crop, photo)


def grow_noise(photo: Floats, readings_min: Sequence[float], _seed: int) -> Iterator[Pictures]:
    for _ in readings_min:
        yield partial(noise, photo)


CROP = Baseline("crop", "crops of the photo", "at random places; the copies are no fault", grow_crops)
NOISE = Baseline("noise", "phase noise", "random-phase noise of the photo's spectrum, with its colours", grow_noise)
