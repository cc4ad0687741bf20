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
    hole = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    hole[:side_px, :side_px] = 1
    return np.roll(hole, (top, left), (0, 1))


def stripes() -> np.ndarray:
    """Of a period of 12 px, which divides the side: what belongs into a hole is known."""
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(SIDE_PX) / 12)
    return np.repeat(np.tile(wave, (SIDE_PX, 1))[..., None], 3, 2).astype(np.float32)


def test_a_hole_in_stripes_is_filled_with_the_stripes_where_the_mean_of_the_picture_is_not() -> None:
    hole = holed(30, 40)
    damaged = np.where(hole[..., None], 1.0, stripes()).astype(np.float32)
    repaired = run_to_end(patch_repair(damaged, hole, PLAIN))
    assert np.abs(repaired - stripes())[hole == 1].mean() < 0.03
    assert np.abs(stripes().mean() - stripes())[hole == 1].mean() > 0.2  # the control


def test_what_is_not_masked_stays_bit_for_bit_and_what_lay_in_the_hole_does_not_matter() -> None:
    photo, hole = grains(0, SIDE_PX), holed(30, 40)
    repaired = run_to_end(patch_repair(photo, hole, PLAIN))
    assert np.array_equal(repaired[hole == 0], photo[hole == 0])
    painted = np.where(hole[..., None], np.float32(np.nan), photo)
    assert np.array_equal(run_to_end(patch_repair(painted, hole, PLAIN)), repaired)


def test_equal_seeds_give_equal_pixels_and_another_seed_others() -> None:
    photo, hole = grains(0, SIDE_PX), holed(30, 40)
    first, again, other = (run_to_end(patch_repair(photo, hole, PLAIN, seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_hole_across_the_edge_of_a_tile_leaves_no_seam_and_without_wrapping_it_does() -> None:
    sharp = grains(0, SIDE_PX)
    photo = np.mean([np.roll(sharp, (y, x), (0, 1)) for y in range(-4, 5) for x in range(-4, 5)], axis=0)  # steps are small
    hole = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    hole[:10] = hole[-10:] = 1
    repaired, naive = (run_to_end(patch_repair(photo, hole, wraps)) for wraps in (TILE, PLAIN))
    assert seam(repaired) == 0
    assert seam(naive) > 0  # the control


def test_between_kept_and_replaced_the_two_are_blended() -> None:
    photo, mask = grains(0, SIDE_PX), holed(30, 40)
    replaced = run_to_end(patch_repair(photo, mask, PLAIN))
    blended = run_to_end(patch_repair(photo, mask * np.float32(0.25), PLAIN))
    assert np.allclose(blended, 0.25 * replaced + 0.75 * photo, atol=1e-6)
    assert not np.allclose(blended, replaced, atol=1e-2)  # the control


def test_a_tile_that_is_rolled_gets_the_rolled_repair_bit_for_bit_and_a_photo_does_not() -> None:
    side_px = SIDE_PX - 1  # odd, which halves less simply
    photo = grains(0, SIDE_PX)[:side_px, :side_px]
    mask = np.zeros((side_px, side_px), np.float32)
    mask[10:34, 50:70], mask[60:70, 20:90] = 1, 0.5
    moved = [np.roll(values, (37, 91), (0, 1)) for values in (photo, mask)]
    for wraps, is_same in ((TILE, True), (PLAIN, False)):
        repaired, after = run_to_end(patch_repair(photo, mask, wraps)), run_to_end(patch_repair(moved[0], moved[1], wraps))
        assert np.array_equal(np.roll(repaired, (37, 91), (0, 1)), after) == is_same


@pytest.mark.parametrize("side_px", [95, 96])
def test_odd_sides_get_as_many_resolutions_as_even_ones_and_all_are_shown_coarse_to_fine(side_px: int) -> None:
    mask = np.zeros((side_px, side_px), np.float32)
    mask[30:60, 30:60] = 1
    told: list[float] = []
    shown: list[tuple[int, ...]] = []
    photo = grains(0, SIDE_PX)[:side_px, :side_px]
    run_to_end(patch_repair(photo, mask, TILE, 0, lambda done, _words: told.append(done), lambda picture: shown.append(picture.shape)))
    assert shown == [(24, 24, 3), (48, 48, 3), (side_px, side_px, 3)]
    assert told == sorted(told)
    assert told[-1] == 1


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
        (np.zeros((SIDE_PX, SIDE_PX), np.float32), "The mask is empty"),
        (np.ones((SIDE_PX, SIDE_PX), np.float32), "Too little of the picture is left"),
        (np.ones((SIDE_PX, SIDE_PX + 1), np.float32), "The mask is of another size"),
    ],
)
def test_a_mask_that_cannot_be_used_is_refused_in_a_sentence(hole: np.ndarray, words: str) -> None:
    with pytest.raises(TexGenError, match=words):
        run_to_end(patch_repair(grains(0, SIDE_PX), hole, PLAIN))
    with pytest.raises(TexGenError, match="too small to become a tile"):
        run_to_end(make_tile(grains(0, 64)))
