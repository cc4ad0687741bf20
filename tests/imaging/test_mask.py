"""Masks that grow, fade and are picked or read, also across the edges of a tile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.mask import feathered, from_alpha, grown, inverted, picked
from texgen_desktop.imaging.read_mask import read_mask

PLAIN, TILE = (False, False), (True, True)
SHIFT = (37, 91)


def spots(seed: int = 0, side_px: int = 64) -> np.ndarray:
    """Soft and hard, some at the edges."""
    random = np.random.default_rng(seed)
    mask = np.zeros((side_px, side_px), np.float32)
    for _ in range(6):
        y, x = random.integers(side_px, size=2)
        mask[y : y + 5, x : x + 3] = random.choice([0.5, 1.0])
    return mask


@pytest.mark.parametrize("px", [1, 4, 9])
def test_a_mask_grows_by_a_round_distance(px: int) -> None:
    mask = np.zeros((40, 40), np.float32)
    mask[20, 17] = 0.5
    y, x = np.mgrid[:40, :40]
    assert np.array_equal(grown(mask, px, PLAIN), np.where(np.hypot(y - 20, x - 17) <= px, np.float32(0.5), 0))


def test_growing_a_mask_is_the_greatest_value_around_each_pixel_and_shrinking_the_smallest() -> None:
    mask, px = spots(), 5
    y, x = np.mgrid[-px : px + 1, -px : px + 1]
    moved = [np.roll(mask, (dy, dx), (0, 1)) for dy, dx in zip(y[y * y + x * x <= 25], x[y * y + x * x <= 25], strict=True)]
    assert np.array_equal(grown(mask, px, TILE), np.max(moved, axis=0))
    assert np.allclose(grown(mask, -px, TILE), np.min(moved, axis=0))


def test_shrinking_does_not_take_anything_away_from_the_edge_of_a_photo() -> None:
    mask = np.zeros((32, 32), np.float32)
    mask[:10] = 1
    assert np.array_equal(grown(mask, -4, PLAIN)[:, 0], (np.arange(32) < 6).astype(np.float32))


def test_a_soft_border_is_as_wide_as_it_is_told_to_be_and_beyond_it_not_a_bit_is_changed() -> None:
    mask = np.zeros((60, 60), np.float32)
    mask[20:40] = 1
    for px in (1, 4, 7):
        soft = feathered(mask, px, PLAIN)
        assert np.array_equal(soft[20 + px : 40 - px], mask[20 + px : 40 - px])
        assert not soft[: 20 - px].any()
        assert (np.diff(soft[20 - px - 1 : 20 + px + 1, 5]) > 0).sum() == 2 * px + 1
        assert soft[19, 0] + soft[20, 0] == pytest.approx(1)


@pytest.mark.parametrize("change", [lambda m, w: grown(m, 6, w), lambda m, w: grown(m, -1, w), lambda m, w: feathered(m, 5, w)])
def test_a_rolled_mask_is_changed_like_the_mask_and_without_wrapping_it_is_not(change: object) -> None:
    assert callable(change)
    mask = np.roll(spots(), (32, 32), (0, 1)) + np.eye(64, dtype=np.float32)
    mask[:3, 10:30] = mask[-4:, 10:30] = 1
    mask = np.minimum(mask, 1)
    for wraps, is_same in ((TILE, True), (PLAIN, False)):
        assert np.allclose(np.roll(change(mask, wraps), SHIFT, (0, 1)), change(np.roll(mask, SHIFT, (0, 1)), wraps), atol=1e-6) == is_same


def test_turned_round_twice_a_mask_is_what_it_was_and_what_is_transparent_is_masked() -> None:
    assert np.allclose(inverted(inverted(spots())), spots())
    assert from_alpha(np.array([[0, 1, 0.25]], np.float32)).tolist() == [[1, 0, 0.75]]


def test_a_colour_is_picked_where_it_hangs_together_or_everywhere() -> None:
    picture = np.zeros((40, 40, 3), np.float32)
    picture[5:15, 5:15] = picture[20:30, 20:30] = (0.8, 0.4, 0.2)
    picture[14, 15:20] = (0.8, 0.45, 0.2)  # a bridge of a slightly different colour that leads nowhere
    strict, loose = (picked(picture, (7, 7), tolerance, PLAIN) for tolerance in (0.01, 0.1))
    assert (strict.sum(), loose.sum()) == (100, 105)
    assert picked(picture, (7, 7), 0.01, PLAIN, is_contiguous=False).sum() == 200


def test_what_hangs_together_is_found_through_any_maze_and_across_the_edges_of_a_tile() -> None:
    maze = np.zeros((41, 41), np.float32)
    maze[::2] = 1
    maze[1::4, 40] = maze[3::4, 0] = 1  # one long path to and fro
    picture = np.repeat(maze[..., None], 3, 2)
    assert picked(picture, (0, 0), 0, PLAIN).sum() == maze.sum()
    picture[21, 40] = picture[21, 0] = 0  # cut through
    assert picked(picture, (0, 0), 0, PLAIN).sum() < maze.sum() / 1.5
    assert picked(picture, (0, 0), 0, (True, False)).sum() == picture[..., 0].sum()
    across = np.ones((8, 30, 3), np.float32)
    across[:, 14:16] = 0
    assert [picked(across, (3, 2), 0, (False, wraps)).sum() for wraps in (False, True)] == [8 * 14, 8 * 28]


def test_a_mask_is_read_from_grey_or_from_transparency_and_must_have_the_size_of_the_picture(tmp_path: Path) -> None:
    wanted = np.zeros((40, 48), np.uint8)
    wanted[4:20, 6:30] = 255
    wanted[30:, :] = 51
    Image.fromarray(wanted).save(tmp_path / "grey.png")
    painted = np.dstack([np.full((40, 48, 3), 30, np.uint8), wanted])
    Image.fromarray(painted).save(tmp_path / "layer.png")
    for name in ("grey", "layer"):
        assert np.allclose(read_mask(tmp_path / f"{name}.png", (40, 48)), wanted / 255, atol=1e-3)
    with pytest.raises(TexGenError, match=r"grey\.png is of another size: 48 × 40, the picture 40 × 48"):
        read_mask(tmp_path / "grey.png", (48, 40))
