"""A person who cannot see the window hears a name for everything that can be used; and no text is ever taken for HTML."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLabel, QPushButton, QWidget

from tests.studio.builders import MODEL, PHOTO, READY, WITH_RUN
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.main_window import MainWindow

HOSTILE = "<b>bold</b><img src=x>.png"


@pytest.fixture
def busy_window(window: MainWindow, qapp: QApplication) -> MainWindow:
    """Every panel full, every bar open, the export dialog on the screen, and names that look like HTML everywhere."""
    photos = (replace(PHOTO, name=HOSTILE), PHOTO)
    project = replace(WITH_RUN, name=HOSTILE, photos=photos, skipped=(m.SkippedFile(HOSTILE, HOSTILE, HOSTILE),))
    recipe = m.Recipe(m.Look(), "texture_gan", "ab" * 32, 64, 64, True, True, "0.1.0")
    events: tuple[m.Event, ...] = (
        READY,
        m.ProjectChanged(project),
        m.ModelChanged(replace(MODEL, sliders=(m.Slider("scale", HOSTILE, HOSTILE),))),
        m.CommandFailed(m.Problem(HOSTILE, HOSTILE, HOSTILE)),
        m.RecipeRead(WITH_RUN.folder / HOSTILE, recipe, True),
        m.Notice(HOSTILE, HOSTILE),
    )
    for event in events:
        window.studio.on_event(event)
    action = window.findChild(QAction, "export_action")
    assert isinstance(action, QAction)
    action.trigger()
    qapp.processEvents()
    return window


def all_widgets(window: QWidget) -> list[QWidget]:
    return [widget for widget in window.findChildren(QWidget) if widget.isVisible()]


def accessible_name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface else ""


def is_part_of_named(widget: QWidget) -> bool:
    """The line edit inside a spin box or combo box is announced with the box's own name."""
    parent = widget.parentWidget()
    return isinstance(parent, QComboBox | QAbstractSpinBox) and bool(accessible_name(parent))


def unnamed(window: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} {widget.objectName()!r} in {type(widget.parentWidget()).__name__}"
        for widget in all_widgets(window)
        if (widget.focusPolicy() != Qt.FocusPolicy.NoFocus or isinstance(widget, QAbstractButton))
        and not accessible_name(widget)
        and not is_part_of_named(widget)
    ]


def test_everything_that_can_be_used_has_a_name(busy_window: MainWindow) -> None:
    assert unnamed(busy_window) == []


def test_the_walk_finds_a_button_without_a_name(busy_window: MainWindow) -> None:
    button = QPushButton(busy_window)
    button.show()
    assert unnamed(busy_window) == ["QPushButton '' in MainWindow"]


def could_be_html(window: QWidget) -> list[str]:
    labels = [widget for widget in window.findChildren(QLabel) if HOSTILE in widget.text()]
    return [label.objectName() or label.text() for label in labels if label.textFormat() != Qt.TextFormat.PlainText]


def test_names_are_shown_as_they_are(busy_window: MainWindow) -> None:
    assert could_be_html(busy_window) == []


def test_the_walk_finds_a_label_that_guesses_its_format(busy_window: MainWindow) -> None:
    QLabel(HOSTILE, busy_window)
    assert could_be_html(busy_window) == [HOSTILE]


def test_no_tooltip_takes_a_name_for_html(busy_window: MainWindow) -> None:
    tips = [widget.toolTip() for widget in busy_window.findChildren(QWidget) if "bold" in widget.toolTip()]
    assert [tip for tip in tips if "<b>" in tip] == []
