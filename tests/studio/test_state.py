"""``after`` is a table: a state, an event, and the state that must follow. Then any order of events at all."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.studio.builders import FAMILY, MODEL, OTHER_PROJECT, PHOTO, PROBLEM, PROJECT, READY, RUN, WITH_RUN, progress
from texgen_desktop.engine import messages as m
from texgen_desktop.studio.state import StudioState, after, fitting_tile

IDLE = StudioState(engine_ready=True, project=PROJECT)
RUNNING = replace(IDLE, training="running", has_train_job=True)
EXPORTING = replace(IDLE, model=MODEL, exporting=True, export_progress=m.ExportProgress(0.0, None))
RECIPE = m.Recipe(m.Look(), "texture_gan", "ab" * 32, 512, 512, True, True, "0.1.0")
FILE = Path("tile.png")


@pytest.mark.parametrize(
    ("state", "event", "changes"),
    [
        (StudioState(), READY, {"engine_ready": True, "device": "CPU, 2 threads", "families": (FAMILY,)}),
        (IDLE, m.FamiliesChanged((FAMILY,)), {"families": (FAMILY,)}),
        (IDLE, m.JobStarted("train"), {"training": "running"}),
        (replace(IDLE, training="stopping"), m.JobStarted("train"), {"training": "stopping"}),
        (RUNNING, m.JobEnded("train", "paused"), {"training": "paused"}),
        (RUNNING, m.JobEnded("train", "stopped"), {"training": "idle"}),
        (RUNNING, m.JobEnded("train", "finished"), {"training": "idle"}),
        (RUNNING, m.JobEnded("train", "failed", PROBLEM), {"training": "idle", "problem": PROBLEM}),
        (replace(IDLE, training="starting"), m.CommandFailed(PROBLEM), {"training": "idle", "problem": PROBLEM}),
        (replace(IDLE, training="stopping"), m.CommandFailed(PROBLEM), {"training": "idle", "problem": PROBLEM}),
        (RUNNING, m.CommandFailed(PROBLEM), {"training": "running", "problem": PROBLEM}),
        (replace(RUNNING, training="stopping"), m.CommandFailed(PROBLEM), {"training": "stopping", "problem": PROBLEM}),
        (replace(IDLE, exporting=True), m.CommandFailed(PROBLEM), {"exporting": False}),
        (EXPORTING, m.CommandFailed(PROBLEM), {"exporting": True}),
        (EXPORTING, m.ExportProgress(0.5, 3.0), {"export_progress": m.ExportProgress(0.5, 3.0)}),
        (EXPORTING, m.JobEnded("export", "finished", files=(FILE,)), {"exporting": False, "last_export": (FILE,)}),
        (EXPORTING, m.JobEnded("export", "stopped"), {"exporting": False, "export_outcome": "stopped", "last_export": ()}),
        (EXPORTING, m.JobEnded("export", "stopped", files=(FILE,)), {"export_outcome": "stopped", "last_export": (FILE,)}),
        (EXPORTING, m.JobEnded("export", "failed", PROBLEM), {"exporting": False, "problem": PROBLEM}),
        (IDLE, progress(), {"progress": None}),
        (IDLE, m.ExportProgress(0.5, None), {"export_progress": None}),
        (IDLE, m.RecipeRead(FILE, RECIPE, True), {"offer": m.RecipeRead(FILE, RECIPE, True)}),
        (IDLE, m.RecipeRead(FILE, None, False), {"offer": None}),
        (RUNNING, m.EngineStopped(), {"engine_ready": False, "training": "idle"}),
    ],
)
def test_after_follows_the_table(state: StudioState, event: m.Event, changes: dict[str, object]) -> None:
    following = after(state, event)
    assert {name: getattr(following, name) for name in changes} == changes


def test_a_run_of_a_newly_opened_project_fills_the_training_form() -> None:
    assert after(StudioState(), m.ProjectChanged(WITH_RUN)).settings == RUN.settings


def test_settings_being_edited_survive_a_change_of_the_same_run() -> None:
    edited = m.TrainSettings(preset="high")
    state = replace(after(StudioState(), m.ProjectChanged(WITH_RUN)), settings=edited)
    moved = replace(WITH_RUN, runs=(replace(RUN, images_seen=2000),))
    assert after(state, m.ProjectChanged(moved)).settings == edited


def test_the_model_of_a_run_is_no_start_in_another_project_nor_once_the_run_is_gone() -> None:
    settings = m.TrainSettings(start_from=RUN.id)
    state = replace(IDLE, project=WITH_RUN, settings=settings)
    same_name = replace(OTHER_PROJECT, runs=(RUN,))
    for project in (same_name, replace(WITH_RUN, runs=(), run_id=None), None):
        assert after(state, m.ProjectChanged(project)).settings == m.TrainSettings()
    moved = replace(WITH_RUN, folder=Path("/elsewhere"))
    assert after(state, m.ProjectChanged(moved)).settings == settings
    shipped = replace(state, settings=m.TrainSettings(start_from="gravel"))
    assert after(shipped, m.ProjectChanged(same_name)).settings.start_from == "gravel"


def test_another_project_brings_nothing_over_from_the_one_before() -> None:
    look = m.Look().with_value("scale", 0.5)
    state = replace(IDLE, look=look, locked=frozenset({"scale"}), training="paused", progress=progress())
    following = after(state, m.ProjectChanged(OTHER_PROJECT))
    assert following == replace(IDLE, project=OTHER_PROJECT)


def test_a_project_comes_back_with_the_look_that_it_was_left_with() -> None:
    look = m.Look(layout_seed=3).with_value("scale", 0.5)
    state = after(after(IDLE, m.ProjectChanged(replace(OTHER_PROJECT, look=look))), m.ModelChanged(MODEL))
    assert state.look == look


def test_a_project_saved_elsewhere_keeps_its_run_and_its_look() -> None:
    look = m.Look().with_value("scale", 0.5)
    state = replace(IDLE, project=WITH_RUN, model=MODEL, look=look, training="running", progress=progress())
    moved = replace(WITH_RUN, folder=Path("/elsewhere"), name="elsewhere", is_unsaved=False)
    assert after(state, m.ProjectChanged(moved)) == replace(state, project=moved)


def test_a_copy_of_the_project_is_another_project() -> None:
    look = m.Look().with_value("scale", 0.5)
    saved_elsewhere = replace(WITH_RUN, folder=Path("/elsewhere"))
    state = replace(IDLE, project=saved_elsewhere, model=MODEL, look=look)
    original = replace(WITH_RUN, opening=WITH_RUN.opening + 1)
    assert after(state, m.ProjectChanged(original)).look == original.look


def test_a_model_without_a_slider_drops_its_value_and_its_lock() -> None:
    look = m.Look(layout_seed=7).with_value("scale", 0.5).with_value("gone", 0.5)
    state = replace(IDLE, look=look, locked=frozenset({"gone", "layout_seed"}))
    following = after(state, m.ModelChanged(MODEL))
    assert following.look == m.Look(layout_seed=7).with_value("scale", 0.5)
    assert following.locked == {"layout_seed"}


def test_the_tile_is_as_large_as_the_photo_at_its_working_scale() -> None:
    assert fitting_tile(16, PROJECT) == (32, 43)  # 512 × 683 px
    assert fitting_tile(16, None) == (32, 32)


def test_the_tile_follows_the_crop_and_stays_within_bounds() -> None:
    panorama = replace(PHOTO, width_px=8000, height_px=500)
    assert fitting_tile(16, replace(PROJECT, photos=(panorama,))) == (32, 64)
    square = replace(panorama, crop=m.Crop(width=1 / 16))
    assert fitting_tile(16, replace(PROJECT, photos=(square,))) == (32, 32)


def test_a_tile_size_chosen_by_hand_survives_a_new_snapshot_of_the_model() -> None:
    state = after(IDLE, m.ModelChanged(MODEL))
    chosen = replace(state, view=replace(state.view, tile_cells=(8, 8)))
    assert after(chosen, m.ModelChanged(replace(MODEL, sha256="ab"))).view.tile_cells == (8, 8)


def test_a_read_only_project_can_be_looked_at_but_not_changed() -> None:
    state = replace(IDLE, project=replace(WITH_RUN, read_only_reason="Open in another window."), model=MODEL)
    assert state.is_read_only
    assert state.can_export
    assert not (state.can_train)
    assert not (state.can_resume)
    assert not (state.can_edit_project)


def test_a_run_from_disk_can_be_resumed_and_a_new_one_trained() -> None:
    state = replace(IDLE, project=WITH_RUN)
    assert state.can_resume
    assert state.can_train
    assert not state.can_stop


def test_a_paused_run_is_resumed_or_stopped_before_a_new_one() -> None:
    state = replace(IDLE, training="paused")
    assert state.can_resume
    assert state.can_stop
    assert not state.can_train
    assert not state.can_pause


def test_whatever_the_order_of_events_nothing_is_left_over_from_what_is_gone() -> None:
    gone = replace(OTHER_PROJECT, look=m.Look().with_value("gone", 0.5).with_value("scale", 0.5))
    events: tuple[m.Event, ...] = (
        READY,
        m.ProjectChanged(PROJECT),
        m.ProjectChanged(WITH_RUN),
        m.ProjectChanged(gone),
        m.ProjectChanged(None),
        m.ModelChanged(MODEL),
        m.ModelChanged(None),
        m.JobStarted("train"),
        m.JobStarted("export"),
        *(m.JobEnded(job, outcome, PROBLEM) for job in ("train", "export") for outcome in ("finished", "stopped", "failed")),
        m.JobEnded("train", "paused"),
        progress(10),
        progress(4000),
        m.ExportProgress(0.3, None),
        m.CommandFailed(PROBLEM),
        m.RecipeRead(FILE, RECIPE, False),
        m.EngineStopped(),
    )
    has_dropped_a_slider = False
    for seed in range(300):
        draw = random.Random(seed)
        state = StudioState()
        for _ in range(40):
            event = draw.choice(events)
            before, state = state, after(state, event)
            assert state.exporting or state.export_progress is None
            assert state.has_train_job or state.training in ("idle", "paused")
            if state.model is not None and isinstance(event, m.ModelChanged):
                assert set(dict(state.look.style)) <= {slider.id for slider in state.model.sliders}
                has_dropped_a_slider |= state.look != before.look
    assert has_dropped_a_slider


def test_what_every_photo_allows_and_the_family_can_do_is_suggested_until_it_is_on() -> None:
    preset = m.PresetInfo("standard", "Standard", 100, None, (("images", 100), ("mirror", False), ("turn", False)))
    family = m.FamilyInfo("texture_gan", "Texture GAN", "", (), (preset,))
    state = after(after(StudioState(), m.FamiliesChanged((family,))), m.ProjectChanged(PROJECT))
    for photo in PROJECT.photos:
        state = after(state, m.PhotoLoaded(photo.name, np.zeros((2, 2, 3), np.uint8), frozenset({"mirror", "turn"})))
    assert state.suggested == ("mirror", "turn")
    assert replace(state, settings=replace(state.settings, config=(("mirror", True),))).suggested == ("turn",)
    state = after(state, m.PhotoLoaded(PROJECT.photos[0].name, np.zeros((2, 2, 3), np.uint8), frozenset({"mirror"})))
    assert state.suggested == ("mirror",)
    assert after(state, m.ProjectChanged(OTHER_PROJECT)).suggested == ()


def test_a_family_that_makes_images_is_suggested_what_the_picture_set_allows() -> None:
    preset = m.PresetInfo("standard", "Standard", 100, None, (("mirror", False),))
    families = tuple(m.FamilyInfo(name, name, "", (), (preset,), makes=name) for name in ("textures", "images"))
    project = replace(PROJECT, photos=(), pictures=m.PictureSetInfo(90, 32, (("a", 90),)))
    state = after(after(StudioState(), m.FamiliesChanged(families)), m.ProjectChanged(project))
    makes_images = replace(state, settings=m.TrainSettings("images"))
    assert makes_images.suggested == ()
    sheet = m.ContactSheet(np.zeros((2, 2, 3), np.uint8), frozenset({"mirror"}))
    assert after(makes_images, sheet).suggested == ("mirror",)
    assert after(replace(state, settings=m.TrainSettings("textures")), sheet).suggested == ()
    assert after(after(makes_images, sheet), m.ProjectChanged(replace(project, opening=2))).suggested == ()
