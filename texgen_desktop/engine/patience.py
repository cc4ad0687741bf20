"""Whether a run still gets better: it ends by itself when its structure has not improved for a while."""

from __future__ import annotations

from collections import deque
from statistics import median

FROM_SHARE = 0.5
"""Of the schedule: before that the step size is not annealed, and what comes of it shows only later."""
FOR_SHARE = 0.25
"""Of the schedule without an improvement: then it has had its chance."""
_LEAST_GAIN = 0.03
_READINGS = 3  # a single reading is noisy: the median of so many counts


class Patience:
    """Is told readings of a run, lower is better, and where in its schedule each was taken."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=_READINGS)
        self._best = float("inf")
        self._best_at = 0.0
        self._share = 0.0

    def note(self, share: float, reading: float) -> None:
        """``share`` of the schedule that was done when it was read."""
        self._share = share
        self._last.append(reading)
        value = median(self._last)
        if len(self._last) == _READINGS and value < (1 - _LEAST_GAIN) * self._best:
            self._best, self._best_at = value, share

    @property
    def is_exhausted(self) -> bool:
        return self._share - max(self._best_at, FROM_SHARE) >= FOR_SHARE
