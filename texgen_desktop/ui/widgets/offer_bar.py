"""A bar that asks a question without stopping the work."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class OfferBar(QWidget):
    """Visible only while there is something to choose."""

    chosen = Signal(str)
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offer_bar")

    def show_offer(self, text: str, choices: Sequence[tuple[str, str]]) -> None:
        """``choices`` are (id, label); the first is the one that Return takes. Without choices the bar hides."""
