"""Live fields: changed while a run trains, and still so when it goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.checkpoint import load_newest
from texgen_desktop.engine.tuning import add_tuning, read_tuning
from texgen_desktop.errors import TexGenError

SETTINGS = m.TrainSettings("tiny", images=60, seed=3)


@pytest.fixture(autouse=True)
def tiny_family_only(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


def weights(desk: Desk) -> dict[str, torch.Tensor]:
    assert desk.project.run_id is not None
    loaded = load_newest(desk.project.folder / "runs" / desk.project.run_id / "checkpoints")
    assert loaded is not None
    return loaded.tensors


def test_a_live_field_changes_the_run_that_trains(tmp_path: Path, tiny_photo: Path) -> None:
    found = []
    for name, rate in (("same", 0.02), ("faster", 0.5)):
        desk = Desk(tmp_path / name)
        desk.when(m.TrainingProgress, m.Tune((("learning_rate", rate),)), if_=lambda event: event.images_seen >= 20)
        desk.when(m.JobEnded, m.Quit())
        desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
        assert not desk.all(m.CommandFailed)
        found.append(weights(desk))
    assert not torch.equal(found[0]["network.0.weight"], found[1]["network.0.weight"])


def test_a_tuned_run_that_was_stopped_goes_on_with_what_was_set(tmp_path: Path, tiny_photo: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.TrainingProgress, m.Tune((("learning_rate", 0.0001),)), if_=lambda event: event.images_seen >= 10)
    desk.when(m.TrainingProgress, m.Stop(), if_=lambda event: event.images_seen >= 30)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    before = weights(desk)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    # Thirty images at a rate that hardly moves a weight; at the run's own rate they move by some 0.2.
    assert (weights(desk)["network.0.weight"] - before["network.0.weight"]).abs().max() < 0.01


def test_a_tuned_run_that_is_opened_again_tells_what_was_set_last(tmp_path: Path, tiny_photo: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.TrainingProgress, m.Tune((("learning_rate", 0.25),)), if_=lambda event: event.images_seen >= 10)
    desk.when(m.TrainingProgress, m.Stop(), if_=lambda event: event.images_seen >= 30)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, config=(("batch", 4), ("learning_rate", 0.02)))))
    folder = desk.project.folder
    desk.run(m.OpenProject(folder), m.Quit())
    assert desk.project.runs[0].settings.config == (("batch", 4), ("learning_rate", 0.25))
    # A damaged note is told when the run is to go on; it must not keep the project from being opened.
    (folder / "runs" / "run-001" / "tuning.json").write_text("[")
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(folder), m.Resume())
    assert dict(desk.project.runs[0].settings.config)["learning_rate"] == 0.02
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert "tuning.json is damaged" in problem.message


def test_a_field_that_is_not_live_or_out_of_range_is_refused_and_the_run_goes_on(tmp_path: Path, tiny_photo: Path) -> None:
    desk = Desk(tmp_path)
    wrong = (m.Tune((("batch", 4),)), m.Tune((("learning_rate", -1.0),)))
    desk.when(m.TrainingProgress, *wrong, if_=lambda event: event.images_seen >= 10)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert [failed.problem.message for failed in desk.all(m.CommandFailed)] == [
        "batch cannot be changed while Tiny trains.",
        "The setting learning_rate cannot be used with the value -1.0.",
    ]
    assert desk.only(m.JobEnded).outcome == "finished"


def test_without_a_run_there_is_nothing_to_tune(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.CommandFailed, m.Quit())
    desk.run(m.Tune((("learning_rate", 0.1),)))
    assert desk.only(m.CommandFailed).problem.message == "No run is in training."


def test_what_was_noted_after_the_place_that_a_run_goes_on_from_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "tuning.json"
    add_tuning(path, 10, {"beta": 1.0})
    add_tuning(path, 50, {"beta": 2.0})
    assert read_tuning(path, 9) == {}
    assert read_tuning(path, 49) == {"beta": 1.0}
    assert read_tuning(path, 50) == {"beta": 2.0}
    add_tuning(path, 30, {"gamma": 3})  # the run was taken back to 30 images
    assert read_tuning(path, 99) == {"beta": 1.0, "gamma": 3}


def test_a_damaged_note_is_told_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "run-001" / "tuning.json"
    path.parent.mkdir()
    path.write_text(json.dumps([{"images_seen": -1, "values": {}}]))
    with pytest.raises(TexGenError, match="is damaged") as caught:
        read_tuning(path, 5)
    assert caught.value.hint
