from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from tests.ui.widgets.conftest import Grab, Shown
from texgen_desktop.engine.messages import Region
from texgen_desktop.ui.widgets.canvas_view import CanvasView
from texgen_desktop.ui.widgets.viewport import covers

WIDTH, HEIGHT = 400, 300
ABOVE_LABELS = slice(0, 250)


def plane(region: Region, step: int = 1) -> NDArray[np.uint8]:
    """A made-up endless picture: every texel tells where it is."""
    y = np.arange(region.y, region.y + region.height, step)
    x = np.arange(region.x, region.x + region.width, step)
    red, green = np.broadcast_arrays(y[:, None] % 256, x[None, :] % 256)
    return np.stack([red, green, np.full_like(red, 90)], axis=2).astype(np.uint8)


@pytest.fixture
def canvas(shown: Shown) -> CanvasView:
    canvas = CanvasView()
    shown(canvas, WIDTH, HEIGHT)
    canvas.expect_model(3)
    return canvas


@pytest.fixture
def asked(canvas: CanvasView) -> list[tuple[Region, int]]:
    regions: list[tuple[Region, int]] = []
    canvas.region_wanted.connect(lambda region, skip: regions.append((region, skip)))
    return regions


def test_endless_asks_for_exactly_what_is_seen(canvas: CanvasView, asked: list[tuple[Region, int]]) -> None:
    canvas.set_repeat("endless")
    assert asked == [(Region(-150, -200, 300, 400), 0)]


def test_between_the_tile_and_the_endless_plane_nothing_is_offered_to_begin_with(canvas: CanvasView) -> None:
    assert canvas.is_empty
    canvas.set_tile(np.zeros((64, 64, 3), np.uint8))
    canvas.set_repeat("endless")
    assert not canvas.is_empty
    canvas.clear_result()
    assert canvas.is_empty


def test_the_answer_is_painted_in_its_place(canvas: CanvasView, asked: list[tuple[Region, int]], grab: Grab) -> None:
    canvas.set_repeat("endless")
    region, skip = asked[-1]
    canvas.set_region_image(region, plane(region), skip)
    np.testing.assert_array_equal(grab(canvas)[ABOVE_LABELS], plane(region)[ABOVE_LABELS])


def test_a_moved_view_asks_for_a_wider_coarser_picture_and_at_rest_for_the_sharp_one(
    canvas: CanvasView, asked: list[tuple[Region, int]], qtbot: QtBot
) -> None:
    canvas.set_repeat("endless")
    asked.clear()
    with qtbot.waitSignal(canvas.region_wanted, check_params_cb=lambda region, skip: skip == 0):
        canvas.pan(QPointF(-50, 30))
        canvas.pan(QPointF(-3, 0))
        assert [skip for _, skip in asked] == [1], "the margin makes up for small steps"
    seen = Region(-180, -147, 300, 400)
    assert covers(asked[0][0], seen)
    assert asked[-1] == (seen, 0)


def test_zoomed_out_it_skips_levels_in_whole_pixels_of_the_coarser_one(
    canvas: CanvasView, asked: list[tuple[Region, int]], qtbot: QtBot
) -> None:
    canvas.set_repeat("endless")
    canvas.zoom_to(0.25)
    with qtbot.waitSignal(canvas.region_wanted):
        pass
    region, skip = asked[-1]
    assert skip == 2
    assert region == Region(-600, -800, 1200, 1600)
    canvas.zoom_to(0.01)
    assert canvas.zoom == 0.25, "farther out there is no coarser level"


def test_the_last_picture_stays_until_the_next_is_there(canvas: CanvasView, asked: list[tuple[Region, int]], grab: Grab) -> None:
    canvas.set_repeat("endless")
    region, skip = asked[-1]
    canvas.set_region_image(region, plane(region), skip)
    canvas.pan(QPointF(-40, 0))
    moved = grab(canvas)[ABOVE_LABELS]
    np.testing.assert_array_equal(moved[:, :360], plane(region)[ABOVE_LABELS, 40:])


def test_a_plane_that_gets_the_photos_half_of_the_canvas_too_asks_for_what_is_seen_there(
    canvas: CanvasView, asked: list[tuple[Region, int]], qtbot: QtBot
) -> None:
    canvas.set_photo(np.zeros((60, 60, 3), np.uint8))
    canvas.set_comparison("beside")
    canvas.set_repeat("endless")
    region, skip = asked[-1]
    canvas.set_region_image(region, plane(region), skip)
    assert region.width == 200
    canvas.set_comparison("result")
    assert covers(asked[-1][0], Region(-150, -200, 300, 400))


def test_the_picture_of_the_model_before_stays_until_the_first_of_the_next_and_then_goes(
    canvas: CanvasView, asked: list[tuple[Region, int]], grab: Grab
) -> None:
    canvas.set_repeat("endless")
    region, skip = asked[-1]
    canvas.set_region_image(region, plane(region), skip)
    canvas.expect_model(3)
    assert asked == [(region, skip), (region, skip)]
    np.testing.assert_array_equal(grab(canvas)[ABOVE_LABELS], plane(region)[ABOVE_LABELS])
    left_half = Region(region.y, region.x, region.height, region.width // 2)
    canvas.set_region_image(left_half, plane(left_half), skip)
    right = grab(canvas)[ABOVE_LABELS, WIDTH // 2 :]
    assert len(np.unique(right.reshape(-1, 3), axis=0)) == 1, "nothing but the ground of the canvas"


def test_a_coarse_picture_is_shown_at_the_same_size(canvas: CanvasView, asked: list[tuple[Region, int]], grab: Grab) -> None:
    canvas.set_repeat("endless")
    region = asked[-1][0]
    canvas.set_region_image(region, plane(region, step=2), 1)
    difference = grab(canvas)[20:90, 20:180, :2].astype(int) - plane(region)[20:90, 20:180, :2]
    assert np.abs(difference).max() <= 2
