"""The runs panel: every training of this project, to look at again, to go on with, or to delete."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from texgen_desktop.engine.messages import RunInfo
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui import formatting
from texgen_desktop.ui.panel import Panel
from texgen_desktop.ui.parts import button, words
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.training_words import run_in_words


class RunsPanel(Panel):
    title = "Runs"
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    order = 20

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__(studio, settings)
        self._empty = words("Every training of this project is kept here.")
        self._list = QListWidget()
        self._list.setObjectName("runs")
        self._list.setAccessibleName("Runs of this project")
        self._list.setToolTip("The selected run is shown on the canvas and exported")
        self._list.setSpacing(SPACING.tiny)
        self._resume = button("resume_run", "play", "Resume", "Train on from this run's newest checkpoint")
        self._best = button("use_best", "swap", "Use the best", "")
        self._delete = button("delete_run", "trash", "Delete…", "Delete this run, its checkpoints and its model")
        self._really = button("delete_run_really", "trash", "Delete", "Delete it for good")
        self._keep = button("delete_run_cancel", "close", "Keep", "Delete nothing")
        self._question = words()
        self._foot = QStackedWidget()
        self._lay_out()
        self._list.currentRowChanged.connect(self._on_row_chosen)
        self._resume.clicked.connect(studio.resume)
        self._best.clicked.connect(studio.use_best)
        self._delete.clicked.connect(self._ask)
        self._really.clicked.connect(self._on_really)
        self._keep.clicked.connect(self._ask_nothing)

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        runs, run_id = _runs(new), new.project.run_id if new.project else None
        if old is None or _runs(old) != runs or old.families != new.families:
            self._show_runs(runs, new)
        if old is None or _runs(old) != runs or (old.project.run_id if old.project else None) != run_id:
            self._show_selected(runs, run_id)
        self._list.setEnabled(new.training == "idle")
        self._resume.setEnabled(new.can_resume and new.training == "idle")
        self._show_best(new)
        self._delete.setEnabled(new.can_edit_project and new.selected_run is not None)
        if not self._delete.isEnabled():
            self._ask_nothing()

    def _lay_out(self) -> None:
        foot = QWidget()
        buttons = QHBoxLayout(foot)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self._resume)
        buttons.addWidget(self._best)
        buttons.addWidget(self._delete)
        buttons.addStretch()
        ask = QWidget()
        question = QHBoxLayout(ask)
        question.setContentsMargins(0, 0, 0, 0)
        question.addWidget(self._question, stretch=1)
        question.addWidget(self._really)
        question.addWidget(self._keep)
        self._foot.addWidget(foot)
        self._foot.addWidget(ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.medium, SPACING.medium, SPACING.medium, SPACING.medium)
        column.addWidget(self._empty, alignment=Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._list, stretch=1)
        column.addWidget(self._foot)

    def _show_runs(self, runs: tuple[RunInfo, ...], state: StudioState) -> None:
        titles = {(family.id, preset.id): preset.title for family in state.families for preset in family.presets}
        with QSignalBlocker(self._list):
            self._list.clear()
            for run in runs:
                heading, line = run_in_words(run, titles.get((run.settings.family, run.settings.preset), run.settings.preset))
                item = QListWidgetItem(f"{heading}, {formatting.when(run.created)}\n{line}")
                item.setData(Qt.ItemDataRole.UserRole, run.id)
                self._list.addItem(item)
        self._empty.setVisible(not runs)
        self._list.setVisible(bool(runs))
        self._foot.setVisible(bool(runs))

    def _show_selected(self, runs: tuple[RunInfo, ...], run_id: str | None) -> None:
        row = next((row for row, run in enumerate(runs) if run.id == run_id), -1)
        with QSignalBlocker(self._list):
            self._list.setCurrentRow(row)
        self._ask_nothing()

    def _show_best(self, state: StudioState) -> None:
        seen = state.selected_run.best_images_seen if state.selected_run else None
        self._best.setVisible(seen is not None)
        self._best.setEnabled(state.can_use_best)
        if seen is not None:
            images = formatting.count(seen, "image")
            self._best.setToolTip(f"After {images} this run was nearer to the photo than at its end: make its model of that checkpoint")

    def _on_row_chosen(self, row: int) -> None:
        item = self._list.item(row)
        if item is not None:
            self.studio.select_run(item.data(Qt.ItemDataRole.UserRole))

    def _ask(self) -> None:
        run = self.studio.state.selected_run
        if run is not None:
            self._question.setText(f"Delete this run of {formatting.count(run.images_seen, 'image')}? It cannot be undone.")
            self._foot.setCurrentIndex(1)
            self._keep.setFocus()

    def _ask_nothing(self) -> None:
        self._foot.setCurrentIndex(0)

    def _on_really(self) -> None:
        run = self.studio.state.selected_run
        self._ask_nothing()
        if run is not None:
            self.studio.delete_run(run.id)


def _runs(state: StudioState) -> tuple[RunInfo, ...]:
    return state.project.runs if state.project else ()
