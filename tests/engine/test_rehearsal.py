"""A few seconds of training that keep nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.engine import messages as m
from texgen_desktop.engine import rehearsal, speed
from texgen_desktop.slices import Slices, run_to_end

SETTINGS = m.TrainSettings("tiny", images=2000)


@pytest.fixture(autouse=True)
def short_rehearsals(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)
    monkeypatch.setattr(rehearsal, "REHEARSAL_S", 0.3)
    monkeypatch.setattr(speed, "SHORTEST_S", 0.2)


def seconds_told(event: m.EngineReady | m.FamiliesChanged) -> list[float | None]:
    return [preset.seconds for preset in event.families[0].presets]


def test_a_rehearsal_corrects_the_times_and_leaves_no_run(tmp_path: Path, tiny_photo: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.FamiliesChanged, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Rehearse(SETTINGS))
    assert seconds_told(desk.only(m.FamiliesChanged)) != seconds_told(desk.only(m.EngineReady))
    assert desk.project.runs == ()
    assert not list((desk.project.folder / "runs").iterdir())
    assert not desk.all(m.JobStarted)


def test_a_training_ends_the_rehearsal_before_it(tmp_path: Path, tiny_photo: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Rehearse(SETTINGS), m.Train(replace(SETTINGS, images=20)))
    assert desk.only(m.JobEnded).outcome == "finished"
    told = desk.events.index(desk.all(m.FamiliesChanged)[0])
    assert told < desk.events.index(desk.only(m.JobStarted))


def test_without_photos_nothing_is_rehearsed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.CommandFailed, m.Quit())
    desk.run(m.Rehearse(SETTINGS))
    assert desk.only(m.CommandFailed).problem.message == "No project is open."


class LateEffort:
    """A trainer whose images take 1 s each in the first two thirds of its schedule, and 3 s in the last."""

    images_total = 600

    def __init__(self) -> None:
        self.images_seen, self.now_s = 0, 0.0

    def step(self) -> Slices[None]:
        self.now_s += 4 * (1 if self.images_seen < 400 else 3)
        self.images_seen += 4
        yield None


def test_a_schedule_that_costs_more_later_is_not_judged_by_its_beginning() -> None:
    """Its beginning alone would say 600 seconds; it takes 1000."""
    trainer = LateEffort()
    told_s = run_to_end(rehearsal.predicted_s(trainer, 30.0, lambda: trainer.now_s))  # type: ignore[arg-type]
    assert told_s == pytest.approx(1000)


def test_a_schedule_of_a_few_steps_can_be_rehearsed() -> None:
    trainer = LateEffort()
    trainer.images_total = 4
    assert run_to_end(rehearsal.predicted_s(trainer, 30.0, lambda: trainer.now_s)) is None  # type: ignore[arg-type]
    trainer = LateEffort()
    trainer.images_total = 8
    assert run_to_end(rehearsal.predicted_s(trainer, 30.0, lambda: trainer.now_s)) == 8  # type: ignore[arg-type]
