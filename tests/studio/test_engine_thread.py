"""The thread around the engine: early commands, events in the interface's thread, and an end that is waited for."""

from __future__ import annotations

import queue
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from texgen_desktop.engine import messages as m
from texgen_desktop.studio.engine_thread import EngineThread


class EchoEngine:
    """Stands in for the engine: tells every command back as a Notice, and ends at Quit."""

    def __init__(self, emit: Callable[[m.Event], None], projects_folder: Path, device: str | None) -> None:
        self.emit = emit
        self.inbox: queue.SimpleQueue[m.Command] = queue.SimpleQueue()

    def post(self, command: m.Command) -> None:
        self.inbox.put(command)

    def run(self) -> None:
        while not isinstance(command := self.inbox.get(), m.Quit):
            self.emit(m.Notice(type(command).__name__))
        self.emit(m.EngineStopped())


class Listener(QObject):
    """Notes every event, and the thread that it was heard in."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[m.Event, threading.Thread]] = []

    @Slot(object)
    def on_event(self, event: m.Event) -> None:
        self.heard.append((event, threading.current_thread()))

    def events(self) -> list[m.Event]:
        return [event for event, _ in self.heard]


def end(thread: EngineThread, qapp: QApplication) -> None:
    """Wait for the thread, then hear what it said last."""
    assert thread.join(30.0)
    qapp.processEvents()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def thread(qapp: QApplication, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineThread]:
    module = types.ModuleType("texgen_desktop.engine.engine")
    module.Engine = EchoEngine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    thread = EngineThread(tmp_path)
    thread.event_sent.connect(listener.on_event)
    yield thread
    shiboken6.delete(thread)


def test_commands_posted_before_the_engine_exists_come_first_and_in_order(
    thread: EngineThread, listener: Listener, qapp: QApplication
) -> None:
    for command in (m.Pause(), m.Resume()):
        thread.post(command)
    thread.start()
    thread.post(m.Stop())
    thread.post(m.Quit())
    end(thread, qapp)
    assert listener.events() == [m.Notice("Pause"), m.Notice("Resume"), m.Notice("Stop"), m.EngineStopped()]


def test_events_are_heard_in_the_thread_of_the_listener(thread: EngineThread, listener: Listener, qapp: QApplication) -> None:
    thread.start()
    thread.post(m.Quit())
    end(thread, qapp)
    assert {heard_in for _, heard_in in listener.heard} == {threading.current_thread()}


def test_joining_a_thread_that_does_not_end_gives_up_after_its_time(thread: EngineThread) -> None:
    thread.start()
    assert not thread.join(0.05)
    thread.post(m.Quit())
    assert thread.join(30.0)


def test_a_thread_that_never_started_needs_no_waiting(thread: EngineThread) -> None:
    thread.post(m.Quit())
    assert thread.join(0.0)


def problem_at_start(thread: EngineThread, listener: Listener, qapp: QApplication) -> m.Problem:
    """What is told by a thread whose engine cannot be loaded, and which ends."""
    thread.start()
    end(thread, qapp)
    failed, stopped = listener.events()
    assert isinstance(failed, m.CommandFailed)
    assert stopped == m.EngineStopped()
    return failed.problem


def test_an_engine_that_cannot_be_loaded_is_told_as_a_problem(
    thread: EngineThread, listener: Listener, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "texgen_desktop.engine.engine", None)  # importing it raises ImportError
    assert "PyTorch" in problem_at_start(thread, listener, qapp).hint


def test_whatever_a_broken_installation_raises_while_the_engine_is_loaded_is_told_and_ends_it(
    thread: EngineThread, listener: Listener, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("operator torchvision::nms does not exist")

    module = types.ModuleType("texgen_desktop.engine.engine")
    module.__getattr__ = broken  # type: ignore[method-assign]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert "torchvision::nms" in problem_at_start(thread, listener, qapp).detail
