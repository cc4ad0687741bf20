"""A bar that asks a question without stopping the work."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from texgen_desktop.ui.widgets.bar import Bar


class OfferBar(Bar):
    """Visible only while there is something to choose."""

    chosen = Signal(str)
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("question", "Question", parent)
        self.setObjectName("offer_bar")
        self._buttons: list[QPushButton] = []
        self.closed.connect(self.dismissed)
        self.hide()

    def show_offer(self, text: str, choices: Sequence[tuple[str, str]]) -> None:
        """``choices`` are (id, label). Without choices the bar hides."""
        for old in self._buttons:
            self.buttons.removeWidget(old)
            old.deleteLater()
        self._buttons = [self._button(*choice) for choice in choices]
        self.say(text)
        self.setVisible(bool(choices))

    def _button(self, choice_id: str, label: str) -> QPushButton:
        button = QPushButton(label, self)
        button.setProperty("choice", choice_id)
        button.clicked.connect(self._on_button_clicked)
        self.buttons.addWidget(button)
        return button

    def _on_button_clicked(self) -> None:
        self.chosen.emit(self.sender().property("choice"))
