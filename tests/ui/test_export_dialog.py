"""The export dialog, with a real studio and an engine that only takes notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QProgressBar, QSpinBox

from tests.studio.builders import MODEL, READY, WITH_RUN
from tests.ui.driver import Session, child
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.export_dialog import ExportDialog

DISK_FULL = m.Problem("The disk is full.", "Free some space, then export again.")


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path) -> Iterator[Session]:
    session = Session(tmp_path / "settings")
    session.settings.remember("export/folder", str(tmp_path))
    session.say(READY, m.ProjectChanged(WITH_RUN), m.ModelChanged(MODEL))
    yield session
    session.close()


@pytest.fixture
def dialog(session: Session) -> Iterator[ExportDialog]:
    dialog = ExportDialog(session.studio, session.settings)
    dialog.show()
    yield dialog
    shiboken6.delete(dialog)


def press(dialog: ExportDialog, name: str) -> None:
    child(dialog, QAbstractButton, name).click()


def choose(dialog: ExportDialog, name: str, text: str) -> None:
    child(dialog, QComboBox, name).setCurrentText(text)


def path_field(dialog: ExportDialog) -> QLineEdit:
    return child(dialog, QLineEdit, "export_path")


def can_start(dialog: ExportDialog) -> bool:
    return child(dialog, QAbstractButton, "export_start").isEnabled()


def said(dialog: ExportDialog, name: str) -> str:
    label = child(dialog, QLabel, name)
    return label.text().replace("\N{NO-BREAK SPACE}", " ") if label.isVisible() else ""


def exports(session: Session) -> list[m.ExportSettings]:
    return [command.settings for command in session.engine.posted if isinstance(command, m.Export)]


def test_what_is_entered_is_what_is_exported(session: Session, dialog: ExportDialog, tmp_path: Path) -> None:
    session.studio.set_slider("scale", 0.5)
    path_field(dialog).setText(str(tmp_path / "stone.png"))
    choose(dialog, "export_format", "TIFF 16-bit")
    choose(dialog, "export_size", "4096x1024")
    press(dialog, "export_tile_y")
    child(dialog, QSpinBox, "export_count").setValue(3)
    press(dialog, "export_start")
    look = m.Look(style=(("scale", 0.5),))
    assert exports(session) == [m.ExportSettings(tmp_path / "stone.tif", "tiff", 16, 4096, 1024, look, tile_x=True, tile_y=False, count=3)]


def test_the_dialog_leaves_the_window_in_use(dialog: ExportDialog) -> None:
    assert dialog.windowModality() == Qt.WindowModality.NonModal


def test_the_name_of_the_project_is_proposed_where_it_replaces_nothing(session: Session, dialog: ExportDialog, tmp_path: Path) -> None:
    assert path_field(dialog).text() == str(tmp_path / "gravel.png")
    (tmp_path / "gravel.png").touch()
    dialog.close()
    dialog.show()
    assert path_field(dialog).text() == str(tmp_path / "gravel 2.png")


def test_a_typed_suffix_chooses_the_format_and_a_chosen_format_the_suffix(dialog: ExportDialog, tmp_path: Path) -> None:
    path_field(dialog).setText(str(tmp_path / "stone.exr"))
    assert child(dialog, QComboBox, "export_format").currentText() == "EXR half"
    choose(dialog, "export_format", "EXR float")
    assert path_field(dialog).text() == str(tmp_path / "stone.exr")
    choose(dialog, "export_format", "JPEG")
    assert path_field(dialog).text() == str(tmp_path / "stone.jpg")


def test_a_file_that_exists_is_replaced_only_when_that_is_wanted(session: Session, dialog: ExportDialog, tmp_path: Path) -> None:
    (tmp_path / "R&D <b>1.png").touch()
    path_field(dialog).setText(str(tmp_path / "R&D <b>1.png"))
    replace = child(dialog, QAbstractButton, "export_replace")
    assert replace.text() == "Replace R&&D <b>1.png, which exists already"
    assert not can_start(dialog)
    replace.click()
    assert can_start(dialog)
    (tmp_path / "other.png").touch()
    path_field(dialog).setText(str(tmp_path / "other.png"))
    assert not can_start(dialog), "the answer was for another file"


def test_a_size_that_the_format_cannot_hold_is_refused_with_a_way_out(dialog: ExportDialog) -> None:
    choose(dialog, "export_format", "WebP")
    choose(dialog, "export_size", "8192x8192")
    assert not can_start(dialog)
    assert said(dialog, "export_refusal").startswith("WebP is written with at most 4,096 pixels a side")
    choose(dialog, "export_format", "PNG 16-bit")
    assert can_start(dialog)
    assert said(dialog, "export_refusal") == ""


def test_what_is_no_size_is_refused_and_not_swapped(dialog: ExportDialog) -> None:
    choose(dialog, "export_size", "huge")
    press(dialog, "export_swap")
    assert not can_start(dialog)
    assert "is not a size" in said(dialog, "export_refusal")


def test_width_and_height_are_swapped(dialog: ExportDialog) -> None:
    choose(dialog, "export_size", "2048x512")
    press(dialog, "export_swap")
    assert child(dialog, QComboBox, "export_size").currentText() == "512x2048"


def test_without_a_model_there_is_nothing_to_export(session: Session, dialog: ExportDialog) -> None:
    session.say(m.ModelChanged(None))
    assert not can_start(dialog)
    assert said(dialog, "export_refusal") == "There is no texture to export yet."


def test_progress_and_time_left_are_shown_until_the_file_is_written(session: Session, dialog: ExportDialog, tmp_path: Path) -> None:
    press(dialog, "export_start")
    assert not can_start(dialog)
    session.say(m.JobStarted("export"), m.ExportProgress(0.37, 42.0))
    bar = child(dialog, QProgressBar, "export_progress")
    assert bar.isVisible()
    assert bar.text() == "37 %"
    assert said(dialog, "export_result") == "Writing, about 40 s left"
    session.say(m.JobEnded("export", "finished", None, (tmp_path / "gravel.png",)))
    assert not bar.isVisible()
    assert said(dialog, "export_result") == "Written: gravel.png"


def test_an_export_cancelled_before_its_first_file_says_that_nothing_was_written(session: Session, dialog: ExportDialog) -> None:
    press(dialog, "export_start")
    session.say(m.JobStarted("export"))
    press(dialog, "export_cancel")
    assert session.engine.others()[-1] == m.Cancel("export")
    assert said(dialog, "export_result") == "Cancelling…"
    session.say(m.ExportProgress(0.5, 3.0), m.JobEnded("export", "stopped"))
    assert said(dialog, "export_result") == "Cancelled. Nothing was written."
    assert dialog.isVisible()


@pytest.mark.parametrize(
    ("outcome", "problem", "words"),
    [
        ("stopped", None, "Cancelled. Written before that: b-1.png and 1 more file"),
        ("failed", DISK_FULL, "The disk is full. Free some space, then export again. Written before that: b-1.png and 1 more file"),
    ],
)
def test_a_batch_that_ends_early_names_what_it_has_written(
    session: Session, dialog: ExportDialog, tmp_path: Path, outcome: m.Outcome, problem: m.Problem | None, words: str
) -> None:
    press(dialog, "export_start")
    session.say(m.JobStarted("export"), m.JobEnded("export", outcome, problem, (tmp_path / "b-1.png", tmp_path / "b-2.png")))
    assert said(dialog, "export_result") == words
    assert child(dialog, QAbstractButton, "export_show_folder").isVisible()


def test_a_failed_export_says_why_in_the_dialog_and_can_be_tried_again(session: Session, dialog: ExportDialog) -> None:
    press(dialog, "export_start")
    session.say(m.JobStarted("export"), m.JobEnded("export", "failed", DISK_FULL))
    assert said(dialog, "export_result") == "The disk is full. Free some space, then export again."
    assert can_start(dialog)


def test_a_problem_of_the_training_is_not_taken_for_one_of_the_export(session: Session, dialog: ExportDialog, tmp_path: Path) -> None:
    press(dialog, "export_start")
    session.say(m.JobStarted("export"), m.CommandFailed(m.Problem("Something else failed.")))
    session.say(m.ExportProgress(1.0, 0.0), m.JobEnded("export", "finished", None, (tmp_path / "gravel.png",)))
    assert said(dialog, "export_result") == "Written: gravel.png"


def test_closing_the_dialog_leaves_the_work_alone(session: Session, dialog: ExportDialog) -> None:
    press(dialog, "export_start")
    session.say(m.JobStarted("export"))
    dialog.close()
    dialog.show()
    assert child(dialog, QProgressBar, "export_progress").isVisible()
    assert not any(isinstance(command, m.Cancel) for command in session.engine.posted)


def test_the_next_session_begins_with_the_last_settings(session: Session, dialog: ExportDialog, tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    path_field(dialog).setText(str(tmp_path / "tiles" / "stone.exr"))
    choose(dialog, "export_size", "640x480")
    press(dialog, "export_tile_x")
    press(dialog, "export_start")
    later = ExportDialog(session.studio, session.settings)
    assert path_field(later).text() == str(tmp_path / "tiles" / "gravel.exr")
    assert child(later, QComboBox, "export_format").currentText() == "EXR half"
    assert child(later, QComboBox, "export_size").currentText() == "640x480"
    assert not child(later, QAbstractButton, "export_tile_x").isChecked()
    shiboken6.delete(later)


class FileManager(QObject):
    """Stands in for the desktop's file manager."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


def test_the_folder_of_the_written_file_is_shown(session: Session, dialog: ExportDialog, tmp_path: Path) -> None:
    manager = FileManager()
    press(dialog, "export_start")
    session.say(m.JobStarted("export"), m.JobEnded("export", "finished", None, (tmp_path / "gravel.png",)))
    QDesktopServices.setUrlHandler("file", manager, "open")
    press(dialog, "export_show_folder")
    QDesktopServices.unsetUrlHandler("file")
    assert manager.opened == [str(tmp_path)]
