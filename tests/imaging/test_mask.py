"""Masks that are painted, grown and picked, also across the edges of a tile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.mask import Box, feathered, grown, inverted, parts_inside, picked, polygon, read_mask, rectangle, stroke
from texgen_desktop.imaging.raster import Wraps

TORUS, PLANE = (True, True), (False, False)


def blank(height: int = 40, width: int = 50) -> Floats:
    return np.zeros((height, width), np.float32)


@pytest.mark.parametrize(
    "paint",
    [
        lambda mask, y, x, wraps: stroke(mask, [(x, y), (x + 8, y + 3)], 4, 0.5, 1, wraps),
        lambda mask, y, x, wraps: polygon(mask, [(x, y), (x + 9, y + 2), (x + 3, y + 8)], 1, wraps),
        lambda mask, y, x, wraps: rectangle(mask, (x + 7, y), (x, y + 5), 1, wraps),
    ],
)
def test_what_is_painted_over_the_edge_comes_in_at_the_other_side_only_where_it_wraps(
    paint: Callable[[Floats, int, int, Wraps], list[Box]],
) -> None:
    inside, across, cut = blank(), blank(), blank()
    paint(inside, 15, 15, TORUS)
    boxes = paint(across, 15 + 22, 15 + 30, TORUS)
    np.testing.assert_allclose(across, np.roll(inside, (22, 30), (0, 1)), atol=1e-5)
    untold = across.copy()
    for box in boxes:
        untold[box.y : box.y + box.height, box.x : box.x + box.width] = 0
    assert not untold.any()
    paint(cut, 15 + 22, 15 + 30, PLANE)
    assert 0 < cut.sum() < inside.sum()
    assert not cut[:20].any()


def test_a_stroke_is_hard_in_the_middle_soft_at_the_rim_and_is_wiped_out_alike() -> None:
    mask = blank()
    stroke(mask, [(25, 20)], 10, 0.5, 1, PLANE)
    assert mask[20, 25] == 1
    assert 0.2 < mask[20, 32] < 0.9
    assert mask[20, 36] == 0
    stroke(mask, [(25, 20)], 12, 1, 0, PLANE)
    assert mask.max() < 1e-6


def test_a_mask_grows_and_shrinks_evenly_and_wraps_only_where_told() -> None:
    mask = blank(41, 41)
    mask[20, 20] = 1
    big = grown(mask, 8, PLANE)
    y, x = np.mgrid[:41, :41] - 20
    radius = np.hypot(y, x)
    assert (big[radius <= 7] == 1).all()
    assert (big[radius > 10] == 0).all()
    assert grown(big, -8, PLANE).sum() == 1
    edge = np.roll(mask, 20, 0)
    assert grown(edge, 3, (True, False))[2].any()
    assert not grown(edge, 3, PLANE)[2].any()
    np.testing.assert_array_equal(inverted(inverted(big)), big)


def test_feathering_keeps_the_sum_and_spreads_as_a_gaussian_does() -> None:
    mask = blank(65, 65)
    mask[32, 32] = 1
    soft = feathered(mask, 4, TORUS)
    assert soft.sum() == pytest.approx(1, abs=1e-3)
    assert np.sqrt((soft * (np.mgrid[:65, :65][0] - 32) ** 2).sum()) == pytest.approx(4, rel=0.15)
    np.testing.assert_allclose(feathered(np.roll(mask, 30, 0), 4, TORUS), np.roll(soft, 30, 0), atol=1e-6)


def test_a_colour_is_picked_where_it_can_be_reached_or_everywhere() -> None:
    pixels = np.zeros((30, 30, 3), np.float32)
    pixels[2:28, 5:9] = 0.5  # a bar,
    pixels[20:24, 9:25] = 0.52  # a leg that leads on from it,
    pixels[2:8, 15:20] = 0.5  # and an island
    reached = picked(pixels, (10, 6), 0.05, True, PLANE)
    assert reached[22, 24] == 1
    assert reached[4, 16] == 0
    everywhere = picked(pixels, (10, 6), 0.05, False, PLANE)
    assert everywhere[4, 16] == 1
    assert picked(pixels, (10, 6), 0.01, True, PLANE)[22, 24] == 0
    over_the_edge = np.zeros((30, 30, 3), np.float32)
    over_the_edge[:, 10:20] = 1
    assert picked(over_the_edge, (3, 3), 0.1, True, TORUS)[3, 25] == 1
    assert picked(over_the_edge, (3, 3), 0.1, True, PLANE)[3, 25] == 0


def test_a_box_over_the_corner_of_a_tile_has_four_parts() -> None:
    assert parts_inside(Box(38, -3, 5, 6), 40, 50, TORUS) == [Box(38, 47, 2, 3), Box(38, 0, 2, 3), Box(0, 47, 3, 3), Box(0, 0, 3, 3)]
    assert parts_inside(Box(38, -3, 5, 6), 40, 50, PLANE) == [Box(38, 0, 2, 3)]
    assert parts_inside(Box(60, 0, 5, 6), 40, 50, PLANE) == []


def test_a_mask_file_counts_by_its_brightness_or_by_what_is_transparent(tmp_path: Path) -> None:
    grey = np.zeros((40, 40), np.uint8)
    grey[5:9, 5:9] = 255
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(np.dstack([np.zeros((40, 40, 3), np.uint8), grey])).save(tmp_path / "alpha.png")
    for name in ("grey.png", "alpha.png"):
        np.testing.assert_allclose(read_mask(tmp_path / name), grey / 255, atol=1e-6)
