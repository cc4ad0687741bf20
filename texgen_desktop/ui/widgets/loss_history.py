"""Loss values over a run of any length, in bounded memory, and thinned for the screen. Plain numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

CAPACITY = 2**17
FIRST_SIZE = 1024


class LossHistory:
    """One array of images seen and one of values per loss.

    When it is full, neighbours are merged into their mean, and from then on twice as many points are averaged into one: so any run
    keeps between half the capacity and all of it, evenly spread.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._count = 0
        self._images_seen: Values = np.empty(FIRST_SIZE)
        self._values: dict[str, Values] = {}
        self._smoothers: dict[str, Smoother] = {}
        self._stride = 1
        self._waiting: list[tuple[int, dict[str, float]]] = []

    @classmethod
    def of(cls, images_seen: Values, losses: Mapping[str, Values]) -> LossHistory:
        """The history of points that are there already, fewer than the capacity; NaN is no reading."""
        history = cls()
        history._count = len(images_seen)
        room = np.full(FIRST_SIZE, np.nan)
        history._images_seen = np.concatenate([images_seen, room])
        history._values = {name: np.concatenate([_held(values), room]) for name, values in losses.items()}
        return history

    def __len__(self) -> int:
        return self._count

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    @property
    def images_seen(self) -> Values:
        return self._images_seen[: self._count]

    def values(self, name: str) -> Values:
        """As many as ``images_seen``. Where a loss was not given its last value holds; NaN before its first, and where it is no number."""
        return self._values[name][: self._count]

    def smoothed(self, name: str, smoothing: float) -> Values:
        """The moving average of the values; ``smoothing`` in [0, 1) is what one point keeps of the past."""
        if name not in self._smoothers or self._smoothers[name].smoothing != smoothing:
            self._smoothers[name] = Smoother(smoothing)
        return self._smoothers[name](self.values(name))

    def append(self, images_seen: int, losses: Mapping[str, float]) -> None:
        """Add one point. A loss that is not named had no reading, and goes on from its last one; a NaN is a gap."""
        self._waiting.append((images_seen, dict(losses)))
        if len(self._waiting) < self._stride:
            return
        if self._count == len(self._images_seen):
            self._grow()
        names = dict.fromkeys(name for _, row in self._waiting for name in row)
        for name in names:
            if name not in self._values:
                self._values[name] = np.full(len(self._images_seen), np.nan)
        self._images_seen[self._count] = sum(images for images, _ in self._waiting) / self._stride
        for name, array in self._values.items():
            array[self._count] = self._reading(name, array)
        self._waiting.clear()
        self._count += 1
        if self._count == self._capacity:
            self._merge_neighbours()

    def _reading(self, name: str, array: Values) -> float:
        """The mean of what waits under a name."""
        readings = [row[name] for _, row in self._waiting if name in row]
        if not readings:
            return float(array[self._count - 1])  # of a name that is new there are readings
        numbers = [value for value in readings if math.isfinite(value)]
        return sum(numbers) / len(numbers) if numbers else math.nan

    def clear(self) -> None:
        self._count = 0
        self._values.clear()
        self._smoothers.clear()
        self._waiting.clear()
        self._stride = 1

    def _grow(self) -> None:
        room = np.full(min(2 * self._count, self._capacity) - self._count, np.nan)
        self._images_seen = np.concatenate([self._images_seen, room])
        self._values = {name: np.concatenate([array, room]) for name, array in self._values.items()}

    def _merge_neighbours(self) -> None:
        half = self._count // 2
        for array in (self._images_seen, *self._values.values()):
            first, second = array[0 : 2 * half : 2], array[1 : 2 * half : 2]
            array[:half] = np.where(np.isnan(first), second, np.where(np.isnan(second), first, (first + second) / 2))
        self._count = half
        self._stride *= 2
        self._smoothers.clear()


def _held(values: Values) -> Values:
    """With every NaN but the first ones replaced by the number before it."""
    number_at = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))
    held: Values = values[number_at]
    return held


class Smoother:
    """Exponential moving average without the bias of its start, y_t = Σ s^(t-i) v_i / Σ s^(t-i), over a series that grows.

    A NaN stays NaN and weighs nothing. Only what is new is computed, in vectorised blocks.
    """

    def __init__(self, smoothing: float) -> None:
        self.smoothing = smoothing
        self._sum = 0.0
        self._weight = 0.0
        self._done: Values = np.empty(0)
        self._count = 0

    def __call__(self, values: Values) -> Values:
        """The averages of all ``values``, of which those of the last call are the beginning."""
        if self.smoothing <= 0:
            return values
        if len(values) > len(self._done):
            self._done = np.concatenate([self._done, np.empty(max(len(values), FIRST_SIZE))])
        new = values[self._count :]
        is_number = np.isfinite(new)
        averages = np.full(len(new), np.nan)
        averages[is_number] = self._advance(new[is_number])
        self._done[self._count : len(values)] = averages
        self._count = len(values)
        return self._done[: self._count]

    def _advance(self, given: Values) -> Values:
        s = self.smoothing
        block = max(min(int(math.log(1e-200) / math.log(s)), len(given)), 1)
        powers = s ** np.arange(1, block + 1)  # (block,)
        averages = np.empty(len(given))
        for start in range(0, len(given), block):
            part = given[start : start + block]
            decay = powers[: len(part)]
            sums = decay * (self._sum + np.cumsum(part / decay))
            weights = decay * self._weight + (1 - decay) / (1 - s)
            averages[start : start + block] = sums / weights
            self._sum, self._weight = float(sums[-1]), float(weights[-1])
        return averages


def envelope(x: Values, y: Values, columns: int) -> tuple[Values, Values]:
    """At most two points a column, its lowest and its highest: on the screen this looks as all points would.

    NaNs inside a column are passed over; a column of nothing else stays a gap.
    """
    if len(x) <= 2 * columns:
        return x, y
    starts = np.linspace(0, len(x), columns, endpoint=False).astype(np.intp)
    thinned = np.empty(2 * columns)
    thinned[0::2] = np.fmin.reduceat(y, starts)
    thinned[1::2] = np.fmax.reduceat(y, starts)
    return np.repeat(x[starts], 2), thinned


def logarithms(values: Values) -> Values:
    """log10, and gaps where there is none."""
    result = np.full_like(values, np.nan)
    np.log10(values, out=result, where=values > 0)
    return result
