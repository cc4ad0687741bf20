"""A photo with the rectangle that is learnt, and in it the square that one training crop sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from texgen_desktop.engine.messages import Crop
from texgen_desktop.ui.images import to_qimage
from texgen_desktop.ui.theme import COLOURS
from texgen_desktop.ui.widgets.crop_geometry import INSIDE, Grip, dragged, drawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRIP_REACH_PX = 9
GRIP_SIDE_PX = 7
KEY_STEP = 0.01
WHOLE = Crop()

CURSORS = {
    (0, 0): Qt.CursorShape.SizeAllCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
}
ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


@dataclass(frozen=True)
class _Drag:
    """``grip`` is None while a new rectangle is drawn from ``start`` (fractions of the photo)."""

    start: QPointF
    crop: Crop
    grip: Grip | None


class CropView(QWidget):
    """Drag inside the rectangle to move it, its edges to resize it, outside to draw another; double click takes the whole photo.

    Arrows move it, Shift and arrows resize it, Home takes the whole photo.
    """

    crop_changed = Signal(Crop)
    """Emitted when the hand lets go, and for every step of the keyboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Crop of the photo")
        self.setToolTip("The part of the photo that is learnt. The small square is what training sees at a time")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._photo: QPixmap | None = None
        self._crop = WHOLE
        self._square_fraction = 0.0
        self._drag: _Drag | None = None

    def sizeHint(self) -> QSize:
        return QSize(280, 200)

    def set_photo(self, image: NDArray[np.uint8] | None) -> None:
        """(H, W, 3) uint8; the crop goes back to the whole photo."""
        self._photo = None if image is None else QPixmap.fromImage(to_qimage(image))
        self._crop = WHOLE
        self._drag = None
        self.update()

    @property
    def crop(self) -> Crop:
        return self._crop

    def set_crop(self, crop: Crop) -> None:
        """Emits nothing. What the hand is dragging at the moment stays."""
        if self._drag is None:
            self._crop = crop
            self.update()

    def set_training_square(self, side_px: int, working_side_px: int) -> None:
        """A training crop is ``side_px`` square where the crop's short side is ``working_side_px``; 0 draws none."""
        self._square_fraction = min(side_px / working_side_px, 1.0) if working_side_px else 0.0
        self.update()

    # --------------------------------------------------------------------------------------------- painting

    def _photo_rect(self) -> QRectF:
        """Where the photo is painted (logical pixels); empty without one."""
        if self._photo is None:
            return QRectF()
        room = QRectF(self.rect()).adjusted(GRIP_SIDE_PX, GRIP_SIDE_PX, -GRIP_SIDE_PX, -GRIP_SIDE_PX)
        size = self._photo.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        photo = QRectF(QPointF(), size)
        photo.moveCenter(room.center())
        return photo

    def _crop_rect(self) -> QRectF:
        photo, crop = self._photo_rect(), self._crop
        corner = QPointF(photo.x() + crop.x * photo.width(), photo.y() + crop.y * photo.height())
        return QRectF(corner, QSizeF(crop.width * photo.width(), crop.height * photo.height()))

    def _square_rect(self) -> QRectF:
        """Centred in the crop, so that it tells its size and not a place."""
        crop = self._crop_rect()
        side = self._square_fraction * min(crop.width(), crop.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(crop.center())
        return square

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(COLOURS.canvas))
        if self._photo is None:
            painter.setPen(QColor(COLOURS.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No photo")
            return
        photo, crop = self._photo_rect(), self._crop_rect()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(photo, self._photo, QRectF(self._photo.rect()))
        shade = QPainterPath()
        shade.addRect(photo)
        shade.addRect(crop)
        painter.fillPath(shade, QColor(0, 0, 0, 150))
        if self._square_fraction:
            _outline(painter, self._square_rect(), QColor(COLOURS.selected_text), Qt.PenStyle.DashLine)
        _outline(painter, crop, QColor(COLOURS.accent if self.hasFocus() else COLOURS.text), Qt.PenStyle.SolidLine)
        if self.isEnabled():
            self._paint_grips(painter, crop)

    def _paint_grips(self, painter: QPainter, crop: QRectF) -> None:
        painter.setPen(QColor(COLOURS.canvas))
        painter.setBrush(QColor(COLOURS.accent if self.hasFocus() else COLOURS.text))
        for x in (crop.left(), crop.center().x(), crop.right()):
            for y in (crop.top(), crop.center().y(), crop.bottom()):
                if (x, y) != (crop.center().x(), crop.center().y()):
                    painter.drawRect(QRectF(x - GRIP_SIDE_PX / 2, y - GRIP_SIDE_PX / 2, GRIP_SIDE_PX, GRIP_SIDE_PX))

    # ------------------------------------------------------------------------------------------------ hand

    def _grip_at(self, position: QPointF) -> Grip | None:
        crop = self._crop_rect()
        reach = GRIP_REACH_PX
        if not crop.adjusted(-reach, -reach, reach, reach).contains(position):
            return None
        return Grip(_edge(position.x(), crop.left(), crop.right()), _edge(position.y(), crop.top(), crop.bottom()))

    def _fraction_at(self, position: QPointF) -> QPointF:
        photo = self._photo_rect()
        return QPointF((position.x() - photo.x()) / photo.width(), (position.y() - photo.y()) / photo.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._photo is not None and event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            grip = self._grip_at(at)
            # Nothing can be moved while all is taken: then a drag inside draws a new rectangle.
            is_drawing = grip is None or (grip == INSIDE and self._crop == WHOLE)
            self._drag = _Drag(self._fraction_at(at), self._crop, None if is_drawing else grip)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            self._show_cursor(self._grip_at(event.position()))
            return
        here, start = self._fraction_at(event.position()), self._drag.start
        if self._drag.grip is None:
            self._crop = drawn(start.x(), start.y(), here.x(), here.y())
        else:
            self._crop = dragged(self._drag.crop, self._drag.grip, here.x() - start.x(), here.y() - start.y())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, self._drag = self._drag, None
        if drag is not None and self._crop != drag.crop:
            self.crop_changed.emit(self._crop)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._take(WHOLE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self._photo is None or (key not in ARROWS and key != Qt.Key.Key_Home):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Home:
            self._take(WHOLE)
        else:
            right, down = ARROWS[key]
            is_resizing = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            grip = Grip(abs(right), abs(down)) if is_resizing else INSIDE
            self._take(dragged(self._crop, grip, right * KEY_STEP, down * KEY_STEP))

    def _take(self, crop: Crop) -> None:
        if self._photo is not None and crop != self._crop:
            self._crop = crop
            self.update()
            self.crop_changed.emit(crop)

    def _show_cursor(self, grip: Grip | None) -> None:
        if self._photo is None:
            self.unsetCursor()
        elif grip is None or (grip == INSIDE and self._crop == WHOLE):
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            mirrored = (grip.x, grip.y) if (grip.x, grip.y) in CURSORS else (-grip.x, -grip.y)
            self.setCursor(CURSORS[mirrored])


def _edge(position: float, low: float, high: float) -> int:
    """-1 at the low end, 1 at the high end, 0 between them."""
    near_low, near_high = abs(position - low), abs(position - high)
    if min(near_low, near_high) > GRIP_REACH_PX:
        return 0
    return -1 if near_low < near_high else 1


def _outline(painter: QPainter, rect: QRectF, colour: QColor, style: Qt.PenStyle) -> None:
    """Visible on any photo: a dark line under the bright one."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 160), 3))
    painter.drawRect(rect)
    painter.setPen(QPen(colour, 1, style))
    painter.drawRect(rect)
