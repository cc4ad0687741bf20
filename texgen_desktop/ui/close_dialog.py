"""What closing the window asks while a run trains."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


class CloseDialog(QMessageBox):
    """Accepted: stop, save and quit. Rejected, also by Escape: go on training."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("close_dialog")
        self.setIcon(QMessageBox.Icon.Question)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWindowTitle("Training")
        self.setText("A texture is still being trained.")
        self.setInformativeText("Nothing is lost: the run is saved, and goes on from there when you open the project again.")
        self.stop_button = self.addButton("&Stop, save and quit", QMessageBox.ButtonRole.AcceptRole)
        self.keep_button = self.addButton("&Keep training", QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.keep_button)
        self.setEscapeButton(self.keep_button)

    def is_confirmed(self) -> bool:
        """Ask, and wait for the answer."""
        self.exec()
        return self.clickedButton() is self.stop_button
