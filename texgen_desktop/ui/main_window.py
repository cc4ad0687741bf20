"""The window: places panels, menus and tool bar, remembers its layout, and sees to an orderly end. It holds no logic."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui import samples
from texgen_desktop.ui.action_bar import ActionBar
from texgen_desktop.ui.canvas_area import CanvasArea
from texgen_desktop.ui.close_dialog import CloseDialog
from texgen_desktop.ui.desk import Desk
from texgen_desktop.ui.formatting import one_line
from texgen_desktop.ui.panel import Panel, discover
from texgen_desktop.ui.status_line import StatusLine
from texgen_desktop.ui.widgets.canvas_hand import local_paths

FIRST_SIZE_PX = (1440, 900)
SIDE_WIDTHS_PX = {Qt.DockWidgetArea.LeftDockWidgetArea: 290, Qt.DockWidgetArea.RightDockWidgetArea: 350}
BOTTOM_HEIGHT_PX = 260
_TRAINING_WORDS = {"starting": "starting", "running": "training", "paused": "paused", "stopping": "stopping"}


class MainWindow(QMainWindow):
    """``end_engine`` waits until the engine, told to quit, has ended.

    Closing by hand asks while a run trains or a file is exported. ``close()``, which scripts and signals call, never asks. Both
    save what runs and return when the engine has ended.
    """

    painted = Signal()
    """Emitted once, after the first paint."""

    def __init__(self, studio: Studio, settings: Settings, end_engine: Callable[[], None]) -> None:
        super().__init__()
        self.studio = studio
        self.settings = settings
        self._end_engine = end_engine
        self._asks_before_closing = True
        self._is_painted = self._is_closed = False
        self.setObjectName("main_window")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.canvas_area = CanvasArea(studio)
        self.setCentralWidget(self.canvas_area)
        desk = Desk(self, studio, settings, self.canvas_area.canvas, self.reset_layout, self._close_by_hand)
        self._actions = ActionBar(self, desk)
        self._status = StatusLine(studio)
        self.setStatusBar(self._status)
        self._actions.menus["&View"].addSeparator()
        self.panels = [panel(studio, settings) for panel in discover()]
        self._docks = [self._place(panel) for panel in self.panels]
        self._recent = self._make_recent_menu()
        self.resize(*FIRST_SIZE_PX)
        self._set_first_sizes()
        self._first_layout = self.saveState()
        if not settings.geometry.isEmpty():
            self.restoreGeometry(settings.geometry)
            self.restoreState(settings.docks)
        studio.state_changed.connect(self._show_state)
        shown: list[Callable[[StudioState | None, StudioState], None]] = [self.canvas_area.show_state, self._actions.show_state]
        for show in (*shown, self._status.show_state, *(panel.show_state for panel in self.panels), self._show_state):
            show(None, studio.state)

    # ---------------------------------------------------------------------------------------------- building

    def _place(self, panel: Panel) -> QDockWidget:
        dock = QDockWidget(panel.title, self)
        dock.setObjectName(f"{type(panel).__name__}Dock")
        dock.setWidget(panel)
        self.addDockWidget(panel.area, dock)
        self._actions.menus["&View"].addAction(dock.toggleViewAction())
        return dock

    def _make_recent_menu(self) -> QMenu:
        file_menu = self._actions.menus["&File"]
        recent = QMenu("Open R&ecent", file_menu)
        recent.aboutToShow.connect(self._fill_recent_menu)
        after_open = file_menu.actions()[2]
        file_menu.insertMenu(after_open, recent)
        return recent

    @Slot()
    def _fill_recent_menu(self) -> None:
        self._recent.clear()
        for folder in self.settings.recent_projects:
            action = self._recent.addAction(one_line(folder.name).replace("&", "&&"))
            action.setToolTip(str(folder))
            action.triggered.connect(partial(self.studio.open_paths, [folder]))
        if self._recent.isEmpty():
            self._recent.addAction("No projects yet").setEnabled(False)

    def _set_first_sizes(self) -> None:
        """Panels of a side share its height; those of the bottom share one place as tabs, the first in front."""
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        for area, width_px in SIDE_WIDTHS_PX.items():
            docks = [dock for dock in self._docks if self.dockWidgetArea(dock) == area]
            self.resizeDocks(docks, [self.height()] * len(docks), Qt.Orientation.Vertical)
            self.resizeDocks(docks, [width_px] * len(docks), Qt.Orientation.Horizontal)
        bottom = [dock for dock in self._docks if self.dockWidgetArea(dock) == Qt.DockWidgetArea.BottomDockWidgetArea]
        for dock in bottom[1:]:
            self.tabifyDockWidget(bottom[0], dock)
        if bottom:
            bottom[0].raise_()
            self.resizeDocks([bottom[0]], [BOTTOM_HEIGHT_PX], Qt.Orientation.Vertical)

    def reset_layout(self) -> None:
        """Put all panels back where they were at first."""
        self.restoreState(self._first_layout)

    # ------------------------------------------------------------------------------------------ what it shows

    @Slot(object, object)
    def _show_state(self, old: StudioState | None, new: StudioState) -> None:
        self.setWindowTitle(_title(new))
        if new.project and (old is None or old.project is None or old.project.folder != new.project.folder):
            self.settings.remember_project(new.project.folder)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.studio.open_paths(local_paths(event.mimeData()))

    def event(self, event: QEvent) -> bool:
        is_handled = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._is_painted:
            self._is_painted = True
            # The paint reaches the screen when Qt comes back to its loop, and a timer of 0 ms fires after that.
            QTimer.singleShot(0, self._on_painted)
        return is_handled

    @Slot()
    def _on_painted(self) -> None:
        self.canvas_area.offer(samples.models(), samples.photos())
        self.painted.emit()

    # ------------------------------------------------------------------------------------------------ the end

    @Slot()
    def close(self) -> bool:
        """Save what runs, end the engine and close, without a question."""
        self._asks_before_closing = False
        return super().close()

    def _close_by_hand(self) -> None:
        super().close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_closed:
            event.accept()
        elif self._asks_before_closing and not self._may_close():
            event.ignore()
        else:
            self._shut_down()
            event.accept()

    def _may_close(self) -> bool:
        """Asks when something would be cut short."""
        state, retouching = self.studio.state, self.studio.retouching.state
        if not state.is_training and not state.exporting and not retouching.is_unsaved:
            return True
        return CloseDialog(self, state.is_training, state.exporting, retouching.is_unsaved).is_confirmed()

    def _shut_down(self) -> None:
        self._is_closed = True
        self.settings.geometry, self.settings.docks = self.saveGeometry(), self.saveState()
        self.settings.sync()
        self.setWindowTitle("Saving… – TexGen Desktop")
        self._status.showMessage("Saving…")
        self.setEnabled(False)
        self.studio.save_and_quit()
        self._end_engine()


def _title(state: StudioState) -> str:
    parts = []
    if state.project:
        words = _TRAINING_WORDS.get(state.training, "")
        if state.training == "running" and state.progress and state.progress.images_total:
            words += f" {100 * state.progress.images_seen // state.progress.images_total} %"
        name = one_line(state.project.name) + (" (read only)" if state.is_read_only else "")
        parts.append(f"{name}: {words}" if words else name)
    elif state.model:
        parts.append(one_line(state.model.source.name))
    return " – ".join((*parts, "TexGen Desktop"))
