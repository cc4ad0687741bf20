from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from texgen_desktop.engine.jobs import Pace, Rate
from texgen_desktop.engine.messages import TrainingProgress
from texgen_desktop.engine.metrics import MetricsLog, read_metrics
from texgen_desktop.engine.progress import LossMeans, ProgressReport
from texgen_desktop.errors import NonFiniteLoss


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Counter:
    """As much of a trainer as a report looks at."""

    images_seen = 0
    images_total = 1000
    losses: dict[str, float]
    reads = 0

    def take_losses(self) -> dict[str, float]:
        self.reads += 1
        return self.losses


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[MetricsLog]:
    with MetricsLog(tmp_path / "metrics.jsonl") as log:
        yield log


def report(
    trainer: Counter, told: list[TrainingProgress], clock: Clock, predicted_s: float | None = None, limit_s: float = math.inf
) -> ProgressReport:
    return ProgressReport(trainer, told.append, predicted_s, limit_s, True, clock)  # type: ignore[arg-type]


def test_means_are_of_the_times_a_loss_was_there() -> None:
    means = LossMeans()
    means.add({"critic": 1.0, "penalty": 8.0})
    means.add({"critic": 3.0})
    assert means.take() == {"critic": 2.0, "penalty": 8.0}
    assert means.take() == {}


def test_a_report_speaks_twice_a_second_and_averages_what_lies_between(clock: Clock, log: MetricsLog) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    progress = report(trainer, told, clock)
    for step in range(101):
        trainer.images_seen, trainer.losses = step, {"critic": float(step % 2)}
        progress.update(log, is_last=False)
        clock.now_s += 1 / 64
    assert 3 <= len(told) <= 4
    assert trainer.reads == 101
    assert told[-1].images_per_s == pytest.approx(64)
    assert 0.3 < dict(told[-1].losses)["critic"] < 0.7


def test_a_line_a_second_is_kept_and_averages_all_that_was_told(clock: Clock, log: MetricsLog, tmp_path: Path) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    progress = report(trainer, told, clock)
    for step in range(321):  # five seconds
        trainer.images_seen, trainer.losses = step, {"critic": float(step)}
        progress.update(log, is_last=step == 320)
        clock.now_s += 1 / 64
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert 5 <= len(lines) <= 7 < len(told)
    assert lines[-1].images_seen == 320
    for before, line in pairwise(lines):
        assert dict(line.losses)["critic"] == (before.images_seen + 1 + line.images_seen) / 2


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_found_in_the_step_that_made_it(clock: Clock, log: MetricsLog, value: float) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    progress = report(trainer, told, clock)
    trainer.losses = {"critic": 1.0}
    progress.update(log, is_last=False)
    trainer.losses = {"critic": value}
    with pytest.raises(NonFiniteLoss, match="critic"):
        progress.update(log, is_last=False)


def test_the_time_left_begins_as_predicted_and_ends_as_measured(clock: Clock, log: MetricsLog) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    trainer.losses = {}
    progress = report(trainer, told, clock, predicted_s=500.0)
    for images in range(0, 1001, 10):
        trainer.images_seen = images
        progress.update(log, is_last=False)
        clock.now_s += 10  # one image a second: twice as slow as predicted
    assert told[0].seconds_left == 500.0
    assert told[90].seconds_left == pytest.approx(100, rel=0.1)
    assert told[-1].seconds_left == 0


@pytest.mark.parametrize("predicted_s", [4000.0, 250.0])
def test_a_prediction_that_is_four_times_off_is_not_believed_for_long(clock: Clock, log: MetricsLog, predicted_s: float) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    trainer.losses = {}
    progress = report(trainer, told, clock, predicted_s=predicted_s)
    for images in range(51):
        trainer.images_seen = images
        progress.update(log, is_last=False)
        clock.now_s += 1  # one image a second
    assert told[0].seconds_left == predicted_s
    assert told[-1].seconds_left is not None
    assert 0.4 <= told[-1].seconds_left / 950 <= 2.5


def test_a_prediction_that_is_twice_off_is_believed_in_part(clock: Clock, log: MetricsLog) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    trainer.losses = {}
    progress = report(trainer, told, clock, predicted_s=2000.0)
    for images in range(501):
        trainer.images_seen = images
        progress.update(log, is_last=False)
        clock.now_s += 1  # one image a second
    assert told[-1].seconds_left == pytest.approx((1000 + 500) / 2, rel=0.02)


def test_a_limit_in_minutes_bounds_the_time_left_and_ends_the_sitting(clock: Clock, log: MetricsLog) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    trainer.losses = {}
    progress = report(trainer, told, clock, predicted_s=500.0, limit_s=60.0)
    progress.update(log, is_last=False)
    assert told[0].seconds_left == 60.0
    assert not progress.is_out_of_time
    clock.now_s += 60
    assert progress.is_out_of_time


def test_without_prediction_and_measurement_the_time_left_is_not_made_up(clock: Clock, log: MetricsLog) -> None:
    trainer, told = Counter(), list[TrainingProgress]()
    trainer.losses = {}
    report(trainer, told, clock).update(log, is_last=True)
    assert told[0].seconds_left is None


def test_a_pace_is_due_at_once_and_then_after_its_interval(clock: Clock) -> None:
    pace = Pace(5.0, clock)
    assert pace.is_due()
    pace.done()
    clock.now_s += 4.9
    assert not pace.is_due()
    clock.now_s += 0.1
    assert pace.is_due()


def test_a_rate_forgets_what_is_long_past(clock: Clock) -> None:
    rate = Rate(window_s=10, clock=clock)
    assert rate.per_s == 0
    for count in [*range(0, 100, 10), *range(100, 130)]:
        rate.add(count)
        clock.now_s += 1
    assert rate.per_s == pytest.approx(1)
