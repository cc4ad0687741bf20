"""What belongs to the process and not to a window: uncaught errors, Qt's messages, crashes, signals, and garbage."""

from __future__ import annotations

import faulthandler
import gc
import logging
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType, TracebackType
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QObject, QSocketNotifier, QTimer, QtMsgType, Signal, Slot, qInstallMessageHandler

log = logging.getLogger("texgen")

GARBAGE_INTERVAL_MS = 2_000
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class UncaughtErrors(QObject):
    """Logs every error that nobody caught, and emits it. Errors come from any thread, so the hooks do no more than that."""

    caught = Signal(str, str)  # the error in one line, its traceback

    def install(self) -> None:
        sys.excepthook = self._on_error
        threading.excepthook = lambda args: self._on_error(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
        sys.unraisablehook = lambda args: self._on_error(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        detail = "".join(traceback.format_exception(kind, error, trace))
        log.error("%s", detail)
        self.caught.emit(f"{kind.__name__}: {error}", detail)


class ExitSignals(QObject):
    """Turns SIGTERM, SIGINT and SIGHUP into ``received``, also while Qt's loop is idle.

    Python runs a signal's handler between two of its own instructions, of which an idle Qt loop executes none: the byte
    that Python writes to a socket at every signal wakes it.
    """

    received = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.exit_code = 0
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_readable)

    def install(self) -> None:
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            if number := getattr(signal, name, None):  # there is no SIGHUP on Windows
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Nothing to do here: the byte in the socket says it."""

    def _on_readable(self) -> None:
        for number in self._reader.recv(64):
            self.exit_code = self.exit_code or 128 + number
            self.received.emit(number)


class GarbageCollector(QObject):
    """Runs Python's cyclic collector in the interface thread only: in the engine's thread it could delete a widget."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(GARBAGE_INTERVAL_MS)

    @Slot()
    def collect(self) -> None:
        """Look at what has come since ``spare_what_lives``: a matter of a millisecond."""
        gc.collect()

    def spare_what_lives(self) -> None:
        """Leave what lives now out of later collections: to look at all of torch takes a tenth of a second."""
        gc.freeze()

    def collect_all(self) -> None:
        """Look at everything once, what was spared too."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Give the collector back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()


def send_qt_messages_to_log() -> None:
    qInstallMessageHandler(_on_qt_message)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    log.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)


def keep_crash_log(path: Path) -> str:
    """Write the stacks of a crash (a fault in native code) to ``path``; what the last crash left there is returned.

    The file stays open as long as the process lives.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        left = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        file: TextIO = path.open("w", encoding="utf-8")
    except OSError as error:
        log.warning("No crash log: %s", error)
        return ""
    faulthandler.enable(file)
    return left
