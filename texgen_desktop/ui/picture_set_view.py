"""A picture set as the data panel shows it: how many, which classes, some of them side by side, and what is odd about it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from texgen_desktop.engine.messages import PictureSetInfo
from texgen_desktop.ui import formatting
from texgen_desktop.ui.parts import Disclosure, warn, words
from texgen_desktop.ui.theme import SPACING


class PictureSetView(QWidget):
    """Hidden while there is no picture set."""

    def __init__(self) -> None:
        super().__init__()
        self._summary = words(name="picture_set_summary")
        self._sheet = _Sheet()
        self._notes = words(name="picture_set_notes")
        warn(self._notes)
        self._list = _class_list()
        self._classes = Disclosure("classes_button", "", "The classes, each with the number of its pictures", self._list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        for widget in (self._summary, self._notes, self._classes, self._list):
            column.addWidget(widget)
        column.addWidget(self._sheet, stretch=1)
        self.hide()

    def show_info(self, info: PictureSetInfo | None) -> None:
        self.setVisible(info is not None)
        self._sheet.show_image(None)  # it comes behind the words
        if info is None:
            return
        count = formatting.count(info.count, "picture")
        self._summary.setText(f"{count} of {formatting.pixels(info.side_px, info.side_px)}, for models that make images.")
        self._notes.setText("\n".join(formatting.one_line(note) for note in info.notes))
        self._notes.setVisible(bool(info.notes))
        self._classes.setText(formatting.count(len(info.classes), "class", "classes"))
        lines = (f"{formatting.one_line(name)}: {formatting.number(count)}" for name, count in info.classes)
        self._list.setPlainText("\n".join(lines))

    def show_sheet(self, image: QImage) -> None:
        self._sheet.show_image(image)


class _Sheet(QWidget):
    """An image as large as there is room for it, never enlarged more than twice."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("contact_sheet")
        self.setAccessibleName("Some of the pictures")
        self.setMinimumHeight(80)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._image: QImage | None = None

    def show_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 180)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        room = self.size() * self.devicePixelRatioF()
        fitted = self._image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio).boundedTo(self._image.size() * 2)
        scaled = self._image.scaled(fitted, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        painter = QPainter(self)
        size = fitted / self.devicePixelRatioF()
        painter.drawImage(QRect((self.width() - size.width()) // 2, 0, size.width(), size.height()), scaled)
        painter.end()


def _class_list() -> QPlainTextEdit:
    text = QPlainTextEdit()
    text.setObjectName("class_list")
    text.setAccessibleName("Classes and how many pictures each has")
    text.setReadOnly(True)
    text.setTabChangesFocus(True)
    text.setMaximumHeight(140)
    return text
