from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from tests.ui.widgets.conftest import Shown
from texgen_desktop.ui.widgets.flow_layout import FlowLayout


def test_a_row_that_is_full_goes_on_below_and_nothing_overlaps(shown: Shown) -> None:
    area = QWidget()
    flow = FlowLayout(area, spacing=10)
    buttons = [QPushButton(area) for _ in range(5)]
    for button in buttons:
        button.setFixedSize(100, 20)
        flow.addWidget(button)
    shown(area, 330, 100)
    assert [(button.x(), button.y()) for button in buttons] == [(0, 0), (110, 0), (220, 0), (0, 30), (110, 30)]
    assert flow.heightForWidth(330) == 50
    assert flow.heightForWidth(320) == 50
    assert flow.heightForWidth(319) == 80
    buttons[0].hide()
    flow.activate()
    assert (buttons[1].x(), buttons[1].y()) == (0, 0)
