"""The endless view when the project or the model under it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.studio.builders import MODEL, OTHER_PROJECT, PROJECT, READY, Recorder, answer
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.main_window import MainWindow
from texgen_desktop.ui.widgets.empty_state import EmptyState

OTHER_MODEL = replace(MODEL, source=Path("/projects/rust/runs/run-1"))


def say(window: MainWindow, *events: m.Event) -> None:
    for event in events:
        window.studio.on_event(event)


def middle(window: MainWindow) -> tuple[int, int, int]:
    """The colour in the middle of the canvas."""
    picture = window.canvas_area.canvas.grab().toImage()
    return picture.pixelColor(picture.width() // 2, picture.height() // 2).getRgb()[:3]


@pytest.fixture
def endless(window: MainWindow, engine: Recorder) -> MainWindow:
    """A window that shows the grey plane of a first project."""
    say(window, READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL))
    window.studio.set_view(repeat="endless")
    say(window, answer(engine.renders()[-1]))
    say(window, answer(engine.renders()[-1]))
    assert middle(window) == (128, 128, 128)
    engine.posted.clear()
    return window


def test_another_project_is_drawn_once_in_place_of_the_one_before(endless: MainWindow, engine: Recorder) -> None:
    say(endless, m.ProjectChanged(OTHER_PROJECT), m.ModelChanged(OTHER_MODEL))
    (render,) = engine.renders()
    assert (render.opening, render.request.cells) == (2, (None, None))
    grey = answer(render)
    say(endless, replace(grey, image=np.full_like(grey.image, 250)))
    assert middle(endless) == (250, 250, 250)


def test_a_closed_project_leaves_the_canvas_to_the_shelves(endless: MainWindow) -> None:
    say(endless, m.ProjectChanged(None), m.ModelChanged(None))
    canvas = endless.canvas_area.canvas
    assert canvas.is_empty
    assert canvas.findChild(EmptyState).isVisible()


def test_the_first_model_of_a_run_is_drawn_without_a_touch_of_the_view(window: MainWindow, engine: Recorder) -> None:
    window.studio.set_view(repeat="endless")
    say(window, READY, m.ProjectChanged(PROJECT), m.JobStarted("train"), m.ModelChanged(MODEL))
    (render,) = engine.renders()
    assert render.request.cells == (None, None)


def test_a_model_with_fewer_levels_is_seen_from_as_far_as_it_can_be(endless: MainWindow, engine: Recorder) -> None:
    canvas = endless.canvas_area.canvas
    canvas.zoom_to(0.125)
    assert engine.renders()[-1].request.skip_levels == 3
    say(endless, m.ModelChanged(replace(OTHER_MODEL, level_count=2)))
    assert canvas.zoom == 0.5
    assert engine.renders()[-1].request.skip_levels == 1
    assert engine.renders()[-1].request.region.width <= canvas.width() + 2
