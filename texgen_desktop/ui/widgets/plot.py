"""The loss plot: every loss as a curve over the images seen. pyqtgraph is imported when there is something to draw."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class LossPlot(QWidget):
    """Curves with smoothing, log scale, range and a read-out. ``options_changed`` tells that the user changed one of these."""

    options_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loss_plot")

    def prepare(self) -> None:
        """Import pyqtgraph and build the plot now (0.5 s), when the window has been painted but nobody waits for it."""

    def append(self, images_seen: int, losses: Mapping[str, float]) -> None:
        """Add one point to each named curve; NaN leaves a gap. Drawn at most ten times a second."""

    def clear(self) -> None: ...

    @property
    def smoothing(self) -> float:
        """0 … 0.999."""
        raise NotImplementedError

    def set_smoothing(self, smoothing: float) -> None: ...

    @property
    def log_scale(self) -> bool:
        raise NotImplementedError

    def set_log_scale(self, log_scale: bool) -> None: ...

    @property
    def last_images(self) -> int:
        """How many of the last images are in range; 0 means all."""
        raise NotImplementedError

    def set_last_images(self, last_images: int) -> None: ...
