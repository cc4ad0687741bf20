"""The photos of a project as a Qt list model, and how one of them is drawn. Ten thousand of them cost no widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from texgen_desktop.engine.messages import PhotoInfo
from texgen_desktop.ui import formatting
from texgen_desktop.ui.theme import COLOURS, SPACING

THUMBNAIL_PX = 56
PHOTO_ROLE = Qt.ItemDataRole.UserRole
_ROOT = QModelIndex()


class PhotoListModel(QAbstractListModel):
    """Rows in the order of the project. Thumbnails come later, one by one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._photos: tuple[PhotoInfo, ...] = ()
        self._row_of: dict[str, int] = {}
        self._thumbnails: dict[str, QPixmap] = {}

    def set_photos(self, photos: tuple[PhotoInfo, ...]) -> None:
        """Where the names are the same the rows stay, and with them selection and scroll position."""
        if [photo.name for photo in photos] == [photo.name for photo in self._photos]:
            self._photos = photos
            if photos:
                self.dataChanged.emit(self.index(0), self.index(len(photos) - 1))
            return
        self.beginResetModel()
        self._photos = photos
        self._row_of = {photo.name: row for row, photo in enumerate(photos)}
        self._thumbnails = {name: pixmap for name, pixmap in self._thumbnails.items() if name in self._row_of}
        self.endResetModel()

    def set_thumbnail(self, name: str, image: QImage, device_pixel_ratio: float) -> None:
        side_px = round(THUMBNAIL_PX * device_pixel_ratio)
        small = image.scaled(side_px, side_px, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        pixmap = QPixmap.fromImage(small)
        pixmap.setDevicePixelRatio(device_pixel_ratio)
        self._thumbnails[name] = pixmap
        if name in self._row_of:
            index = self.index(self._row_of[name])
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    def row_of(self, name: str) -> int | None:
        return self._row_of.get(name)

    def photo(self, row: int) -> PhotoInfo | None:
        return self._photos[row] if 0 <= row < len(self._photos) else None

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._photos)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        photo = self._photos[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return formatting.one_line(photo.name)
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnails.get(photo.name)
            case Qt.ItemDataRole.ToolTipRole:
                return formatting.tooltip(f"{photo.name}\n{description(photo)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{formatting.one_line(photo.name)}, {description(photo)}"
            case Qt.ItemDataRole.UserRole:
                return photo
            case _:
                return None


class PhotoDelegate(QStyledItemDelegate):
    """Thumbnail at the left; name, size with crop, and scale in three lines beside it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(4 * THUMBNAIL_PX, THUMBNAIL_PX + 2 * SPACING.small)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        photo: PhotoInfo = index.data(PHOTO_ROLE)
        style, widget, rectangle, metrics, palette, state = _parts(option)
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        margin = SPACING.small
        picture = QRect(rectangle.left() + margin, rectangle.top() + margin, THUMBNAIL_PX, THUMBNAIL_PX)
        _draw_thumbnail(painter, picture, index.data(Qt.ItemDataRole.DecorationRole))
        words = rectangle.adjusted(THUMBNAIL_PX + 3 * margin, margin, -margin, -margin)
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        colour = palette.color(QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text)
        quiet = colour if is_selected else COLOURS.muted
        lines = (
            (index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideMiddle, colour),
            (_size_in_words(photo), Qt.TextElideMode.ElideRight, quiet),
            (_scale_in_words(photo), Qt.TextElideMode.ElideRight, quiet),
        )
        top = words.top() + (words.height() - len(lines) * metrics.lineSpacing()) // 2
        for number, (text, elide, pen) in enumerate(lines):
            line = QRect(words.left(), top + number * metrics.lineSpacing(), words.width(), metrics.lineSpacing())
            painter.setPen(pen)
            painter.drawText(
                line, Qt.TextFlag.TextSingleLine | Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(text, elide, line.width())
            )


def description(photo: PhotoInfo) -> str:
    """``3000 × 4000 px, 60 % used, learnt at 640 px``."""
    return f"{_size_in_words(photo)}, {_scale_in_words(photo)}"


def _size_in_words(photo: PhotoInfo) -> str:
    share = photo.crop.width * photo.crop.height
    used = "" if share > 0.995 else f", {max(round(100 * share), 1)} % used"
    return formatting.pixels(photo.width_px, photo.height_px) + used


def _scale_in_words(photo: PhotoInfo) -> str:
    return f"learnt at {photo.working_side_px} px"


def _draw_thumbnail(painter: QPainter, square: QRect, pixmap: QPixmap | None) -> None:
    if pixmap is None:
        painter.fillRect(square, COLOURS.raised)
        return
    size = pixmap.deviceIndependentSize().toSize()
    painter.drawPixmap(square.center().x() - size.width() // 2, square.center().y() - size.height() // 2, pixmap)


def _parts(option: Any) -> tuple[QStyle, QWidget, QRect, Any, QPalette, QStyle.StateFlag]:
    # The stubs of QStyleOptionViewItem do not name the fields that Qt fills in.
    return option.widget.style(), option.widget, option.rect, option.fontMetrics, option.palette, option.state
