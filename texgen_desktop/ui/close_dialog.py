"""What closing the window asks while a run trains, a file is exported or a retouched picture is not saved."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

_RUN = "The run is saved, and goes on from there when you open the project again."
_PICTURE = "The picture in the window “Repair and Enhance” was changed and not saved: the changes would be lost."
_FILE = "The export is cancelled: files that are complete stay, and nothing is kept of the one that is not."


class CloseDialog(QMessageBox):
    """Accepted: stop, save and quit. Rejected, also by Escape: go on."""

    def __init__(self, parent: QWidget, is_training: bool, is_exporting: bool, has_unsaved_picture: bool) -> None:
        """At least one of the three holds."""
        super().__init__(parent)
        self.setObjectName("close_dialog")
        self.setIcon(QMessageBox.Icon.Question)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if not is_training and not is_exporting:
            title, text, facts = "Picture", "A retouched picture is not saved.", _PICTURE
            stop, keep = "&Discard it and quit", "&Keep working"
        elif not is_training:
            title, text, facts = "Export", "A file is still being exported.", _FILE
            stop, keep = "&Cancel it and quit", "&Keep exporting"
        elif not is_exporting:
            title, text, facts = "Training", "A texture is still being trained.", f"Nothing is lost. {_RUN}"
            stop, keep = "&Stop, save and quit", "&Keep training"
        else:
            title, text, facts = "Training and export", "A texture is still being trained, and a file exported.", f"{_RUN} {_FILE}"
            stop, keep = "&Stop, save and quit", "&Keep working"
        if has_unsaved_picture and facts != _PICTURE:
            facts = f"{facts} {_PICTURE}"
        self.setWindowTitle(title)
        self.setText(text)
        self.setInformativeText(facts)
        self.stop_button = self.addButton(stop, QMessageBox.ButtonRole.AcceptRole)
        self.keep_button = self.addButton(keep, QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.keep_button)
        self.setEscapeButton(self.keep_button)

    def is_confirmed(self) -> bool:
        """Ask, and wait for the answer."""
        self.exec()
        return self.clickedButton() is self.stop_button
