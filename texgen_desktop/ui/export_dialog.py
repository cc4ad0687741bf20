"""The export dialog: where to, how large, in which format; it stays open beside the work and shows how far it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from PySide6.QtCore import QSignalBlocker, QStandardPaths
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from texgen_desktop.engine.messages import ExportSettings
from texgen_desktop.errors import TexGenError
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui import export_words, formatting
from texgen_desktop.ui.export_status import ExportStatus
from texgen_desktop.ui.export_words import FORMATS, SIZE_PRESETS_PX, ExportFormat
from texgen_desktop.ui.parts import button, combo, warn, words
from texgen_desktop.ui.theme import SPACING, icon

MOST_FILES = 999
_PATH_DIGITS = 48


class ExportDialog(QDialog):
    """Not modal: the canvas stays in use while a file is written. Closed, it leaves the work alone, and shows it when opened again."""

    def __init__(self, studio: Studio, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._settings = settings
        self.setObjectName("export_dialog")
        self.setWindowTitle("Export")
        self._path = QLineEdit()
        self._browse = button("export_browse", "open", "Browse…", "Choose where to write")
        self._size = combo("export_size", "Size in pixels", "Width x height in pixels; type any size")
        self._swap = QToolButton()
        self._format = combo("export_format", "Format", "What is written, and in how many bits")
        self._format_note = words()
        self._tile_x = QCheckBox("Left and right")
        self._tile_y = QCheckBox("Top and bottom")
        self._count = QSpinBox()
        self._fit = words(line_count=2)
        self._amount = words()
        self._refusal = words(name="export_refusal", line_count=2)
        self._replace = QCheckBox()
        self._status = ExportStatus()
        self._start = button("export_start", "export", "Export", "Write the file")
        self._cancel = button("export_cancel", "close", "Close", "")
        self._describe()
        self._lay_out()
        self._recall()
        self._connect()
        self.show_state(None, studio.state)

    # ----------------------------------------------------------------------------------------------- building

    def _describe(self) -> None:
        self._path.setObjectName("export_path")
        self._path.setAccessibleName("File")
        self._path.setMinimumWidth(_PATH_DIGITS * self.fontMetrics().averageCharWidth())
        self._size.setEditable(True)
        self._size.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._size.addItems([f"{side_px}x{side_px}" for side_px in SIZE_PRESETS_PX])
        for each in FORMATS:
            self._format.addItem(each.label, each)
        self._swap.setObjectName("export_swap")
        self._swap.setIcon(icon("swap"))
        self._swap.setAccessibleName("Swap width and height")
        self._swap.setToolTip("Swap width and height")
        self._tile_x.setObjectName("export_tile_x")
        self._tile_x.setAccessibleName("Repeats left and right")
        self._tile_x.setToolTip("The left edge goes on from the right one")
        self._tile_y.setObjectName("export_tile_y")
        self._tile_y.setAccessibleName("Repeats top and bottom")
        self._tile_y.setToolTip("The top edge goes on from the bottom one")
        self._count.setObjectName("export_count")
        self._count.setAccessibleName("Variations")
        self._count.setRange(1, MOST_FILES)
        self._count.setToolTip("So many files, numbered, each with the next layout seed")
        warn(self._refusal)
        self._replace.setObjectName("export_replace")
        self._start.setDefault(True)
        self._cancel.setAutoDefault(False)
        self._browse.setAutoDefault(False)

    def _lay_out(self) -> None:
        repeats = QHBoxLayout()
        repeats.setSpacing(SPACING.large)
        repeats.addWidget(self._tile_x)
        repeats.addWidget(self._tile_y, stretch=1)
        size = QLabel("Size")
        size.setBuddy(self._size)  # what the form does by itself where a field is alone in its row
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("File", _row(self._path, self._browse))
        form.addRow("Format", self._format)
        form.addRow("", self._format_note)
        form.addRow(size, _row(self._size, self._swap))
        form.addRow("", self._fit)
        form.addRow("Repeats", repeats)
        form.addRow("Variations", self._count)
        form.addRow("", self._amount)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self._start)
        buttons.addWidget(self._cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.medium)
        column.addLayout(form)
        column.addWidget(self._refusal)
        column.addWidget(self._replace)
        column.addStretch()
        column.addWidget(self._status)
        column.addLayout(buttons)

    def _connect(self) -> None:
        self._path.textChanged.connect(self._on_path_changed)
        self._browse.clicked.connect(self._on_browse)
        self._size.currentTextChanged.connect(self._check)
        self._swap.clicked.connect(self._on_swap)
        self._format.currentIndexChanged.connect(self._on_format_chosen)
        self._tile_x.toggled.connect(self._check)
        self._tile_y.toggled.connect(self._check)
        self._count.valueChanged.connect(self._check)
        self._replace.toggled.connect(self._check)
        self._start.clicked.connect(self._on_start)
        self._cancel.clicked.connect(self._on_cancel)
        self._studio.state_changed.connect(self.show_state)

    # ------------------------------------------------------------------------------------------- the settings

    def _recall(self) -> None:
        """The settings of the last export, and a file name that is free."""
        remembered = self._settings
        self._format.setCurrentText(remembered.text("export/format", FORMATS[0].label))
        self._size.setCurrentText(remembered.text("export/size", f"{SIZE_PRESETS_PX[2]}x{SIZE_PRESETS_PX[2]}"))
        self._tile_x.setChecked(remembered.flag("export/tile_x", True))
        self._tile_y.setChecked(remembered.flag("export/tile_y", True))
        self._propose_path()

    def _remember(self, settings: ExportSettings) -> None:
        self._settings.remember("export/folder", str(settings.path.parent))
        self._settings.remember("export/format", self._chosen_format.label)
        self._settings.remember("export/size", f"{settings.width_px}x{settings.height_px}")
        self._settings.remember("export/tile_x", settings.tile_x)
        self._settings.remember("export/tile_y", settings.tile_y)

    def _propose_path(self) -> None:
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        folder = Path(self._settings.text("export/folder", pictures))
        if not os.access(folder, os.W_OK | os.X_OK):
            folder = Path.home()
        self._path.setText(str(export_words.free_path(folder, _name_of(self._studio.state), self._chosen_format.suffixes[0])))

    @property
    def _chosen_format(self) -> ExportFormat:
        return cast(ExportFormat, self._format.currentData())

    def _read(self) -> ExportSettings:
        """The settings as they stand; raises TexGenError when the size is none."""
        width_px, height_px = export_words.parse_size(self._size.currentText())
        chosen = self._chosen_format
        return ExportSettings(
            path=Path(export_words.with_suffix(self._path.text().strip(), chosen)),
            file_format=chosen.file_format,
            bits=chosen.bits,
            width_px=width_px,
            height_px=height_px,
            look=self._studio.state.look,
            tile_x=self._tile_x.isChecked(),
            tile_y=self._tile_y.isChecked(),
            count=self._count.value(),
        )

    # ------------------------------------------------------------------------------------------------ showing

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        self._status.show_state(old, new)
        if old is None or old.exporting != new.exporting:
            self._cancel.setText("Cancel" if new.exporting else "Close")
            self._cancel.setToolTip("Stop writing; no half-written file stays" if new.exporting else "Close this dialog")
            self._cancel.setEnabled(True)
        if old is None or old.model != new.model or old.can_export != new.can_export:
            self._check()

    def _check(self) -> None:
        """Say what the settings come to, what is wrong with them, and what they would replace."""
        state = self._studio.state
        refusal, replaced = "", tuple[str, ...]()
        try:
            settings = self._read()
            self._fit.setText(export_words.fit_in_words(settings, state.model.cell_px) if state.model else "")
            self._amount.setText(export_words.amount_in_words(settings))
            replaced = export_words.replaced_files(settings)
        except TexGenError as error:
            refusal = f"{error.message} {error.hint}"
        if state.model is None:
            refusal = "There is no texture to export yet."
        self._format_note.setText(self._chosen_format.note)
        self._refusal.setText(refusal)
        self._refusal.setVisible(bool(refusal))
        # The answer counts for this one file: another name asks anew.
        if not replaced:
            with QSignalBlocker(self._replace):
                self._replace.setChecked(False)
        self._replace.setText(_replace_in_words(replaced))
        self._replace.setVisible(bool(replaced) and not refusal)
        may_write = not replaced or self._replace.isChecked()
        self._start.setEnabled(state.can_export and not refusal and may_write)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous() and not self._studio.state.exporting:
            self._status.clear()
            self._propose_path()

    # ------------------------------------------------------------------------------------------- what is heard

    def _on_path_changed(self, text: str) -> None:
        named = export_words.format_of_suffix(Path(text.strip()).suffix)
        if named is not None and named.file_format != self._chosen_format.file_format:
            with QSignalBlocker(self._format):
                self._format.setCurrentText(named.label)
        with QSignalBlocker(self._replace):
            self._replace.setChecked(False)
        self._check()

    def _on_format_chosen(self) -> None:
        self._path.setText(export_words.with_suffix(self._path.text(), self._chosen_format))
        self._check()

    def _on_swap(self) -> None:
        try:
            width_px, height_px = export_words.parse_size(self._size.currentText())
        except TexGenError:
            return  # the refusal below already says that this is no size
        self._size.setCurrentText(f"{height_px}x{width_px}")

    def _on_browse(self) -> None:
        dialog = QFileDialog(self, "Export to", self._path.text())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # asked in this dialog, where the name may still change
        dialog.fileSelected.connect(self._path.setText)
        dialog.open()

    def _on_start(self) -> None:
        settings = self._read()
        self._path.setText(str(settings.path))
        self._remember(settings)
        self._studio.export(settings)

    def _on_cancel(self) -> None:
        if self._studio.state.exporting:
            self._status.show_cancelling()
            self._cancel.setEnabled(False)
            self._studio.cancel_export()
        else:
            self.close()


def _name_of(state: StudioState) -> str:
    if state.project is not None:
        return state.project.name
    return state.model.source.stem if state.model else "texture"


def _replace_in_words(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    # An ampersand would be read as a keyboard shortcut.
    first = formatting.one_line(names[0]).replace("&", "&&")
    if len(names) == 1:
        return f"Replace {first}, which exists already"
    return f"Replace {formatting.count(len(names), 'existing file')}, {first} among them"


def _row(wide: QWidget, narrow: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(wide, stretch=1)
    row.addWidget(narrow)
    return row
