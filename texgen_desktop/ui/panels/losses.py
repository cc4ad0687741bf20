"""The losses panel: every loss of the run as a curve over the images seen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from texgen_desktop.engine.messages import LossesLoaded, TrainingProgress
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.panel import Panel
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.plot import DEFAULT_SMOOTHING, LossPlot


class LossesPanel(Panel):
    title = "Losses"
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    order = 10

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__(studio, settings)
        self._plot = LossPlot()
        self._plot.set_smoothing(settings.number("losses/smoothing", DEFAULT_SMOOTHING))
        self._plot.set_log_scale(settings.flag("losses/log_scale", False))
        self._plot.set_last_images(int(settings.number("losses/last_images", 0)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING.small, SPACING.small, SPACING.small, SPACING.small)
        layout.addWidget(self._plot)
        self._plot.options_changed.connect(self._remember_options)
        studio.losses_added.connect(self._add)
        studio.losses_reset.connect(self._plot.clear)
        studio.losses_loaded.connect(self._load)

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        """The curves travel beside the state."""

    def _add(self, progress: TrainingProgress) -> None:
        self._plot.append(progress.images_seen, dict(progress.losses))

    def _load(self, event: LossesLoaded) -> None:
        self._plot.load(event.images_seen, dict(event.values))

    def _remember_options(self) -> None:
        self.settings.remember("losses/smoothing", self._plot.smoothing)
        self.settings.remember("losses/log_scale", self._plot.log_scale)
        self.settings.remember("losses/last_images", self._plot.last_images)
