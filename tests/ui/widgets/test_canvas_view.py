from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from tests.ui.widgets.conftest import Grab, Shown
from texgen_desktop.ui.images import to_qimage
from texgen_desktop.ui.widgets.canvas_view import CanvasView
from texgen_desktop.ui.widgets.empty_state import Shelf

WIDTH, HEIGHT = 400, 300
LEFT, SHIFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
TOP = slice(0, 250)  # rows above the labels


@pytest.fixture
def canvas(shown: Shown, noise: NDArray[np.uint8]) -> CanvasView:
    canvas = CanvasView()
    shown(canvas, WIDTH, HEIGHT)
    canvas.set_tile(noise)
    return canvas


def wheel(canvas: CanvasView, at: QPointF, angle: int) -> None:
    event = QWheelEvent(at, at, QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(canvas, event)


def two_fingers(canvas: CanvasView, at: QPointF, delta: QPoint) -> None:
    event = QWheelEvent(at, at, delta, delta * 2, Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.ScrollUpdate, False)
    QApplication.sendEvent(canvas, event)


def drag(canvas: CanvasView, start: QPoint, *stops: QPoint, keys: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
    QTest.mousePress(canvas, button, keys, start)
    for stop in stops:
        place = QPointF(stop)
        QApplication.sendEvent(canvas, QMouseEvent(QMouseEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, button, keys))
    QTest.mouseRelease(canvas, button, keys, stops[-1])


def block(picture: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """The square in the middle of the canvas."""
    top, left = (HEIGHT - side_px) // 2, (WIDTH - side_px) // 2
    return picture[top : top + side_px, left : left + side_px]


def test_at_actual_size_one_texel_is_one_pixel(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas.actual_size()
    np.testing.assert_array_equal(block(grab(canvas), 60), noise)


def test_at_high_zoom_texels_are_crisp_squares(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas.zoom_to(4.0)
    np.testing.assert_array_equal(block(grab(canvas), 240), np.kron(noise, np.ones((4, 4, 1), np.uint8)))


def test_far_away_a_checkerboard_is_grey_and_does_not_shimmer(canvas: CanvasView, grab: Grab) -> None:
    squares = np.indices((240, 240)).sum(axis=0) % 2 * 255
    board = np.repeat(squares[..., None], 3, axis=2).astype(np.uint8)
    canvas.set_tile(board)
    canvas.zoom_to(0.25)
    assert np.ptp(block(grab(canvas), 56).astype(int)) <= 2
    naive = to_qimage(board).scaled(83, 83)
    assert len({naive.pixel(x, 10) for x in range(83)}) == 2, "the plain scaling keeps black and white"


@pytest.mark.parametrize("angle", [120, -120, 15])
def test_the_wheel_holds_the_place_under_the_cursor(canvas: CanvasView, angle: int) -> None:
    cursor = QPointF(251, 87)
    canvas.zoom_to(2.5)
    before, zoom = canvas.texel_at(cursor), canvas.zoom
    wheel(canvas, cursor, angle)
    assert canvas.zoom == pytest.approx(zoom * 2 ** (angle / 480))
    assert canvas.texel_at(cursor) == pytest.approx(before, abs=1e-9)


def test_the_wheel_stops_at_actual_size_on_its_way(canvas: CanvasView) -> None:
    canvas.zoom_to(0.9)
    wheel(canvas, QPointF(200, 150), 120)
    assert canvas.zoom == 1.0


def test_two_fingers_pan_and_a_wheel_does_not(canvas: CanvasView) -> None:
    canvas.zoom_to(4.0)
    at = QPointF(200, 150)
    x, y = canvas.texel_at(at)
    two_fingers(canvas, at, QPoint(20, -8))
    assert (canvas.zoom, canvas.texel_at(at)) == (4.0, (x - 5, y + 2))


@pytest.mark.parametrize("button", [LEFT, Qt.MouseButton.MiddleButton])
def test_a_drag_moves_the_picture_with_the_hand(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8], button: Qt.MouseButton) -> None:
    canvas.actual_size()
    drag(canvas, QPoint(200, 150), QPoint(190, 140), QPoint(177, 162), button=button)
    moved = grab(canvas)[120 + 12 : 180 + 12, 170 - 23 : 230 - 23]
    np.testing.assert_array_equal(moved, noise)


def test_the_picture_cannot_be_dragged_out_of_sight(canvas: CanvasView) -> None:
    canvas.actual_size()
    drag(canvas, QPoint(0, 0), QPoint(399, 299))
    drag(canvas, QPoint(0, 0), QPoint(399, 299))
    assert canvas.texel_at(QPointF(WIDTH / 2, HEIGHT / 2)) == (-30, -30)


def test_shift_and_drag_roll_the_tile_by_exactly_the_way_of_the_hand(
    canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8], qtbot: QtBot
) -> None:
    canvas.actual_size()
    offsets: list[tuple[int, int]] = []
    canvas.rolled.connect(lambda dy, dx: offsets.append((dy, dx)))
    drag(canvas, QPoint(200, 150), QPoint(203, 150), QPoint(217, 139), keys=SHIFT)
    assert offsets == [(0, 3), (-11, 17)]
    assert canvas.roll_offset == (-11, 17)
    np.testing.assert_array_equal(block(grab(canvas), 60), np.roll(noise, (-11, 17), (0, 1)))


def test_a_roll_goes_on_where_the_last_one_ended_and_wraps(canvas: CanvasView) -> None:
    canvas.actual_size()
    for _ in range(3):
        drag(canvas, QPoint(200, 150), QPoint(225, 150), keys=SHIFT)
    assert canvas.roll_offset == (0, 75 - 60)


def test_the_way_of_a_roll_is_counted_in_texels(canvas: CanvasView) -> None:
    canvas.zoom_to(4.0)
    drag(canvas, QPoint(200, 150), QPoint(220, 142), keys=SHIFT)
    assert canvas.roll_offset == (-2, 5)


def test_a_roll_set_back_by_code_says_nothing(canvas: CanvasView, qtbot: QtBot) -> None:
    drag(canvas, QPoint(200, 150), QPoint(220, 142), keys=SHIFT)
    with qtbot.assertNotEmitted(canvas.rolled):
        canvas.reset_roll()
    assert canvas.roll_offset == (0, 0)


def test_three_by_three_really_repeats_around_the_middle(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas.set_repeat("3x3")
    canvas.actual_size()
    np.testing.assert_array_equal(block(grab(canvas), 180), np.tile(noise, (3, 3, 1)))


def test_two_by_two_puts_the_corner_where_four_tiles_meet_in_the_middle(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas.set_repeat("2x2")
    canvas.actual_size()
    np.testing.assert_array_equal(block(grab(canvas), 60), np.roll(noise, (30, 30), (0, 1)))


def test_copies_join_without_a_line_between_them(canvas: CanvasView, grab: Grab) -> None:
    wave = 128 + 100 * np.sin(2 * np.pi * np.arange(60) / 60)
    canvas.set_tile(np.broadcast_to(wave[None, :, None], (60, 60, 3)).astype(np.uint8))
    canvas.set_repeat("3x3")
    canvas.zoom_to(1.5)
    row = block(grab(canvas), 260)[100, :, 0].astype(int)
    assert np.abs(np.diff(row)).max() <= 9, "the wave itself rises by 7 a pixel"


def test_a_picture_of_half_the_size_is_shown_at_the_same_size(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas.actual_size()
    canvas.set_tile(np.full((30, 30, 3), 200, np.uint8), px_per_texel=2.0)
    picture = grab(canvas)
    assert canvas.zoom == 1.0
    assert (block(picture, 60) == 200).all()
    assert (picture[TOP] == 200).all(axis=2).sum() == 60 * 60


def test_a_fitted_tile_stays_fitted_until_the_hand_moves_it(canvas: CanvasView, noise: NDArray[np.uint8]) -> None:
    assert canvas.zoom == HEIGHT / 60
    canvas.set_tile(np.tile(noise, (2, 2, 1)))
    assert canvas.zoom == HEIGHT / 120
    canvas.resize(WIDTH, 240)
    QApplication.processEvents()
    assert canvas.zoom == 2.0
    drag(canvas, QPoint(200, 150), QPoint(190, 150))
    canvas.resize(WIDTH, HEIGHT)
    QApplication.processEvents()
    assert canvas.zoom == 2.0


def test_a_double_click_goes_to_actual_size_under_the_cursor_and_back(canvas: CanvasView) -> None:
    place = QPoint(230, 110)
    before = canvas.texel_at(QPointF(place))
    QTest.mouseDClick(canvas, LEFT, NONE, place)
    assert canvas.zoom == 1.0
    assert canvas.texel_at(QPointF(place)) == pytest.approx(before)
    QTest.mouseDClick(canvas, LEFT, NONE, place)
    assert canvas.is_fitted


def test_the_keyboard_does_all_that_the_mouse_does(canvas: CanvasView) -> None:
    middle = QPointF(WIDTH / 2, HEIGHT / 2)
    QTest.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.zoom == 1.0
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom == pytest.approx(2**0.5)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.texel_at(middle) == pytest.approx((-30, 0))
    QTest.keyClick(canvas, Qt.Key.Key_Down, SHIFT)
    assert canvas.roll_offset == (16, 0)
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.roll_offset == (0, 0)
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.is_fitted


def test_beside_shows_photo_and_result_at_one_zoom(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas.set_photo(noise[::-1].copy())
    canvas.set_comparison("beside")
    canvas.actual_size()
    picture = grab(canvas)
    photo_middle, result_middle = 199 // 2, 201 + 199 // 2
    for middle, image in ((photo_middle, noise[::-1]), (result_middle, noise)):
        places = [x for x in range(middle - 34, middle - 26) if (picture[120:180, x : x + 60] == image).all()]
        assert len(places) == 1


def test_the_photo_takes_the_place_of_the_result_and_gives_it_back(canvas: CanvasView, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas.actual_size()
    canvas.set_photo(255 - noise)
    canvas.set_comparison("photo")
    np.testing.assert_array_equal(block(grab(canvas), 60), 255 - noise)
    canvas.set_comparison("result")
    np.testing.assert_array_equal(block(grab(canvas), 60), noise)


def test_without_a_result_the_photo_is_shown(shown: Shown, grab: Grab, noise: NDArray[np.uint8]) -> None:
    canvas = CanvasView()
    shown(canvas, WIDTH, HEIGHT)
    assert canvas.is_empty
    canvas.set_photo(noise)
    canvas.actual_size()
    assert not canvas.is_empty
    np.testing.assert_array_equal(block(grab(canvas), 60), noise)


def test_an_empty_canvas_offers_samples_that_mouse_and_keyboard_reach(shown: Shown, qtbot: QtBot) -> None:
    canvas = CanvasView()
    canvas.set_message("Drop a photo here", "or open one.")
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    models = Shelf("Models", "Play with", [("/models/gravel", "gravel", image)])
    photos = Shelf("Photos", "Start with the sample", [("/photos/rust", "<b>rust", image)])
    canvas.set_shelves([models, photos, Shelf("Nothing", "", [])])
    shown(canvas, WIDTH, HEIGHT)
    gravel, rust = canvas.findChildren(QToolButton, "sample")
    assert gravel.accessibleName() == "Play with gravel"
    assert "<b>" not in rust.toolTip()
    with qtbot.waitSignal(canvas.sample_chosen) as chosen:
        QTest.mouseClick(gravel, LEFT)
    assert chosen.args == ["/models/gravel"]
    with qtbot.waitSignal(canvas.sample_chosen) as chosen:
        QTest.keyClick(rust, Qt.Key.Key_Space)
    assert chosen.args == ["/photos/rust"]
    canvas.set_tile(np.zeros((8, 8, 3), np.uint8))
    assert not gravel.isVisible()
