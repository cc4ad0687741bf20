"""The list of steps: what is done to a picture, in which order and how; kept under names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from texgen_desktop.engine.messages import OperatorInfo, StepSettings
from texgen_desktop.operators import open_chain
from texgen_desktop.ui.config_form import ConfigForm
from texgen_desktop.ui.parts import button, combo, words
from texgen_desktop.ui.retouch.corners import Corners, corners_of, moved
from texgen_desktop.ui.theme import SPACING

_ROWS_SHOWN = 4
_STEP = Qt.ItemDataRole.UserRole


@dataclass(eq=False)
class Step:
    """One row; ``values`` are those that differ from the defaults."""

    info: OperatorInfo
    values: dict[str, Any] = field(default_factory=dict)


class StepsEditor(QWidget):
    """Steps are added from a list, switched on and off, dragged or moved into order; the form below belongs to the selected one."""

    changed = Signal()
    selected = Signal()
    """Another step is shown in the form, or none."""
    learn_wanted = Signal(object, bool)
    """(OperatorInfo of the selected step, whether from the picture on the desk; else from files)"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._operators: tuple[OperatorInfo, ...] = ()
        self._add = combo("retouch_add_step", "Add a step", "What else is to be done")
        self._list = QListWidget()
        self._list.setObjectName("retouch_steps")
        self._list.setAccessibleName("Steps")
        self._list.setToolTip("Done from top to bottom. Drag to change the order; without its tick a step is left out")
        self._list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self._up = button("retouch_step_up", "", "Up", "Do the step earlier")
        self._down = button("retouch_step_down", "", "Down", "Do the step later")
        self._remove = button("retouch_step_remove", "trash", "Remove", "Take the step off the list")
        self._about = words(name="retouch_step_about")
        self._form = ConfigForm()
        self._learn = QWidget()
        self._learn_files = button("retouch_learn", "", "Files…", "Teach this step on pictures of your own, in minutes")
        self._learn_this = button("retouch_learn_this", "", "This picture…", "")
        self.offer_learning(False, False)
        self._lay_out()
        self._add.activated.connect(self._on_add)
        self._list.currentRowChanged.connect(self._show_step)
        self._list.itemChanged.connect(self.changed)
        self._list.model().rowsMoved.connect(self.changed)
        self._up.clicked.connect(lambda: self._move(-1))
        self._down.clicked.connect(lambda: self._move(1))
        self._remove.clicked.connect(self._on_remove)
        self._form.values_changed.connect(self._on_edited)
        self._learn_files.clicked.connect(lambda: self._on_learn(False))
        self._learn_this.clicked.connect(lambda: self._on_learn(True))
        self._show_step()

    def _lay_out(self) -> None:
        self._list.setFixedHeight(_ROWS_SHOWN * (self.fontMetrics().height() + SPACING.medium))
        order = QHBoxLayout()
        for each in (self._up, self._down, self._remove):
            order.addWidget(each)
        learn = QHBoxLayout(self._learn)
        learn.setContentsMargins(0, 0, 0, 0)
        learn.addWidget(QLabel("Learn from"))
        learn.addWidget(self._learn_this, 1)
        learn.addWidget(self._learn_files, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addWidget(self._add)
        column.addWidget(self._list)
        column.addLayout(order)
        column.addWidget(self._about)
        column.addWidget(self._form)
        column.addWidget(self._learn)

    # ---------------------------------------------------------------------------------------------- its steps

    def set_operators(self, operators: tuple[OperatorInfo, ...]) -> None:
        """What there is to choose from. A list that is empty begins with a repair."""
        self._operators = operators
        self._add.clear()
        self._add.addItem("Add a step…")
        for info in operators:
            self._add.addItem(info.title, info.id)
            self._add.setItemData(self._add.count() - 1, info.description, Qt.ItemDataRole.ToolTipRole)
        if not self._list.count():
            self.set_steps([{"operator": "repair", "settings": {}}])

    def steps(self) -> tuple[StepSettings, ...]:
        """Those that are switched on, from the first to the last."""
        rows = range(self._list.count())
        chosen = [self._step_of(row) for row in rows if self._list.item(row).checkState() == Qt.CheckState.Checked]
        return tuple(StepSettings(step.info.id, tuple(step.values.items())) for step in chosen)

    def plain(self) -> list[dict[str, Any]]:
        """All of them, as a preset file holds them."""
        found = []
        for row in range(self._list.count()):
            step, is_on = self._step_of(row), self._list.item(row).checkState() == Qt.CheckState.Checked
            found.append({"operator": step.info.id, "settings": step.values} | ({} if is_on else {"is_on": False}))
        return found

    @property
    def needs_mask(self) -> bool:
        known = {info.id: info for info in self._operators}
        return any(known[step.operator].needs_mask for step in self.steps())

    def set_steps(self, plain: list[dict[str, Any]]) -> list[str]:
        """Take a list as a preset file holds it; returns the steps that are not known here, which are left out."""
        known = {info.id: info for info in self._operators}
        self._list.clear()
        unknown = []
        for entry in plain:
            info = known.get(entry["operator"])
            if info is None:
                unknown.append(str(entry["operator"]))
            else:
                self._append(Step(info, dict(entry.get("settings", {}))), entry.get("is_on", True))
        self._list.setCurrentRow(0)
        self.changed.emit()
        return unknown

    def set_model(self, operator_id: str, model: str) -> None:
        """Let the steps of this operator use a model of one's own from now on."""
        for row in range(self._list.count()):
            step = self._step_of(row)
            if step.info.id == operator_id:
                step.values["model"] = model
        self._show_step()

    def offer_learning(self, is_possible: bool, is_in_file: bool) -> None:
        """Whether a step can learn now, and whether from what lies on the desk: that is read from its file."""
        self._learn_files.setEnabled(is_possible)
        self._learn_this.setEnabled(is_possible and is_in_file)
        tip = "Teach this step on the picture that is open, in minutes"
        self._learn_this.setToolTip(tip if is_in_file else f"{tip}: open one, or save it first")

    @property
    def corners(self) -> Corners | None:
        """Of the selected step, if it has some."""
        step = self._selected()
        return corners_of(step.info, step.values) if step else None

    def move_corner(self, index: int, x: float, y: float) -> None:
        """Lay one corner of the selected step elsewhere: shares of the picture."""
        if (step := self._selected()) and self.corners is not None:
            self._form.set_values({}, step.values | moved(index, (x, y)))
            self._on_edited()

    def _append(self, step: Step, is_on: bool = True) -> None:
        item = QListWidgetItem(step.info.title)
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsDragEnabled
        )
        item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
        item.setToolTip(step.info.description)
        item.setData(_STEP, step)
        self._list.addItem(item)

    def _on_add(self, index: int) -> None:
        operator_id = self._add.itemData(index)
        self._add.setCurrentIndex(0)
        if operator_id:
            self._append(Step(next(info for info in self._operators if info.id == operator_id)))
            self._list.setCurrentRow(self._list.count() - 1)
            self.changed.emit()

    def _move(self, by: int) -> None:
        row = self._list.currentRow()
        if 0 <= row + by < self._list.count():
            item = self._list.takeItem(row)
            self._list.insertItem(row + by, item)
            self._list.setCurrentRow(row + by)
            self.changed.emit()

    def _on_remove(self) -> None:
        if self._list.currentRow() >= 0:
            self._list.takeItem(self._list.currentRow())
            self._show_step()
            self.changed.emit()

    def _selected(self) -> Step | None:
        row = self._list.currentRow()
        return self._step_of(row) if row >= 0 else None

    def _step_of(self, row: int) -> Step:
        step = self._list.item(row).data(_STEP)
        assert isinstance(step, Step)
        return step

    def _show_step(self, row: int = -1) -> None:
        step = self._selected()
        for each in (self._up, self._down, self._remove):
            each.setEnabled(step is not None)
        self._about.setText(step.info.description if step else "No step is selected.")
        self._form.set_fields(step.info.fields if step else ())
        self._form.set_values({}, step.values if step else {})
        self._learn.setVisible(step is not None and step.info.can_learn)
        self.selected.emit()

    def _on_edited(self) -> None:
        if step := self._selected():
            step.values = dict(self._form.overrides())
            self.changed.emit()

    def _on_learn(self, from_this: bool) -> None:
        if step := self._selected():
            self.learn_wanted.emit(step.info, from_this)


class Presets(QWidget):
    """Lists of steps under names, each a .json file in ``folder`` that the command line takes too."""

    chosen = Signal(list)
    """The steps of the preset, as its file holds them."""
    failed = Signal(str)

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.box = combo("retouch_presets", "Saved lists of steps", "Steps that were saved under a name")
        self.save = QPushButton("Save…")
        self.save.setObjectName("retouch_save_steps")
        self.save.setToolTip("Keep these steps under a name; the command line takes the file too")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box, 1)
        row.addWidget(self.save)
        self.box.activated.connect(self._on_activated)
        self._fill("")

    def path_of(self, name: str) -> Path:
        """Where the steps of this name are kept."""
        stem = "".join(char for char in name.strip() if char.isalnum() or char in " -_")[:60] or "steps"
        return self._folder / f"{stem}.json"

    def keep(self, name: str, plain: list[dict[str, Any]]) -> None:
        """Write the steps under a name, in place of those that were there."""
        path = self.path_of(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.stem}.part")
            part.write_text(json.dumps(plain, indent=1), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            self.failed.emit(f"The steps could not be saved: {error.strerror}.")
            return
        self._fill(path.stem)

    def _fill(self, selected: str) -> None:
        self.box.clear()
        self.box.addItem("Saved steps…")
        for path in sorted(self._folder.glob("*.json")):
            self.box.addItem(path.stem, str(path))
        self.box.setCurrentIndex(max(0, self.box.findText(selected)) if selected else 0)

    def _on_activated(self, index: int) -> None:
        path = self.box.itemData(index)
        if not path:
            return
        try:
            steps = open_chain(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            self.failed.emit(f"{Path(path).name} holds no steps: {error}.")
            return
        self.chosen.emit([{"operator": step.operator, "settings": step.settings, "is_on": step.is_on} for step in steps])
