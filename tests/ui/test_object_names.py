"""The names by which scripts find the widgets: each exists once, and is of the kind that they expect."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QProgressBar, QSpinBox, QWidget

from tests.studio.builders import MODEL, PROJECT, READY
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.main_window import MainWindow

WIDGETS = {
    "canvas": QWidget,
    "train_button": QAbstractButton,
    "pause_button": QAbstractButton,
    "stop_button": QAbstractButton,
    "family": QComboBox,
    "preset": QComboBox,
    "progress": QProgressBar,
    "loss_plot": QWidget,
    "latent_slider_0": QAbstractSlider,
    "latent_slider_1": QAbstractSlider,
    "layout_seed": QSpinBox,
    "detail_seed": QSpinBox,
    "export_path": QLineEdit,
    "export_size": QComboBox,
    "export_format": QComboBox,
    "export_start": QAbstractButton,
    "error_bar": QWidget,
}
ACTIONS = ("open_action", "export_action", "undo_action", "redo_action")


@pytest.fixture
def full_window(window: MainWindow) -> MainWindow:
    """With a project, a model, and the export dialog open."""
    for event in (READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL)):
        window.studio.on_event(event)
    action = window.findChild(QAction, "export_action")
    assert isinstance(action, QAction)
    action.trigger()
    return window


def test_each_widget_and_each_action_is_there_once_under_its_name(full_window: MainWindow) -> None:
    kinds = {**WIDGETS, **dict.fromkeys(ACTIONS, QAction)}
    assert {name: len(full_window.findChildren(kind, name)) for name, kind in kinds.items()} == dict.fromkeys(kinds, 1)


def test_the_export_dialog_is_made_once(full_window: MainWindow) -> None:
    action = full_window.findChild(QAction, "export_action")
    assert isinstance(action, QAction)
    action.trigger()
    assert len(full_window.findChildren(QWidget, "export_dialog")) == 1
