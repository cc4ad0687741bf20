"""Runs from start to finish, with the real engine, real files and a family that is small but whole."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.engine import messages as m
from texgen_desktop.engine import speed
from texgen_desktop.engine.checkpoint import load_best, load_newest
from texgen_desktop.engine.engine import Engine
from texgen_desktop.engine.files import sha256_of
from texgen_desktop.engine.metrics import read_metrics
from texgen_desktop.engine.model_file import load_model
from texgen_desktop.engine.quality import QualityMeter
from texgen_desktop.engine.source import Source
from texgen_desktop.slices import Slices

SETTINGS = m.TrainSettings("tiny", images=40, seed=3)
TILE = m.RenderRequest(m.Look((("warmth", 0.5),), 1, 2), m.Region(0, 0, 32, 32), (4, 4))


@pytest.fixture(autouse=True)
def tiny_family_only(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def checkpoint(desk: Desk) -> dict[str, Tensor]:
    loaded = load_newest(run_folder(desk) / "checkpoints")
    assert loaded is not None
    return loaded.tensors


def run_folder(desk: Desk) -> Path:
    assert desk.project.run_id is not None
    return desk.project.folder / "runs" / desk.project.run_id


def assert_equal_to_the_bit(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def after_images(count: int) -> Any:
    return lambda event: event.images_seen >= count


def test_a_run_is_told_as_one_story(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.Quit())
    events = desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    order = [type(event) for event in events]
    assert order[0] is m.EngineReady
    assert order[-1] is m.EngineStopped
    milestones = [kind for kind in order if kind in (m.PhotoLoaded, m.JobStarted, m.CheckpointSaved, m.JobEnded)]
    assert milestones == [m.PhotoLoaded, m.JobStarted, m.CheckpointSaved, m.JobEnded]
    assert desk.only(m.JobEnded).outcome == "finished"
    last = desk.all(m.TrainingProgress)[-1]
    assert (last.images_seen, last.images_total) == (40, 40)
    assert desk.project.runs[0].has_model
    assert not desk.project.runs[0].can_resume


def test_the_model_file_is_all_that_another_program_needs(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    shown = desk.all(m.ModelChanged)[-1].model
    file = load_model(run_folder(desk) / "model.safetensors")
    assert shown is not None
    assert (file.family, file.sha256) == ("tiny", shown.sha256)
    assert file.recipe["config"]["images"] == 40
    assert file.recipe["photos"][0]["name"] == tiny_photo.name
    assert tiny_family.open_model(file.header, file.tensors, torch.device("cpu")).sliders == tiny_family.SLIDERS


def test_the_run_records_what_an_exact_continuation_depends_on(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    config = json.loads((run_folder(desk) / "config.json").read_text())
    assert config["machine"]["threads"] == torch.get_num_threads()
    assert (config["machine"]["dtype"], config["machine"]["memory_layout"]) == ("float32", "contiguous")
    assert config["config"] == msgspec.to_builtins(tiny_family.Config(images=40))


def test_a_run_that_was_killed_goes_on_to_the_bit_also_with_pictures_in_between(tmp_path: Path, tiny_photo: Path) -> None:
    straight = Desk(tmp_path / "straight")
    straight.when(m.JobEnded, m.Quit())
    straight.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))

    torn = Desk(tmp_path / "torn")
    torn.when(m.TrainingProgress, m.Stop(), m.Render(TILE, 1), if_=after_images(12))
    torn.when(m.JobEnded, m.Quit())
    torn.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert torn.project.runs[0].images_seen < 40
    torch.rand(7)  # whatever else draws from the global generator must not matter

    torn.when(m.ModelChanged, m.Render(TILE, 2), if_=lambda event: event.model is not None)
    torn.when(m.TrainingProgress, m.Pause(), if_=after_images(26))
    torn.when(m.JobEnded, m.Render(replace(TILE, skip_levels=1), 3), m.Resume(), if_=lambda event: event.outcome == "paused")
    torn.when(m.JobEnded, m.Quit(), if_=lambda event: event.outcome == "finished")
    torn.run(m.OpenProject(torn.project.folder), m.Resume())
    assert torn.all(m.Rendered)

    assert_equal_to_the_bit(checkpoint(straight), checkpoint(torn))
    model, other = (load_model(run_folder(desk) / "model.safetensors") for desk in (straight, torn))
    assert model.sha256 == other.sha256
    assert_equal_to_the_bit(model.tensors, other.tensors)


def test_another_seed_gives_another_run(tmp_path: Path, tiny_photo: Path) -> None:
    """The control of the test above: equality is not what every run shows."""
    weights = []
    for seed in (3, 4):
        desk = Desk(tmp_path / str(seed))
        desk.when(m.JobEnded, m.Quit())
        desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, seed=seed)))
        weights.append(checkpoint(desk)["network.0.weight"])
    assert not torch.equal(*weights)


def test_an_engine_that_dies_in_the_middle_loses_at_most_what_came_after_the_checkpoint(tmp_path: Path, tiny_photo: Path) -> None:
    class Died(BaseException):
        """As little expected as a kill: nothing is caught, nothing is saved."""

    straight = Desk(tmp_path / "straight")
    straight.when(m.JobEnded, m.Quit())
    straight.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))

    def die() -> None:
        raise Died

    torn = Desk(tmp_path / "torn")
    torn.when(m.TrainingProgress, m.Pause(), if_=after_images(12))
    torn.when(m.JobEnded, m.Resume())
    torn.when(m.TrainingProgress, die, if_=after_images(24))
    with pytest.raises(Died):
        torn.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    seen = torn.all(m.CheckpointSaved)[-1].images_seen

    torn.when(m.JobEnded, m.Quit())
    torn.run(m.OpenProject(torn.project.folder), m.Resume())
    assert torn.all(m.TrainingProgress)[0].images_seen == seen
    assert_equal_to_the_bit(checkpoint(straight), checkpoint(torn))
    steps = [line.images_seen for line in read_metrics(run_folder(torn) / "metrics.jsonl")]
    assert steps == sorted(set(steps))


def test_a_paused_run_can_be_stopped_and_says_so_once(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.TrainingProgress, m.Pause(), if_=after_images(10))
    desk.when(m.JobEnded, m.Stop(), if_=lambda event: event.outcome == "paused")
    desk.when(m.JobEnded, m.Quit(), if_=lambda event: event.outcome == "stopped")
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert len(desk.all(m.JobStarted)) == len(desk.all(m.JobEnded)) == 2
    assert desk.project.runs[0].has_model
    assert desk.project.runs[0].can_resume


def proving(monkeypatch: pytest.MonkeyPatch, slices: int = 1) -> list[int]:
    """Let the tiny family find, in so many slices, that only its first slider holds. The list grows with every slice."""
    looked: list[int] = []

    def prove(model: tiny_family.TinyModel) -> Slices[tiny_family.TinyModel]:
        for k in range(slices):
            looked.append(k)
            yield None
        return replace(model, sliders=tiny_family.SLIDERS[:1])

    family = replace(tiny_family.FAMILY, prove=prove)
    monkeypatch.setattr("texgen_desktop.families.discover", lambda: {family.id: family})
    return looked


@pytest.mark.parametrize(
    ("commands", "is_proven"),
    [
        ([], True),
        ([m.Stop()], True),
        ([m.Pause(), m.Stop()], True),
        ([m.Pause(), m.Resume(), m.Stop()], True),
        ([m.Pause()], False),
        ([m.Quit()], False),
    ],
)
def test_a_run_that_ends_in_peace_hands_out_only_sliders_that_hold(
    desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch, commands: list[m.Command], is_proven: bool
) -> None:
    proving(monkeypatch)
    is_training = True
    for number, command in enumerate(commands, start=1):
        if is_training:
            desk.when(m.TrainingProgress, command, if_=after_images(8 * number))
        else:
            desk.when(m.JobEnded, command)
        is_training = command != m.Pause()
    if commands != [m.Quit()]:
        desk.when(m.JobEnded, m.Quit())
    events = desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    shown = [event.model.sliders for event in events if isinstance(event, m.ModelChanged) and event.model is not None][-1]
    assert (shown == tiny_family.SLIDERS[:1]) is is_proven
    assert (load_model(run_folder(desk) / "model.safetensors").header["sliders"] == 1) is is_proven
    told = [event.message for event in events if isinstance(event, m.Notice)]
    assert told == [f"Left out, for the texture does not follow: {tiny_family.SLIDERS[1].title}."] * is_proven


def test_quitting_while_sliders_are_measured_does_not_wait_for_them_and_they_are_measured_when_the_run_goes_on(
    desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = proving(monkeypatch, slices=100_000)
    desk.when(m.CheckpointSaved, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert len(looked) < 100_000
    path = run_folder(desk) / "model.safetensors"
    assert load_model(path).header["sliders"] == len(tiny_family.SLIDERS)
    assert desk.project.runs[0].can_resume
    proving(monkeypatch)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    assert load_model(path).header["sliders"] == 1
    assert not desk.project.runs[0].can_resume


def test_minutes_stop_a_run_that_can_go_on(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(replace(SETTINGS, images=100_000, minutes=1e-6)))
    assert desk.only(m.JobEnded).outcome == "finished"
    assert desk.project.runs[0].images_total == 100_000
    assert desk.project.runs[0].can_resume


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_weights(desk: Desk, tiny_photo: Path) -> None:
    explosive = replace(SETTINGS, images=10_000, config=(("learning_rate", 1e25),))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(explosive))
    ended = desk.only(m.JobEnded)
    assert ended.outcome == "failed"
    assert ended.problem is not None
    assert "unstable" in ended.problem.message
    assert desk.all(m.TrainingProgress)[-1].images_seen < 20
    path = run_folder(desk) / "model.safetensors"
    assert all(bool(torch.isfinite(tensor).all()) for tensor in load_model(path).tensors.values())

    trainer = tiny_family.TinyTrainer(tiny_family.Config(learning_rate=1e25), [photo_of(tiny_photo)], 3, torch.device("cpu"))
    for _ in range(20):  # the control: nothing in the family itself stops it
        list(trainer.step())
    assert not torch.isfinite(trainer.averaged["0.weight"]).all()


def photo_of(path: Path) -> Any:
    from texgen_desktop.data.photos import load_photo

    return load_photo(path, m.Crop(), 96)


def test_a_model_that_could_not_be_saved_does_not_pass_for_a_finished_one(
    desk: Desk, tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "tile.png"
    monkeypatch.setattr("texgen_desktop.engine.training.write_checkpoint", full_disk)
    desk.when(m.JobEnded, m.Export(m.ExportSettings(path, "png", 8, 32, 32, m.Look())), if_=lambda event: event.outcome == "failed")
    desk.when(m.JobEnded, m.ReadRecipe(path), m.Quit(), if_=lambda event: event.job == "export")
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    recipe = desk.only(m.RecipeRead).recipe
    assert recipe is not None
    assert recipe.images_seen == 40
    assert not (run_folder(desk) / "model.safetensors").exists()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes."
        ),
        MemoryError(),
    ],
)
def test_running_out_of_memory_ends_the_job_with_a_hint_and_not_the_program(
    desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    steps = tiny_family.TinyTrainer.step

    def greedy(trainer: tiny_family.TinyTrainer) -> Any:
        if trainer.images_seen >= 8:
            raise error
        return steps(trainer)

    monkeypatch.setattr(tiny_family.TinyTrainer, "step", greedy)
    desk.when(m.JobEnded, m.Render(TILE, 5))
    desk.when(m.Rendered, m.Quit(), if_=lambda event: event.ticket == 5)
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert "memory" in problem.message
    assert problem.hint


def test_a_damaged_checkpoint_is_passed_over_and_the_run_ends_as_if_nothing_had_been(tmp_path: Path, tiny_photo: Path) -> None:
    straight = Desk(tmp_path / "straight")
    straight.when(m.JobEnded, m.Quit())
    straight.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))

    torn = Desk(tmp_path / "torn")
    torn.when(m.TrainingProgress, m.Pause(), if_=after_images(10))
    torn.when(m.JobEnded, m.Resume())
    torn.when(m.TrainingProgress, m.Stop(), if_=after_images(20))
    torn.when(m.JobEnded, m.Quit())
    torn.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    first, second = (event.path for event in torn.all(m.CheckpointSaved))
    damaged = bytearray(second.read_bytes())
    damaged[-9] ^= 1
    second.write_bytes(damaged)

    torn.when(m.JobEnded, m.Quit())
    torn.run(m.OpenProject(torn.project.folder), m.Resume())
    assert f"{int(first.stem)} images" in torn.only(m.Notice).hint
    assert_equal_to_the_bit(checkpoint(straight), checkpoint(torn))


def scored(monkeypatch: pytest.MonkeyPatch, *scores: float) -> None:
    """Let the checkpoints that follow have these scores."""
    following = iter(scores)

    def score(_meter: QualityMeter, _source: Source) -> Slices[float]:
        yield None
        return next(following)

    monkeypatch.setattr(QualityMeter, "score", score)


def test_the_model_can_be_made_of_the_best_checkpoint_and_the_run_still_goes_on_from_the_newest(
    desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(monkeypatch, 0.1, 0.2, 0.3)
    desk.when(m.TrainingProgress, m.Pause(), if_=after_images(12))
    desk.when(m.JobEnded, m.Resume())
    desk.when(m.TrainingProgress, m.Stop(), if_=after_images(24))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    best, newest = (event.images_seen for event in desk.all(m.CheckpointSaved))
    assert desk.project.runs[0].best_images_seen == best
    model = run_folder(desk) / "model.safetensors"
    last = load_model(model)

    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.UseBest())
    assert desk.only(m.JobEnded).outcome == "finished"
    assert f"after {best} images" in desk.only(m.Notice).message
    used = load_model(model)
    assert (last.recipe["images_seen"], used.recipe["images_seen"]) == (newest, best)
    loaded = load_best(run_folder(desk) / "checkpoints")
    averaged = {name.removeprefix("averaged."): value for name, value in loaded.tensors.items() if name.startswith("averaged.")}
    assert_equal_to_the_bit(used.tensors, averaged)
    assert not torch.equal(used.tensors["0.weight"], last.tensors["0.weight"])
    shown = desk.all(m.ModelChanged)[-1].model
    assert shown is not None
    assert shown.sha256 == used.sha256
    assert desk.project.runs[0].best_images_seen is None  # there is nothing left to offer

    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    assert desk.all(m.TrainingProgress)[0].images_seen == newest
    assert load_model(model).recipe["images_seen"] == 40


def test_the_best_is_refused_where_it_is_the_newest_and_while_a_run_trains(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.TrainingProgress, m.UseBest(), m.Stop(), if_=after_images(8))
    desk.when(m.JobEnded, m.UseBest())
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert desk.only(m.CommandFailed).problem.message == "A run is being trained."
    stopped, refused = desk.all(m.JobEnded)
    assert (stopped.outcome, refused.outcome) == ("stopped", "failed")
    assert refused.problem is not None
    assert "nearer to the photo than its newest" in refused.problem.message


@pytest.mark.parametrize("photo", ["changed", "same", "unrecorded"])
def test_a_run_whose_photo_is_another_says_so_when_it_goes_on(desk: Desk, tiny_photo: Path, photo: str) -> None:
    desk.when(m.TrainingProgress, m.Stop(), if_=after_images(12))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    path = run_folder(desk) / "config.json"
    config = json.loads(path.read_text())
    assert config["photo_sha256"] == {tiny_photo.name: sha256_of(tiny_photo)}
    if photo != "same":
        copy = desk.project.folder / "photos" / tiny_photo.name
        Image.fromarray(255 - np.asarray(Image.open(copy))).save(copy)
    if photo == "unrecorded":  # as runs of earlier versions are
        del config["photo_sha256"]
        path.write_text(json.dumps(config))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    assert desk.only(m.JobEnded).outcome == "finished"
    notices = [f"The photo {tiny_photo.name} is not the same as when this run was started."] if photo == "changed" else []
    assert [event.message for event in desk.all(m.Notice)] == notices


@pytest.mark.parametrize(
    ("name", "words"), [("measured_colours_and_sliders", "measured colours and sliders"), ("training_state", "training state")]
)
def test_a_run_whose_colours_or_state_have_another_form_says_so_when_it_goes_on(
    desk: Desk, tiny_photo: Path, name: str, words: str
) -> None:
    desk.when(m.TrainingProgress, m.Stop(), if_=after_images(12))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    path = run_folder(desk) / "config.json"
    config = json.loads(path.read_text())
    config["machine"][name] = "of an earlier version"
    path.write_text(json.dumps(config))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    assert desk.only(m.Notice).message == f"This run was started under other conditions: {words}."


@pytest.mark.parametrize(
    ("values", "notices"), [({"config": {"images": 40, "loss": "hinge"}}, 0), ({"config": {"images": 40}, "style": [0.5]}, 1)]
)
def test_a_setting_that_is_newer_than_the_run_is_no_other_condition_but_another_measurement_is(
    desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], notices: int
) -> None:
    plain = tiny_family.TinyModel.header
    monkeypatch.setattr(tiny_family.TinyModel, "header", lambda model: plain(model) | {"config": {"images": 40}})
    desk.when(m.TrainingProgress, m.Stop(), if_=after_images(12))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    monkeypatch.setattr(tiny_family.TinyModel, "header", lambda model: plain(model) | values)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    assert len(desk.all(m.Notice)) == notices


def test_a_checkpoint_of_other_networks_ends_the_run_with_a_sentence(desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.when(m.TrainingProgress, m.Stop(), if_=after_images(12))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    monkeypatch.setattr(tiny_family, "build_network", lambda: torch.nn.Sequential(torch.nn.Conv2d(4, 3, 5)))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert "does not fit the networks of this version" in problem.message
    assert any("training state" in event.message for event in desk.all(m.Notice))


def test_while_a_run_trains_its_pictures_come_by_themselves(desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("texgen_desktop.engine.rendering.LIVE_INTERVAL_S", (0.0, 3.0))
    desk.when(m.Rendered, if_=lambda event: event.images_seen == 2)
    desk.when(m.Rendered, m.Quit(), if_=lambda event: event.images_seen > 20)
    desk.run(m.CreateProject((tiny_photo,)), m.Render(TILE, 9), m.Train(replace(SETTINGS, images=100_000)))
    pictures = desk.all(m.Rendered)
    assert {picture.ticket for picture in pictures} == {9}
    assert not np.array_equal(pictures[0].image, pictures[-1].image)


def test_a_project_that_is_open_elsewhere_is_not_trained(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    desk.when(m.PhotoLoaded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)))
    folder = desk.project.folder
    heard: list[m.Event] = []
    second = Engine(heard.append, tmp_path, "cpu")
    for command in (m.OpenProject(folder), m.Train(SETTINGS), m.RenameProject("mine"), m.Quit()):
        second.post(command)

    desk.when(m.ProjectChanged, second.run, m.Quit())
    desk.run(m.OpenProject(folder))
    refusals = [event.problem.message for event in heard if isinstance(event, m.CommandFailed)]
    assert len(refusals) == 2
    assert not [event for event in heard if isinstance(event, m.JobStarted)]


def test_the_losses_of_a_run_are_told_when_it_is_opened_and_when_it_goes_on(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.CheckpointSaved, m.Quit())
    desk.when(m.TrainingProgress, m.Stop(), if_=after_images(10))
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    written = [line.images_seen for line in read_metrics(run_folder(desk) / "metrics.jsonl")]
    folder = desk.project.folder
    desk.when(m.JobEnded, m.DeleteRun("run-001"), m.Quit())
    desk.run(m.OpenProject(folder), m.Resume())
    opened, resumed, deleted = desk.all(m.LossesLoaded)
    assert opened.run_id == resumed.run_id == "run-001"
    assert list(opened.images_seen) == list(resumed.images_seen) == written
    assert (deleted.run_id, len(deleted.images_seen)) == ("", 0)


def test_after_a_run_the_presets_take_as_long_as_it_did(desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "SHORTEST_S", 0.0)
    tiny_family.install(monkeypatch, replace(tiny_family.FAMILY, efficiency=1e-6))  # as on a machine that was busy while it was measured
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    guessed, measured = (event.families[0].presets[0].seconds for event in (desk.only(m.EngineReady), desk.only(m.FamiliesChanged)))
    assert guessed is not None
    assert measured is not None
    assert measured < guessed / 100


class Standstill:
    """A meter that reads the same after every step; a checkpoint's score is that as well, or worse with each."""

    is_due = False
    can_judge = True
    scored_by = "standstill"
    is_getting_worse = False

    def __init__(self, *args: object) -> None:
        self.readings = 0

    def begin(self) -> None: ...

    def worth(self, source: object) -> Slices[float]:
        yield None
        return 0.3

    def take(self) -> dict[str, float]:
        return {}

    def score(self, source: object) -> Slices[float]:
        yield None
        self.readings += self.is_getting_worse
        return 0.3 + self.readings


@pytest.fixture
def larger_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of which runs of 400 images have patience."""
    monkeypatch.setattr("texgen_desktop.engine.training.QualityMeter", Standstill)
    monkeypatch.setattr("texgen_desktop.engine.training.LEAST_IMAGES", 400)
    photo = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)).save(photo)
    return photo


@pytest.mark.parametrize("is_getting_worse", [False, True])
def test_a_run_that_gets_no_better_ends_by_itself_keeps_its_best_and_can_go_on(
    desk: Desk, larger_photo: Path, monkeypatch: pytest.MonkeyPatch, is_getting_worse: bool
) -> None:
    monkeypatch.setattr(Standstill, "is_getting_worse", is_getting_worse)
    desk.when(m.TrainingProgress, m.Pause(), if_=after_images(100))
    desk.when(m.JobEnded, m.Resume())
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((larger_photo,)), m.Train(m.TrainSettings("tiny", images=400)))
    assert [event.outcome for event in desk.all(m.JobEnded)] == ["paused", "finished"]
    first, last = (event.images_seen for event in desk.all(m.CheckpointSaved))
    assert 340 <= desk.project.runs[0].images_seen == last <= 360
    assert desk.project.runs[0].can_resume
    (notice,) = (notice for notice in desk.all(m.Notice) if "ended by itself" in notice.message)
    kept = first if is_getting_worse else last
    assert f"after {kept} images" in notice.message
    model = load_model(run_folder(desk) / "model.safetensors")
    assert model.recipe["images_seen"] == kept
    shown = desk.all(m.ModelChanged)[-1].model
    assert shown is not None
    assert shown.sha256 == model.sha256
    logged = read_metrics(run_folder(desk) / "metrics.jsonl")
    assert logged[-1].images_seen == last
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(desk.project.folder), m.Resume())
    assert desk.project.runs[0].images_seen == 400


def test_a_pause_while_a_run_is_found_to_stand_still_is_a_pause(desk: Desk, larger_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed while the last reading is taken: the run stays in memory as it is."""
    monkeypatch.setattr(Standstill, "is_getting_worse", True)
    monkeypatch.setattr("texgen_desktop.engine.training.CHECKPOINT_INTERVAL_S", 0.0)

    def worth(self: Standstill, source: Source) -> Slices[float]:
        if source.images_seen is not None and source.images_seen >= 340:
            desk.post(m.Pause())
        yield None
        return 0.3

    monkeypatch.setattr(Standstill, "worth", worth)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((larger_photo,)), m.Train(m.TrainSettings("tiny", images=400)))
    assert desk.only(m.JobEnded).outcome == "paused"
    assert not any("ended by itself" in notice.message for notice in desk.all(m.Notice))
    newest = desk.project.runs[0].images_seen
    assert load_model(run_folder(desk) / "model.safetensors").recipe["images_seen"] == newest


def test_a_best_checkpoint_that_is_damaged_does_not_spoil_the_end(desk: Desk, larger_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standstill, "is_getting_worse", True)

    def damage() -> None:
        for path in (run_folder(desk) / "checkpoints").glob("*.safetensors"):
            path.write_bytes(path.read_bytes()[:-1])
        desk.post(m.Resume())

    desk.when(m.TrainingProgress, m.Pause(), if_=after_images(100))
    desk.when(m.JobEnded, damage)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((larger_photo,)), m.Train(m.TrainSettings("tiny", images=400)))
    assert [event.outcome for event in desk.all(m.JobEnded)] == ["paused", "finished"]
    newest = desk.project.runs[0].images_seen
    assert load_model(run_folder(desk) / "model.safetensors").recipe["images_seen"] == newest
