"""Brush, lasso and rectangle: what they cover, at the edges of a tile as well, and that they touch no more."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from texgen_desktop.imaging.mask import polygon, rectangle, stroke

PLAIN, TILE = (False, False), (True, True)


def empty(side_px: int = 64) -> np.ndarray:
    return np.zeros((side_px, side_px), np.float32)


def test_a_dab_covers_a_disc_and_a_soft_one_fades_out() -> None:
    hard, soft = empty(), empty()
    stroke(hard, [(32, 32)], 10, 1, 1, PLAIN)
    stroke(soft, [(32, 32)], 10, 0.2, 1, PLAIN)
    assert hard.sum() == pytest.approx(np.pi * 100, rel=0.02)
    assert hard[32, 24] == 1
    assert 0.1 < soft[32, 24] < 0.5
    assert np.all(np.diff(soft[32, 32:]) <= 0)


def test_a_line_is_the_same_however_many_pieces_it_is_drawn_in_and_drawing_twice_changes_nothing() -> None:
    once, pieces = empty(600), empty(600)
    points = [(30.0, 20.0), (300.0, 400.0), (560.0, 570.0)]
    stroke(once, points, 7, 0.5, 1, PLAIN)
    middle = [(y, x) for start, end in pairwise(points) for y, x in np.linspace(start, end, 9)]
    stroke(pieces, middle, 7, 0.5, 1, PLAIN)
    stroke(pieces, middle, 7, 0.5, 1, PLAIN)
    assert np.allclose(once, pieces, atol=1e-3)


def test_what_is_drawn_can_be_erased_and_half_a_value_is_not_exceeded() -> None:
    mask = empty()
    stroke(mask, [(20, 20), (40, 44)], 6, 1, 0.5, PLAIN)
    assert mask.max() == 0.5
    stroke(mask, [(20, 20), (40, 44)], 8, 1, 0, PLAIN)
    assert not mask.any()


@pytest.mark.parametrize("tool", ["stroke", "polygon"])
def test_across_the_edge_of_a_tile_it_goes_on_opposite_and_on_a_photo_it_is_cut_off(tool: str) -> None:
    points = [(-9.0, -7.0), (-3.0, 12.0), (11.0, 5.0)]

    def drawn(offset: float, wraps: tuple[bool, bool]) -> np.ndarray:
        mask = empty()
        moved = [(y + offset, x + offset) for y, x in points]
        stroke(mask, moved, 5, 0.5, 1, wraps) if tool == "stroke" else polygon(mask, moved, 1, wraps)
        return mask

    middle = drawn(32, PLAIN)
    assert np.allclose(np.roll(middle, (-32, -32), (0, 1)), drawn(0, TILE), atol=1e-4)
    assert np.allclose(middle[32:, 32:], drawn(0, PLAIN)[:32, :32], atol=1e-4)
    assert not drawn(0, PLAIN)[40:].any()


def test_a_polygon_has_its_area_and_what_is_gone_around_twice_is_a_hole() -> None:
    triangle, star = empty(), empty()
    polygon(triangle, [(5.5, 5), (50, 20.25), (30, 60)], 1, PLAIN)
    assert triangle.sum() == pytest.approx(0.5 * abs(44.5 * 55 - 24.5 * 15.25), rel=0.003)
    tips = [(32 + 28 * np.cos(k * 0.8 * np.pi), 32 + 28 * np.sin(k * 0.8 * np.pi)) for k in range(5)]
    polygon(star, tips, 1, PLAIN)
    assert star[32, 32] == 0
    assert star[12, 32] == 0
    assert star[50, 32] == 1


def test_a_rectangle_covers_parts_of_pixels_by_their_share_and_corners_may_come_in_any_order() -> None:
    mask = empty()
    rectangle(mask, (20.5, 30), (10, 12.25), 1, PLAIN)
    assert mask.sum() == pytest.approx(10.5 * 17.75, rel=1e-5)
    assert mask[20, 20] == 0.5
    assert mask[15, 12] == 0.75
    nothing = empty()
    rectangle(nothing, (5, 5), (5, 30), 1, PLAIN)
    polygon(nothing, [(-30, 2), (-20, 5), (-25, 9)], 1, PLAIN)
    polygon(nothing, [(20, 80), (20, 99), (30, 80)], 1, PLAIN)
    assert not nothing.any()


def test_a_piece_of_a_line_on_a_large_mask_takes_a_few_milliseconds_and_looking_at_all_of_it_does_not() -> None:
    mask = empty(4096)
    stroke(mask, [(10, 10)], 40, 0.5, 1, TILE)

    def seconds(work: object) -> float:
        assert callable(work)
        taken = []
        for _ in range(5):
            before = time.process_time()
            work()
            taken.append(time.process_time() - before)
        return min(taken)

    assert seconds(lambda: stroke(mask, [(2000, 2000), (2060, 2080)], 40, 0.5, 1, TILE)) < 0.02
    assert seconds(lambda: np.maximum(mask, 0.5)) > 3 * seconds(lambda: stroke(mask, [(2000, 2000), (2060, 2080)], 40, 0.5, 1, TILE))
