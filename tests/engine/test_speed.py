from __future__ import annotations

from dataclasses import replace

from tests.tiny_family import FAMILY
from texgen_desktop.engine.speed import SHORTEST_S, TrainingSpeed

TINY, OTHER = replace(FAMILY, id="tiny", efficiency=0.5), replace(FAMILY, id="other", efficiency=0.25)


def test_a_family_is_guessed_by_its_own_efficiency_and_a_run_corrects_that_for_it_alone() -> None:
    speed = TrainingSpeed(100.0)
    assert (speed.gflops(TINY), speed.gflops(OTHER)) == (50, 25)
    speed.learn(TINY, gflop=6000.0, seconds=60.0)
    assert (speed.gflops(TINY), speed.gflops(OTHER)) == (100, 25)


def test_the_first_seconds_of_a_run_tell_nothing() -> None:
    speed = TrainingSpeed(100.0)
    speed.learn(TINY, gflop=1.0, seconds=SHORTEST_S / 2)
    speed.learn(TINY, gflop=0.0, seconds=60.0)
    assert speed.gflops(TINY) == 50
