"""Pictures that are read in pieces: the plane around them, and what is blended from them."""

from __future__ import annotations

import numpy as np
import pytest

from texgen_desktop.imaging.raster import ArrayRaster, EnlargedRaster, Wraps, pieces, read_whole
from texgen_desktop.slices import run_to_end

PICTURE = np.random.default_rng(0).random((7, 5, 3), np.float32)


def test_an_axis_that_wraps_repeats_the_picture_and_another_one_mirrors_it() -> None:
    seen = ArrayRaster(PICTURE, (True, False)).read(-9, -6, 23, 17)
    padded = np.pad(PICTURE, ((9, 7), (0, 0), (0, 0)), mode="wrap")
    np.testing.assert_array_equal(seen, np.pad(padded, ((0, 0), (6, 6), (0, 0)), mode="symmetric"))


def test_the_pieces_make_up_the_picture_once() -> None:
    count = np.zeros((7, 5), int)
    for y, x, height, width in pieces(ArrayRaster(PICTURE, (False, False)), 3):
        count[y : y + height, x : x + width] += 1
    assert (count == 1).all()


@pytest.mark.parametrize("wraps", [(True, True), (False, True)])
def test_an_enlarged_picture_is_the_same_in_parts_and_rolls_with_its_source(wraps: Wraps) -> None:
    large = EnlargedRaster(ArrayRaster(PICTURE, wraps), 3)
    whole = run_to_end(read_whole(large, 4))
    assert whole.shape == (21, 15, 3)
    np.testing.assert_allclose(whole, large.read(0, 0, 21, 15), atol=1e-6)
    rolled = EnlargedRaster(ArrayRaster(np.roll(PICTURE, 2, 1), wraps), 3)
    np.testing.assert_allclose(rolled.read(0, 0, 21, 15), np.roll(whole, 6, 1), atol=1e-6)
    np.testing.assert_allclose(whole[1::3, 1::3], PICTURE, atol=1e-6)  # the middle of each pixel


def test_at_an_edge_that_does_not_wrap_nothing_of_the_other_side_comes_in() -> None:
    black_and_white = np.zeros((4, 4, 1), np.float32)
    black_and_white[:, 2:] = 1
    mirrored = EnlargedRaster(ArrayRaster(black_and_white, (False, False)), 2).read(0, 0, 8, 8)
    wrapped = EnlargedRaster(ArrayRaster(black_and_white, (True, True)), 2).read(0, 0, 8, 8)
    assert mirrored[0, 0, 0] == 0
    assert wrapped[0, 0, 0] > 0
