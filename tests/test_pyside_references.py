"""PySide6 6.12.0 on Python 3.11 loses a reference to None or True on every call, until the interpreter aborts after some minutes."""

from __future__ import annotations

import ctypes
import sys

import pytest
from PySide6.QtCore import QObject, Signal

CALLS = 5000
TOLERANCE = 5  # other objects come and go meanwhile


class Sender(QObject):
    sent = Signal(object)


def references_lost(singleton: object, before: int) -> int:
    return before - sys.getrefcount(singleton)


@pytest.mark.parametrize("singleton", [None, True])
def test_calls_into_qt_keep_the_references_to_none_and_true(singleton: object) -> None:
    sender = Sender()
    before = sys.getrefcount(singleton)
    for _ in range(CALLS):
        sender.sent.emit(None)
        sender.setObjectName("sender")
    assert references_lost(singleton, before) <= TOLERANCE


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are immortal from Python 3.12 on: nothing can be lost")
def test_a_lost_reference_would_be_seen() -> None:
    before = sys.getrefcount(True)
    for _ in range(100):
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(True))
    lost = references_lost(True, before)
    for _ in range(100):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(True))
    assert lost > TOLERANCE
