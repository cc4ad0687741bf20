"""What mouse, touchpad, keyboard and drops do to the canvas. Installed on it as an event filter; uses only its verbs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QDragLeaveEvent, QDropEvent, QInputDevice, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent

if TYPE_CHECKING:
    from texgen_desktop.ui.widgets.canvas_view import CanvasView

ANGLE_PER_DOUBLING = 480  # eighths of a degree: four notches of a wheel
PAN_STEP_PX = 64
ROLL_STEP_TEXELS = 16
READOUT_MS = 1200

ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


@dataclass(frozen=True)
class _Drag:
    """A button that is held: panning goes on from ``last``; a roll counts from ``start`` and the offset it had."""

    start: QPointF
    last: QPointF
    roll: tuple[int, int] | None


class CanvasHand(QObject):
    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._drag: _Drag | None = None
        self._readout = QTimer(self, singleShot=True, interval=READOUT_MS)
        self._readout.timeout.connect(canvas.update)
        canvas.installEventFilter(self)

    @property
    def is_rolling(self) -> bool:
        """The tile is being rolled, or was by a key a moment ago."""
        return (self._drag is not None and self._drag.roll is not None) or self._readout.isActive()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event:
            case QMouseEvent():
                return self._moused(event)
            case QWheelEvent():
                return self._wheeled(event)
            case QNativeGestureEvent():
                return self._gestured(event)
            case QKeyEvent():
                self.show_cursor(event.modifiers())
                return event.type() == QEvent.Type.KeyPress and self._key_pressed(event)
            case QDropEvent():
                return self._dropped(event)
            case QDragLeaveEvent():
                self._canvas.show_drop_frame(False)
        return False

    def show_cursor(self, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """The cursor tells what a drag would do."""
        canvas = self._canvas
        wants_roll = bool(modifiers & Qt.KeyboardModifier.ShiftModifier) and canvas.can_roll
        if canvas.is_empty:
            canvas.unsetCursor()
        elif self.is_rolling or wants_roll:
            canvas.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            canvas.setCursor(Qt.CursorShape.OpenHandCursor if self._drag is None else Qt.CursorShape.ClosedHandCursor)

    # ------------------------------------------------------------------------------------------------ mouse

    def _moused(self, event: QMouseEvent) -> bool:
        match event.type():
            case QEvent.Type.MouseButtonPress:
                return self._pressed(event)
            case QEvent.Type.MouseMove:
                return self._moved(event)
            case QEvent.Type.MouseButtonRelease:
                return self._released()
            case QEvent.Type.MouseButtonDblClick:
                return self._double_clicked(event)
        return False

    def _pressed(self, event: QMouseEvent) -> bool:
        if self._canvas.is_empty or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return False
        rolls = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) and event.button() == Qt.MouseButton.LeftButton
        at = event.position()
        self._drag = _Drag(at, at, self._canvas.roll_offset if rolls and self._canvas.can_roll else None)
        self.show_cursor(event.modifiers())
        self._canvas.update()
        return True

    def _moved(self, event: QMouseEvent) -> bool:
        if self._drag is None:
            self.show_cursor(event.modifiers())
            return False
        if self._drag.roll is None:
            self._canvas.pan(event.position() - self._drag.last)
        else:
            way = (event.position() - self._drag.start) * self._canvas.devicePixelRatioF() / self._canvas.zoom
            self._canvas.roll_to(self._drag.roll[0] + round(way.y()), self._drag.roll[1] + round(way.x()))
        self._drag = _Drag(self._drag.start, event.position(), self._drag.roll)
        return True

    def _released(self) -> bool:
        if self._drag is None:
            return False
        self._drag = None
        self.show_cursor()
        self._canvas.update()
        return True

    def _double_clicked(self, event: QMouseEvent) -> bool:
        canvas = self._canvas
        if canvas.is_empty or event.button() != Qt.MouseButton.LeftButton:
            return False
        if canvas.zoom == 1.0 and not canvas.is_fitted:
            canvas.fit()
        else:
            canvas.zoom_to(1.0, event.position())
        return True

    def _wheeled(self, event: QWheelEvent) -> bool:
        """A wheel zooms; two fingers on a touchpad pan, and zoom with Ctrl (which is also how Windows tells of a pinch)."""
        if self._canvas.is_empty:
            return False
        is_touchpad = event.deviceType() == QInputDevice.DeviceType.TouchPad or event.phase() != Qt.ScrollPhase.NoScrollPhase
        if is_touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            delta = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 2
            self._canvas.pan(QPointF(delta))
            return True
        # With Alt or Shift held, some platforms turn the wheel sideways.
        angle = event.angleDelta().y() or event.angleDelta().x()
        old = self._canvas.zoom
        new = old * 2 ** (angle / ANGLE_PER_DOUBLING)
        passes_actual_size = min(old, new) < 1 < max(old, new)
        self._canvas.zoom_to(1.0 if passes_actual_size else new, event.position())
        return True

    def _gestured(self, event: QNativeGestureEvent) -> bool:
        if self._canvas.is_empty or event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._canvas.zoom_to(self._canvas.zoom * (1 + event.value()), event.position())
        return True

    # --------------------------------------------------------------------------------------------- keyboard

    def _key_pressed(self, event: QKeyEvent) -> bool:
        canvas = self._canvas
        if canvas.is_empty or event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return False
        match Qt.Key(event.key()):
            case key if key in ARROWS:
                self._arrow_pressed(*ARROWS[key], rolls=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                canvas.zoom_in()
            case Qt.Key.Key_Minus:
                canvas.zoom_out()
            case Qt.Key.Key_0:
                canvas.fit()
            case Qt.Key.Key_1:
                canvas.actual_size()
            case Qt.Key.Key_Home:
                canvas.roll_to(0, 0)
            case _:
                return False
        return True

    def _arrow_pressed(self, right: int, down: int, rolls: bool) -> None:
        """An arrow moves the eye that way, and with Shift the tile's content."""
        if not rolls:
            self._canvas.pan(QPointF(-right, -down) * PAN_STEP_PX)
        elif self._canvas.can_roll:
            dy, dx = self._canvas.roll_offset
            self._readout.start()
            self._canvas.roll_to(dy + down * ROLL_STEP_TEXELS, dx + right * ROLL_STEP_TEXELS)

    # ------------------------------------------------------------------------------------------------ drops

    def _dropped(self, event: QDropEvent) -> bool:
        """Enter, move and drop are told apart by the event's type alone."""
        paths = local_paths(event.mimeData())
        if not paths:
            return False
        event.acceptProposedAction()
        self._canvas.show_drop_frame(event.type() != QEvent.Type.Drop)
        if event.type() == QEvent.Type.Drop:
            self._canvas.files_dropped.emit(paths)
        return True


def local_paths(data: QMimeData) -> list[Path]:
    """The files of this computer in what is dragged or pasted."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
