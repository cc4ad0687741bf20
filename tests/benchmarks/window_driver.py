"""Drives the real window as a hand would, and notes when something is painted, shown or late."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QEventLoop, QMessageLogContext, QObject, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QWidget

from tests.qt_messages import EXPECTED
from texgen_desktop import app
from texgen_desktop.engine.messages import Rendered
from texgen_desktop.ui.main_window import MainWindow

HEARTBEAT_MS = 10
LONGEST_WAIT_S = 300.0

W = TypeVar("W", bound=QWidget)


def open_window(photo: Path, settings_dir: Path) -> MainWindow:
    """The real program with a photo, shown; its engine starts when it has been painted."""
    qInstallMessageHandler(_on_qt_message)
    _, window = app.create(["texgen-desktop", str(photo)], settings_dir)
    return window


def _on_qt_message(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    if text not in EXPECTED:
        print(f"Qt: {text}", file=sys.stderr)


def wait(seconds: float) -> None:
    """Let the window live for so long."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], object], timeout_s: float = LONGEST_WAIT_S, look_again_s: float = 0.01) -> None:
    """Let the window live until the condition holds. TimeoutError when it does not come true."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError(f"nothing happened for {timeout_s:.0f} s")
        wait(look_again_s)


def widget(window: MainWindow, kind: type[W], name: str) -> W:
    found = window.findChild(kind, name)
    if found is None:
        raise LookupError(f"the window has no {kind.__name__} called {name}")
    return found


class CanvasWatch(QObject):
    """Notes every picture of the engine once it has been painted: ``shown`` holds (time.monotonic(), picture)."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.shown: list[tuple[float, Rendered]] = []
        self._coming: Rendered | None = None
        window.studio.image_ready.connect(self._on_image_ready)  # after the canvas, which has the picture by then
        window.canvas_area.canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._coming is not None:
            # A timer of 0 ms fires when the paint has ended and was handed to the screen.
            QTimer.singleShot(0, partial(self._on_painted, self._coming))
            self._coming = None
        return False

    def _on_image_ready(self, picture: Rendered) -> None:
        self._coming = picture

    def _on_painted(self, picture: Rendered) -> None:
        self.shown.append((time.monotonic(), picture))


class Heartbeat(QObject):
    """A precise timer; ``lateness_ms`` holds by how much each beat came later after the one before than it should have."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lateness_ms: list[float] = []
        self.worst_at_s = 0.0
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=HEARTBEAT_MS)
        self._timer.timeout.connect(self._on_beat)

    def start(self) -> None:
        self._began_s = self._last_s = time.monotonic()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _on_beat(self) -> None:
        now_s = time.monotonic()
        late_ms = max(0.0, (now_s - self._last_s) * 1000 - HEARTBEAT_MS)
        if late_ms > max(self.lateness_ms, default=0.0):
            self.worst_at_s = now_s - self._began_s
        self.lateness_ms.append(late_ms)
        self._last_s = now_s
