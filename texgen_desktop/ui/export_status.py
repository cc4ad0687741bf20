"""How far an export is, and what came of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from texgen_desktop.studio.state import StudioState
from texgen_desktop.ui import formatting
from texgen_desktop.ui.parts import button, warn, words
from texgen_desktop.ui.theme import SPACING

PROGRESS_STEPS = 1000
_LISTED_FILES = 20


class ExportStatus(QWidget):
    """A progress bar while a file is written, one sentence after it, and the way to the written file."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = QUrl()
        self._is_cancelling = False
        self._progress = QProgressBar()
        self._progress.setObjectName("export_progress")
        self._progress.setAccessibleName("Export progress")
        self._progress.setRange(0, PROGRESS_STEPS)
        self._result = words(name="export_result")
        self._show_folder = button("export_show_folder", "open", "Show in Folder", "Open the folder of the written file")
        self._show_folder.setAutoDefault(False)
        line = QHBoxLayout()
        line.addWidget(self._result, stretch=1)
        line.addWidget(self._show_folder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.medium)
        column.addWidget(self._progress)
        column.addLayout(line)
        self._show_folder.clicked.connect(self._on_show_folder)
        self.clear()

    def clear(self) -> None:
        """Forget the last result."""
        self._progress.setVisible(False)
        self._result.clear()
        warn(self._result, False)
        self._show_folder.setVisible(False)

    def show_cancelling(self) -> None:
        self._is_cancelling = True
        self._result.setText("Cancelling…")

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        was_exporting = old is not None and old.exporting
        if new.exporting and not was_exporting:
            self.clear()
            self._is_cancelling = False
            self._progress.setVisible(True)
            self._show_progress(0.0, None)
        if new.exporting and new.export_progress is not None:
            self._show_progress(new.export_progress.done, new.export_progress.seconds_left)
        if old is not None and was_exporting and not new.exporting:
            self._show_outcome(new)

    def _show_progress(self, done: float, seconds_left: float | None) -> None:
        self._progress.setValue(round(PROGRESS_STEPS * done))
        self._progress.setFormat(f"{100 * done:.0f} %")
        if not self._is_cancelling:
            self._result.setText("Writing…" if seconds_left is None else f"Writing, about {formatting.duration(seconds_left)} left")

    def _show_outcome(self, state: StudioState) -> None:
        self._progress.setVisible(False)
        written = _in_words(state.last_export)
        if state.export_outcome == "finished":
            self._result.setText(f"Written: {written}")
        elif state.export_outcome != "stopped" and state.problem is not None:  # it failed, or was refused
            warn(self._result)
            before = f"Written before that: {written}" if written else ""
            self._result.setText(" ".join(filter(None, (state.problem.message, state.problem.hint, before))))
        else:
            self._result.setText(f"Cancelled. Written before that: {written}" if written else "Cancelled. Nothing was written.")
        self._result.setToolTip(formatting.tooltip("\n".join(str(path) for path in state.last_export[:_LISTED_FILES])))
        if state.last_export:
            self._folder = QUrl.fromLocalFile(str(state.last_export[0].parent))
            self._show_folder.setVisible(True)

    def _on_show_folder(self) -> None:
        QDesktopServices.openUrl(self._folder)


def _in_words(files: tuple[Path, ...]) -> str:
    if not files:
        return ""
    more = f" and {formatting.count(len(files) - 1, 'more file')}" if len(files) > 1 else ""
    return f"{formatting.one_line(files[0].name)}{more}"
