"""What happens to the process: uncaught errors, signals, garbage and crashes. Signals and crashes end a process of their own."""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from texgen_desktop import hooks

REPOSITORY = Path(__file__).parents[1]
IDLE_LOOP = """
import sys
from PySide6.QtCore import QCoreApplication, QTimer
from texgen_desktop.hooks import ExitSignals
app = QCoreApplication([])
signals = ExitSignals(app)
{install}
QTimer.singleShot(0, lambda: print("ready", flush=True))
sys.exit(app.exec() or signals.exit_code)
"""
INSTALL = "signals.install(); signals.received.connect(app.quit)"
NAIVE = "import signal; signal.signal(signal.SIGTERM, lambda *_: app.quit())"


class Listener(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str, threading.Thread]] = []

    @Slot(str, str)
    def on_caught(self, error: str, detail: str) -> None:
        self.heard.append((error, detail, threading.current_thread()))


def start(install: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", IDLE_LOOP.format(install=install)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_ends_an_idle_loop(number: signal.Signals, exit_code: int) -> None:
    with start(INSTALL) as process:
        process.send_signal(number)
        assert process.wait(30) == exit_code


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_plain_handler_is_not_called_by_an_idle_loop() -> None:
    # The signal may reach a process before its loop is idle, which is no proof: one of five that is deaf is enough.
    assert any(is_deaf_when_idle(NAIVE) for _ in range(5))
    assert not is_deaf_when_idle(INSTALL)


def is_deaf_when_idle(install: str) -> bool:
    """Whether a SIGTERM that comes when the loop has nothing to do is without effect."""
    with start(install) as process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)  # until its loop is idle
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
        return False


@pytest.fixture
def restored_hooks() -> Iterator[None]:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = before


@pytest.mark.usefixtures("restored_hooks")
def test_an_error_in_any_thread_is_told_in_the_thread_of_the_window(qapp: QApplication, caplog: pytest.LogCaptureFixture) -> None:
    errors, listener = hooks.UncaughtErrors(), Listener()
    errors.caught.connect(listener.on_caught)
    errors.install()

    def fail() -> None:
        raise ValueError("told <b>as it is</b>")

    with caplog.at_level(logging.CRITICAL, "texgen"):
        worker = threading.Thread(target=fail)
        worker.start()
        worker.join()
    qapp.processEvents()
    [(error, detail, heard_in)] = listener.heard
    assert error == "ValueError: told <b>as it is</b>"
    assert "in fail" in detail
    assert heard_in is threading.current_thread()


class Node:
    itself: Node


def make_garbage() -> weakref.ref[Node]:
    node = Node()
    node.itself = node
    return weakref.ref(node)


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[hooks.GarbageCollector]:
    collector = hooks.GarbageCollector()
    yield collector
    collector.stop()
    shiboken6.delete(collector)
    assert gc.isenabled()


def test_garbage_is_collected_when_the_window_has_time(collector: hooks.GarbageCollector) -> None:
    assert not gc.isenabled()
    reference = make_garbage()
    collector.collect()
    assert reference() is None


def test_what_was_spared_is_collected_in_the_end(collector: hooks.GarbageCollector) -> None:
    reference = make_garbage()
    collector.spare_what_lives()
    collector.collect()
    assert reference() is not None
    collector.collect_all()
    assert reference() is None


def test_the_stacks_of_a_crash_are_there_at_the_next_start(tmp_path: Path) -> None:
    crash = "import ctypes, pathlib, sys; from texgen_desktop.hooks import keep_crash_log; "
    crash += "print(repr(keep_crash_log(pathlib.Path(sys.argv[1])))); sys.stdout.flush(); ctypes.string_at(0)"
    runs = [
        subprocess.run([sys.executable, "-c", crash, str(tmp_path / "new" / "crash.log")], cwd=REPOSITORY, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert all(run.returncode != 0 for run in runs)
    assert runs[0].stdout == "''\n"
    assert "string_at" in runs[1].stdout
