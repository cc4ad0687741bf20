"""What the command line says and where: a progress bar on a terminal, plain lines in a pipe, errors on one line."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TextIO

from texgen_desktop.engine.errors import explain
from texgen_desktop.engine.messages import Problem

FINISHED, FAILED = 0, 1
SIGNAL_EXIT_BASE = 128  # a shell's way: 130 for SIGINT, 143 for SIGTERM

_BAR_INTERVAL_S = 0.1
_LINE_INTERVAL_S = 5.0
_BAR_CELLS = 24


def duration(seconds: float) -> str:
    """``75`` is "1:15", ``3700`` is "1:01:40"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def sentences(message: str, hint: str) -> str:
    """Both on one line; a message that ends with a file's name gets a full stop."""
    stop = "" if message.endswith((".", "!", "?")) or not hint else "."
    return f"{message}{stop} {hint}".rstrip()


class Console:
    """Progress and notes go to standard error, results to standard output. A reader that goes away never stops the work."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown_at_s = -_LINE_INTERVAL_S
        self._bar_is_shown = False

    def result(self, text: str) -> None:
        self._clear_bar()
        _write(sys.stdout, _one_line(text) + "\n")

    def note(self, text: str) -> None:
        self._clear_bar()
        _write(sys.stderr, _one_line(text) + "\n")

    def error(self, problem: Problem) -> None:
        self.note(f"texgen: {sentences(problem.message, problem.hint)}")

    def progress(self, done: float, text: str) -> None:
        """``done`` is in [0, 1]. Shown often on a terminal, every few seconds in a pipe, and at the very end."""
        now_s = time.monotonic()
        interval_s = _BAR_INTERVAL_S if self._is_terminal else _LINE_INTERVAL_S
        if done < 1 and now_s - self._shown_at_s < interval_s:
            return
        self._shown_at_s = now_s
        if not self._is_terminal:
            _write(sys.stderr, f"{done:4.0%}  {text}\n")
            return
        full = round(done * _BAR_CELLS)
        line = f"[{'#' * full}{'.' * (_BAR_CELLS - full)}] {done:4.0%}  {text}"
        width = shutil.get_terminal_size().columns - 1
        _write(sys.stderr, f"\r{line[:width]:<{width}}")
        self._bar_is_shown = True

    def _clear_bar(self) -> None:
        if self._bar_is_shown:
            _write(sys.stderr, "\n")
            self._bar_is_shown = False


class _Interrupted(BaseException):
    def __init__(self, number: int) -> None:
        self.number = number


def carry_out(console: Console, work: Callable[[], int]) -> int:
    """Do what needs no engine; returns its exit code. SIGINT and SIGTERM end it as an error would: what was begun is tidied up."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise _Interrupted(number)

    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return work()
    except _Interrupted as interruption:
        return SIGNAL_EXIT_BASE + interruption.number
    except Exception as error:
        console.error(explain(error))
        return FAILED
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _one_line(text: str) -> str:
    """File names may hold anything, a newline too, and bytes that are no text."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # Nobody reads any more. What is still to be said, also by Python while it ends, goes nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
