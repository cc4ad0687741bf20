"""The thread that the engine runs in: the one file that knows both Qt and the engine."""

from __future__ import annotations

import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QThread, QTimer, Signal

from texgen_desktop.engine.messages import Command, CommandFailed, EngineStopped, Problem

if TYPE_CHECKING:
    from texgen_desktop.engine.engine import Engine


class EngineThread(QThread):
    """Runs one engine until Quit. The engine, and torch with it, is imported when the thread starts, after the first paint."""

    event_sent = Signal(object)
    """An ``Event``. Connect only bound methods of objects of the interface thread: anything else would run in this thread."""

    def __init__(self, projects_folder: Path, device: str | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._projects_folder = projects_folder
        self._device = device
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._early: list[Command] = []

    def post(self, command: Command) -> None:
        """Hand a command to the engine, from any thread; it waits while there is no engine yet."""
        with self._lock:
            if self._engine is None:
                self._early.append(command)
            else:
                self._engine.post(command)

    def run(self) -> None:
        try:
            from texgen_desktop.engine.engine import Engine

            engine = Engine(self.event_sent.emit, self._projects_folder, self._device)
        except Exception as error:
            # A broken installation raises what it likes, and without these two events the window would wait for ever.
            hint = "A part of PyTorch may be missing or damaged: install TexGen Desktop again."
            detail = "".join(traceback.format_exception(error))
            self.event_sent.emit(CommandFailed(Problem("The engine could not be loaded.", hint, detail)))
            self.event_sent.emit(EngineStopped())
            return
        with self._lock:
            for command in self._early:
                engine.post(command)
            self._early.clear()
            self._engine = engine
        engine.run()

    def join(self, timeout_s: float) -> bool:
        """Wait until a thread that was told to Quit has ended, painting windows meanwhile. False when it still runs."""
        if not self.isRunning():
            return True
        loop, bound = QEventLoop(), QTimer(singleShot=True)
        self.finished.connect(loop.quit)
        bound.timeout.connect(loop.quit)
        bound.start(round(timeout_s * 1000))
        if self.isRunning():  # it may have finished before the signal was connected
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        return self.isFinished() and self.wait()
