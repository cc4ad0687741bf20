from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.widgets.conftest import Shown
from texgen_desktop.engine.messages import Problem
from texgen_desktop.ui.widgets.elided_label import ElidedLabel
from texgen_desktop.ui.widgets.error_bar import ErrorBar
from texgen_desktop.ui.widgets.offer_bar import OfferBar

PROBLEM = Problem("The disk is full: <b>gravel</b>.png was not written.", "Free 120 MB.", "Traceback …")


@pytest.fixture
def parent(shown: Shown) -> QWidget:
    parent = QWidget()
    shown(parent, 600, 200)
    return parent


def test_the_error_bar_is_there_only_while_there_is_a_problem(parent: QWidget) -> None:
    bar = ErrorBar(parent)
    assert bar.isHidden()
    bar.show_problem(PROBLEM)
    assert not bar.isHidden()
    bar.show_problem(None)
    assert bar.isHidden()


def test_names_in_a_problem_are_shown_as_they_are(parent: QWidget) -> None:
    bar = ErrorBar(parent)
    bar.show_problem(PROBLEM)
    labels = [label for label in bar.findChildren(QLabel) if label.text()]
    assert [label.text() for label in labels] == [PROBLEM.message, PROBLEM.hint]
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)


def test_details_open_on_demand_and_close_with_the_next_problem(parent: QWidget) -> None:
    bar = ErrorBar(parent)
    bar.show_problem(PROBLEM)
    details, text = bar.findChild(QPushButton), bar.findChild(QPlainTextEdit)
    assert text.isHidden()
    details.click()
    assert not text.isHidden()
    assert text.toPlainText() == "Traceback …"
    bar.show_problem(Problem("Another."))
    assert text.isHidden()
    assert details.isHidden()


def test_escape_dismisses_a_problem(parent: QWidget, qtbot: QtBot) -> None:
    bar = ErrorBar(parent)
    bar.show_problem(PROBLEM)
    with qtbot.waitSignal(bar.dismissed):
        QTest.keyClick(bar, Qt.Key.Key_Escape)


def test_an_offer_reports_the_choice(parent: QWidget, qtbot: QtBot) -> None:
    bar = OfferBar(parent)
    assert bar.isHidden()
    bar.show_offer("An older offer.", [("other", "Other")])
    bar.show_offer("This picture was exported from here.", [("photo", "Use as photo"), ("settings", "Restore its settings")])
    second = next(button for button in bar.findChildren(QPushButton) if button.text() == "Restore its settings")
    with qtbot.waitSignal(bar.chosen) as chosen:
        second.click()
    assert chosen.args == ["settings"]
    bar.show_offer("", ())
    assert bar.isHidden()


def test_an_elided_label_keeps_its_text_and_shows_no_html(parent: QWidget) -> None:
    name = "a very long name of a photo with <img src=x> in it.jpg"
    label = ElidedLabel(name, parent)
    assert label.text() == name
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert "<img" not in label.toolTip()
    assert label.minimumSizeHint().width() < label.sizeHint().width()
