"""The status bar: what the engine does, how large the tile is, and which device works."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QStatusBar

from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.formatting import pixels, rate
from texgen_desktop.ui.theme import SPACING

NOTICE_MS = 15_000

_ENGINE_WORDS = {
    "idle": "Ready",
    "starting": "Starting…",
    "running": "Training",
    "paused": "Paused",
    "stopping": "Stopping and saving…",
}


class StatusLine(QStatusBar):
    """Left: what the engine does, and notices. Right: its speed, the size of the tile and the device."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setContentsMargins(SPACING.medium, 0, SPACING.medium, 0)
        self._engine, self._facts = QLabel(), QLabel()
        self._engine.setObjectName("engine_state")
        self._facts.setObjectName("engine_facts")
        for label in (self._engine, self._facts):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.addWidget(self._engine)
        self.addPermanentWidget(self._facts)
        studio.state_changed.connect(self.show_state)
        studio.log_added.connect(self._on_log_added)

    @Slot(object, object)
    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        self._engine.setText(_engine_words(new))
        self._facts.setText("  ·  ".join(filter(None, (_speed(new), _tile(new), new.device))))

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


def _speed(state: StudioState) -> str:
    return f"{rate(state.progress.images_per_s)} images/s" if state.training == "running" and state.progress else ""


def _tile(state: StudioState) -> str:
    if state.model is None:
        return ""
    rows, columns = state.view.tile_cells
    return f"Tile {pixels(columns * state.model.cell_px, rows * state.model.cell_px)}"
