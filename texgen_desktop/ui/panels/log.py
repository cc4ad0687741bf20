"""The log panel: what the program did and met, line by line, to read and to copy."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout

from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.panel import Panel
from texgen_desktop.ui.theme import COLOURS, SPACING

LONGEST_LINES = 5000
_LEVELS = {"info": ("", COLOURS.text), "notice": ("Note: ", COLOURS.warning), "error": ("Error: ", COLOURS.error)}


class LogPanel(Panel):
    title = "Log"
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    order = 30

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__(studio, settings)
        self._text = QPlainTextEdit()
        self._text.setObjectName("log_text")
        self._text.setAccessibleName("Log")
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setUndoRedoEnabled(False)
        self._text.setMaximumBlockCount(LONGEST_LINES)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setPlaceholderText("Nothing has happened yet.")
        self._copy = QPushButton("Copy all")
        self._copy.setObjectName("log_copy")
        self._copy.setToolTip("Copy the whole log, to send it to someone who can help")
        self._clear = QPushButton("Clear")
        self._clear.setObjectName("log_clear")
        self._clear.setToolTip("Empty the log")
        self._lay_out()
        self._copy.clicked.connect(self._copy_all)
        self._clear.clicked.connect(self._clear_all)
        self._enable_buttons()
        studio.log_added.connect(self._add)

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        """The log follows the studio's signal alone."""

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self._copy)
        buttons.addWidget(self._clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING.medium, SPACING.medium, SPACING.medium, SPACING.medium)
        layout.addWidget(self._text)
        layout.addLayout(buttons)

    def _add(self, level: str, text: str) -> None:
        prefix, colour = _LEVELS[level]
        line_format = QTextCharFormat()
        line_format.setForeground(QColor(colour))
        scroll_bar = self._text.verticalScrollBar()
        follows = scroll_bar.value() == scroll_bar.maximum()
        # A cursor of our own: the reader's selection stays where it is.
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._text.document().isEmpty():
            cursor.insertBlock()
        cursor.insertText(f"{datetime.now():%H:%M:%S}  {prefix}{text}", line_format)
        if follows:
            scroll_bar.setValue(scroll_bar.maximum())
        self._enable_buttons()

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())

    def _clear_all(self) -> None:
        self._text.clear()
        self._enable_buttons()

    def _enable_buttons(self) -> None:
        has_text = not self._text.document().isEmpty()
        self._copy.setEnabled(has_text)
        self._clear.setEnabled(has_text)
