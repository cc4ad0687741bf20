"""The quality panel: how near the texture has come to the photo, whether it repeats it, and where."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout

from texgen_desktop.engine.messages import TrainingProgress
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.panel import Panel
from texgen_desktop.ui.parts import button, words
from texgen_desktop.ui.quality_words import copies_in_words, judged_in_words, memory_in_words, seam_in_words, structure_in_words
from texgen_desktop.ui.theme import SPACING


class QualityPanel(Panel):
    title = "Quality"
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    order = 15

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__(studio, settings)
        self._judge = button("judge_button", "", "Judge", "Compare the texture that is shown with the photo; takes some seconds")
        self._state = words(name="quality_state")
        self._readings = {name: words(name=f"quality_{name.lower()}") for name in ("Structure", "Copies", "Seam", "Memory")}
        self._shows_copies = QCheckBox("Show on the canvas where it lies too near to the photo")
        self._shows_copies.setObjectName("show_copies")
        rows = QFormLayout()
        for name, label in self._readings.items():
            label.setAccessibleName(name)
            rows.addRow(name, label)
        self._forget()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.medium, SPACING.medium, SPACING.medium, SPACING.medium)
        column.addWidget(self._judge, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._state)
        column.addLayout(rows)
        column.addWidget(self._shows_copies)
        column.addStretch()
        self._judge.clicked.connect(studio.judge)
        studio.losses_added.connect(self._on_progress)
        studio.losses_reset.connect(self._forget)
        self._shows_copies.toggled.connect(self._on_show_toggled)

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        self._judge.setEnabled(new.can_judge)
        if old is None or (old.judged, old.is_judging, old.look) != (new.judged, new.is_judging, new.look):
            self._show_readings(new)
        with QSignalBlocker(self._shows_copies):
            self._shows_copies.setChecked(new.view.shows_copies)

    def _show_readings(self, state: StudioState) -> None:
        judged = state.judged
        texts = ("", "", "")
        if judged is not None:
            texts = (structure_in_words(judged.structure), copies_in_words(judged.copy), seam_in_words(judged.seam))
        for name, text in zip(("Structure", "Copies", "Seam"), texts, strict=True):
            self._readings[name].setText(text or "–")
        self._shows_copies.setEnabled(judged is not None)
        if state.is_judging:
            self._state.setText("Judging…")
        elif judged is None:
            self._state.setText("Judged are the structure beyond mere noise, copies of the photo, and the seam.")
        else:
            self._state.setText(judged_in_words(judged.images_seen, judged.look != state.look))

    def _on_progress(self, progress: TrainingProgress) -> None:
        """What a critic knows by heart, of families that hold pictures out to find that out."""
        by_heart = dict(progress.losses).get("learnt by heart")
        if by_heart is not None:
            self._readings["Memory"].setText(memory_in_words(by_heart))

    def _forget(self) -> None:
        self._readings["Memory"].setText("–")

    def _on_show_toggled(self, shows: bool) -> None:
        self.studio.set_view(shows_copies=shows)
