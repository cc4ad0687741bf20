"""Long work as a generator that hands the thread back after every slice, and the clockwork it needs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from texgen_desktop.engine.messages import Outcome
from texgen_desktop.slices import Slices

Clock = Callable[[], float]
"""Seconds that never run backwards."""


@dataclass(frozen=True)
class Result:
    """How a job has ended."""

    outcome: Outcome


Work: TypeAlias = Slices[Result]
"""A job: each ``next`` is a slice; ``close`` cancels it and its ``finally`` tidies up."""


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

    def seconds_to(self, total: float) -> float | None:
        """How long until it counts ``total``, from the last reading on; None while that is not known."""
        return (total - self._readings[-1][1]) / self.per_s if self.per_s > 0 else None
