"""The table of actions: no two share a key or a name, and the state alone decides what is enabled."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableWidget

from tests.studio.builders import MODEL, PROJECT, READY, Recorder
from texgen_desktop.engine import messages as m
from texgen_desktop.resources import resource
from texgen_desktop.studio.state import StudioState
from texgen_desktop.ui.actions import ACTIONS
from texgen_desktop.ui.keys_dialog import KeysDialog
from texgen_desktop.ui.main_window import MainWindow

ALL = [action for actions in ACTIONS.values() for action in actions]
IDLE = StudioState(engine_ready=True, project=PROJECT)


def find(window: MainWindow, name: str) -> QAction:
    action = window.findChild(QAction, name)
    assert isinstance(action, QAction)
    return action


def test_no_two_actions_share_a_name_or_a_key() -> None:
    names = Counter(action.id for action in ALL)
    keys = Counter(QKeySequence(action.keys).toString() for action in ALL if action.keys)
    assert [name for name, count in (names + keys).items() if count > 1] == []


@pytest.mark.parametrize("action", ALL, ids=lambda action: action.id)
def test_every_action_has_a_tip_a_readable_key_and_an_icon_that_exists(action) -> None:
    assert action.tip
    assert not action.tip.endswith(".")
    assert not action.keys or not QKeySequence(action.keys).isEmpty()
    assert not action.icon or resource("icons", f"{action.icon}.svg").is_file()


@pytest.mark.parametrize(
    ("state", "enabled", "disabled"),
    [
        (StudioState(), {"open_action", "quit_action"}, {"train_action", "export_action", "undo_action", "save_as_action", "photo_action"}),
        (IDLE, {"train_action", "save_as_action", "discard_action", "photo_action"}, {"pause_action", "stop_action", "export_action"}),
        (
            replace(IDLE, training="running", model=MODEL),
            {"pause_action", "stop_action", "export_action"},
            {"train_action", "close_action"},
        ),
        (replace(IDLE, training="paused"), {"pause_action", "stop_action", "close_action"}, {"train_action", "discard_action"}),
        (replace(IDLE, can_undo=True), {"undo_action"}, {"redo_action"}),
    ],
)
def test_the_state_decides_what_is_enabled(state: StudioState, enabled: set[str], disabled: set[str]) -> None:
    now = {action.id for action in ALL if action.enabled(state)}
    assert enabled <= now
    assert not disabled & now


def test_a_key_of_the_keyboard_changes_the_view(window: MainWindow) -> None:
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_3)
    assert window.studio.state.view.repeat == "3x3"
    assert find(window, "repeat_3_action").isChecked()
    assert not find(window, "repeat_1_action").isChecked()


def test_a_view_that_is_on_stays_down_when_it_is_pressed_again(window: MainWindow) -> None:
    find(window, "repeat_1_action").trigger()
    assert find(window, "repeat_1_action").isChecked()


def test_the_photo_comes_and_goes_with_one_key(window: MainWindow) -> None:
    for event in (READY, m.ProjectChanged(PROJECT)):
        window.studio.on_event(event)
    seen = []
    for _ in range(3):
        find(window, "photo_action").trigger()
        seen.append(window.studio.state.view.comparison)
    assert seen == ["photo", "result", "photo"]


def test_one_key_pauses_and_resumes(window: MainWindow, engine: Recorder) -> None:
    for event in (READY, m.ProjectChanged(PROJECT), m.JobStarted("train")):
        window.studio.on_event(event)
    find(window, "pause_action").trigger()
    window.studio.on_event(m.JobEnded("train", "paused"))
    find(window, "pause_action").trigger()
    assert engine.others() == [m.Pause(), m.Resume()]


def test_undo_takes_back_a_slider(window: MainWindow) -> None:
    for event in (READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL)):
        window.studio.on_event(event)
    window.studio.set_slider("scale", 0.5)
    find(window, "undo_action").trigger()
    assert window.studio.state.look == m.Look()
    find(window, "redo_action").trigger()
    assert window.studio.state.look.value("scale") == 0.5


def test_the_list_of_keys_tells_every_key(window: MainWindow) -> None:
    find(window, "keys_action").trigger()
    dialog = window.findChild(KeysDialog)
    assert isinstance(dialog, KeysDialog)
    table = dialog.findChild(QTableWidget)
    assert isinstance(table, QTableWidget)
    texts = {table.item(row, 1).text() for row in range(table.rowCount())}
    assert {action.tip for action in ALL if action.keys} <= texts
    dialog.close()
