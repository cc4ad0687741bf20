"""The list of keys and of what the mouse does on the canvas."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from texgen_desktop.ui.actions import ACTIONS

_ON_THE_CANVAS = (
    ("Wheel", "Zoom under the cursor"),
    ("Drag", "Move the picture"),
    ("Shift and drag", "Roll the tile, so that a seam would show in the middle"),
    ("Arrows", "Move the picture"),
)


class KeysDialog(QDialog):
    """Two columns: the key, and what it does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("keys_dialog")
        self.setWindowTitle("Keys and Mouse")
        keys = [(_readable(action.keys), action.tip) for actions in ACTIONS.values() for action in actions if action.keys]
        rows = [*_ON_THE_CANVAS, *keys]
        table = QTableWidget(len(rows), 2)
        table.setObjectName("keys_table")
        table.setAccessibleName("Keys and what they do")
        table.setHorizontalHeaderLabels(["Key", "What it does"])
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                table.setItem(row, column, QTableWidgetItem(text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(table)
        layout.addWidget(buttons)
        self.resize(520, 560)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


def _readable(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
