"""Whether a run still gets better: it ends by itself when its readings have not improved for a while."""

from __future__ import annotations

from collections import deque
from statistics import median

EVERY_SHARE = 1 / 16
"""Of the schedule: readings are taken at places of it, not at times, so that equal runs end at equal places on every machine."""
FROM_SHARE = 0.5
"""Before that the step size is not annealed, and what comes of it shows only later."""
FOR_SHARE = 0.25
"""Without an improvement for so long a run has had its chance."""
LEAST_IMAGES = 5_000
"""A shorter run is over soon anyway."""
_LEAST_GAIN = 0.02  # of ``Reading.worth``: no share of the best, which may be 0 or below
_READINGS = 3  # a single reading is noisy: the median of so many counts


class Patience:
    """Of one sitting. Is told readings, lower is better, and the share of the schedule that was done when each was taken."""

    def __init__(self, share: float) -> None:
        """``share`` of the schedule that is done already. What is past half of it begins with a full measure of patience."""
        self._best = float("inf")
        self._best_at = max(FROM_SHARE, share)
        self._share = share
        self._next = _reading_after(share)
        self._last: deque[float] = deque(maxlen=_READINGS)

    def is_due(self, share: float) -> bool:
        """Whether the next reading is wanted."""
        return share >= self._next

    def note(self, share: float, reading: float) -> None:
        self._share = share
        self._next = _reading_after(share)
        self._last.append(reading)
        value = median(self._last)
        if len(self._last) == _READINGS and value < self._best - _LEAST_GAIN:
            self._best, self._best_at = value, share

    @property
    def is_exhausted(self) -> bool:
        return self._share - self._best_at >= FOR_SHARE


def _reading_after(share: float) -> float:
    """The next place of the schedule at which a reading is taken."""
    return max(FROM_SHARE, (share // EVERY_SHARE + 1) * EVERY_SHARE)
