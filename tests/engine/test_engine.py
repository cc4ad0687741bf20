"""The inbox, the turns and the order of things."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.engine import Engine
from texgen_desktop.engine.project import Project
from texgen_desktop.slices import run_to_end

SETTINGS = m.TrainSettings("tiny", images=40)
ENDLESS = m.TrainSettings("tiny", images=100_000)


@pytest.fixture(autouse=True)
def tiny_family_only(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def ended(outcome: m.Outcome) -> Callable[[m.JobEnded], bool]:
    return lambda event: event.outcome == outcome


def tile(ticket: int, side_px: int = 32) -> m.Render:
    return m.Render(m.RenderRequest(m.Look(layout_seed=ticket), m.Region(0, 0, side_px, side_px), (4, 4)), ticket)


def test_an_engine_without_work_waits_and_ends_on_quit_from_another_thread(tmp_path: Path) -> None:
    heard: list[m.Event] = []
    engine = Engine(heard.append, tmp_path, "cpu")
    thread = threading.Thread(target=engine.run)
    thread.start()
    engine.post(m.Quit())
    thread.join()
    assert [type(event) for event in heard] == [m.EngineReady, m.EngineStopped]


def test_the_engine_says_what_the_forms_need(desk: Desk) -> None:
    desk.run(m.Quit())
    ready = desk.only(m.EngineReady)
    assert ready.device.startswith("CPU")
    assert ready.conv_gflops > 0
    (family,) = ready.families
    assert [preset.images for preset in family.presets] == [20, 60, 200]


def test_a_device_that_is_not_there_ends_the_engine_with_a_sentence(tmp_path: Path) -> None:
    heard: list[m.Event] = []
    Engine(heard.append, tmp_path, "cuda:99").run()
    assert [type(event) for event in heard] == [m.CommandFailed, m.EngineStopped]


def test_of_many_waiting_renders_only_the_newest_is_drawn(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, *(tile(ticket) for ticket in range(1, 50)))
    desk.when(m.Rendered, m.Quit(), if_=lambda event: event.images_seen is None)
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert [picture.ticket for picture in desk.all(m.Rendered)] == [49]


def test_a_failing_command_is_told_and_the_next_one_is_done(desk: Desk, tmp_path: Path) -> None:
    desk.run(m.OpenProject(tmp_path / "gone"), m.OpenModel(tmp_path / "gone.safetensors"), m.Train(SETTINGS), m.Resume(), m.Quit())
    assert len(desk.all(m.CommandFailed)) == 4
    assert all(event.problem.message and event.problem.hint for event in desk.all(m.CommandFailed))


def test_commands_behind_new_photos_wait_until_these_are_read(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.FramePhoto(tiny_photo.name, m.Crop(0, 0, 0.5, 0.5), 48), m.Train(SETTINGS))
    assert not desk.all(m.CommandFailed)
    assert desk.project.photos[0].working_side_px == 48


def test_opening_something_else_saves_and_ends_the_run_first(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.TrainingProgress, m.CreateProject((tiny_photo,)), m.Train(SETTINGS), if_=lambda event: event.images_seen > 8)
    desk.when(m.JobEnded, if_=ended("stopped"))
    desk.when(m.JobEnded, m.Quit(), if_=ended("finished"))
    desk.run(m.CreateProject((tiny_photo,)), m.Train(ENDLESS))
    saved = [event.path for event in desk.all(m.CheckpointSaved)]
    assert len({path.parents[3] for path in saved}) == 2


def test_quit_in_the_middle_of_everything_saves_the_run_and_leaves_no_half_file(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    large = m.ExportSettings(tmp_path / "large.png", "png", 16, 4000, 4000, m.Look())
    desk.when(m.TrainingProgress, m.Export(large), if_=lambda event: event.images_seen > 8)
    desk.when(m.ExportProgress, tile(1), m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(ENDLESS))
    assert sorted((event.job, event.outcome) for event in desk.all(m.JobEnded)) == [("export", "stopped"), ("train", "stopped")]
    assert len(desk.all(m.CheckpointSaved)) == 1
    assert [path.name for path in tmp_path.iterdir() if "large" in path.name] == []


def test_a_run_that_is_stopped_before_it_has_begun_leaves_no_run(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobStarted, m.Stop())
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(ENDLESS))
    assert desk.only(m.JobEnded).outcome == "stopped"
    assert desk.project.runs == ()


def test_photos_that_cannot_be_used_are_listed_and_the_others_are_learnt(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    tiny_photo.rename(folder / "good.png")
    (folder / "torn.png").write_bytes((folder / "good.png").read_bytes()[:200])
    (folder / "empty.png").touch()
    desk.when(m.PhotoLoaded, m.Train(SETTINGS))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((folder,)))
    assert [photo.name for photo in desk.project.photos] == ["good.png"]
    assert {file.name for file in desk.project.skipped} == {"torn.png", "empty.png"}
    assert desk.only(m.JobEnded).outcome == "finished"


@pytest.mark.parametrize("kept_bytes", [0, 30, 2000])
def test_a_project_of_nothing_usable_is_not_made(desk: Desk, tiny_photo: Path, kept_bytes: int) -> None:
    tiny_photo.write_bytes(tiny_photo.read_bytes()[:kept_bytes])
    desk.when(m.CommandFailed, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert tiny_photo.name in desk.only(m.CommandFailed).problem.message
    assert not desk.projects.exists() or not any(desk.projects.iterdir())


def test_more_photos_than_memory_can_hold_are_left_out_and_that_is_said(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("texgen_desktop.engine.workspace.MAX_PHOTOS", 3)
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(8):
        Image.fromarray(np.full((64, 64, 3), index * 20, np.uint8)).save(folder / f"{index}.png")
    desk.when(m.Notice, m.Quit())
    desk.run(m.CreateProject((folder,)))
    assert len(desk.project.photos) == 3
    assert desk.project.skipped[0].name == "5 more files"


def test_save_as_in_the_middle_of_a_run_goes_on_in_the_new_place(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    desk.when(m.TrainingProgress, m.SaveProjectAs(target), if_=lambda event: event.images_seen > 8)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(m.TrainSettings("tiny", images=400)))
    assert desk.project.folder == target
    assert desk.only(m.CheckpointSaved).path.is_relative_to(target)
    assert not any(desk.projects.iterdir())
    assert (target / "runs" / "run-001" / "model.safetensors").is_file()


def test_a_project_whose_old_folder_cannot_be_deleted_has_moved_all_the_same(
    desk: Desk, tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr("texgen_desktop.engine.folders.shutil.rmtree", refuse)
    desk.when(m.JobEnded, m.SaveProjectAs(tmp_path / "kept"), m.RenameProject("mine"))
    desk.when(m.ProjectChanged, m.Quit(), if_=lambda event: event.project is not None and event.project.name == "mine")
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert not desk.all(m.CommandFailed)
    notice = desk.only(m.Notice)
    assert "its old folder could not be deleted" in notice.message
    before = [event.project for event in desk.events[: desk.events.index(notice)] if isinstance(event, m.ProjectChanged)]
    assert before[-1] is not None
    assert before[-1].folder == tmp_path / "kept"


def test_save_as_while_a_run_is_about_to_go_on_goes_on_in_the_new_place(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    desk.when(m.TrainingProgress, m.Stop(), if_=lambda event: event.images_seen == 8)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    folder, saved_at, target = desk.project.folder, desk.project.runs[0].images_seen, tmp_path / "kept"
    desk.when(m.JobStarted, m.SaveProjectAs(target))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.OpenProject(folder), m.Resume())
    assert not folder.exists()  # it was unsaved, so it has moved
    assert desk.only(m.JobEnded).outcome == "finished"
    assert desk.all(m.TrainingProgress)[0].images_seen == saved_at < 40
    assert desk.only(m.CheckpointSaved).path.is_relative_to(target)


def test_the_look_is_there_again_when_the_project_is_reopened(desk: Desk, tiny_photo: Path) -> None:
    look = m.Look((("warmth", 0.5),), 11, 12)
    desk.when(m.JobEnded, m.Render(m.RenderRequest(look, m.Region(0, 0, 16, 16), (2, 2)), 1))
    desk.when(m.Rendered, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    folder = desk.project.folder
    desk.run(m.OpenProject(folder), m.Quit())
    assert desk.project.look == look


def second_project(folder: Path, photo: Path) -> Path:
    project = Project.create(folder, "Second")
    run_to_end(project.add_photo(photo, 64, 64, m.Crop(), 64))
    project.close()
    return folder


def test_the_open_project_opened_again_stays_open_to_write(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    folder = second_project(tmp_path / "second", tiny_photo)
    desk.run(m.OpenProject(folder), m.OpenProject(folder / "project.json"), m.RenameProject("mine"), m.Quit())
    first, again, renamed, *_ = (event.project for event in desk.all(m.ProjectChanged))
    assert first == again
    assert renamed is not None
    assert (renamed.name, renamed.read_only_reason, renamed.opening) == ("mine", "", 1)
    # The control: this very program cannot take the lock twice.
    project, twice = Project.open(folder), Project.open(folder)
    assert (project.read_only_reason, bool(twice.read_only_reason)) == ("", True)
    project.close()


def test_a_saved_copy_is_the_same_opening_and_the_original_opened_again_is_another(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    first = second_project(tmp_path / "first", tiny_photo)
    for answers in ((), (m.Quit(),)):
        desk.when(m.ProjectChanged, *answers, if_=lambda event: event.project is not None and event.project.opening == 2)
    desk.run(m.OpenProject(first), m.SaveProjectAs(tmp_path / "copy"), m.OpenProject(first), m.OpenProject(first))
    told = [event.project for event in desk.all(m.ProjectChanged) if event.project is not None]
    assert [(project.folder.name, project.opening) for project in told] == [("first", 1), ("copy", 1), ("first", 2), ("first", 2)]


def test_a_render_that_comes_after_the_switch_writes_no_look_into_the_other_project(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    first, second = (second_project(tmp_path / name, tiny_photo) for name in ("first", "second"))
    late, newer = m.Look(layout_seed=11), m.Look(layout_seed=12)

    def render(look: m.Look, opening: int | None) -> m.Render:
        return m.Render(m.RenderRequest(look, m.Region(0, 0, 16, 16), (2, 2)), 1, opening)

    desk.run(m.OpenProject(first), render(late, 1), m.OpenProject(second), render(newer, 1), m.Quit())
    assert (Project.open(first, to_write=False).look, Project.open(second, to_write=False).look) == (late, m.Look())
    # The control: a render that is for whatever is open does write it there.
    desk.run(m.OpenProject(second), render(newer, None), m.Quit())
    assert Project.open(second, to_write=False).look == newer


@pytest.mark.parametrize("is_new", [False, True])
def test_a_project_opens_also_when_the_one_before_can_no_longer_be_written(
    desk: Desk, tiny_photo: Path, tmp_path: Path, is_new: bool
) -> None:
    first, second = (second_project(tmp_path / name, tiny_photo) for name in ("first", "second"))

    def spoil() -> None:
        """What is renamed over a folder fails, as on a disk that was taken away."""
        (first / "project.json").unlink()
        (first / "project.json").mkdir()

    opening = m.CreateProject((tiny_photo,)) if is_new else m.OpenProject(second)

    def is_over(event: object) -> bool:
        is_renamed = isinstance(event, m.ProjectChanged) and event.project is not None and event.project.name == "mine"
        return is_renamed or isinstance(event, m.CommandFailed)

    desk.when(m.ProjectChanged, spoil, opening, m.RenameProject("mine"))
    desk.when(object, m.Quit(), if_=is_over)
    desk.run(m.OpenProject(first), m.Render(m.RenderRequest(m.Look(layout_seed=11), m.Region(0, 0, 16, 16), (2, 2)), 1))
    assert (desk.project.name, desk.project.read_only_reason) == ("mine", "")
    assert desk.project.photos
    assert not desk.all(m.CommandFailed)
    assert "The look of Second could not be kept." in desk.only(m.Notice).message
    if not is_new:
        project = Project.open(second)
        assert not project.read_only_reason  # its lock was given back
        project.close()


def test_a_look_that_no_project_can_keep_is_not_shown(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    folder = second_project(tmp_path / "second", tiny_photo)
    impossible = m.RenderRequest(m.Look(layout_strength=-1.0), m.Region(0, 0, 16, 16), (2, 2))
    desk.run(m.OpenProject(folder), m.Render(impossible, 1), m.Quit())
    assert "layout strength -1" in desk.only(m.CommandFailed).problem.message
    assert Project.open(folder, to_write=False).look == m.Look()


def test_a_project_can_be_looked_at_without_keeping_anybody_from_writing(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    folder = second_project(tmp_path / "second", tiny_photo)
    before = sorted(path.name for path in folder.iterdir())
    writers: list[Project] = []
    desk.when(m.PhotoLoaded, lambda: writers.append(Project.open(folder)), m.RenameProject("mine"), m.Quit())
    desk.run(m.OpenProject(folder, to_write=False))
    assert not desk.all(m.Notice)
    assert "looked at only" in desk.only(m.CommandFailed).problem.message
    assert writers[0].read_only_reason == ""
    writers[0].close()
    assert sorted(path.name for path in folder.iterdir()) == before


def test_who_may_only_look_looks_at_every_run(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.Train(SETTINGS))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    folder = desk.project.folder
    desk.run(m.OpenProject(folder, to_write=False), m.SelectRun("run-001"), m.Quit())
    shown = [event.model.source.parent.name for event in desk.all(m.ModelChanged) if event.model is not None]
    assert shown == ["run-002", "run-001"]
    assert (desk.project.run_id, Project.open(folder, to_write=False).run_id) == ("run-001", "run-002")


def test_a_job_whose_end_fails_is_ended_all_the_same(desk: Desk, tiny_photo: Path) -> None:
    def fail() -> None:
        raise RuntimeError("the listener broke")

    desk.when(m.JobEnded, fail)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert [event.outcome for event in desk.all(m.JobEnded)] == ["finished", "failed"]


def test_a_deleted_run_is_no_longer_shown(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.DeleteRun("run-001"), m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    shown = [event.model is not None for event in desk.all(m.ModelChanged)]
    assert (shown[-2], shown[-1]) == (True, False)
    assert desk.project.runs == ()


def test_what_is_posted_after_quit_is_not_begun(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.PhotoLoaded, m.Quit(), m.Train(ENDLESS), m.RenameProject("too late"))
    desk.run(m.CreateProject((tiny_photo,)))
    assert not desk.all(m.JobStarted)
    assert desk.project.name != "too late"


def test_an_unknown_failure_in_a_job_is_told_with_its_traceback_and_the_engine_lives_on(
    desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_family.TinyTrainer, "take_losses", lambda trainer: 1 / 0)
    desk.when(m.JobEnded, m.RenameProject("still here"), m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert "ZeroDivisionError" in problem.detail
    assert desk.project.name == "still here"


def test_an_export_that_fails_leaves_the_training_alone(
    desk: Desk, tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("texgen_desktop.engine.exporting.open_writer", full_disk)
    wanted = m.ExportSettings(tmp_path / "tile.png", "png", 16, 64, 64, m.Look())
    desk.when(m.TrainingProgress, m.Export(wanted), if_=lambda event: event.images_seen > 8)
    desk.when(m.JobEnded, if_=lambda event: event.job == "export" and event.outcome == "failed")
    desk.when(m.JobEnded, m.Quit(), if_=ended("finished"))
    desk.run(m.CreateProject((tiny_photo,)), m.Train(m.TrainSettings("tiny", images=400)))
    problem = desk.all(m.JobEnded)[0].problem
    assert problem is not None
    assert "disk is full" in problem.message


@pytest.mark.parametrize("end", ["stopped", "failed"])
def test_an_export_that_does_not_come_to_its_end_names_the_files_that_stay(
    desk: Desk, tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: m.Outcome
) -> None:
    monkeypatch.setattr("texgen_desktop.engine.exporting._PROGRESS_INTERVAL_S", 0.0)
    wanted = m.ExportSettings(tmp_path / "b.png", "png", 8, 64, 64, m.Look(), count=4)

    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    desk.when(m.JobEnded, m.Export(wanted))
    desk.when(m.ExportProgress, m.Cancel("export") if end == "stopped" else fail, if_=lambda event: event.done > 0.25)
    desk.when(m.JobEnded, m.Quit(), if_=ended(end))
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    files = desk.all(m.JobEnded)[-1].files
    assert 0 < len(files) < 4
    assert sorted(tmp_path.glob("b-*.png")) == sorted(files)


def test_the_recipe_of_an_export_is_found_and_its_model_recognised(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    path = tmp_path / "tile.png"
    look = m.Look((("warmth", 0.5),), 3, 4)
    desk.when(m.JobEnded, m.Export(m.ExportSettings(path, "png", 8, 32, 32, look)))
    desk.when(m.JobEnded, m.ReadRecipe(path), m.CloseProject(), m.ReadRecipe(path), m.ReadRecipe(tiny_photo), m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    ours, without_model, photo = desk.all(m.RecipeRead)
    assert ours.recipe is not None
    assert (ours.recipe.look, ours.is_model_open) == (look, True)
    assert (without_model.recipe, without_model.is_model_open) == (ours.recipe, False)
    assert photo.recipe is None


def test_closing_lets_go_of_a_model_that_was_opened_by_itself(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    path = desk.project.folder / "runs" / "run-001" / "model.safetensors"
    desk.run(m.OpenModel(path), m.CloseProject(), m.Quit())
    assert [event.model is not None for event in desk.all(m.ModelChanged)] == [True, False]


def test_the_settings_of_an_export_made_during_training_can_be_restored_with_its_snapshot(
    desk: Desk, tiny_photo: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tile.png"
    wanted = m.ExportSettings(path, "png", 8, 32, 32, m.Look(layout_seed=3))
    desk.when(m.TrainingProgress, m.Export(wanted), m.Stop(), if_=lambda event: event.images_seen == 8)
    desk.when(m.JobEnded, m.ReadRecipe(path), m.Quit(), if_=lambda event: event.job == "export")
    desk.run(m.CreateProject((tiny_photo,)), m.Train(ENDLESS))
    read = desk.only(m.RecipeRead)
    assert read.recipe is not None
    assert read.recipe.images_seen is not None
    assert len(read.recipe.model_sha256) == 64


def test_what_a_killed_program_left_among_the_projects_is_gone_after_the_next_start(desk: Desk) -> None:
    desk.projects.mkdir()
    old, young = desk.projects / ".texgen-0123456789abcdef.tmp", desk.projects / ".texgen-fedcba9876543210.tmp"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, 0))
    desk.run(m.Quit())
    assert list(desk.projects.iterdir()) == [young]


def test_a_photo_becomes_the_middle_of_a_model_that_can_read_it(desk: Desk, tiny_photo: Path, tmp_path: Path) -> None:
    white = tmp_path / "white.png"
    Image.fromarray(np.full((40, 40, 3), 250, np.uint8)).save(white)
    desk.when(m.JobEnded, tile(1))
    desk.when(m.Rendered, m.VaryPhoto(white), if_=lambda event: event.ticket == 1)
    desk.when(m.ModelChanged, tile(2), if_=lambda event: bool(desk.all(m.Rendered)))
    desk.when(m.Rendered, m.Quit(), if_=lambda event: event.ticket == 2)
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    before, now = (next(event.image for event in desk.all(m.Rendered) if event.ticket == ticket) for ticket in (1, 2))
    assert now.mean() > before.mean() + 20


def test_a_photo_cannot_be_varied_without_a_model_nor_while_one_is_trained(desk: Desk, tiny_photo: Path) -> None:
    desk.when(m.ModelChanged, m.VaryPhoto(tiny_photo), m.Stop(), if_=lambda event: event.model is not None)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.VaryPhoto(tiny_photo), m.CreateProject((tiny_photo,)), m.Train(ENDLESS))
    problems = [failed.problem.message for failed in desk.all(m.CommandFailed)]
    assert problems == ["The model that is shown cannot read photos.", "A texture is being trained."]
