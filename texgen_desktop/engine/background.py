"""Slow work on files in a thread beside the engine's, which looks at its inbox meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from texgen_desktop.slices import Slices

T = TypeVar("T")


def in_background(work: Callable[[], T], *, writes: bool = False) -> Slices[T]:
    """Do ``work`` in a thread of its own, and yield "waiting" until it is done. Returns what it returns, raises what it raises.

    The engine still owns everything: ``work`` gets plain values and paths, returns plain values, and knows neither torch nor anything that
    somebody else changes meanwhile. When the generator is closed, work that only reads is left to end by itself, and its result is dropped;
    work that ``writes`` is waited for, so that whoever tidies up behind it does so for good.
    """
    outcome: Future[T] = Future()
    thread = threading.Thread(target=_carry_out, args=(work, outcome), name="background work")
    thread.start()
    try:
        while not outcome.done():
            yield "waiting"
        return outcome.result()
    finally:
        if writes or outcome.done():
            thread.join()
        del outcome  # the traceback of what it raised holds this frame: together they would live on with all that the work had in memory


def _carry_out(work: Callable[[], T], outcome: Future[T]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as exc:
        outcome.set_exception(exc)
    finally:
        del outcome
