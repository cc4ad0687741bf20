"""How far work on pictures is, told to the window at a pace that it can show."""

from __future__ import annotations

import time
from collections.abc import Callable

from texgen_desktop.engine.jobs import Clock, Pace, Rate
from texgen_desktop.engine.messages import RetouchProgress

_INTERVAL_S = 0.1


class RetouchTeller:
    """Turns what work says of itself into events, at most ten a second; the time left follows from the pace of the last seconds."""

    def __init__(self, emit: Callable[[RetouchProgress], None], clock: Clock = time.monotonic) -> None:
        self._emit = emit
        self._pace = Pace(_INTERVAL_S, clock)
        self._rate = Rate(clock=clock)
        self._rate.add(0.0)

    def tell(self, done: float, words: str) -> None:
        """``done`` is in [0, 1]."""
        if self._pace.is_due() or done >= 1:
            self._pace.done()
            self._rate.add(done)
            self._emit(RetouchProgress(done, self._rate.seconds_to(1), words))

    def tell_part(self, start: float, end: float, done: float, words: str) -> None:
        """The same for a part of the work that runs from ``start`` to ``end`` of the whole."""
        self.tell(start + (end - start) * done, words)
