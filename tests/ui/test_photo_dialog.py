"""Photos are asked for in one way, by the menu and by the panel."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from tests.studio.builders import PROJECT, READY, Recorder
from tests.ui.driver import child
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.main_window import MainWindow
from texgen_desktop.ui.panels.data import DataPanel


def dialog_after(action: QAction, parent: QWidget) -> QFileDialog:
    action.trigger()
    return parent.findChildren(QFileDialog)[-1]


def test_menu_and_panel_remember_one_folder(window: MainWindow, engine: Recorder, tmp_path: Path) -> None:
    dialog = dialog_after(window.findChild(QAction, "open_action"), window)
    dialog.filesSelected.emit([str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")])
    assert engine.others() == [m.CreateProject((tmp_path / "a.jpg", tmp_path / "b.jpg"))]
    assert "Models (*.safetensors)" in dialog.nameFilters()

    for event in (READY, m.ProjectChanged(PROJECT)):
        window.studio.on_event(event)
    (panel,) = window.findChildren(DataPanel)
    photos, folder = child(panel, QPushButton, "add_photos").menu().actions()
    for action, mode in ((photos, QFileDialog.FileMode.ExistingFiles), (folder, QFileDialog.FileMode.Directory)):
        dialog = dialog_after(action, panel)
        assert dialog.fileMode() == mode
        assert Path(dialog.directory().absolutePath()) == tmp_path
        assert not any("Models" in types for types in dialog.nameFilters())
        dialog.filesSelected.emit([str(tmp_path / "c.jpg")])
        assert engine.others()[-1] == m.AddPhotos((tmp_path / "c.jpg",))
