"""The picture on the desk: zoomed, repeated where it wraps, with the mask as a tint and a result beside a divider."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)  # fmt: skip
from PySide6.QtWidgets import QSizePolicy, QWidget

from texgen_desktop.engine.messages import Region
from texgen_desktop.imaging.mask import Place
from texgen_desktop.ui.images import to_qimage
from texgen_desktop.ui.retouch.corners import Corners
from texgen_desktop.ui.retouch.mask_layer import MaskLayer, parts_inside
from texgen_desktop.ui.theme import COLOURS
from texgen_desktop.ui.widgets.viewport import Viewport, fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tool = Literal["brush", "lasso", "rectangle", "pick", "part", "hand"]
ZOOM_STEP = 2**0.25
KEY_PAN_PX = 40
_TINT = QColor(255, 60, 60)
_TINT_OPACITY = 0.55
_GRIP_PX = 6
_CORNER_PX = 7
_LEAST_PART_PX = 8
_MOST_COPIES = 12  # of the picture on every side: a small one that is seen from afar would be painted thousands of times
_SAME_SHAPE = 0.01  # what a rounded size may change of the ratio of the sides


class RetouchView(QWidget):
    """Paints on ``layer`` with the tool in hand. The middle of the picture is the origin of the plane, a unit is a pixel of the picture.

    Left paints, Alt or the right button wipes out; the middle button, or Space with the left one, moves the picture.
    """

    colour_picked = Signal(int, int, float)
    """(row, column, value): the pick tool was used there; value is 0 where it is to wipe out."""
    part_chosen = Signal(object)
    """Region of the picture that is to be looked at."""
    corner_moved = Signal(int, float, float)
    """(which of the four, x, y as shares of the picture)"""
    brush_size_changed = Signal(float)
    zoom_changed = Signal(float)

    def __init__(self, layer: MaskLayer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("retouch_view")
        self.setAccessibleName("Picture and mask")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.tool: Tool = "brush"
        self.brush_px = 24.0
        self.hardness = 0.7
        self.shows_mask = True
        self._layer = layer
        self._size = (0, 0)  # (rows, columns) of the picture
        self._picture: QImage | None = None
        self._result: QImage | None = None
        self._preview: tuple[Region, QImage] | None = None
        self._tint_pixels: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._wipe = 0.5  # share of the pane that shows the picture as it was, left of the divider
        self._viewport = Viewport()
        self._is_fitted = True
        self._path: list[Place] = []
        self._value = 1.0
        self._drag: Literal["", "paint", "pan", "wipe", "corner"] = ""
        self._held: Tool = "brush"  # the tool of the gesture: a key may choose another one meanwhile
        self._button = Qt.MouseButton.NoButton
        self._corners: Corners | None = None
        self._corner = 0  # the one that is dragged
        self._last = QPointF()
        self._pointer: QPointF | None = None
        self._has_space = False
        layer.painted.connect(self._on_painted)

    # ------------------------------------------------------------------------------------------ what is shown

    def set_picture(self, image: NDArray[np.uint8], height_px: int, width_px: int) -> None:
        """(h, w, 3) uint8, which stands for a picture of this size, maybe reduced."""
        is_another = (height_px, width_px) != self._size
        self._picture, self._size = to_qimage(image), (height_px, width_px)
        self._result = self._preview = None
        if is_another:
            self._is_fitted = True
        self._settle()

    def set_result(self, image: NDArray[np.uint8] | None) -> None:
        """What has become of it, in any resolution and size: it is shown over the same place."""
        if self._result is None and image is not None:
            self._wipe = 0.5
        self._result = None if image is None else to_qimage(image)
        self._preview = None
        self.update()

    def set_preview(self, region: Region, image: NDArray[np.uint8]) -> None:
        """What may become of a part, over what is shown else."""
        self._preview = (region, to_qimage(image))
        self._wipe = 0.0
        self.update()

    def clear_preview(self) -> None:
        self._preview = None
        self.update()

    def clear_results(self) -> None:
        self._result = self._preview = None
        self.update()

    @property
    def has_result(self) -> bool:
        return self._result is not None

    def flip(self) -> None:
        """All of the picture as it was, or all of the result."""
        self._wipe = 0.0 if self._wipe > 0.5 else 1.0
        self.update()

    def fit(self) -> None:
        self._is_fitted = True
        self._settle()

    def actual_size(self) -> None:
        self._look(self._viewport.zoomed(1.0))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        offset = self._offset(at) if at is not None else QPointF()
        self._look(self._viewport.zoomed(self._viewport.zoom * factor, offset.x(), offset.y()))

    @property
    def zoom(self) -> float:
        return self._viewport.zoom

    def set_corners(self, corners: Corners | None) -> None:
        """Show the four corners of a step to be dragged; None: the step that is selected has none."""
        self._corners = corners
        self.update()

    def set_shows_mask(self, shows: bool) -> None:
        self.shows_mask = shows
        self.update()

    def _look(self, viewport: Viewport) -> None:
        self._is_fitted = False
        self._viewport = viewport.kept_near(self._size[1], self._size[0])
        self.zoom_changed.emit(self.zoom)
        self.update()

    def _settle(self) -> None:
        if self._is_fitted and self._picture is not None:
            ratio = self.devicePixelRatioF()
            self._viewport = fitted(self._size[1], self._size[0], self.width() * ratio - 32, self.height() * ratio - 32)
            self.zoom_changed.emit(self.zoom)
        self.update()

    def _on_painted(self, boxes: list[Region] | None) -> None:
        """Bring the tint up to date where the mask has changed."""
        mask = self._layer.pixels
        if boxes is None or self._tint_pixels.shape != mask.shape:
            self._tint_pixels = np.zeros(mask.shape, np.uint8)
            boxes = [Region(0, 0, *mask.shape)]
        for box in boxes:
            part = (slice(box.y, box.y + box.height), slice(box.x, box.x + box.width))
            self._tint_pixels[part] = (mask[part] * (255 * _TINT_OPACITY)).astype(np.uint8)
        self.update()

    # --------------------------------------------------------------------------------------------- geometry

    def _offset(self, position: QPointF) -> QPointF:
        ratio = self.devicePixelRatioF()
        return (position - QPointF(self.width() / 2, self.height() / 2)) * ratio

    def place_at(self, position: QPointF) -> Place:
        """The (y, x) of the picture under a position of the widget; it may lie outside."""
        offset = self._offset(position)
        x, y = self._viewport.plane_at(offset.x(), offset.y())
        return y + self._size[0] / 2, x + self._size[1] / 2

    def position_of(self, place: Place) -> QPointF:
        """Where a place of the picture is seen."""
        dx, dy = self._viewport.screen_at(place[1] - self._size[1] / 2, place[0] - self._size[0] / 2)
        return QPointF(dx, dy) / self.devicePixelRatioF() + QPointF(self.width() / 2, self.height() / 2)

    def _frame(self, row: int = 0, column: int = 0) -> QRectF:
        """Where the picture is seen, or a copy of it that many pictures away."""
        height, width = self._size
        return QRectF(self.position_of((row * height, column * width)), self.position_of(((row + 1) * height, (column + 1) * width)))

    def _copies(self) -> list[QRectF]:
        """Where the picture is seen, again and again on an axis that wraps."""
        first, last = self.place_at(QPointF(0, 0)), self.place_at(QPointF(self.width(), self.height()))
        rows, columns = (
            range(max(math.floor(first[axis] / size), -_MOST_COPIES), min(math.floor(last[axis] / size), _MOST_COPIES) + 1)
            if self._layer.wraps[axis]
            else (0,)
            for axis, size in enumerate(self._size)
        )
        frames = [self._frame(row, column) for row in rows for column in columns]
        return [frame for frame in frames if frame.intersects(QRectF(self.rect()))]

    # --------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(COLOURS.canvas))
        if self._picture is None:
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 2)
        divider = self.width() * self._wipe
        for frame in self._copies():
            painter.drawImage(frame, self._picture)
        if self._result is not None:
            painter.save()
            painter.setClipRect(QRectF(divider, 0, self.width() - divider, self.height()))
            painter.fillRect(self.rect(), QColor(COLOURS.canvas))
            for frame in self._result_frames(self._result):
                painter.drawImage(frame, self._result)
            painter.restore()
        if self._preview is not None:
            region, image = self._preview
            frame = self._region_frame(region)
            painter.save()
            painter.setClipRect(QRectF(divider, 0, self.width() - divider, self.height()))
            painter.drawImage(frame, image)
            painter.restore()
            self._outline(painter, frame)
        if (self.shows_mask and self._result is None and not self._layer.is_empty) or self._drag == "paint":
            self._paint_tint(painter)
        if any(self._layer.wraps):
            self._outline(painter, self._frame())
        if self._corners is not None and not self._compares:
            self._paint_corners(painter, self._corners)
        self._paint_tool(painter)
        if self._compares:
            self._paint_divider(painter, divider)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(COLOURS.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    @property
    def _compares(self) -> bool:
        return self._result is not None or self._preview is not None

    def _result_frames(self, image: QImage) -> list[QRectF]:
        """Where a result is seen: as the picture; where it has other proportions once, the largest in the middle of it."""
        frame = self._frame()
        ratio = (image.width() / image.height()) / (frame.width() / frame.height())
        if abs(ratio - 1) <= _SAME_SHAPE:
            return self._copies()
        inner = QRectF(0, 0, frame.width() * min(1.0, ratio), frame.height() * min(1.0, 1 / ratio))
        inner.moveCenter(frame.center())
        return [inner]

    def _paint_tint(self, painter: QPainter) -> None:
        height, width = self._tint_pixels.shape
        if not height:
            return
        # Only what is seen is made into an image: a mask of 4096² as a whole would take longer than a stroke may.
        for frame in self._copies():
            seen = frame.intersected(QRectF(self.rect()))
            scale = width / frame.width()
            left, top = int((seen.left() - frame.left()) * scale), int((seen.top() - frame.top()) * scale)
            right = min(width, int(np.ceil((seen.right() - frame.left()) * scale)) + 1)
            bottom = min(height, int(np.ceil((seen.bottom() - frame.top()) * scale)) + 1)
            step = max(1, int(scale * self.devicePixelRatioF() ** -1 * 0.75))
            part = np.ascontiguousarray(self._tint_pixels[top:bottom:step, left:right:step])
            if not part.size or not part.any():
                continue
            opacity = QImage(part.tobytes(), part.shape[1], part.shape[0], part.shape[1], QImage.Format.Format_Alpha8)
            tint = QImage(opacity.size(), QImage.Format.Format_ARGB32_Premultiplied)
            tint.fill(_TINT)
            over = QPainter(tint)
            over.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            over.drawImage(0, 0, opacity)
            over.end()
            place = QRectF(
                frame.left() + left / scale, frame.top() + top / scale, part.shape[1] * step / scale, part.shape[0] * step / scale
            )
            painter.drawImage(place, tint)

    def _paint_tool(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._tool_now == "brush" and self._pointer is not None and self._drag in ("", "paint") and not self._has_space:
            radius = self.brush_px / 2 * self.zoom / self.devicePixelRatioF()
            for colour, width in (("#000000", 2.5), ("#ffffff", 1.0)):
                painter.setPen(QPen(QColor(colour), width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(self._pointer, radius, radius)
        elif self._drag == "paint" and self._held == "lasso" and len(self._path) > 1:
            line = QPainterPath(self.position_of(self._path[0]))
            for place in self._path[1:]:
                line.lineTo(self.position_of(place))
            self._stroke_path(painter, line)
        elif self._drag == "paint" and self._held in ("rectangle", "part") and len(self._path) > 1:
            self._outline(painter, QRectF(self.position_of(self._path[0]), self.position_of(self._path[-1])).normalized())

    def _paint_corners(self, painter: QPainter, corners: Corners) -> None:
        points = self._corner_positions(corners)
        line = QPainterPath(points[-1])
        for point in points:
            line.lineTo(point)
        self._stroke_path(painter, line)
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
        painter.setBrush(QColor(COLOURS.selection))
        for point in points:
            painter.drawEllipse(point, _CORNER_PX, _CORNER_PX)

    def _corner_positions(self, corners: Corners) -> list[QPointF]:
        height, width = self._size
        return [self.position_of((y * height, x * width)) for x, y in corners]

    def _stroke_path(self, painter: QPainter, line: QPainterPath) -> None:
        for colour, width in (("#000000", 2.5), ("#ffffff", 1.0)):
            painter.strokePath(line, QPen(QColor(colour), width))

    def _outline(self, painter: QPainter, frame: QRectF) -> None:
        path = QPainterPath()
        path.addRect(frame)
        self._stroke_path(painter, path)

    def _paint_divider(self, painter: QPainter, x: float) -> None:
        painter.fillRect(QRectF(x - 1.5, 0, 3, self.height()), QColor("#000000"))
        painter.fillRect(QRectF(x - 0.5, 0, 1, self.height()), QColor("#ffffff"))
        painter.setPen(QPen(QColor("#ffffff"), 1))
        painter.setBrush(QColor(COLOURS.selection))
        painter.drawEllipse(QPointF(x, self.height() / 2), _GRIP_PX + 2, _GRIP_PX + 2)

    def _region_frame(self, region: Region) -> QRectF:
        corner = self.position_of((region.y, region.x))
        return QRectF(corner, self.position_of((region.y + region.height, region.x + region.width)))

    # ------------------------------------------------------------------------------------------- the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._picture is None or self._drag:  # a second button does not begin another gesture
            return
        self._last, self._held, self._button = position, self.tool, event.button()
        is_left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (is_left and (self._has_space or self.tool == "hand")):
            self._drag = "pan"
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif is_left and self._is_on_divider(position):
            self._drag = "wipe"
        elif is_left and (corner := self._corner_at(position)) is not None:
            self._drag, self._corner = "corner", corner
        elif is_left or event.button() == Qt.MouseButton.RightButton:
            wipes_out = event.button() == Qt.MouseButton.RightButton or bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._begin_painting(self.place_at(position), 0.0 if wipes_out else 1.0)

    def _begin_painting(self, place: Place, value: float) -> None:
        self._value, self._path = value, [place]
        if self._held == "pick":
            height, width = self._size
            row, column = int(np.floor(place[0])), int(np.floor(place[1]))
            for box in parts_inside(Region(row, column, 1, 1), height, width, self._layer.wraps):
                self.colour_picked.emit(box.y, box.x, value)
            return
        self._drag = "paint"
        if self._held == "brush":
            self._layer.begin()
            self._layer.stroke([place], self.brush_px / 2, self.hardness, value)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        self._pointer = position
        match self._drag:
            case "pan":
                moved = (position - self._last) * self.devicePixelRatioF()
                self._look(self._viewport.panned(moved.x(), moved.y()))
            case "wipe":
                self._wipe = min(max(position.x() / max(1, self.width()), 0.0), 1.0)
            case "corner":
                place = self.place_at(position)
                self.corner_moved.emit(self._corner, place[1] / self._size[1], place[0] / self._size[0])
            case "paint":
                place = self.place_at(position)
                if self._held == "brush":
                    self._layer.stroke([self._path[-1], place], self.brush_px / 2, self.hardness, self._value)
                self._path = [*self._path, place] if self._held == "lasso" else [self._path[0] if self._held != "brush" else place, place]
            case _:
                self._show_cursor(position)
        self._last = position
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == self._button:
            drag, self._drag = self._drag, ""
            if drag == "paint":
                self._end_painting()
        self._show_cursor(event.position())
        self.update()

    def _end_painting(self) -> None:
        match self._held:
            case "brush":
                self._layer.end()
            case "lasso" if len(self._path) > 2:
                self._layer.polygon(self._path, self._value)
            case "rectangle" if len(self._path) > 1:
                self._layer.rectangle(self._path[0], self._path[-1], self._value)
            case "part" if len(self._path) > 1:
                (y0, x0), (y1, x1) = self._path[0], self._path[-1]
                part = QRect(round(min(x0, x1)), round(min(y0, y1)), round(abs(x1 - x0)), round(abs(y1 - y0)))
                height, width = self._size
                rows = (part.y(), part.height()) if self._layer.wraps[0] else (0, height)  # beyond the edge there is nothing to see
                columns = (part.x(), part.width()) if self._layer.wraps[1] else (0, width)
                part &= QRect(columns[0], rows[0], columns[1], rows[1])
                if min(part.height(), part.width()) >= _LEAST_PART_PX:
                    self.part_chosen.emit(Region(part.y(), part.x(), part.height(), part.width()))
        self._path = []

    def _is_on_divider(self, position: QPointF) -> bool:
        return self._compares and abs(position.x() - self.width() * self._wipe) <= _GRIP_PX

    def _corner_at(self, position: QPointF) -> int | None:
        if self._corners is None or self._compares:
            return None
        away = [math.hypot(point.x() - position.x(), point.y() - position.y()) for point in self._corner_positions(self._corners)]
        nearest = min(range(4), key=away.__getitem__)
        return nearest if away[nearest] <= _CORNER_PX + 2 else None

    @property
    def _tool_now(self) -> Tool:
        return self._held if self._drag else self.tool

    def _show_cursor(self, position: QPointF) -> None:
        if self._has_space or self.tool == "hand":
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._is_on_divider(position):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._corner_at(position) is not None:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.tool == "brush":
            self.set_brush(self.brush_px * 1.1**steps)
        else:
            self.zoom_by(ZOOM_STEP**steps, event.position())
        event.accept()

    def set_brush(self, size_px: float) -> None:
        """Diameter in pixels of the picture."""
        self.brush_px = min(max(size_px, 1.0), 2000.0)
        self.brush_size_changed.emit(self.brush_px)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._pointer = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrows = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        key = Qt.Key(event.key())
        if key in arrows:
            dx, dy = arrows[key]
            self._look(self._viewport.panned(dx * KEY_PAN_PX, dy * KEY_PAN_PX))
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._has_space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._has_space = False
            self._show_cursor(self._last)
        super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._has_space = False
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._settle()

    def visible_part(self) -> QRect:
        """What of the picture is seen now, in its pixels."""
        (top, left), (bottom, right) = self.place_at(QPointF(0, 0)), self.place_at(QPointF(self.width(), self.height()))
        seen = QRect(round(left), round(top), round(right - left), round(bottom - top))
        return seen.intersected(QRect(0, 0, self._size[1], self._size[0]))
