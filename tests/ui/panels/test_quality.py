"""The quality panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton

from tests.studio.builders import FAMILY, MODEL, PROJECT, READY
from tests.ui.driver import Session
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.canvas_area import with_copies
from texgen_desktop.ui.panels.quality import QualityPanel


def judged(session: Session) -> m.TextureJudged:
    copies = np.zeros((64, 64), np.float32)
    copies[:32] = 1.0
    return m.TextureJudged(session.studio.state.look, None, 0.2, 0.3, 0.0, copies, (4, 4))


def test_the_texture_is_judged_on_request_and_the_readings_are_told(session: Session) -> None:
    panel = session.show(QualityPanel)
    button = panel.findChild(QPushButton, "judge_button")
    assert not button.isEnabled()
    session.say(READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL))
    button.click()
    assert m.JudgeTexture(m.Look(), session.studio.state.view.tile_cells) in session.engine.posted
    assert not button.isEnabled()
    session.say(judged(session))
    assert panel.findChild(QLabel, "quality_structure").text().startswith("0.20")
    assert panel.findChild(QLabel, "quality_copies").text().startswith("30 %")
    assert button.isEnabled()


def test_readings_taken_during_a_run_say_after_how_many_images(session: Session) -> None:
    panel = session.show(QualityPanel)
    label = panel.findChild(QLabel, "quality_state")
    session.say(READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL), replace(judged(session), images_seen=1200))
    assert label.text() == "Judged after 1,200 images."
    session.studio.set_seed("layout_seed", 5)
    assert label.text() == "Judged after 1,200 images. Of the sliders and seeds as they were when it was judged."
    session.say(replace(judged(session), look=session.studio.state.look))
    assert label.text() == ""


def test_copies_are_veiled_on_the_very_tile_that_was_judged(session: Session) -> None:
    panel = session.show(QualityPanel)
    session.say(READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL), judged(session))
    panel.findChild(QCheckBox, "show_copies").click()
    state = session.studio.state
    assert state.view.shows_copies
    grey = np.full((64, 64, 3), 100, np.uint8)
    tile = m.Rendered(1, m.RenderRequest(state.look, m.Region(0, 0, 64, 64), (4, 4)), grey, None)
    veiled = with_copies(tile, state)
    assert veiled[:32, :, 0].min() > 150
    assert (veiled[32:] == 100).all()
    other = m.Rendered(1, m.RenderRequest(m.Look(layout_seed=5), m.Region(0, 0, 64, 64), (4, 4)), grey, None)
    assert with_copies(other, state) is grey
    newer = m.Rendered(1, tile.request, grey, images_seen=500)
    assert with_copies(newer, state) is grey


def test_a_family_that_makes_pictures_is_not_judged_as_a_texture(session: Session) -> None:
    panel = session.show(QualityPanel)
    session.say(READY, m.FamiliesChanged((replace(FAMILY, makes="images"),)), m.ProjectChanged(PROJECT), m.ModelChanged(MODEL))
    assert not panel.findChild(QPushButton, "judge_button").isEnabled()


def test_what_a_critic_knows_by_heart_is_told_while_it_trains_and_forgotten_with_the_run(session: Session) -> None:
    panel = session.show(QualityPanel)
    label = panel.findChild(QLabel, "quality_memory")
    session.say(READY, m.ProjectChanged(PROJECT), m.JobStarted("train"))
    session.say(m.TrainingProgress(10, 100, 1.0, None, (("critic", 0.7),)))
    assert label.text() == "–"
    session.say(m.TrainingProgress(20, 100, 1.0, None, (("learnt by heart", 0.8),)))
    assert "by heart" in label.text()
    session.studio.losses_reset.emit()
    assert label.text() == "–"
