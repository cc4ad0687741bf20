"""The window: what it places, remembers and says, and that it ends in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QCloseEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMenu, QWidget

from tests.studio.builders import MODEL, OTHER_PROJECT, PROBLEM, PROJECT, READY, WITH_RUN, Recorder, progress
from texgen_desktop.engine import messages as m
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.close_dialog import CloseDialog
from texgen_desktop.ui.main_window import MainWindow
from texgen_desktop.ui.panel import discover


def say(window: MainWindow, *events: m.Event) -> None:
    for event in events:
        window.studio.on_event(event)


def test_every_panel_has_a_dock_that_the_view_menu_shows_and_hides(window: MainWindow) -> None:
    docks = window.findChildren(QDockWidget)
    assert {type(dock.widget()) for dock in docks} == set(discover())
    menu = next(action.menu() for action in window.menuBar().actions() if action.text() == "&View")
    assert isinstance(menu, QMenu)
    for dock in docks:
        dock.toggleViewAction().trigger()
        assert dock.toggleViewAction() in menu.actions()


def test_a_hidden_panel_stays_hidden_after_a_new_start_and_comes_back_with_the_reset(window: MainWindow, qapp: QApplication) -> None:
    dock = window.findChildren(QDockWidget)[0]
    dock.close()
    window.close()
    again = MainWindow(Studio(Recorder()), Settings(window.settings.folder), lambda: None)
    again.show()
    assert again.findChild(QDockWidget, dock.objectName()).isHidden()
    again.reset_layout()
    assert not again.findChild(QDockWidget, dock.objectName()).isHidden()
    again.close()
    studio = again.studio
    shiboken6.delete(again)
    shiboken6.delete(studio)


def test_the_title_names_the_project_and_what_it_does(window: MainWindow) -> None:
    seen = [window.windowTitle()]
    for event in (READY, m.ProjectChanged(WITH_RUN), m.JobStarted("train"), progress(2500), m.JobEnded("train", "paused")):
        say(window, event)
        seen.append(window.windowTitle())
    name = "TexGen Desktop"
    assert seen == [
        name,
        name,
        f"gravel – {name}",
        f"gravel: training – {name}",
        f"gravel: training 50 % – {name}",
        f"gravel: paused – {name}",
    ]


def test_a_read_only_project_says_so_in_the_title(window: MainWindow) -> None:
    say(window, m.ProjectChanged(replace(PROJECT, read_only_reason="Open elsewhere.")))
    assert window.windowTitle() == "gravel (read only) – TexGen Desktop"


def test_opened_projects_are_listed_under_recent(window: MainWindow, engine: Recorder, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "project.json").write_text("{}")
        say(window, m.ProjectChanged(replace(PROJECT, folder=tmp_path / name, name=name)))
    menu = next(action.menu() for action in window.findChildren(QAction) if action.text() == "Open R&ecent")
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["two", "one"]
    menu.actions()[1].trigger()
    assert engine.others() == [m.OpenProject(tmp_path / "one")]


def test_files_dropped_anywhere_are_opened(window: MainWindow, engine: Recorder, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.jpg")), QUrl("https://example.com/b.jpg")])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(QPoint(5, 5)), Qt.DropAction.CopyAction, mime, buttons, keys))
    assert engine.others() == [m.ReadRecipe(tmp_path / "a.jpg")]


def test_a_problem_is_shown_in_the_bar_until_it_is_dismissed(window: MainWindow) -> None:
    bar = window.canvas_area.error_bar
    assert not bar.isVisible()
    say(window, m.CommandFailed(PROBLEM))
    assert bar.isVisible()
    window.studio.dismiss_problem()
    assert not bar.isVisible()


def test_closing_saves_and_waits_for_the_engine(qapp: QApplication, tmp_path: Path) -> None:
    engine, told = Recorder(), []
    studio = Studio(engine)
    window = MainWindow(studio, Settings(tmp_path), lambda: told.append(list(engine.posted)))
    window.show()
    assert window.close()
    assert window.close()
    assert told == [[m.Quit()]]
    for left in (window, studio):
        shiboken6.delete(left)


@pytest.fixture
def training_window(window: MainWindow) -> MainWindow:
    say(window, READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL), m.JobStarted("train"))
    return window


@pytest.mark.parametrize(("button", "is_closed"), [("stop_button", True), ("keep_button", False)])
def test_closing_by_hand_while_training_asks(training_window: MainWindow, engine: Recorder, button: str, is_closed: bool) -> None:
    asked: list[bool] = []

    def answer() -> None:
        dialog = training_window.findChild(CloseDialog)
        asked.append(True)
        getattr(dialog, button).click()

    QTimer.singleShot(0, training_window, answer)
    event = QCloseEvent()
    training_window.closeEvent(event)
    assert asked == [True]
    assert event.isAccepted() is is_closed
    assert (m.Quit() in engine.posted) is is_closed


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        (("train",), ["Training", "A texture is still being trained."]),
        (("export",), ["Export", "A file is still being exported."]),
        (("train", "export"), ["Training and export", "A texture is still being trained, and a file exported."]),
    ],
)
def test_closing_by_hand_asks_about_what_would_be_cut_short(window: MainWindow, jobs: tuple[m.JobKind, ...], words: list[str]) -> None:
    said: list[str] = []

    def answer() -> None:
        dialog = window.findChild(CloseDialog)
        said.extend((dialog.windowTitle(), dialog.text()))
        dialog.keep_button.click()

    say(window, READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL), *(m.JobStarted(job) for job in jobs))
    QTimer.singleShot(0, window, answer)
    event = QCloseEvent()
    window.closeEvent(event)
    assert said == words
    assert not event.isAccepted()


def test_a_script_closes_without_a_question(training_window: MainWindow, engine: Recorder) -> None:
    say(training_window, m.JobStarted("export"))
    assert training_window.close()
    assert engine.others() == [m.Quit()]


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_the_canvas_is_not_painted_again_for_progress_that_it_does_not_show(training_window: MainWindow, qapp: QApplication) -> None:
    canvas = training_window.canvas_area.canvas
    say(training_window, progress(9))  # its first figures may take the canvas some room
    for _ in range(3):  # layouts follow one another
        qapp.processEvents()
    paints = Paints(canvas)
    for images_seen in range(10, 20):
        say(training_window, progress(images_seen))
        qapp.processEvents()
    assert paints.count == 0
    canvas.set_caption("Something else")
    qapp.processEvents()
    assert paints.count == 1


def test_a_project_without_a_model_shows_its_photo(training_window: MainWindow) -> None:
    say(training_window, m.JobEnded("train", "stopped"), m.ProjectChanged(OTHER_PROJECT), m.ModelChanged(None))
    say(training_window, m.PhotoLoaded("rust.jpg", np.full((75, 100, 3), (255, 0, 0), np.uint8)))
    canvas = training_window.canvas_area.canvas
    picture = canvas.grab().toImage()
    assert picture.pixelColor(picture.width() // 2, picture.height() // 2).getRgb()[:3] == (255, 0, 0)
