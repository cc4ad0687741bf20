"""What the canvas says while it is empty: what to do, and samples that are one click away."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from texgen_desktop.ui.formatting import tooltip
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.flow_layout import FlowLayout

THUMBNAIL_PX = 96
MAX_COLUMNS = 6


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
        self._heading = _label(page, 1.0)
        self._heading.setText("Or start with a sample")
        self._samples = QWidget(page)
        self._samples.setAccessibleName("Sample photos")
        self._grid = FlowLayout(self._samples, spacing=SPACING.medium, centred=True)
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.medium)
        column.addStretch(1)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addSpacing(SPACING.large)
        column.addWidget(self._heading)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._samples, 1000)  # all the room there is, up to its maximum; what is left goes to both sides
        middle.addStretch(1)
        column.addLayout(middle)
        column.addStretch(1)
        self.set_samples(())

    def set_message(self, title: str, text: str) -> None:
        self._title.setText(title)
        self._text.setText(text)

    def set_samples(self, samples: Sequence[tuple[str, QImage]]) -> None:
        for old in self._samples.findChildren(QToolButton):
            old.deleteLater()
            self._grid.removeWidget(old)
        buttons = [self._sample_button(name, image) for name, image in samples]
        for button in buttons:
            self._grid.addWidget(button)
        if buttons:  # rows of about equal length
            columns = math.ceil(len(buttons) / math.ceil(len(buttons) / MAX_COLUMNS))
            self._samples.setMaximumWidth(columns * (buttons[0].sizeHint().width() + SPACING.medium))
        self._heading.setVisible(bool(samples))
        self._samples.setVisible(bool(samples))

    def _sample_button(self, name: str, image: QImage) -> QToolButton:
        side_px = round(THUMBNAIL_PX * self.devicePixelRatioF())
        thumbnail = image.scaled(
            QSize(side_px, side_px), Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        )
        corner = ((thumbnail.width() - side_px) // 2, (thumbnail.height() - side_px) // 2)
        button = QToolButton(self._samples)
        button.setObjectName("sample")
        button.setProperty("sample", name)
        button.setIcon(QIcon(QPixmap.fromImage(thumbnail.copy(*corner, side_px, side_px))))
        button.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        button.setText(button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, THUMBNAIL_PX))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(f"Start with the sample {name}")
        button.setToolTip(tooltip(f"Start with the sample “{name}”"))
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
