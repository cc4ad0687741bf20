"""Four corners become a rectangle: where they lie, how sharp it is, and corners that make none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.imaging.textures import grains
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.perspective import StraightRaster, View
from texgen_desktop.imaging.raster import ArrayRaster, read_whole
from texgen_desktop.slices import run_to_end

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
ASKEW = ((0.1, 0.2), (0.9, 0.05), (0.8, 0.95), (0.2, 0.7))


def straight(pixels: Floats, corners: Sequence[tuple[float, float]], size_px: tuple[int, int] = (0, 0)) -> StraightRaster:
    height, width, _ = pixels.shape
    return StraightRaster(ArrayRaster(pixels, (False, False)), View.of(corners, (width, height), size_px))


def test_the_corners_of_the_picture_itself_give_it_back_bit_for_bit() -> None:
    photo = grains(0, 96)[:90]
    assert np.array_equal(run_to_end(read_whole(straight(photo, WHOLE))), photo)


def test_each_corner_lands_in_its_corner_and_the_lines_between_are_straight() -> None:
    y, x = np.mgrid[:200, :300]
    places = np.stack([x / 300, y / 200, np.zeros_like(x)], 2).astype(np.float32)  # every pixel's colour says where it was
    seen = run_to_end(read_whole(straight(places, ASKEW)))
    for (x_share, y_share), (row, column) in zip(ASKEW, ((0, 0), (0, -1), (-1, -1), (-1, 0)), strict=True):
        assert np.abs(seen[row, column, :2] - (x_share, y_share)).max() < 0.01
    top = seen[0, :, :2]
    along = top[-1] - top[0]
    off = (top - top[0]) @ np.array([-along[1], along[0]])
    assert np.abs(off).max() < 0.002


def test_the_size_is_that_of_the_longer_sides_unless_it_is_given() -> None:
    photo = np.zeros((100, 200, 3), np.float32)
    raster = straight(photo, ((0, 0), (0.5, 0), (1, 1), (0, 1)))
    assert (raster.width_px, raster.height_px) == (200, round(np.hypot(100, 100)))
    given = straight(photo, ASKEW, (64, 32))
    assert (given.width_px, given.height_px) == (64, 32)


def test_a_part_is_the_same_as_in_the_whole() -> None:
    raster = straight(np.tile(grains(1, 96), (2, 2, 1)), ASKEW, (90, 70))
    whole = run_to_end(read_whole(raster))
    assert np.abs(raster.read(13, 29, 40, 50) - whole[13:53, 29:79]).max() < 1e-5
    beyond = raster.read(-4, 80, 8, 20)
    assert np.array_equal(beyond[:4], beyond[7:3:-1]), "mirrored at its edges"


def test_what_is_reduced_is_averaged_and_not_picked() -> None:
    stripes = np.tile(np.array([0, 1], np.float32), 128)[None, :, None].repeat(256, 0).repeat(3, 2)
    small = run_to_end(read_whole(straight(stripes, WHOLE, (50, 50))))
    assert np.abs(small[5:-5, 5:-5] - 0.5).max() < 0.1
    picked = stripes[::5, ::5]
    assert np.abs(picked - 0.5).max() == 0.5, "without the means there are only black and white"


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (1, 1), (1, 0), (0, 1)),  # its lines cross
        ((0, 0), (0, 1), (1, 1), (1, 0)),  # the other way round
        ((0, 0), (0.5, 0), (1, 0), (0, 1)),  # three in one line
        ((0, 0), (1, 0), (0.3, 0.3), (0, 1)),  # a dent
        ((0, 0), (0.01, 0), (1, 1), (0, 1)),  # two in one place
        ((0.5, 0.5),) * 4,
    ],
)
def test_corners_that_make_no_rectangle_are_refused_with_a_way_out(corners: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(TexGenError) as caught:
        straight(np.zeros((200, 200, 3), np.float32), corners)
    assert caught.value.hint
