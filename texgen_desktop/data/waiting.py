"""Work in a thread of a pool, waited for in slices: whoever asks stays able to do something else."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Literal, TypeAlias, TypeVar

T = TypeVar("T")
PATIENCE_S = 0.002
"""Shorter than what is worth to be called waiting: most pieces of work are."""

Waiting: TypeAlias = Generator[Literal["waiting"] | None, None, T]
"""Work in slices; it yields "waiting" when the slice found only that a thread is not done yet."""


def in_pool(pool: ThreadPoolExecutor, work: Callable[[], T]) -> Waiting[T]:
    """What ``work`` returns or raises. Closed before that, it leaves the work to the pool."""
    future: Future[T] = pool.submit(work)
    while wait([future], PATIENCE_S).not_done:
        yield "waiting"
    return future.result()
