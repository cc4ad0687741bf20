from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from tests.ui.widgets.conftest import Shown
from texgen_desktop.ui.widgets.slider_row import SliderRow

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def row(shown: Shown) -> SliderRow:
    row = SliderRow("Contrast", tip="How far light and dark are apart")
    shown(row, 400, 30)
    return row


@pytest.fixture
def said(row: SliderRow) -> list[object]:
    """All that the row emits, in order."""
    said: list[object] = []
    row.pressed.connect(lambda: said.append("pressed"))
    row.value_changed.connect(said.append)
    row.released.connect(lambda: said.append("released"))
    row.reset.connect(lambda: said.append("reset"))
    row.lock_toggled.connect(lambda locked: said.append(("locked", locked)))
    return said


def button(row: SliderRow, name: str) -> QToolButton:
    return next(button for button in row.findChildren(QToolButton) if button.accessibleName() == name)


def wheel_over(widget: object) -> None:
    at = QPointF(10, 10)
    event = QWheelEvent(at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


def test_values_set_by_code_are_shown_and_not_reported(row: SliderRow, said: list[object]) -> None:
    row.set_value(0.4)
    row.set_locked(True)
    assert (row.value, row.slider.value(), row.field.value()) == (0.4, 0.4, 0.4)
    assert said == []


def test_one_drag_is_pressed_values_released_once_each(row: SliderRow, said: list[object]) -> None:
    y = row.slider.height() // 2
    QTest.mousePress(row.slider, LEFT, NONE, QPoint(20, y))
    QTest.mouseMove(row.slider, QPoint(60, y))
    QTest.mouseMove(row.slider, QPoint(90, y))
    QTest.mouseRelease(row.slider, LEFT, NONE, QPoint(90, y))
    assert said[0] == "pressed"
    assert said[-1] == "released"
    values = said[1:-1]
    assert len(values) == 3
    assert values == sorted(values)
    assert row.field.value() == pytest.approx(row.value, abs=0.005)


def test_a_click_on_the_groove_goes_there(row: SliderRow) -> None:
    QTest.mouseClick(row.slider, LEFT, NONE, QPoint(row.slider.width() // 2, row.slider.height() // 2))
    assert row.value == pytest.approx(0.0, abs=0.02)
    QTest.mouseClick(row.slider, LEFT, NONE, QPoint(row.slider.width() - 1, row.slider.height() // 2))
    assert row.value == 1.0


def test_a_typed_number_is_reported_once_it_is_finished(row: SliderRow, said: list[object]) -> None:
    row.field.setFocus()
    row.field.selectAll()
    QTest.keyClicks(row.field, "0.25")
    assert said == []
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert said == [0.25]
    assert row.slider.value() == 0.25


def test_reset_is_enabled_only_where_the_value_differs(row: SliderRow, said: list[object]) -> None:
    reset = button(row, "Reset Contrast")
    assert not reset.isEnabled()
    row.set_value(-0.3)
    assert reset.isEnabled()
    QTest.mouseClick(reset, LEFT)
    assert said == ["reset"]
    assert row.value == 0.0
    assert not reset.isEnabled()


def test_the_lock_reports_only_the_hand(row: SliderRow, said: list[object]) -> None:
    row.set_locked(True)
    QTest.mouseClick(button(row, "Lock Contrast"), LEFT)
    assert said == [("locked", False)]


def test_the_wheel_scrolls_the_panel_and_not_a_slider_that_nobody_chose(row: SliderRow) -> None:
    row.setFocus()
    for part in (row.slider, row.field):
        part.clearFocus()
        wheel_over(part)
    assert row.value == 0.0
    row.slider.setFocus()
    wheel_over(row.slider)
    assert row.value > 0.0


def test_arrow_keys_move_the_slider_by_a_hundredth_of_its_range(row: SliderRow, said: list[object]) -> None:
    QTest.keyClick(row.slider, Qt.Key.Key_Right)
    assert said == [0.02]


def test_a_row_of_another_range_stands_at_its_default(shown: Shown) -> None:
    row = SliderRow("Strength", 0.0, 1.5, 1.0, can_lock=False)
    shown(row, 400, 30)
    assert row.value == 1.0
    assert row.slider.value() == pytest.approx(1.0, abs=1e-3)
    assert not button(row, "Lock Strength").isVisible()
