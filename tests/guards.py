"""Finds what a test leaves behind: open windows, running threads, active timers, and messages of Qt's that nobody expects."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

GRACE_S = 5.0  # a thread that was asked to end gets this long; one that is on its way out needs milliseconds


class Leaks:
    """Remembers what lived before a test; ``left_over()`` names what is there afterwards and was not there before.

    Qt is looked at only when something else has imported it: tests of the Qt-free rooms never load it.
    """

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._windows = {id(window) for window in _top_level_widgets()}
        self._started: weakref.WeakSet[Any] = weakref.WeakSet()

    @contextmanager
    def watching(self) -> Iterator[Leaks]:
        """Record every QThread and QTimer that Python code starts meanwhile: Qt itself keeps no list of them."""
        if (core := sys.modules.get("PySide6.QtCore")) is None:
            yield self
            return
        originals = {cls: cls.start for cls in (core.QThread, core.QTimer)}
        for cls, start in originals.items():
            cls.start = self._recording(start)
        try:
            yield self
        finally:
            for cls, start in originals.items():
                cls.start = start

    def _recording(self, start: Callable[..., None]) -> Callable[..., None]:
        def recorded(instance: Any, *args: Any) -> None:
            self._started.add(instance)
            start(instance, *args)

        return recorded

    def left_over(self) -> list[str]:
        """One line for each thing that is still there, after deferred deletions have been carried out."""
        if (core := sys.modules.get("PySide6.QtCore")) is not None:
            _delete_what_waits_for_it(core)
        return [*self._running_threads(), *self._running_qobjects(), *self._open_windows()]

    def _running_threads(self) -> Iterator[str]:
        for thread in set(threading.enumerate()) - self._threads:
            if isinstance(thread, threading._DummyThread):
                continue  # Python's shadow of a QThread: it never ends, and the QThread itself is looked at
            thread.join(GRACE_S)
            if thread.is_alive():
                yield f"Python thread {thread.name!r} is still running"

    def _running_qobjects(self) -> Iterator[str]:
        import shiboken6
        from PySide6.QtCore import QThread

        for qobject in list(self._started):
            if not shiboken6.isValid(qobject):
                continue
            if isinstance(qobject, QThread):
                if not qobject.wait(int(GRACE_S * 1000)):
                    yield f"{_describe(qobject)} is still running"
            elif qobject.isActive():
                yield f"{_describe(qobject)} is still active (every {qobject.interval()} ms)"

    def _open_windows(self) -> Iterator[str]:
        if not self._new_windows():
            return
        gc.collect()
        for window in self._new_windows():
            yield f"top-level widget {_describe(window)} is still alive"

    def _new_windows(self) -> list[Any]:
        return [window for window in _top_level_widgets() if id(window) not in self._windows]


@contextmanager
def collected_qt_messages(expected: dict[str, str]) -> Iterator[list[str]]:
    """Collect Qt's warnings and worse, except the ``expected`` texts. The handler before it is put back."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    unexpected: list[str] = []

    def handle(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) and text not in expected:
            unexpected.append(f"{kind.name}: {text}")

    previous = qInstallMessageHandler(handle)
    try:
        yield unexpected
    finally:
        qInstallMessageHandler(previous)


def _top_level_widgets() -> list[Any]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    application = widgets and widgets.QApplication.instance()
    return list(application.topLevelWidgets()) if application else []


def _delete_what_waits_for_it(core: Any) -> None:
    if core.QCoreApplication.instance() is None:
        return
    for _ in range(3):  # a deletion may post another one
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
        core.QCoreApplication.processEvents()


def _describe(qobject: Any) -> str:
    name = f" {qobject.objectName()!r}" if qobject.objectName() else ""
    parent = qobject.parent()
    return f"{type(qobject).__name__}{name}" + (f" of {type(parent).__name__}" if parent else "")
