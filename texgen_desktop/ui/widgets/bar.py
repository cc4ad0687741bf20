"""A bar across the window: an icon, a sentence, what to do, buttons, and a close button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from texgen_desktop.ui import theme
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.row_parts import tool_button

ICON_PX = 20


class Bar(QFrame):
    """``buttons`` and ``column`` are the layouts to which a kind of bar adds its own. Escape closes as the close button does."""

    closed = Signal()

    def __init__(self, icon_name: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setProperty("bar", True)  # for the style sheet
        picture = QLabel(self)
        picture.setPixmap(theme.icon(icon_name).pixmap(ICON_PX, ICON_PX))
        self._message = _text(self)
        self._hint = _text(self)
        self._hint.setProperty("muted", True)
        close = tool_button(self, "close", "Dismiss", f"Dismiss: {name.lower()}")
        close.clicked.connect(self.closed)
        words = QVBoxLayout()
        words.setSpacing(SPACING.tiny)
        words.addWidget(self._message)
        words.addWidget(self._hint)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(SPACING.small)
        row = QHBoxLayout()
        row.setSpacing(SPACING.medium)
        row.addWidget(picture)
        row.addLayout(words, 1)
        row.addLayout(self.buttons)
        row.addWidget(close)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACING.medium, SPACING.small, SPACING.small, SPACING.small)
        self.column.addLayout(row)

    def say(self, message: str, hint: str = "") -> None:
        """Show the words, and tell a screen reader."""
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleDescription(f"{message} {hint}".strip())
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def _text(parent: QWidget) -> QLabel:
    """Plain text that wraps and can be copied."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
