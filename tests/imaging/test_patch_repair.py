"""Holes filled with patches of the rest, on a picture with edges and on a tile."""

from __future__ import annotations

import numpy as np
import pytest

from tests.imaging.textures import grains
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.make_tile import make_tile
from texgen_desktop.imaging.patch_repair import patch_repair
from texgen_desktop.imaging.score import seam
from texgen_desktop.slices import run_to_end

SIDE_PX = 96
PLAIN, TILE = (False, False), (True, True)


def holed(top: int, left: int, side_px: int = 20) -> np.ndarray:
    """A square hole that goes on at the opposite edge where it sticks out."""
    hole = np.zeros((SIDE_PX, SIDE_PX), bool)
    hole[:side_px, :side_px] = True
    return np.roll(hole, (top, left), (0, 1))


def stripes() -> np.ndarray:
    """Of a period of 12 px, which divides the side: what belongs into a hole is known."""
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(SIDE_PX) / 12)
    return np.repeat(np.tile(wave, (SIDE_PX, 1))[..., None], 3, 2).astype(np.float32)


def test_a_hole_in_stripes_is_filled_with_the_stripes_where_the_mean_of_the_picture_is_not() -> None:
    hole = holed(30, 40)
    damaged = np.where(hole[..., None], 1.0, stripes()).astype(np.float32)
    repaired = run_to_end(patch_repair(damaged, hole, PLAIN))
    assert np.abs(repaired - stripes())[hole].mean() < 0.03
    assert np.abs(stripes().mean() - stripes())[hole].mean() > 0.2  # the control


def test_what_is_not_masked_stays_bit_for_bit_and_what_lay_in_the_hole_does_not_matter() -> None:
    photo, hole = grains(0, SIDE_PX), holed(30, 40)
    repaired = run_to_end(patch_repair(photo, hole, PLAIN))
    assert np.array_equal(repaired[~hole], photo[~hole])
    painted = np.where(hole[..., None], np.float32(0.3), photo)
    assert np.array_equal(run_to_end(patch_repair(painted, hole, PLAIN)), repaired)


def test_equal_seeds_give_equal_pixels_and_another_seed_others() -> None:
    photo, hole = grains(0, SIDE_PX), holed(30, 40)
    first, again, other = (run_to_end(patch_repair(photo, hole, PLAIN, seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_hole_across_the_edge_of_a_tile_leaves_no_seam_and_without_wrapping_it_does() -> None:
    discs = grains(0, SIDE_PX)
    photo = np.mean([np.roll(discs, (y, x), (0, 1)) for y in range(-4, 5) for x in range(-4, 5)], axis=0)  # steps are small
    hole = np.zeros((SIDE_PX, SIDE_PX), bool)
    hole[:10] = hole[-10:] = True
    repaired, naive = (run_to_end(patch_repair(photo, hole, wraps)) for wraps in (TILE, PLAIN))
    assert seam(repaired) == 0
    assert seam(naive) > 0  # the control


def test_a_photo_that_does_not_tile_does_afterwards_and_its_middle_is_still_the_photo() -> None:
    photo = grains(0, 2 * SIDE_PX)[: SIDE_PX + 4, : SIDE_PX + 4] * np.linspace(0.4, 1, SIDE_PX + 4, dtype=np.float32)[:, None]
    assert seam(photo) > 0  # the control
    tile = run_to_end(make_tile(photo))
    assert seam(tile) == 0
    assert seam(tile.swapaxes(0, 1)) == 0
    assert np.array_equal(tile[20:-20, 20:-20], photo[20:-20, 20:-20])


@pytest.mark.parametrize(
    ("hole", "words"),
    [
        (np.zeros((SIDE_PX, SIDE_PX), bool), "The mask is empty"),
        (np.ones((SIDE_PX, SIDE_PX), bool), "Too little of the picture is left"),
        (np.ones((SIDE_PX, SIDE_PX + 1), bool), "The mask is of another size"),
    ],
)
def test_a_mask_that_cannot_be_used_is_refused_in_a_sentence(hole: np.ndarray, words: str) -> None:
    with pytest.raises(TexGenError, match=words):
        run_to_end(patch_repair(grains(0, SIDE_PX), hole, PLAIN))
    with pytest.raises(TexGenError, match="too small to become a tile"):
        run_to_end(make_tile(grains(0, 64)))
