"""The log panel: plain text, bounded, to copy and to clear."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QTextEdit
from pytestqt.qtbot import QtBot

from tests.ui.driver import Session, child
from texgen_desktop.engine.messages import CommandFailed, Notice, Problem
from texgen_desktop.ui.panels import log
from texgen_desktop.ui.panels.log import LogPanel

HOSTILE = "<b>x</b>.png is damaged."


@pytest.fixture
def panel(session: Session) -> LogPanel:
    return session.show(LogPanel)


def text(panel: LogPanel) -> str:
    return child(panel, QPlainTextEdit, "log_text").toPlainText()


def test_a_file_name_is_never_read_as_html(session: Session, panel: LogPanel, qtbot: QtBot) -> None:
    session.say(CommandFailed(Problem(HOSTILE, "Choose another.")))
    assert text(panel).endswith(f"Error: {HOSTILE} Choose another.")
    control = QTextEdit()
    qtbot.addWidget(control)
    control.append(HOSTILE)
    assert "<b>" not in control.toPlainText(), "a rich text log swallows the tags"


def test_levels_are_told_by_words_and_not_by_colour_alone(session: Session, panel: LogPanel) -> None:
    session.say(Notice("One was passed over."), CommandFailed(Problem("It failed.")))
    lines = [line.split("  ", 1)[1] for line in text(panel).splitlines()]
    assert lines == ["Note: One was passed over.", "Error: It failed."]


def test_the_log_does_not_grow_without_bound(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LONGEST_LINES", 50)
    panel = session.show(LogPanel)
    for number in range(60):
        session.studio.log_added.emit("info", f"line {number}")
    lines = [line.split("  ", 1)[1] for line in text(panel).splitlines()]
    assert lines == [f"line {number}" for number in range(10, 60)]


def test_the_whole_log_is_copied_and_cleared(session: Session, panel: LogPanel) -> None:
    copy, clear = child(panel, QAbstractButton, "log_copy"), child(panel, QAbstractButton, "log_clear")
    assert not copy.isEnabled()
    session.say(Notice("Line one\nline two"))
    copy.click()
    assert QGuiApplication.clipboard().text() == text(panel)
    clear.click()
    assert text(panel) == ""
    assert not clear.isEnabled()
