"""The loss plot: every loss as a curve over the images seen. pyqtgraph is imported once the window has been painted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from texgen_desktop.ui.theme import CURVE_COLOURS, SPACING
from texgen_desktop.ui.widgets.flow_layout import FlowLayout
from texgen_desktop.ui.widgets.slider import FloatSlider

if TYPE_CHECKING:
    from texgen_desktop.ui.widgets.loss_history import LossHistory, Values
    from texgen_desktop.ui.widgets.plot_canvas import Curve, PlotCanvas

VIEW_REDRAW_MS = 100  # after a zoom by hand
REDRAW_MS = 2500  # after new points, as often as a new picture comes: one redraw takes some 15 ms, which training has to do without
PREPARE_MS = 300  # the window is painted by then, and no training is running yet that a pause would disturb
SMOOTHING_MAX = 0.999
DEFAULT_SMOOTHING = 0.95
RANGES_IMAGES = (0, 1_000, 5_000, 20_000, 100_000)
SWATCH_PX = 10


class LossPlot(QWidget):
    """Curves with smoothing, log scale, range and a read-out. ``options_changed`` tells that the user changed one of these."""

    options_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loss_plot")
        self.setAccessibleName("Losses")
        self._history: LossHistory | None = None
        self._canvas: PlotCanvas | None = None
        self._toggles: dict[str, QCheckBox] = {}
        self._redraw_soon = QTimer(self, singleShot=True)
        self._redraw_soon.timeout.connect(self.redraw)
        self._prepare_soon = QTimer(self, singleShot=True, interval=PREPARE_MS)
        self._prepare_soon.timeout.connect(self.prepare)
        self._smoothing = FloatSlider(0.0, SMOOTHING_MAX, self)
        self._smoothing.setValue(DEFAULT_SMOOTHING)
        self._smoothing.setAccessibleName("Smoothing")
        self._smoothing.setToolTip("Smoothing: how much of the past each point of the bold curves remembers")
        self._log = QCheckBox("Log", self)
        self._log.setAccessibleName("Logarithmic scale")
        self._log.setToolTip("Logarithmic scale; values of zero and below leave a gap")
        self._range = QComboBox(self)
        self._range.setAccessibleName("Range")
        self._range.setToolTip("How much of the run is shown. Drag and wheel in the plot look closer, Home shows all again")
        for images in RANGES_IMAGES:
            self._range.addItem(_range_title(images), images)
        self._arrange()
        self._smoothing.valueChanged.connect(self._on_option_changed)
        self._log.toggled.connect(self._on_option_changed)
        self._range.currentIndexChanged.connect(self._on_option_changed)

    def _arrange(self) -> None:
        self._placeholder = QLabel("The losses appear here while training runs.", self)
        self._placeholder.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._placeholder.setWordWrap(True)
        self._placeholder.setProperty("muted", True)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._placeholder)
        self._legend = QWidget(self)
        self._legend_flow = FlowLayout(self._legend, spacing=SPACING.medium)
        range_label = QLabel("Range", self)
        range_label.setBuddy(self._range)  # a screen reader calls a combo box by its label
        options = QHBoxLayout()
        options.setSpacing(SPACING.medium)
        options.addWidget(QLabel("Smoothing", self))
        options.addWidget(self._smoothing, 1)
        options.addWidget(self._log)
        options.addWidget(range_label)
        options.addWidget(self._range)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.medium, SPACING.medium, SPACING.medium, SPACING.medium)
        column.setSpacing(SPACING.small)
        column.addLayout(options)
        column.addLayout(self._stack, 1)
        column.addWidget(self._legend)

    def prepare(self) -> None:
        """Import pyqtgraph and build the plot now, which takes half a second. By itself it happens soon after the first paint."""
        from texgen_desktop.ui.widgets.plot_canvas import PlotCanvas

        if self._canvas is None:
            self._canvas = PlotCanvas(self)
            self._canvas.view_changed.connect(self._on_view_changed)
            self._stack.addWidget(self._canvas)

    # ------------------------------------------------------------------------------------------------- data

    def append(self, images_seen: int, losses: Mapping[str, float]) -> None:
        """Add one point to each named curve; the others go on as they were. NaN leaves a gap. Drawn every few seconds."""
        if self._history is None:
            from texgen_desktop.ui.widgets.loss_history import LossHistory

            self._history = LossHistory()
        self._history.append(images_seen, losses)
        self._show_soon(self._history)

    def load(self, images_seen: Values, losses: Mapping[str, Values]) -> None:
        """Start over with the points of a run so far; NaN is no reading."""
        self.clear()
        if len(images_seen):
            from texgen_desktop.ui.widgets.loss_history import LossHistory

            self._history = LossHistory.of(images_seen, losses)
            self._show_soon(self._history)

    def _show_soon(self, history: LossHistory) -> None:
        for name in history.names:
            if name not in self._toggles:
                self._toggles[name] = self._new_toggle(name, len(self._toggles))
        if self.isVisible() and not self._redraw_soon.isActive():
            self._redraw_soon.start(REDRAW_MS)

    def clear(self) -> None:
        self._history = None
        for toggle in self._toggles.values():
            self._legend_flow.removeWidget(toggle)
            toggle.deleteLater()
        self._toggles.clear()
        self.redraw()

    @property
    def history(self) -> LossHistory | None:
        """All points; None while there are none."""
        return self._history

    @property
    def canvas(self) -> PlotCanvas | None:
        """The drawing part; None before it is needed."""
        return self._canvas

    # ---------------------------------------------------------------------------------------------- options

    @property
    def smoothing(self) -> float:
        """0 … 0.999."""
        return self._smoothing.value()

    def set_smoothing(self, smoothing: float) -> None:
        with QSignalBlocker(self._smoothing):
            self._smoothing.setValue(smoothing)
        self.redraw()

    @property
    def log_scale(self) -> bool:
        return self._log.isChecked()

    def set_log_scale(self, log_scale: bool) -> None:
        with QSignalBlocker(self._log):
            self._log.setChecked(log_scale)
        self.redraw()

    @property
    def last_images(self) -> int:
        """How many of the last images are in range; 0 means all."""
        return int(self._range.currentData())

    def set_last_images(self, last_images: int) -> None:
        with QSignalBlocker(self._range):
            if self._range.findData(last_images) < 0:
                self._range.addItem(_range_title(last_images), last_images)
            self._range.setCurrentIndex(self._range.findData(last_images))
        self.redraw()

    def _on_option_changed(self) -> None:
        if self._canvas is not None and self.sender() is self._range:
            self._canvas.show_all()
        self.redraw()
        self.options_changed.emit()

    def _on_view_changed(self) -> None:
        self._redraw_soon.start(VIEW_REDRAW_MS)

    # ---------------------------------------------------------------------------------------------- drawing

    def redraw(self) -> None:
        """Draw what is there now."""
        if self._history is None and self._canvas is None:
            return
        self.prepare()
        assert self._canvas is not None
        self._stack.setCurrentWidget(self._placeholder if self._history is None else self._canvas)
        self._canvas.show_curves(self._curves(), self.log_scale)

    def _curves(self) -> list[Curve]:
        from texgen_desktop.ui.widgets.plot_canvas import Curve

        if self._history is None:
            return []
        x = self._history.images_seen
        start = int(x.searchsorted(x[-1] - self.last_images)) if self.last_images else 0
        curves = []
        for index, (name, toggle) in enumerate(self._toggles.items()):
            if toggle.isChecked():
                raw = self._history.values(name)
                smooth = self._history.smoothed(name, self.smoothing)
                colour = CURVE_COLOURS[index % len(CURVE_COLOURS)]
                curves.append(Curve(_title(name), colour, x[start:], raw[start:], smooth[start:]))
        return curves

    def _new_toggle(self, name: str, index: int) -> QCheckBox:
        swatch = QPixmap(SWATCH_PX, SWATCH_PX)
        swatch.fill(QColor(CURVE_COLOURS[index % len(CURVE_COLOURS)]))
        toggle = QCheckBox(_title(name), self._legend)
        toggle.setIcon(QIcon(swatch))
        toggle.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        toggle.setChecked(True)
        toggle.setAccessibleName(f"Show the curve {_title(name)}")
        toggle.toggled.connect(self.redraw)
        self._legend_flow.addWidget(toggle)
        return toggle

    def showEvent(self, event: QShowEvent) -> None:
        if self._history is not None:
            self._redraw_soon.start(VIEW_REDRAW_MS)
        elif self._canvas is None:
            self._prepare_soon.start()
        super().showEvent(event)


def _range_title(images: int) -> str:
    return f"Last {images:,} images" if images else "Whole run"


def _title(name: str) -> str:
    return name.replace("_", " ")
