"""The training panel: what it offers, asks for and says in each state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QProgressBar, QPushButton, QSpinBox

from tests.studio.builders import FAMILY, PROJECT, READY, RUN, WITH_RUN, progress
from tests.ui.driver import Session, child
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.panels.training import TrainingPanel
from texgen_desktop.ui.theme import COLOURS

FIELDS = (m.FieldInfo("crop_px", "int", 64, "Side of a training crop", "px", 32, 256),)
PRESETS = (
    m.PresetInfo("draft", "Draft", 5000, 131.0, (("crop_px", 48),)),
    m.PresetInfo("standard", "Standard", 30_000, None, (("crop_px", 64),)),
)
MADE_UP = replace(READY, families=(replace(FAMILY, fields=FIELDS, presets=PRESETS),))
OTHER_FAMILY = m.FamilyInfo("other", "Other", "", (), (m.PresetInfo("only", "Only", 10, 1.0, ()),))


@pytest.fixture
def panel(session: Session) -> TrainingPanel:
    return session.show(TrainingPanel)


def enabled(panel: TrainingPanel) -> list[str]:
    names = ("train_button", "pause_button", "stop_button")
    return [button.text() for name in names if (button := child(panel, QAbstractButton, name)).isEnabled()]


def status(panel: TrainingPanel) -> str:
    return child(panel, QLabel, "training_status").text()


def test_a_seed_that_the_field_cannot_hold_is_shown_as_the_nearest(session: Session, panel: TrainingPanel) -> None:
    run = replace(RUN, settings=replace(RUN.settings, seed=2**40))
    session.say(MADE_UP, m.ProjectChanged(replace(WITH_RUN, runs=(run,))))
    assert child(panel, QSpinBox, "train_seed").value() == m.LARGEST_SEED


def test_the_buttons_follow_a_whole_training(session: Session, panel: TrainingPanel) -> None:
    seen = [enabled(panel)]
    for event in (MADE_UP, m.ProjectChanged(PROJECT)):
        session.say(event)
        seen.append(enabled(panel))
    child(panel, QAbstractButton, "train_button").click()
    seen.append(enabled(panel))
    session.say(m.JobStarted("train"))
    seen.append(enabled(panel))
    child(panel, QAbstractButton, "pause_button").click()
    session.say(m.JobEnded("train", "paused"))
    seen.append(enabled(panel))
    child(panel, QAbstractButton, "pause_button").click()
    session.say(m.JobStarted("train"))
    child(panel, QAbstractButton, "stop_button").click()
    seen.append(enabled(panel))
    session.say(m.JobEnded("train", "stopped"), m.ProjectChanged(WITH_RUN))
    seen.append(enabled(panel))
    assert seen == [[], [], ["Train"], ["Stop"], ["Pause", "Stop"], ["Resume", "Stop"], [], ["Train", "Resume"]]
    assert session.engine.others() == [m.Train(m.TrainSettings()), m.Pause(), m.Resume(), m.Stop()]


def test_a_preset_tells_how_long_it_takes_here_once_that_is_known(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP)
    preset = child(panel, QComboBox, "preset")
    assert [preset.itemText(row).replace("\N{NO-BREAK SPACE}", " ") for row in range(2)] == ["Draft – about 2 min", "Standard"]
    assert preset.currentData() == "standard"


def test_what_is_chosen_is_what_is_trained(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP, m.ProjectChanged(PROJECT))
    child(panel, QComboBox, "preset").setCurrentIndex(0)
    child(panel, QSpinBox, "train_seed").setValue(7)
    child(panel, QSpinBox, "config_crop_px").setValue(96)
    child(panel, QAbstractButton, "train_button").click()
    assert session.engine.others() == [m.Train(m.TrainSettings("texture_gan", "draft", (("crop_px", 96),), seed=7))]


def test_a_run_starts_from_the_model_of_another_one_or_from_one_that_ships(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP, m.ProjectChanged(WITH_RUN))
    start = child(panel, QComboBox, "start_from")
    assert [start.itemData(row) for row in range(3)] == ["", RUN.id, "rust"]
    for row in (1, 2):
        start.setCurrentIndex(row)
        child(panel, QAbstractButton, "train_button").click()
        session.say(m.JobStarted("train"), m.JobEnded("train", "finished"))
    assert [command.settings.start_from for command in session.engine.others() if isinstance(command, m.Train)] == [RUN.id, "rust"]


def test_a_changed_setting_is_kept_when_the_preset_changes(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP)
    child(panel, QSpinBox, "config_crop_px").setValue(96)
    child(panel, QComboBox, "preset").setCurrentIndex(0)
    assert child(panel, QSpinBox, "config_crop_px").value() == 96
    assert "1 setting changed" in child(panel, QLabel, "training_about").text()


def test_another_family_brings_its_own_presets_and_fields(session: Session, panel: TrainingPanel) -> None:
    session.say(replace(MADE_UP, families=(*MADE_UP.families, OTHER_FAMILY)))
    child(panel, QSpinBox, "config_crop_px").setValue(96)
    child(panel, QComboBox, "family").setCurrentIndex(1)
    assert session.studio.state.settings == m.TrainSettings("other", "only")
    assert child(panel, QComboBox, "preset").currentText().startswith("Only")
    assert not child(panel, QAbstractButton, "advanced_button").isVisible()


def test_the_settings_are_those_of_the_run_while_it_lasts(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP, m.ProjectChanged(PROJECT), m.JobStarted("train"))
    assert not child(panel, QComboBox, "preset").isEnabled()
    session.say(m.JobEnded("train", "finished"))
    assert child(panel, QComboBox, "preset").isEnabled()


def test_progress_speed_and_time_left_are_shown_in_words(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP, m.ProjectChanged(PROJECT), m.JobStarted("train"), progress(1250))
    assert child(panel, QProgressBar, "progress").text() == "25 %"
    texts = {label.accessibleName(): label.text().replace("\N{NO-BREAK SPACE}", " ") for label in panel.findChildren(QLabel)}
    assert texts["Images"] == "1,250 of 5,000"
    assert texts["Speed"] == "20.0 images/s"
    assert texts["Time left"] == "about 2 min"
    assert texts["Device"] == "CPU, 2 threads"


def test_an_idle_project_shows_how_far_its_selected_run_is(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP, m.ProjectChanged(WITH_RUN))
    assert child(panel, QProgressBar, "progress").value() == 200
    assert "can go on" in status(panel)
    train, resume = (child(panel, QPushButton, name) for name in ("train_button", "pause_button"))
    assert stands_out(resume)
    assert not stands_out(train)
    complete = replace(RUN, images_seen=5000, can_resume=False)
    session.say(m.ProjectChanged(replace(WITH_RUN, runs=(complete,))))
    assert "complete" in status(panel)
    assert stands_out(train)
    assert not stands_out(resume)


def stands_out(button: QPushButton) -> bool:
    colours = button.palette()
    return colours.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Button) == QColor(COLOURS.selection)


def test_the_status_says_what_to_do_next(session: Session, panel: TrainingPanel) -> None:
    said = [status(panel)]
    for event in (
        MADE_UP,
        m.ProjectChanged(replace(PROJECT, photos=())),
        m.ProjectChanged(PROJECT),
        m.ProjectChanged(replace(PROJECT, read_only_reason="<b>anna</b> has it open.")),
    ):
        session.say(event)
        said.append(status(panel))
    assert said == [
        "The engine is starting…",
        "Drop a photo on the window to begin.",
        "Add a photo to train on.",
        "Ready to train.",
        "<b>anna</b> has it open.",
    ]
    assert child(panel, QLabel, "training_status").textFormat() == Qt.TextFormat.PlainText


def test_all_settings_open_on_demand(session: Session, panel: TrainingPanel) -> None:
    session.say(MADE_UP)
    assert not child(panel, QSpinBox, "config_crop_px").isVisible()
    child(panel, QAbstractButton, "advanced_button").click()
    assert child(panel, QSpinBox, "config_crop_px").isVisible()


@pytest.mark.parametrize(("makes", "text"), [("textures", "Mirror the crops"), ("images", "Mirror the pictures")])
def test_what_the_material_allows_is_one_click_away(session: Session, panel: TrainingPanel, makes: Any, text: str) -> None:
    preset = m.PresetInfo("standard", "Standard", 10, 1.0, (("mirror", False),))
    field = m.FieldInfo("mirror", "bool", False, "Learn from mirrored ones as well")
    session.say(replace(READY, families=(replace(FAMILY, fields=(field,), presets=(preset,), makes=makes),)), m.ProjectChanged(PROJECT))
    suggestion = child(panel, QAbstractButton, "suggestion_button")
    assert not suggestion.isVisible()
    pixels, allowed = np.zeros((2, 2, 3), np.uint8), frozenset({"mirror"})
    told = {"textures": m.PhotoLoaded(PROJECT.photos[0].name, pixels, allowed), "images": m.ContactSheet(pixels, allowed)}
    session.say(told.pop("images" if makes == "textures" else "textures"))
    assert not suggestion.isVisible()  # told of what is not learnt from
    session.say(told[makes])
    assert (suggestion.isVisible(), suggestion.text()) == (True, text)
    suggestion.click()
    assert not suggestion.isVisible()
    assert session.studio.state.settings.config == (("mirror", True),)
