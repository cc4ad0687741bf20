"""How far an export is, and what came of it."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from texgen_desktop.studio.state import StudioState
from texgen_desktop.ui import formatting
from texgen_desktop.ui.parts import button, warn, words
from texgen_desktop.ui.theme import SPACING

PROGRESS_STEPS = 1000


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
            self._show_outcome(old, new)

    def _show_progress(self, done: float, seconds_left: float | None) -> None:
        self._progress.setValue(round(PROGRESS_STEPS * done))
        self._progress.setFormat(f"{100 * done:.0f} %")
        if not self._is_cancelling:
            self._result.setText("Writing…" if seconds_left is None else f"Writing, about {formatting.duration(seconds_left)} left")

    def _show_outcome(self, old: StudioState, new: StudioState) -> None:
        self._progress.setVisible(False)
        if new.problem is not None and new.problem != old.problem:
            warn(self._result)
            self._result.setText(f"{new.problem.message} {new.problem.hint}".rstrip())
        elif not new.last_export:
            self._result.setText("Cancelled. Nothing was written.")
        else:
            first, *others = new.last_export
            self._folder = QUrl.fromLocalFile(str(first.parent))
            more = f" and {formatting.count(len(others), 'more file')}" if others else ""
            self._result.setText(f"Written: {formatting.one_line(first.name)}{more}")
            self._result.setToolTip(formatting.tooltip("\n".join(str(path) for path in new.last_export[:20])))
            self._show_folder.setVisible(True)

    def _on_show_folder(self) -> None:
        QDesktopServices.openUrl(self._folder)
