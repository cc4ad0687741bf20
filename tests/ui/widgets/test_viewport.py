from __future__ import annotations

import pytest

from texgen_desktop.engine.messages import Region
from texgen_desktop.ui.widgets.viewport import ZOOM_MAX, ZOOM_MIN, Viewport, covers, fitted, wrapped


def test_plane_and_screen_are_each_others_inverse() -> None:
    view = Viewport(3.7, -120.5, 8.25)
    assert view.screen_at(*view.plane_at(31, -77)) == pytest.approx((31, -77))


@pytest.mark.parametrize("zoom", [0.001, 0.3, 1.0, 17.0, 1e6])
def test_zooming_holds_its_anchor_also_at_the_limits(zoom: float) -> None:
    view = Viewport(1.3, 40, -9)
    other = view.zoomed(zoom, 55, -20)
    assert ZOOM_MIN <= other.zoom <= ZOOM_MAX
    assert other.plane_at(55, -20) == pytest.approx(view.plane_at(55, -20))


def test_fitted_shows_all_in_the_tighter_direction() -> None:
    assert fitted(200, 100, 800, 300) == Viewport(3.0)
    assert fitted(100, 200, 800, 300) == Viewport(1.5)


@pytest.mark.parametrize(("zoom", "skip"), [(4.0, 0), (1.0, 0), (0.51, 0), (0.5, 1), (0.25, 2), (0.03, 3)])
def test_levels_are_skipped_only_where_the_screen_cannot_show_them(zoom: float, skip: int) -> None:
    assert Viewport(zoom).skip_levels(max_skip=3) == skip


def test_a_visible_region_is_whole_pixels_of_its_level_and_covers_the_view() -> None:
    view = Viewport(0.5, 3.0, -7.0)
    region = view.visible_region(101, 51, skip_levels=1)
    assert all(value % 2 == 0 for value in (region.y, region.x, region.height, region.width))
    left, top = view.plane_at(-50.5, -25.5)
    right, bottom = view.plane_at(50.5, 25.5)
    assert region.x <= left
    assert region.y <= top
    assert region.x + region.width >= right
    assert region.y + region.height >= bottom


def test_covers_means_every_side() -> None:
    outer = Region(0, 0, 10, 10)
    assert covers(outer, outer)
    assert covers(outer, Region(2, 3, 4, 5))
    assert not covers(outer, Region(0, 0, 10, 11))
    assert not covers(outer, Region(-1, 0, 5, 5))


@pytest.mark.parametrize(("offset", "expected"), [(0, 0), (29, 29), (30, -30), (-30, -30), (75, 15), (-61, -1)])
def test_a_wrapped_offset_goes_the_shorter_way(offset: int, expected: int) -> None:
    assert wrapped(offset, 60) == expected
