"""The dialog that asks for photos: one list of file types, and one folder that it remembers, wherever it is opened from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from texgen_desktop.studio.settings import Settings

_PHOTOS, _ALL_FILES = "Photos (*.png *.jpg *.jpeg *.tif *.tiff *.webp *.bmp)", "All files (*)"
ARCHIVES = "Archives of pictures (*.zip *.tar *.tar.gz *.tgz)"
_FOLDER = "folders/photos"


def ask_for_photos(
    parent: QWidget,
    settings: Settings,
    title: str,
    take: Callable[[list[Path]], None],
    mode: QFileDialog.FileMode = QFileDialog.FileMode.ExistingFiles,
    other_types: tuple[str, ...] = (),
) -> None:
    """Ask for files, or for a folder with ``FileMode.Directory``; what was chosen goes to ``take``."""

    def on_files_selected(names: list[str]) -> None:
        paths = [Path(name) for name in names]
        settings.remember(_FOLDER, str(paths[0].parent))
        take(paths)

    # No class of its own: for those Qt leaves the system's dialog aside.
    dialog = QFileDialog(parent, title, settings.text(_FOLDER, ""), ";;".join((_PHOTOS, *other_types, _ALL_FILES)))
    dialog.setFileMode(mode)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(on_files_selected)
    dialog.open()
