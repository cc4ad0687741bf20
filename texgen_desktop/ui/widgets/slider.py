"""A slider in floats."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

from texgen_desktop.ui.theme import COLOURS

STEPS = 2000


class FloatSlider(QSlider):
    """A horizontal QSlider whose range, value and ``valueChanged`` are floats, in ``STEPS`` steps.

    A click on the groove goes there and drags on. The wheel is left to the area that scrolls, unless the slider has the focus.
    """

    valueChanged = Signal(float)  # noqa: N815 – takes the place of Qt's

    def __init__(self, minimum: float, maximum: float, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._minimum, self._maximum = minimum, maximum
        super().setRange(0, STEPS)
        self.setSingleStep(STEPS // 100)
        self.setPageStep(STEPS // 10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def minimum(self) -> float:  # type: ignore[override]
        return self._minimum

    def maximum(self) -> float:  # type: ignore[override]
        return self._maximum

    def value(self) -> float:  # type: ignore[override]
        return round(self._minimum + (self._maximum - self._minimum) * super().value() / STEPS, 6)

    def setValue(self, value: float) -> None:
        super().setValue(round((value - self._minimum) / (self._maximum - self._minimum) * STEPS))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            handle, groove = self._part(QStyle.SubControl.SC_SliderHandle), self._part(QStyle.SubControl.SC_SliderGroove)
            if not handle.contains(event.position().toPoint()):
                along = round(event.position().x()) - groove.x() - handle.width() // 2
                step = QStyle.sliderValueFromPosition(0, STEPS, along, groove.width() - handle.width())
                self.setSliderDown(True)  # so that sliderPressed comes before the value
                self.setSliderPosition(step)
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():  # Fusion shows nothing
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(COLOURS.accent), 2))
            painter.drawRoundedRect(self._part(QStyle.SubControl.SC_SliderHandle).adjusted(1, 1, -1, -1), 3, 3)

    def _part(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def sliderChange(self, change: QSlider.SliderChange) -> None:
        super().sliderChange(change)
        if change == QSlider.SliderChange.SliderValueChange:
            self.valueChanged.emit(self.value())
