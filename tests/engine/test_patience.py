"""When a run has stopped getting better."""

from __future__ import annotations

import numpy as np
import pytest

from texgen_desktop.engine.patience import FOR_SHARE, FROM_SHARE, Patience


def share_at_which_it_ends(readings: np.ndarray) -> float | None:
    patience = Patience()
    for index, reading in enumerate(readings, start=1):
        patience.note(index / len(readings), float(reading))
        if patience.is_exhausted:
            return index / len(readings)
    return None


def noise(count: int = 100) -> np.ndarray:
    return 1 + 0.05 * np.random.default_rng(0).standard_normal(count)


def test_a_run_that_gets_better_to_its_end_is_left_alone() -> None:
    assert share_at_which_it_ends(np.linspace(1.0, 0.2, 100) * noise()) is None


def test_a_run_that_stands_still_ends_when_it_has_had_its_chance() -> None:
    flat = np.concatenate([np.linspace(1.0, 0.3, 30), np.full(70, 0.3)])
    assert share_at_which_it_ends(flat) == pytest.approx(FROM_SHARE + FOR_SHARE, abs=0.02)


def test_a_single_lucky_reading_does_not_set_the_mark() -> None:
    readings = np.linspace(1.0, 0.2, 100)
    readings[40] = 0.01
    assert share_at_which_it_ends(readings) is None


def test_what_stands_still_only_before_the_annealing_goes_on() -> None:
    late = np.concatenate([np.full(60, 0.8), np.linspace(0.8, 0.2, 40)])
    assert share_at_which_it_ends(late) is None


def test_without_readings_nothing_ends() -> None:
    assert not Patience().is_exhausted
