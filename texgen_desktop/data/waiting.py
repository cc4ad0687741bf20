"""Work in a thread of a pool, waited for in slices: whoever asks stays able to do something else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from texgen_desktop.slices import Slices

T = TypeVar("T")
PATIENCE_S = 0.002
"""Shorter than what is worth to be called waiting: most pieces of work are."""


def in_pool(pool: ThreadPoolExecutor, work: Callable[[], T]) -> Slices[T]:
    """What ``work`` returns or raises. Closed before that, it leaves the work to the pool."""
    future: Future[T] = pool.submit(work)
    while wait([future], PATIENCE_S).not_done:
        yield "waiting"
    return future.result()
