"""What the actions reach for: the studio, the canvas, and the dialogs that ask for a file or a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMainWindow, QMessageBox, QWidget

from texgen_desktop import __version__
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.export_dialog import ExportDialog
from texgen_desktop.ui.keys_dialog import KeysDialog
from texgen_desktop.ui.photo_dialog import ask_for_photos
from texgen_desktop.ui.widgets.canvas_view import CanvasView

if TYPE_CHECKING:
    from texgen_desktop.ui.retouch.window import RetouchWindow


@dataclass(frozen=True)
class Desk:
    """Every method is one action of the menus; ``reset_layout`` and ``quit`` are the window's own."""

    window: QMainWindow
    studio: Studio
    settings: Settings
    canvas: CanvasView
    reset_layout: Callable[[], None]
    quit: Callable[[], None]

    def open_photos(self) -> None:
        ask_for_photos(self.window, self.settings, "Open Photos", self.studio.open_paths, other_types=("Models (*.safetensors)",))

    def open_project(self) -> None:
        if name := QFileDialog.getExistingDirectory(self.window, "Open Project", str(self.settings.projects_folder)):
            self.studio.open_paths([Path(name)])

    def save_as(self) -> None:
        project = self.studio.state.project
        start = str(Path.home() / project.name) if project else ""
        name, _ = QFileDialog.getSaveFileName(self.window, "Save Project As a Folder", start, "Project folders (*)")
        if name:
            self.studio.save_as(Path(name))

    def rename(self) -> None:
        project = self.studio.state.project
        name, is_accepted = QInputDialog.getText(self.window, "Rename Project", "Name:", text=project.name if project else "")
        if is_accepted and name.strip():
            self.studio.rename(name.strip())

    def show_export(self) -> None:
        dialog = self.window.findChild(ExportDialog) or ExportDialog(self.studio, self.settings, self.window)
        self._bring(dialog)

    def show_retouch(self) -> None:
        self._bring(self._retouch_window())

    def retouch_tile(self) -> None:
        self._bring(self._retouch_window())
        self._retouch_window().take_texture()

    def _retouch_window(self) -> RetouchWindow:
        from texgen_desktop.ui.retouch.window import RetouchWindow  # with it numpy, which the first paint must not wait for

        return self.window.findChild(RetouchWindow) or RetouchWindow(self.studio, self.settings, self.window)

    @staticmethod
    def _bring(window: QWidget) -> None:
        window.show()
        window.raise_()
        window.activateWindow()

    def show_keys(self) -> None:
        KeysDialog(self.window).open()

    def show_about(self) -> None:
        box = QMessageBox(self.window)
        box.setWindowTitle("About TexGen Desktop")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"TexGen Desktop {__version__}")
        box.setInformativeText(
            "Artists turn their own photographs into seamless textures.\n\n"
            "Licensed under Apache 2.0. Made with Qt (LGPL 3), PyTorch, OpenImageIO and pyqtgraph."
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
