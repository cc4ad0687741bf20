"""The status bar: what the engine does, how large the tile is, and which device works."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QStatusBar

from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.formatting import pixels, rate

NOTICE_MS = 15_000

_ENGINE_WORDS = {
    "idle": "Ready",
    "starting": "Starting…",
    "running": "Training",
    "paused": "Paused",
    "stopping": "Stopping and saving…",
}


class StatusLine(QStatusBar):
    """Left: notices and the engine's state. Right: speed, tile size and device, which stay."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._engine, self._speed, self._tile, self._device = (QLabel() for _ in range(4))
        self.addWidget(self._engine)
        for label in (self._speed, self._tile, self._device):
            label.setTextFormat(Qt.TextFormat.PlainText)
            self.addPermanentWidget(label)
        self._engine.setObjectName("engine_state")
        self._engine.setTextFormat(Qt.TextFormat.PlainText)
        self._device.setObjectName("device")
        studio.state_changed.connect(self.show_state)
        studio.log_added.connect(self._on_log_added)

    @Slot(object, object)
    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        self._engine.setText(_engine_words(new))
        is_running = new.training == "running" and new.progress is not None
        self._speed.setText(f"{rate(new.progress.images_per_s)} images/s" if is_running and new.progress else "")
        rows, columns = new.view.tile_cells
        self._tile.setText(f"Tile {pixels(columns * new.model.cell_px, rows * new.model.cell_px)}" if new.model else "")
        self._device.setText(new.device)

    @Slot(str, str)
    def _on_log_added(self, level: str, text: str) -> None:
        if level == "notice":
            self.showMessage(text, NOTICE_MS)


def _engine_words(state: StudioState) -> str:
    if state.engine_ended:
        return "The engine has ended"
    if not state.engine_ready:
        return "Preparing the engine…"
    if state.exporting:
        return "Exporting…" if state.training == "idle" else f"{_ENGINE_WORDS[state.training]}, exporting…"
    return _ENGINE_WORDS[state.training]
