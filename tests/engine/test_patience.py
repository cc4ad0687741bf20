"""When a run has stopped getting better."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from texgen_desktop.engine.patience import EVERY_SHARE, FOR_SHARE, FROM_SHARE, Patience


def share_at_which_it_ends(reading: Callable[[float], float], begin: float = 0.0, steps: int = 1000) -> float | None:
    patience = Patience(begin)
    for step in range(int(begin * steps), steps):
        share = step / steps
        if patience.is_due(share):
            patience.note(share, reading(share))
        if patience.is_exhausted:
            return share
    return None


def noisy(curve: Callable[[float], float]) -> Callable[[float], float]:
    dice = np.random.default_rng(0)
    return lambda share: curve(share) * (1 + 0.03 * float(dice.standard_normal()))


def test_a_run_that_gets_better_to_its_end_is_left_alone() -> None:
    assert share_at_which_it_ends(noisy(lambda share: 1.0 - 0.8 * share)) is None


def test_a_run_that_stands_still_ends_when_it_has_had_its_chance() -> None:
    ended = share_at_which_it_ends(lambda share: 0.3)
    assert ended == pytest.approx(FROM_SHARE + 2 * EVERY_SHARE + FOR_SHARE, abs=0.01)


def test_a_single_lucky_reading_does_not_set_the_mark() -> None:
    assert share_at_which_it_ends(lambda share: 0.01 if 0.56 < share < 0.57 else 1.0 - 0.8 * share) is None


def test_readings_are_taken_at_places_of_the_schedule_from_its_middle_on() -> None:
    taken: list[float] = []
    share_at_which_it_ends(lambda share: taken.append(share) or 1.0 / (1 + len(taken)))
    assert taken == pytest.approx([FROM_SHARE + k * EVERY_SHARE for k in range(8)], abs=0.002)


def test_a_run_that_goes_on_late_has_its_patience_anew() -> None:
    assert share_at_which_it_ends(lambda share: 0.3, begin=0.8) is None


def test_without_readings_nothing_ends() -> None:
    assert not Patience(0.9).is_exhausted


def test_a_structure_below_zero_that_gets_slightly_worse_is_no_improvement() -> None:
    ended = share_at_which_it_ends(lambda share: -0.1 + 0.002 * share)
    assert ended == pytest.approx(FROM_SHARE + 2 * EVERY_SHARE + FOR_SHARE, abs=0.01)
