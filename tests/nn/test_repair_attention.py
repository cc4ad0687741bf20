"""Detail of places that look alike, proposed for a hole."""

from __future__ import annotations

import numpy as np

from texgen_desktop.nn.holed import Holed
from texgen_desktop.nn.repair_attention import Memory
from texgen_desktop.slices import run_to_end

TILE = (True, True)
ALL = 10_000


def twins() -> tuple[Holed, Holed, np.ndarray]:
    """A coarse and a fine level of noise whose right half repeats the left one, with a hole on the left; and the fine level without it."""
    random = np.random.default_rng(0)
    half = random.standard_normal((64, 64, 3)).astype(np.float32)
    whole = np.concatenate([half, half], 1)
    hole = np.zeros(whole.shape[:2], bool)
    hole[20:36, 24:40] = True
    fine = Holed(np.where(hole[..., None], np.float32(0), whole), hole, TILE)
    return run_to_end(fine.halved()), fine, whole


def test_the_detail_comes_from_the_place_that_looks_like_the_coarse_filling_and_without_it_from_another() -> None:
    coarse, fine, whole = twins()
    made = run_to_end(Holed(whole, np.zeros_like(fine.hole), TILE).halved()).colours  # the coarse level is filled rightly
    memory = Memory.of(coarse, fine, ALL, np.random.default_rng(0))
    found = run_to_end(memory.proposal(made, coarse.hole, TILE, fine.hole.shape))
    assert np.array_equal(found[fine.hole], whole[fine.hole])
    twin = np.roll(coarse.hole, 32, 1)
    banned = memory.banned((0, 0), twin)
    assert banned[10, 44]
    assert not banned[30, 60]
    other = run_to_end(memory.proposal(made, coarse.hole, TILE, fine.hole.shape, banned))
    assert np.abs(other - whole)[fine.hole].mean() > 0.5


def test_nothing_of_the_hole_is_proposed() -> None:
    coarse, fine, _ = twins()
    wild = Holed(np.where(fine.hole[..., None], np.float32(1e6), fine.colours), fine.hole, TILE)
    memory = Memory.of(coarse, wild, ALL, np.random.default_rng(0))
    found = run_to_end(memory.proposal(np.zeros_like(coarse.colours), coarse.hole, TILE, fine.hole.shape))
    assert np.abs(found).max() < 10


def test_where_no_place_is_known_nothing_is_proposed() -> None:
    coarse, fine, _ = twins()
    full = np.ones_like(coarse.hole)
    memory = Memory.of(Holed(coarse.colours, full, TILE), fine, ALL, np.random.default_rng(0))
    assert not run_to_end(memory.proposal(coarse.colours, full, TILE, fine.hole.shape)).any()
