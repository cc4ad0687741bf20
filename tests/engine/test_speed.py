from __future__ import annotations

import pytest

from texgen_desktop.engine.speed import SHORTEST_S, TRAINING_EFFICIENCY, TrainingSpeed


def test_a_run_corrects_the_guess_for_its_family_alone() -> None:
    speed = TrainingSpeed(100.0)
    assert speed.gflops("tiny") == pytest.approx(100 * TRAINING_EFFICIENCY)
    speed.learn("tiny", gflop=6000.0, seconds=60.0)
    assert speed.gflops("tiny") == 100
    assert speed.gflops("other") == pytest.approx(100 * TRAINING_EFFICIENCY)


def test_the_first_seconds_of_a_run_tell_nothing() -> None:
    speed = TrainingSpeed(100.0)
    speed.learn("tiny", gflop=1.0, seconds=SHORTEST_S / 2)
    speed.learn("tiny", gflop=0.0, seconds=60.0)
    assert speed.gflops("tiny") == pytest.approx(100 * TRAINING_EFFICIENCY)
