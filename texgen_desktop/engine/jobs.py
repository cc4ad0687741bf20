"""Long work as a generator that hands the thread back after every slice, and the clockwork it needs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar, cast

from texgen_desktop.engine.messages import Outcome

T = TypeVar("T")
Clock = Callable[[], float]
"""Seconds that never run backwards."""
WAIT_S = 0.005
"""How long to sleep before work that waits is asked again, when there is nothing else to do."""

Slices: TypeAlias = Generator[Literal["waiting"] | None, None, T]
"""Work in slices of at most some 150 ms. It yields "waiting" when the slice found only that work in the background is not done yet."""


@dataclass(frozen=True)
class Result:
    """How a job has ended."""

    outcome: Outcome


Work: TypeAlias = Slices[Result]
"""A job: each ``next`` is a slice; ``close`` cancels it and its ``finally`` tidies up."""


def run_to_end(work: Slices[T]) -> T:
    """All slices at once."""
    while True:
        try:
            if next(work) == "waiting":
                time.sleep(WAIT_S)
        except StopIteration as end:
            return cast(T, end.value)


class Pace:
    """Says when something is due again: ``interval_s`` after it was last done. Due at once when it never was."""

    def __init__(self, interval_s: float, clock: Clock = time.monotonic) -> None:
        self.interval_s = interval_s
        self._clock = clock
        self._done_at_s: float | None = None

    def is_due(self) -> bool:
        return self._done_at_s is None or self._clock() - self._done_at_s >= self.interval_s

    def done(self) -> None:
        self._done_at_s = self._clock()


class Rate:
    """How fast something counts, over the last ``window_s`` seconds."""

    def __init__(self, window_s: float = 15.0, clock: Clock = time.monotonic) -> None:
        self._window_s = window_s
        self._clock = clock
        self._readings: deque[tuple[float, float]] = deque()  # (seconds, count)

    def add(self, count: float) -> None:
        now_s = self._clock()
        self._readings.append((now_s, count))
        while len(self._readings) > 2 and now_s - self._readings[1][0] >= self._window_s:
            self._readings.popleft()

    @property
    def per_s(self) -> float:
        """0 until two readings lie apart."""
        if len(self._readings) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._readings[0], self._readings[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0
