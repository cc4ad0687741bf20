"""How a run gets under way."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.data import photo_room
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.checkpoint import load_newest
from texgen_desktop.engine.model_file import load_model, save_model
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.starting import load_material
from texgen_desktop.slices import run_to_end

SETTINGS = m.TrainSettings("tiny", images=40, seed=3)


@pytest.fixture(autouse=True)
def tiny_family_only(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


def run_folder(desk: Desk) -> Path:
    assert desk.project.run_id is not None
    return desk.project.folder / "runs" / desk.project.run_id


@pytest.fixture
def trained(tmp_path: Path, tiny_photo: Path) -> Path:
    """A model file of the tiny family."""
    desk = Desk(tmp_path / "first")
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    return run_folder(desk) / "model.safetensors"


def test_a_warm_start_begins_with_the_weights_of_the_model(tmp_path: Path, tiny_photo: Path, trained: Path) -> None:
    desk = Desk(tmp_path / "second")
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, seed=9, start_from=str(trained))))
    begun = load_file(run_folder(desk) / "checkpoints" / f"{0:012d}.safetensors")
    weights = load_model(trained).tensors
    assert all(torch.equal(begun[f"network.{name}"], value) for name, value in weights.items())


def test_where_a_foreign_model_lay_is_not_recorded(tmp_path: Path, tiny_photo: Path, trained: Path) -> None:
    desk = Desk(tmp_path / "second")
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, seed=9, start_from=str(trained))))
    assert load_model(run_folder(desk) / "model.safetensors").recipe["settings"]["start_from"] == trained.name
    assert json.loads((run_folder(desk) / "config.json").read_text())["settings"]["start_from"] == trained.name
    assert desk.project.runs[0].settings.start_from == ""  # nobody would find it by that name


def test_a_warm_started_run_that_was_killed_at_once_begins_again_without_the_file(tmp_path: Path, tiny_photo: Path, trained: Path) -> None:
    states = []
    for name in ("straight", "killed"):
        desk = Desk(tmp_path / name)
        if name == "killed":
            desk.when(m.TrainingProgress, m.Stop())
            desk.when(m.JobEnded, m.Quit())
            desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, seed=9, start_from=str(trained))))
            for late in (run_folder(desk) / "checkpoints").glob("*"):
                if int(late.stem):
                    late.unlink()
            trained.unlink()
            desk.when(m.JobEnded, m.Quit())
            desk.run(m.OpenProject(desk.project.folder), m.Resume())
        else:
            desk.when(m.JobEnded, m.Quit())
            desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, seed=9, start_from=str(trained))))
        loaded = load_newest(run_folder(desk) / "checkpoints")
        assert loaded is not None
        states.append(loaded.tensors)
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_a_model_of_another_family_is_no_start(tmp_path: Path, tiny_photo: Path, trained: Path) -> None:
    other = tmp_path / "other.safetensors"
    file = load_model(trained)
    save_model(other, "texture_gan", file.header, file.tensors, {})
    desk = Desk(tmp_path / "second")
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, start_from=str(other))))
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert problem.message == "other.safetensors holds a model of the family texture-gan: this run cannot start from it."
    assert desk.project.runs == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rust", "rust.safetensors holds a model of the family texture-gan: this run cannot start from it."),
        ("run-001", "There is no model run-001 to start from."),
        ("../models/gravel", "There is no model ../models/gravel to start from."),
    ],
)
def test_a_name_is_that_of_a_model_that_ships_or_of_a_run_of_the_project(tmp_path: Path, tiny_photo: Path, name: str, message: str) -> None:
    desk = Desk(tmp_path)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, start_from=name)))
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert problem.message == message


@pytest.mark.parametrize("is_path", [False, True])
def test_a_run_that_began_with_another_one_can_be_repeated_after_the_project_has_moved(
    tmp_path: Path, tiny_photo: Path, is_path: bool
) -> None:
    desk = Desk(tmp_path)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    folder = desk.project.folder
    named = str(folder / "runs" / "run-001" / "model.safetensors") if is_path else "run-001"  # the command line names files
    kept = tmp_path / "kept"
    desk.when(m.JobEnded, m.SaveProjectAs(kept))
    repeat = lambda: desk.post(m.Train(desk.project.runs[1].settings))  # noqa: E731 - what the form holds then
    desk.when(m.ProjectChanged, repeat, if_=lambda event: event.project is not None and event.project.folder == kept)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(folder), m.Train(replace(SETTINGS, seed=9, start_from=named)))
    assert [event.outcome for event in desk.all(m.JobEnded)] == ["finished", "finished"]
    assert [run.settings.start_from for run in desk.project.runs] == ["", "run-001", "run-001"]
    second, third = (load_model(kept / "runs" / name / "model.safetensors") for name in ("run-002", "run-003"))
    assert second.sha256 == third.sha256
    assert second.recipe["settings"]["start_from"] == "run-001"
    assert str(folder) not in (kept / "runs" / "run-002" / "config.json").read_text()


def test_a_run_that_was_killed_before_the_weights_that_it_began_with_were_saved_is_not_begun_with_others(
    tmp_path: Path, tiny_photo: Path, trained: Path
) -> None:
    desk = Desk(tmp_path / "second")
    desk.when(m.TrainingProgress, m.Stop())
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, seed=9, start_from=str(trained))))
    for file in (run_folder(desk) / "checkpoints").iterdir():
        file.unlink()
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert "before the weights" in problem.message


def copies(photo: Path, count: int) -> tuple[Path, ...]:
    folder = photo.parent / "many"
    folder.mkdir()
    return tuple(Path(shutil.copy(photo, folder / f"{k}.png")) for k in range(count))


def learnt_from(desk: Desk) -> list[str]:
    return sorted(json.loads((run_folder(desk) / "config.json").read_text())["photo_sha256"])


@pytest.mark.parametrize(("room", "taken"), [(3, ["0.png", "3.png", "6.png"]), (9, [f"{k}.png" for k in range(9)])])
def test_of_more_photos_than_have_room_some_are_learnt_from_and_that_is_told(
    tmp_path: Path, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch, room: int, taken: list[str]
) -> None:
    monkeypatch.setattr(photo_room, "ROOM_BYTES", room * 36 * 96 * 96)
    desk = Desk(tmp_path)
    for commands in ((m.CreateProject(copies(tiny_photo, 9)), m.Train(SETTINGS)), (m.Resume(),)):
        if desk.events:
            commands = (m.OpenProject(desk.project.folder), *commands)
        else:
            desk.when(m.TrainingProgress, m.Stop())
        desk.when(m.JobEnded, m.Quit())
        desk.run(*commands)
        assert learnt_from(desk) == taken
        said = [notice.message for notice in desk.all(m.Notice) if "learns from" in notice.message]
        assert said == (["This run learns from 3 of the 9 photos, evenly chosen: more would take too much memory."] if room < 9 else [])


@pytest.mark.parametrize("makes", ["textures", "images"])
def test_the_arrays_of_photos_that_are_loaded_have_room(
    tmp_path: Path, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch, makes: str
) -> None:
    desk = Desk(tmp_path)
    desk.when(m.PhotoLoaded, m.Quit(), if_=lambda event: event.name == "8.png")
    desk.run(m.CreateProject(copies(tiny_photo, 9)))
    project, family = Project.open(desk.project.folder), replace(tiny_family.FAMILY, makes=makes)  # type: ignore[arg-type]
    room = 4 * 12 * 96 * 96
    for limit in (photo_room.ROOM_BYTES, room):
        monkeypatch.setattr(photo_room, "ROOM_BYTES", limit)
        photos, _ = run_to_end(load_material(project, family, project.photos))
        assert (sum(photo.pixels.nbytes for photo in photos) <= room) == (limit == room)
        assert len(photos) == (1 if makes == "textures" and limit == room else 9)
    project.close()


@pytest.mark.parametrize("crop_px", [16, 400])
def test_a_photo_that_is_smaller_than_a_training_crop_is_told_of(
    tmp_path: Path, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch, crop_px: int
) -> None:
    family = replace(tiny_family.FAMILY, crop_px=lambda config: crop_px)
    monkeypatch.setattr("texgen_desktop.families.discover", lambda: {family.id: family})
    desk = Desk(tmp_path)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(m.TrainSettings("tiny", images=4)))
    told = [notice.message for notice in desk.all(m.Notice) if "mirrored at its edges" in notice.message]
    assert len(told) == (crop_px == 400)
    assert all(message.startswith(tiny_photo.name) and "400 px" in message for message in told)
