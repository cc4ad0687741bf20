"""Turns the table of actions into menus, a tool bar and shortcuts, and keeps them in step with the state."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QSize, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QToolButton

from texgen_desktop.studio.state import StudioState
from texgen_desktop.ui.actions import ACTIONS, Action
from texgen_desktop.ui.desk import Desk
from texgen_desktop.ui.theme import icon

ICON_SIDE_PX = 20


class ActionBar(QObject):
    """Owns the QActions of a window. Their shortcuts work in every panel, docked or floating."""

    def __init__(self, window: QMainWindow, desk: Desk) -> None:
        super().__init__(window)
        self._desk = desk
        self._actions: list[tuple[Action, QAction]] = []
        self.menus: dict[str, QMenu] = {}
        self.tool_bar = QToolBar("Tools")
        self.tool_bar.setObjectName("tool_bar")
        self.tool_bar.setIconSize(QSize(ICON_SIDE_PX, ICON_SIDE_PX))
        self.tool_bar.setMovable(False)
        self.tool_bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for title, actions in ACTIONS.items():
            self.menus[title] = window.menuBar().addMenu(title)
            for action in actions:
                self._add(action, self.menus[title])
        for button in self.tool_bar.findChildren(QToolButton, "qt_toolbar_ext_button"):  # there where the window is too narrow for all
            button.setAccessibleName("More tools")
        window.addToolBar(self.tool_bar)
        desk.studio.state_changed.connect(self.show_state)

    @Slot(object, object)
    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        for action, qaction in self._actions:
            qaction.setEnabled(action.enabled(new))
            if action.checked is not None:
                qaction.setChecked(action.checked(new))

    def _add(self, action: Action, menu: QMenu) -> None:
        qaction = QAction(action.text, self)
        qaction.setObjectName(action.id)
        qaction.setCheckable(action.checked is not None)
        keys = QKeySequence(action.keys)
        if not keys.isEmpty():
            qaction.setShortcut(keys)
        readable = keys.toString(QKeySequence.SequenceFormat.NativeText)
        qaction.setToolTip(f"{action.tip} ({readable})" if readable else action.tip)
        if action.icon:
            qaction.setIcon(icon(action.icon))
        qaction.triggered.connect(partial(self._on_triggered, action))
        if action.begins_group:
            menu.addSeparator()
        menu.addAction(qaction)
        if action.in_tool_bar:
            if action.begins_group:
                self.tool_bar.addSeparator()
            self.tool_bar.addAction(qaction)
        self._actions.append((action, qaction))

    def _on_triggered(self, action: Action) -> None:
        action.run(self._desk)
        # A click has turned a checkable action over by itself: the state says how it stands.
        self.show_state(None, self._desk.studio.state)
