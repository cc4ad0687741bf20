"""The main job through the real window, the real engine thread and a family that is small enough for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QDialog, QLineEdit, QProgressBar, QSlider, QSpinBox, QWidget

from tests import tiny_family
from tests.end_to_end.person import Person
from texgen_desktop.engine import messages as m

ENDLESS = m.TrainSettings(family="tiny", preset="draft", config=(("images", 100_000),))


@pytest.fixture(autouse=True)
def only_the_tiny_family(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


def test_a_photo_becomes_a_tile(start: Callable[..., Person], tiny_photo: Path, tmp_path: Path) -> None:
    person = start(tiny_photo)
    studio = person.studio
    person.waits_until(lambda: studio.state.can_train)
    studio.set_train_settings(ENDLESS)
    person.presses("train_button")
    person.waits_for_a_run_in_progress()
    live = person.waits_for_a_picture()
    assert live.images_seen is not None

    slider = person.widget(QSlider, "latent_slider_0")
    person.drags(slider, slider.width() // 4)
    assert studio.state.look.value("warmth") > 0.1
    person.waits_for_a_picture(lambda picture: picture.request.look == studio.state.look and picture.request.skip_levels == 0)

    person.presses("pause_button")
    person.waits_until(lambda: studio.state.training == "paused")
    seen_at_pause = studio.state.progress.images_seen
    person.presses("pause_button")
    person.waits_until(lambda: studio.state.training == "running" and studio.state.progress.images_seen > seen_at_pause)
    person.presses("stop_button")
    person.waits_until(lambda: studio.state.training == "idle" and studio.state.model and studio.state.model.sha256)

    person.widget(QSpinBox, "layout_seed").setValue(7)
    assert studio.state.look.layout_seed == 7
    person.chooses("undo_action")
    assert person.widget(QSpinBox, "layout_seed").value() == 0
    person.chooses("redo_action")

    person.chooses("export_action")
    path = tmp_path / "tile.png"
    person.widget(QLineEdit, "export_path").setText(str(path))
    person.widget(QComboBox, "export_size").setCurrentText("96x64")
    formats = person.widget(QComboBox, "export_format")
    formats.setCurrentIndex(formats.findText("PNG 16-bit", Qt.MatchFlag.MatchStartsWith))
    person.presses("export_start")
    person.waits_until(lambda: studio.state.last_export == (path,))
    with Image.open(path) as image:
        assert image.size == (96, 64)
    person.widget(QDialog, "export_dialog").close()

    studio.reset("layout_seed")
    studio.open_paths([path])
    person.waits_until(lambda: studio.state.offer)
    studio.accept_offer("settings")
    assert studio.state.look.layout_seed == 7


def test_a_project_that_was_closed_while_training_goes_on_where_it_was(start: Callable[..., Person], tiny_photo: Path) -> None:
    person = start(tiny_photo)
    person.waits_until(lambda: person.studio.state.can_train)
    person.studio.set_train_settings(ENDLESS)
    person.studio.train()
    person.waits_for_a_run_in_progress()
    person.waits_until(lambda: person.studio.state.model)
    person.studio.set_slider("warmth", 0.5)
    folder = person.studio.state.project.folder
    assert person.window.close()

    again = start(folder)
    again.waits_until(lambda: again.studio.state.can_resume)
    assert again.studio.state.selected_run.images_seen > 0
    assert again.studio.state.look.value("warmth") == 0.5
    again.waits_for_a_picture()
    again.presses("pause_button")
    again.waits_until(lambda: again.studio.state.training == "running" and again.studio.state.progress)
    again.presses("stop_button")
    again.waits_until(lambda: again.studio.state.training == "idle")


def test_train_on_the_command_line_starts_when_the_photo_is_there(start: Callable[..., Person], tiny_photo: Path) -> None:
    person = start(tiny_photo, "--train")
    person.waits_until(lambda: person.studio.state.project and any(run.has_model for run in person.studio.state.project.runs))
    assert person.widget(QProgressBar, "progress").value() == person.widget(QProgressBar, "progress").maximum()


def test_a_file_that_is_no_picture_is_told_in_the_bar(start: Callable[..., Person], tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_bytes(b"Dear Sir or Madam")
    person = start(path)
    person.waits_until(lambda: person.widget(QWidget, "error_bar").isVisible())
    assert "letter.jpg" in person.studio.state.problem.message
    assert person.studio.state.project is None


def test_the_endless_plane_is_drawn_where_it_is_looked_at(start: Callable[..., Person], tiny_photo: Path) -> None:
    person = start(tiny_photo, "--train")
    person.waits_until(lambda: person.studio.state.training == "idle" and person.studio.state.model)
    person.chooses("endless_action")
    picture = person.waits_for_a_picture(lambda picture: picture.request.cells == (None, None))
    assert np.unique(picture.image).size > 1


def test_two_windows_do_not_write_into_one_project(start: Callable[..., Person], tiny_photo: Path) -> None:
    first = start(tiny_photo)
    first.waits_until(lambda: first.studio.state.can_train)
    second = start(first.studio.state.project.folder)
    second.waits_until(lambda: second.studio.state.project)
    assert second.studio.state.is_read_only
    assert not second.widget(QAbstractButton, "train_button").isEnabled()
