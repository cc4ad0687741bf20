"""The guards of conftest.py are themselves watched: each must catch its leak, and stay quiet about the tidy twin."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread, QTimer, qWarning
from PySide6.QtWidgets import QApplication, QWidget

from tests.guards import Leaks, collected_qt_messages
from tests.qt_messages import EXPECTED


@pytest.fixture
def leaks() -> Iterator[Leaks]:
    with Leaks().watching() as leaks:
        yield leaks


def test_a_window_that_stays_is_named(qapp: QApplication, leaks: Leaks) -> None:
    window = QWidget(objectName="forgotten")
    assert leaks.left_over() == ["top-level widget QWidget 'forgotten' is still alive"]
    window.deleteLater()
    assert leaks.left_over() == []


def test_a_qthread_that_runs_on_is_named(qapp: QApplication, leaks: Leaks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.guards.GRACE_S", 0.01)
    thread = QThread(objectName="engine")
    thread.start()
    assert leaks.left_over() == ["QThread 'engine' is still running"]
    thread.quit()
    thread.wait()
    assert leaks.left_over() == []


def test_a_timer_that_ticks_on_is_named(qapp: QApplication, leaks: Leaks) -> None:
    timer = QTimer(objectName="heartbeat", interval=1000)
    timer.start()
    assert leaks.left_over() == ["QTimer 'heartbeat' is still active (every 1000 ms)"]
    timer.stop()
    assert leaks.left_over() == []


def test_a_python_thread_that_runs_on_is_named(leaks: Leaks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.guards.GRACE_S", 0.01)
    may_end = threading.Event()
    thread = threading.Thread(target=may_end.wait, name="loader")
    thread.start()
    assert leaks.left_over() == ["Python thread 'loader' is still running"]
    may_end.set()
    thread.join()
    assert leaks.left_over() == []


def test_only_exact_expected_texts_of_qt_are_let_through(qapp: QApplication) -> None:
    expected = next(iter(EXPECTED))
    with collected_qt_messages(EXPECTED) as messages:
        qWarning(expected)
        qWarning(expected + " and more")
    assert messages == [f"QtWarningMsg: {expected} and more"]


SUITE = """
import pytest
from PySide6.QtCore import QTimer, qWarning
from PySide6.QtWidgets import QWidget

def test_tidy(qtbot):
    qtbot.addWidget(QWidget())

def test_leaves_a_timer(qapp):
    qapp.left = QTimer()
    qapp.left.start(1000)

@pytest.fixture
def grumbles():
    yield
    qWarning("QObject::killTimer: Timers cannot be stopped from another thread")

def test_warns_in_its_teardown(qapp, grumbles):
    qapp.left.stop()

def test_warns_in_its_body(qapp):
    qWarning("QPainter::begin: Paint device returned engine == 0")

def test_python_warning():
    import warnings
    warnings.warn("deprecated")
"""


def test_the_suite_fails_each_untidy_test_and_passes_the_tidy_one(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> None:
    """The real conftest.py and the real configuration, on a suite made for it."""
    root = request.config.rootpath
    pytester.makefile(".toml", pyproject=(root / "pyproject.toml").read_text())
    pytester.mkdir("tests")
    for name in ("conftest.py", "guards.py", "qt_messages.py", "__init__.py"):
        pytester.path.joinpath("tests", name).write_text((root / "tests" / name).read_text())
    pytester.path.joinpath("tests", "test_suite.py").write_text(SUITE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=2, errors=2)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *test_warns_in_its_body*",
            "FAILED *test_python_warning*",
            "ERROR *test_leaves_a_timer*",
            "ERROR *test_warns_in_its_teardown*",
            "*QTimer is still active (every 1000 ms)",
            "*QtWarningMsg: QObject::killTimer: *",
        ]
    )
