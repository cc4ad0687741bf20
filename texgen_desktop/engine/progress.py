"""How far a run has come: losses read as seldom as the screen allows, checked, logged, and told with an honest time left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from texgen_desktop.engine.jobs import Clock, Pace, Rate
from texgen_desktop.engine.messages import TrainingProgress
from texgen_desktop.engine.metrics import MetricsLog
from texgen_desktop.engine.speed import SHORTEST_S
from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.families import Trainer

REPORT_INTERVAL_S = 0.5
LOG_INTERVAL_S = 1.0
_FARTHEST_OFF = 2.5  # times what was measured: a VAE of textures takes so much longer for an image once critics judge it


class LossMeans:
    """Means of losses that are not all there every time."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}  # (sum, count)

    def add(self, losses: Mapping[str, float]) -> None:
        for name, value in losses.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value, count + 1)

    def take(self) -> dict[str, float]:
        """Means since the last call."""
        means = {name: total / count for name, (total, count) in self._sums.items()}
        self._sums.clear()
        return means


class ProgressReport:
    """Called after every whole step; speaks at most twice a second, for a window pays for each word, and writes at most one line.

    ``predicted_s`` is what the whole schedule should take on this machine, or None; this sitting ends after ``limit_s`` anyway.
    """

    def __init__(
        self,
        trainer: Trainer,
        emit: Callable[[TrainingProgress], None],
        predicted_s: float | None,
        limit_s: float,
        reads_every_step: bool,
        clock: Clock = time.monotonic,
    ) -> None:
        self._trainer = trainer
        self._emit = emit
        self._predicted_s = predicted_s
        self._limit_s = limit_s
        self._reads_every_step = reads_every_step
        self._clock = clock
        self._began_s = clock()
        self._began_images = trainer.images_seen
        self._pace, self._log_pace = Pace(REPORT_INTERVAL_S, clock), Pace(LOG_INTERVAL_S, clock)
        self._rate = Rate(clock=clock)
        self._means, self._log_means = LossMeans(), LossMeans()

    @property
    def seconds(self) -> float:
        """How long this sitting has lasted."""
        return self._clock() - self._began_s

    @property
    def share_done(self) -> float:
        """The part of the whole schedule that was done in this sitting."""
        return (self._trainer.images_seen - self._began_images) / self._trainer.images_total

    @property
    def is_out_of_time(self) -> bool:
        return self.seconds >= self._limit_s

    def add(self, readings: Mapping[str, float]) -> None:
        """Tell and log these with the losses, when it is time to."""
        self._means.add(readings)
        self._log_means.add(readings)

    def update(self, log: MetricsLog, is_last: bool) -> None:
        """Read, log and tell the losses when it is time to. Raises NonFiniteLoss."""
        is_due = is_last or self._pace.is_due()
        if is_due or self._reads_every_step:
            self._read_losses()
        if not is_due:
            return
        self._pace.done()
        seen, total = self._trainer.images_seen, self._trainer.images_total
        self._rate.add(seen)
        means = self._means.take()
        if is_last or self._log_pace.is_due():
            self._write(log, seen)
        self._emit(TrainingProgress(seen, total, self._rate.per_s, self._seconds_left(seen / total), tuple(means.items())))

    def _write(self, log: MetricsLog, images_seen: int) -> None:
        means = self._log_means.take()
        if means:
            self._log_pace.done()
            log.append(images_seen, means)

    def _read_losses(self) -> None:
        losses = self._trainer.take_losses()
        for name, value in losses.items():
            if not math.isfinite(value):
                raise NonFiniteLoss(name, self._trainer.images_seen)
        self.add(losses)

    def _seconds_left(self, done: float) -> float | None:
        """From the prediction at first, more and more from what is measured: not every image of a schedule costs the same."""
        left_s = self._blended_s(done)
        if left_s is None:
            return None
        return min(left_s, max(0.0, self._limit_s - self.seconds))

    def _blended_s(self, done: float) -> float | None:
        predicted_s = None if self._predicted_s is None else self._predicted_s * (1 - done)
        if self._rate.per_s == 0:
            return predicted_s
        measured_s = self._trainer.images_total * (1 - done) / self._rate.per_s
        if predicted_s is None:
            return measured_s
        if self.seconds >= SHORTEST_S:  # a prediction that lies farther off was made while the machine had other work, or it has now
            predicted_s = min(max(predicted_s, measured_s / _FARTHEST_OFF), measured_s * _FARTHEST_OFF)
        return (1 - done) * predicted_s + done * measured_s
