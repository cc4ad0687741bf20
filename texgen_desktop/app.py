"""The desktop program: builds engine thread, studio and window, and starts Qt's loop."""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from texgen_desktop import __version__, hooks
from texgen_desktop.engine.environment import prepare_environment
from texgen_desktop.engine.messages import EngineReady, Event, JobEnded, Problem, TrainingProgress
from texgen_desktop.paths import is_folder
from texgen_desktop.studio.engine_thread import EngineThread
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui import theme
from texgen_desktop.ui.main_window import MainWindow

LATEST_ENGINE_START_MS = 3_000  # for a window that is never painted, such as a minimised one
LONGEST_SAVE_S = 60.0
_PROGRAM = "texgen-desktop"

log = logging.getLogger("texgen")


class Program(QObject):
    """What happens between the parts of one window: when the engine starts, how it ends, and who hears of an error."""

    def __init__(self, thread: EngineThread, studio: Studio) -> None:
        super().__init__()
        self._thread = thread
        self._studio = studio
        self._garbage = hooks.GarbageCollector(self)
        self._has_spared_training = False
        self._late_start = QTimer(self, singleShot=True)
        self._late_start.timeout.connect(self.start_engine)
        self._late_start.start(LATEST_ENGINE_START_MS)
        thread.event_sent.connect(studio.on_event)
        thread.event_sent.connect(self._on_event)

    @Slot()
    def start_engine(self) -> None:
        """Start the engine, and with it the import of torch: after the first paint, so that the window is there at once."""
        self._late_start.stop()
        if not self._thread.isRunning() and not self._thread.isFinished():
            self._thread.start()

    def end_engine(self) -> None:
        """Wait until the engine, told to quit, has saved and ended."""
        self._late_start.stop()
        self._thread.join(LONGEST_SAVE_S)
        self._garbage.stop()

    def save_without_display(self) -> None:
        """Let the engine save and end where Qt's loop is over and cannot run again: the display has gone away under the window."""
        self._studio.save_and_quit()
        self._thread.wait(round(LONGEST_SAVE_S * 1000))
        self._garbage.stop()

    @property
    def has_ended(self) -> bool:
        return not self._thread.isRunning()

    @Slot(str, str)
    def on_uncaught(self, error: str, detail: str) -> None:
        hint = "Your project is safe on disk. If the window behaves oddly, close it and start again."
        self._studio.report(Problem(f"Something unforeseen happened: {error}", hint, detail))

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        match event:
            case EngineReady():
                self._garbage.spare_what_lives()
            case TrainingProgress() if not self._has_spared_training:
                # The first step has imported what torch imports only then.
                self._has_spared_training = True
                self._garbage.spare_what_lives()
            case JobEnded(job="train"):
                self._has_spared_training = False
                self._garbage.collect_all()


def create(argv: Sequence[str], settings_dir: Path | None = None) -> tuple[QApplication, MainWindow]:
    """Build the whole program and show its window, without entering Qt's loop.

    ``argv`` is like ``sys.argv``; a list that begins with something to open, not with the program's name, does as well.

    With ``settings_dir`` settings and projects live there. A QApplication that exists is used. ``window.close()`` saves what
    runs and returns when the engine has ended.
    """
    app, window, _ = _build(argv, settings_dir)
    window.show()
    return app, window


def _build(argv: Sequence[str], settings_dir: Path | None) -> tuple[QApplication, MainWindow, Program]:
    prepare_environment()
    app = QApplication.instance()
    arguments = [_PROGRAM, *argv[1:]] if _names_program(argv) else [_PROGRAM, *argv]
    if not isinstance(app, QApplication):
        if {"-h", "--help", "--version"} & set(arguments):
            _parse(arguments[1:])  # which ends here, also where there is no display
        app = QApplication(arguments)
        arguments = app.arguments()  # Qt has taken out its own, such as -platform
    options = _parse(arguments[1:])
    app.setApplicationName(_PROGRAM)
    app.setApplicationDisplayName("TexGen Desktop")
    app.setApplicationVersion(__version__)
    theme.apply(app)
    settings = Settings(settings_dir)
    thread = EngineThread(settings.projects_folder)
    studio = Studio(thread.post)
    program = Program(thread, studio)
    window = MainWindow(studio, settings, program.end_engine)
    for part in (thread, studio, program):
        part.setParent(window)
    window.painted.connect(program.start_engine)
    studio.open_paths(path.absolute() for path in options.paths)
    if options.train:
        studio.train_when_ready()
    return app, window, program


def main(argv: Sequence[str]) -> int:
    """Run the program until its window is closed; the exit code of the process (143 after SIGTERM, 130 after SIGINT)."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    hooks.send_qt_messages_to_log()
    app, window, program = _build(argv, None)
    errors, signals = hooks.UncaughtErrors(app), hooks.ExitSignals(app)
    errors.install()
    errors.caught.connect(program.on_uncaught)
    signals.install()
    signals.received.connect(window.close)
    app.commitDataRequest.connect(window.close)
    if last_crash := hooks.keep_crash_log(window.settings.folder / "crash.log"):
        window.studio.log_added.emit("error", f"TexGen Desktop ended unexpectedly last time:\n{last_crash}")
    window.show()
    code = app.exec()
    if not program.has_ended:
        program.save_without_display()
    if not program.has_ended:
        log.critical("The engine did not end within %.0f s; leaving without it.", LONGEST_SAVE_S)
        faulthandler.dump_traceback()
        os._exit(1)  # a QThread that runs while Python tears down aborts the process in any case
    return signals.exit_code or code


def _names_program(argv: Sequence[str]) -> bool:
    return bool(argv) and Path(argv[0]).suffix.lower() in ("", ".py", ".exe") and not is_folder(Path(argv[0]))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description="Turn photographs into seamless textures.")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PHOTO|PROJECT|MODEL", help="what to open")
    parser.add_argument("--train", action="store_true", help="start training as soon as the photo is loaded")
    parser.add_argument("--version", action="version", version=f"TexGen Desktop {__version__}")
    return parser.parse_args(arguments)
