"""The drawing part of the loss plot. Imports pyqtgraph (half a second): only ``plot.py`` imports this, when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from texgen_desktop.ui.theme import COLOURS, SPACING
from texgen_desktop.ui.widgets.loss_history import Values, envelope, logarithms

RAW_ALPHA = 70
GRID_ALPHA = 30
AXIS_WIDTH_PX = 42
SMOOTH_WIDTH_PX = 2
READ_STEP_FRACTION = 0.01


@dataclass(frozen=True, eq=False)
class Curve:
    """A loss as it is to be drawn: all arrays are of one length."""

    name: str
    colour: str
    x: Values
    raw: Values
    smooth: Values


class PlotCanvas(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Raw curves thin and faint, smoothed ones over them, and a read-out under the pointer."""

    view_changed = Signal()
    """The visible range of images has changed by hand."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setBackground(COLOURS.canvas)
        for part in (self, self.viewport()):  # either has the focus
            part.setAccessibleName("Loss curves")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Put together by hand: pg.PlotItem brings menus of its own that outlive it.
        self.box = pg.ViewBox(enableMenu=False)
        self._left, self._bottom = pg.AxisItem("left"), ImagesAxis("bottom")
        self.ci.layout.setContentsMargins(SPACING.small, SPACING.small, SPACING.medium, SPACING.small)
        self.ci.layout.setSpacing(0)
        for axis, row, column in ((self._left, 0, 0), (self._bottom, 1, 1)):
            self.addItem(axis, row, column)
            axis.linkToView(self.box)
            axis.setPen(QColor(COLOURS.line))
            axis.setTextPen(QColor(COLOURS.muted))
            axis.setStyle(maxTickLevel=1)  # the lines of the grid are the dearest part of a redraw
        self.addItem(self.box, 0, 1)
        self._left.setGrid(GRID_ALPHA)
        self._left.setWidth(AXIS_WIDTH_PX)  # a width that follows its labels would shake the curves
        self._bottom.setLabel("images seen", color=COLOURS.muted)
        self._is_log = False
        self._curves: Sequence[Curve] = ()
        self._lines: dict[str, tuple[pg.PlotCurveItem, pg.PlotCurveItem]] = {}
        self._cross = pg.InfiniteLine(angle=90, pen=pg.mkPen(COLOURS.muted, width=1))
        self._cross.hide()
        self.box.addItem(self._cross, ignoreBounds=True)
        self._readout = QLabel(self)
        self._readout.setTextFormat(Qt.TextFormat.PlainText)
        self._readout.setObjectName("loss_readout")
        self._readout.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._readout.hide()
        self.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self.box.sigRangeChangedManually.connect(self._on_range_changed_manually)

    def show_curves(self, curves: Sequence[Curve], is_log: bool) -> None:
        self._curves, self._is_log = curves, is_log
        self._left.setLogMode(is_log)
        for gone in self._lines.keys() - {curve.name for curve in curves}:
            for line in self._lines.pop(gone):
                self.box.removeItem(line)
        columns = max(self.box.width(), 64)
        for curve in curves:
            if curve.name not in self._lines:
                self._lines[curve.name] = self._new_lines(curve.colour)
            seen = self._seen(curve.x)
            has_raw = curve.raw is not curve.smooth
            for line, values in zip(self._lines[curve.name], (curve.raw if has_raw else curve.raw[:0], curve.smooth), strict=True):
                x = curve.x[seen][: len(values)]
                y = values[seen]
                line.setData(*envelope(x, logarithms(y) if is_log else y, int(columns)), connect="finite")
        for _ in range(2):  # now: left to the paint, it asks for a second one. A curve's bounds hang on the matrix by the width of its pen
            self.box.updateAutoRange()
            self.box.updateMatrix()
        if self._cross.isVisible():
            self.read_at(self._cross.value())

    def show_all(self) -> None:
        """Follow the data again, after a zoom by hand."""
        self.box.enableAutoRange()

    def read_at(self, images_seen: float) -> None:
        """Put the cross at the nearest point and say the values there."""
        longest = max(self._curves, key=lambda curve: len(curve.x), default=None)
        if longest is None or len(longest.x) == 0:
            return
        index = int(np.clip(np.searchsorted(longest.x, images_seen), 0, len(longest.x) - 1))
        self._cross.setValue(longest.x[index])
        self._cross.show()
        lines = [f"{longest.x[index]:,.0f} images"]
        lines += [f"{curve.name}  {curve.smooth[index]:.4g}" for curve in self._curves]
        self._readout.setText("\n".join(lines))
        self._readout.adjustSize()
        self._place_readout()
        self._readout.show()

    @property
    def readout(self) -> str:
        """What the read-out says; empty while it is hidden."""
        return "" if self._readout.isHidden() else self._readout.text()

    def hide_readout(self) -> None:
        self._cross.hide()
        self._readout.hide()

    def _new_lines(self, colour: str) -> tuple[pg.PlotCurveItem, pg.PlotCurveItem]:
        faint = QColor(colour)
        faint.setAlpha(RAW_ALPHA)
        raw = pg.PlotCurveItem(pen=pg.mkPen(faint, width=1))
        smooth = pg.PlotCurveItem(pen=pg.mkPen(colour, width=SMOOTH_WIDTH_PX))
        for line in (raw, smooth):
            self.box.addItem(line)
        return raw, smooth

    def _seen(self, x: Values) -> slice:
        """The points in view, so that a zoom by hand shows every one of them."""
        if self.box.autoRangeEnabled()[0]:
            return slice(0, len(x))
        low, high = self.box.viewRange()[0]
        return slice(max(int(np.searchsorted(x, low)) - 1, 0), int(np.searchsorted(x, high)) + 1)

    def _on_mouse_moved(self, position: QPointF) -> None:
        if self.box.sceneBoundingRect().contains(position):
            self.read_at(self.box.mapSceneToView(position).x())
        else:
            self.hide_readout()

    def _on_range_changed_manually(self) -> None:
        self.view_changed.emit()

    def _place_readout(self) -> None:
        """In the upper corner that the cross is not in."""
        box = self.box.sceneBoundingRect()
        cross_x = self.box.mapViewToScene(QPointF(self._cross.value(), 0)).x()
        is_right = cross_x < box.center().x()
        left = box.right() - self._readout.width() - SPACING.medium if is_right else box.left() + SPACING.medium
        self._readout.move(round(left), round(box.top()) + SPACING.small)

    def leaveEvent(self, event: QEvent) -> None:
        self.hide_readout()
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.view_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move the read-out, Home shows all."""
        low, high = self.box.viewRange()[0]
        step = (high - low) * READ_STEP_FRACTION
        match Qt.Key(event.key()):
            case Qt.Key.Key_Left:
                self.read_at(self._cross.value() - step)
            case Qt.Key.Key_Right:
                self.read_at(self._cross.value() + step)
            case Qt.Key.Key_Home:
                self.show_all()
                self.view_changed.emit()
            case Qt.Key.Key_Escape:
                self.hide_readout()
            case _:
                super().keyPressEvent(event)


class ImagesAxis(pg.AxisItem):  # type: ignore[misc]
    """Counts of images as 800, 12k, 1.5M."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [short_count(value) for value in values]


def short_count(value: float) -> str:
    for divisor, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= divisor:
            return f"{value / divisor:.6g}{suffix}"
    return f"{value:g}"
