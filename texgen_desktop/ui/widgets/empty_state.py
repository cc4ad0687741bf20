"""What the canvas says while it is empty: what to do, and what is one click away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from texgen_desktop.ui.formatting import tooltip
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.flow_layout import FlowLayout

THUMBNAIL_PX = 96
MAX_COLUMNS = 8


@dataclass(frozen=True)
class Shelf:
    """A row of pictures to begin with: (key, name, picture) each. ``purpose`` goes before a name, as in "Start with the sample"."""

    heading: str
    purpose: str
    items: Sequence[tuple[str, str, QImage]]


class EmptyState(QScrollArea):
    """Scrolls where the canvas is too small for it."""

    sample_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        page = QWidget(self)
        self.setWidget(page)
        for ground in (self, self.viewport(), page):  # the canvas behind it shows through
            ground.setAutoFillBackground(False)
        self._title = _label(page, 1.7)
        self._text = _label(page, 1.0)
        self._shelves = QVBoxLayout()
        self._shelves.setSpacing(SPACING.medium)
        self._shown: list[QWidget] = []
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.medium)
        column.addStretch(1)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addLayout(self._shelves)
        column.addStretch(1)

    def set_message(self, title: str, text: str) -> None:
        self._title.setText(title)
        self._text.setText(text)

    def set_shelves(self, shelves: Sequence[Shelf]) -> None:
        """A click on an item emits ``sample_chosen`` with its key."""
        for old in self._shown:
            self._shelves.removeWidget(old)
            old.deleteLater()
        self._shown = [self._shelf(shelf) for shelf in shelves if shelf.items]
        for widget in self._shown:
            self._shelves.addWidget(widget)

    def _shelf(self, shelf: Shelf) -> QWidget:
        widget = QWidget(self.widget())
        widget.setAccessibleName(shelf.heading)
        heading = _label(widget, 1.0)
        heading.setText(shelf.heading)
        row = QWidget(widget)
        grid = FlowLayout(row, spacing=SPACING.medium, centred=True)
        buttons = [self._button(row, shelf.purpose, *item) for item in shelf.items]
        for button in buttons:
            grid.addWidget(button)
        columns = math.ceil(len(buttons) / math.ceil(len(buttons) / MAX_COLUMNS))  # rows of about equal length
        row.setMaximumWidth(columns * (buttons[0].sizeHint().width() + SPACING.medium))
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(row, 1000)  # all the room there is, up to its maximum; what is left goes to both sides
        middle.addStretch(1)
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, SPACING.large, 0, 0)
        column.setSpacing(SPACING.medium)
        column.addWidget(heading)
        column.addLayout(middle)
        return widget

    def _button(self, row: QWidget, purpose: str, key: str, name: str, image: QImage) -> QToolButton:
        side_px = round(THUMBNAIL_PX * self.devicePixelRatioF())
        thumbnail = image.scaled(
            QSize(side_px, side_px), Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        )
        corner = ((thumbnail.width() - side_px) // 2, (thumbnail.height() - side_px) // 2)
        button = QToolButton(row)
        button.setObjectName("sample")
        button.setProperty("sample", key)
        button.setIcon(QIcon(QPixmap.fromImage(thumbnail.copy(*corner, side_px, side_px))))
        button.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        button.setText(button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, THUMBNAIL_PX))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(f"{purpose} {name}")
        button.setToolTip(tooltip(f"{purpose} “{name}”"))
        button.clicked.connect(self._on_sample_clicked)
        return button

    def _on_sample_clicked(self) -> None:
        self.sample_chosen.emit(self.sender().property("sample"))


def _label(parent: QWidget, size: float) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    label.setWordWrap(True)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * size)
    label.setFont(font)
    return label
