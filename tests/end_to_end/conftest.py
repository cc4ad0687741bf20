"""The whole program: the real window with the real engine thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.end_to_end.person import Person
from texgen_desktop import app as program
from texgen_desktop.ui.main_window import MainWindow


@pytest.fixture
def start(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., Person]]:
    """Starts the program with arguments; every window is closed, and its engine joined, at the end."""
    windows: list[MainWindow] = []

    def begin(*arguments: object) -> Person:
        _, window = program.create(["texgen-desktop", *map(str, arguments)], tmp_path / "settings")
        windows.append(window)
        return Person(window, qtbot)

    yield begin
    for window in windows:
        window.close()
        shiboken6.delete(window)
