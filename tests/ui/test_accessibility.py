"""A person who cannot see the window hears a name for everything that can be used; and no text is ever taken for HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAction
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QListWidget, QPushButton, QTabBar, QWidget

from tests.studio.builders import FAMILY, MODEL, PHOTO, READY, WITH_RUN
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.main_window import MainWindow
from texgen_desktop.ui.widgets.plot import LossPlot

HOSTILE = "<b>bold</b><img src=x>.png"


@pytest.fixture
def busy_window(window: MainWindow, qapp: QApplication, tiny_photo: Path) -> MainWindow:
    """Every panel full, every bar open, both dialogs on the screen with every question, and names that look like HTML everywhere."""
    fields = (
        m.FieldInfo("images", "int", 100, HOSTILE),
        m.FieldInfo("rate", "float", 0.1, HOSTILE),
        m.FieldInfo("mirror", "bool", False, HOSTILE),
        m.FieldInfo("side", "choice", "32", HOSTILE, choices=("32", "64")),
    )
    photos = (replace(PHOTO, name=HOSTILE), PHOTO)
    pictures = m.PictureSetInfo(4, 32, ((HOSTILE, 4),), (HOSTILE,))
    project = replace(WITH_RUN, name=HOSTILE, photos=photos, pictures=pictures, skipped=(m.SkippedFile(HOSTILE, HOSTILE, HOSTILE),))
    recipe = m.Recipe(m.Look(), "texture_gan", "ab" * 32, 64, 64, True, True, "0.1.0")
    events: tuple[m.Event, ...] = (
        replace(READY, families=(replace(FAMILY, fields=fields),)),
        m.ProjectChanged(project),
        m.ModelChanged(replace(MODEL, sliders=(m.Slider("scale", HOSTILE, HOSTILE),))),
        m.CommandFailed(m.Problem(HOSTILE, HOSTILE, HOSTILE)),
        m.RecipeRead(WITH_RUN.folder / HOSTILE, recipe, True),
        m.Notice(HOSTILE, HOSTILE),
    )
    for event in events:
        window.studio.on_event(event)
    for name in ("export_action", "keys_action"):
        action = window.findChild(QAction, name)
        assert isinstance(action, QAction)
        action.trigger()
    path = window.findChild(QLineEdit, "export_path")
    assert isinstance(path, QLineEdit)
    path.setText(str(tiny_photo))
    plot = window.findChild(LossPlot, "loss_plot")
    assert isinstance(plot, LossPlot)
    plot.prepare()
    qapp.processEvents()
    return window


def parts(interface: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """All of the accessibility tree below, hidden or not: rows of lists, tabs, and the items of menus that are closed."""
    for index in range(interface.childCount()):
        child = interface.child(index)
        yield child
        yield from parts(child)


def everything(app: QApplication) -> Iterator[QAccessibleInterface]:
    """Of every window of the program. The menu of a button hangs at no branch of the tree until it is opened."""
    menus = [widget.menu() for widget in app.allWidgets() if isinstance(widget, QPushButton) and widget.menu()]
    for root in (app, *menus):
        yield from parts(QAccessible.queryAccessibleInterface(root))


def is_of_use(part: QAccessibleInterface) -> bool:
    """It takes the focus, or can be clicked. A label, whose text can be copied, says its text, also where there is none."""
    if part.role() in (QAccessible.Role.Separator, QAccessible.Role.StaticText):
        return False
    actions = part.actionInterface()
    return bool(part.state().focusable or (actions and actions.actionNames()))


def name_of(part: QAccessibleInterface) -> str:
    """What a screen reader says: of a combo box the label that belongs to it, for here Qt calls it by what is chosen.

    The list and the field of a combo box are announced with the box.
    """
    if part.parent().role() == QAccessible.Role.ComboBox:
        part = part.parent()
    if part.role() == QAccessible.Role.ComboBox:
        labels = part.relations(QAccessible.RelationFlag.Label)
        return " ".join(label.text(QAccessible.Text.Name) for label, _ in labels if label)
    return part.text(QAccessible.Text.Name)


def unnamed(app: QApplication) -> list[str]:
    found = [part for part in everything(app) if is_of_use(part) and not name_of(part).strip()]
    return [f"{part.role().name} in {part.parent().role().name} {part.parent().text(QAccessible.Text.Name)!r}" for part in found]


def test_everything_that_can_be_used_has_a_name(busy_window: MainWindow, qapp: QApplication) -> None:
    assert unnamed(qapp) == []


def test_the_walk_reaches_rows_tabs_menu_items_and_dialogs(busy_window: MainWindow, qapp: QApplication) -> None:
    named = {(part.role().name, name_of(part)) for part in everything(qapp) if is_of_use(part)}
    assert named >= {
        ("ListItem", f"{HOSTILE}, 1024 × 768\xa0px, learnt at 512 px"),
        ("PageTab", "Log"),
        ("MenuItem", "Rename Project…"),
        ("MenuItem", "Folder…"),
        ("ComboBox", "Size"),
        ("Cell", "Zoom under the cursor"),
    }


def test_the_walk_finds_what_has_no_name(busy_window: MainWindow, qapp: QApplication) -> None:
    corner = QWidget(busy_window)
    corner.setAccessibleName("corner")
    QPushButton(corner)
    QComboBox(corner).addItem("chosen")
    QListWidget(corner).addItem("")
    QTabBar(corner).addTab("")
    busy_window.menuBar().actions()[0].menu().addAction("")
    assert sorted(unnamed(qapp)) == [
        "Button in Client 'corner'",
        "ComboBox in Client 'corner'",
        "List in Client 'corner'",
        "List in ComboBox 'chosen'",
        "ListItem in List ''",
        "MenuItem in PopupMenu ''",
        "PageTab in PageTabList ''",
        "PageTabList in Client 'corner'",
    ]


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
