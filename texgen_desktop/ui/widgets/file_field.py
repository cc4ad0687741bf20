"""A field that names a model file, typed or chosen; empty for the one that ships."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget

from texgen_desktop.ui.theme import icon


class FileField(QWidget):
    """``changed`` carries the path, as text."""

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = QLineEdit()
        self._line.setPlaceholderText("The one that ships")
        self._line.textChanged.connect(self.changed)
        self._button = QToolButton()
        self._button.setIcon(icon("open"))
        self._button.setToolTip("Choose a model file")
        self._button.setAccessibleName("Choose a model file")
        self._button.clicked.connect(self._choose)
        self.setFocusProxy(self._line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._line, 1)
        row.addWidget(self._button)

    def text(self) -> str:
        return self._line.text().strip()

    def set_text(self, text: str) -> None:
        self._line.setText(text)

    def _choose(self) -> None:
        folder = str(Path(self.text()).parent) if self.text() else ""
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a model", folder, "Models (*.safetensors)")
        if chosen:
            self.set_text(chosen)
