"""Somebody who uses the real window: by the widgets' names, as a script does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QSlider
from pytestqt.qtbot import QtBot

from texgen_desktop.engine import messages as m
from texgen_desktop.ui.main_window import MainWindow

LONGEST_MS = 30_000


class Person:
    """Drives a window as a script does: by the widgets' names."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window = window
        self.studio = window.studio
        self._qtbot = qtbot
        self.pictures: list[m.Rendered] = []
        self.studio.image_ready.connect(self.pictures.append)

    def waits_until(self, condition: Callable[[], object]) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=LONGEST_MS)

    def waits_for_a_picture(self, condition: Callable[[m.Rendered], object] = lambda picture: True) -> m.Rendered:
        """The newest picture that fulfils the condition."""
        self.waits_until(lambda: any(condition(picture) for picture in self.pictures))
        return [picture for picture in self.pictures if condition(picture)][-1]

    def widget(self, kind: type, name: str):
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def presses(self, name: str) -> None:
        self._qtbot.mouseClick(self.widget(QAbstractButton, name), Qt.MouseButton.LeftButton)

    def chooses(self, name: str) -> None:
        self.widget(QAction, name).trigger()

    def drags(self, slider: QSlider, pixels: int) -> None:
        """Take the handle in the middle and move it sideways, in five moves."""
        start = slider.rect().center()
        self._qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
        for part in range(1, 6):
            self._qtbot.mouseMove(slider, QPoint(start.x() + pixels * part // 5, start.y()))
        self._qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(start.x() + pixels, start.y()))

    def waits_for_a_run_in_progress(self) -> None:
        self.waits_until(lambda: self.studio.state.progress and self.studio.state.progress.images_seen > 0)
