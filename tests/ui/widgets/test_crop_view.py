from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.ui.widgets.conftest import Grab, Shown
from texgen_desktop.engine.messages import Crop
from texgen_desktop.ui.widgets.crop_geometry import INSIDE, SMALLEST, Grip, dragged, drawn
from texgen_desktop.ui.widgets.crop_view import GRIP_SIDE_PX, CropView

LEFT, NONE, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
PHOTO_WIDTH, PHOTO_HEIGHT = 400, 200  # as painted: the view below leaves exactly this much room


@pytest.fixture
def view(shown: Shown) -> CropView:
    view = CropView()
    shown(view, PHOTO_WIDTH + 2 * GRIP_SIDE_PX, PHOTO_HEIGHT + 2 * GRIP_SIDE_PX)
    view.set_photo(np.full((100, 200, 3), 128, np.uint8))
    return view


@pytest.fixture
def crops(view: CropView) -> list[Crop]:
    crops: list[Crop] = []
    view.crop_changed.connect(crops.append)
    return crops


def place(x: float, y: float) -> QPoint:
    """Where a fraction of the photo is painted."""
    return QPoint(round(GRIP_SIDE_PX + x * PHOTO_WIDTH), round(GRIP_SIDE_PX + y * PHOTO_HEIGHT))


def drag(view: CropView, start: QPoint, *stops: QPoint) -> None:
    QTest.mousePress(view, LEFT, NONE, start)
    for stop in stops:
        QTest.mouseMove(view, stop)
    QTest.mouseRelease(view, LEFT, NONE, stops[-1])


def as_tuple(crop: Crop) -> tuple[float, float, float, float]:
    return crop.x, crop.y, crop.width, crop.height


def test_a_drag_on_the_whole_photo_draws_a_rectangle_and_reports_it_once(view: CropView, crops: list[Crop]) -> None:
    drag(view, place(0.25, 0.25), place(0.5, 0.5), place(0.75, 0.75))
    assert [as_tuple(crop) for crop in crops] == [pytest.approx((0.25, 0.25, 0.5, 0.5))]


def test_inside_moves_and_an_edge_resizes(view: CropView, crops: list[Crop]) -> None:
    view.set_crop(Crop(0.2, 0.2, 0.4, 0.4))
    assert crops == []
    drag(view, place(0.4, 0.4), place(0.5, 0.3))
    assert as_tuple(view.crop) == pytest.approx((0.3, 0.1, 0.4, 0.4))
    drag(view, place(0.7, 0.3), place(0.9, 0.3))
    assert as_tuple(view.crop) == pytest.approx((0.3, 0.1, 0.6, 0.4))
    assert len(crops) == 2


def test_the_keyboard_moves_resizes_and_takes_all(view: CropView, crops: list[Crop]) -> None:
    view.set_crop(Crop(0.2, 0.2, 0.4, 0.4))
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Up, SHIFT)
    assert as_tuple(view.crop) == pytest.approx((0.21, 0.2, 0.4, 0.39))
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.crop == Crop()
    assert len(crops) == 3


def test_the_training_square_is_painted_at_its_share_of_the_short_side(view: CropView, grab: Grab) -> None:
    before = grab(view).astype(int)
    view.set_training_square(128, 512)
    changed = np.abs(grab(view).astype(int) - before).sum(axis=2) > 0
    rows = np.flatnonzero(changed.any(axis=1))
    assert rows[-1] - rows[0] == pytest.approx(PHOTO_HEIGHT * 128 / 512, abs=4)


def test_without_a_photo_nothing_can_be_cropped(shown: Shown) -> None:
    view = CropView()
    shown(view, 200, 150)
    drag(view, QPoint(20, 20), QPoint(100, 100))
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.crop == Crop()


@pytest.mark.parametrize("grip", [INSIDE, Grip(-1, -1), Grip(1, 1), Grip(0, 1), Grip(-1, 0)])
@pytest.mark.parametrize("way", [(5.0, 5.0), (-5.0, -5.0), (0.01, -3.0)])
def test_no_drag_leaves_the_photo_or_makes_an_empty_crop(grip: Grip, way: tuple[float, float]) -> None:
    crop = dragged(Crop(0.3, 0.3, 0.2, 0.2), grip, *way)
    for start, length in ((crop.x, crop.width), (crop.y, crop.height)):
        assert start >= 0
        assert length >= SMALLEST - 1e-9
        assert start + length <= 1 + 1e-9


def test_a_drawn_rectangle_is_the_same_from_either_corner() -> None:
    assert drawn(0.8, 0.1, 0.2, 0.6) == drawn(0.2, 0.6, 0.8, 0.1)
    assert as_tuple(drawn(0.99, 0.99, 2.0, 2.0)) == pytest.approx((0.95, 0.95, 0.05, 0.05))
