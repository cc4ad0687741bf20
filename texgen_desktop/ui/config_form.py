"""A form for any family's config: one row for each field, the editor chosen by the field's kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, Signal, SignalInstance
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QSizePolicy, QSpinBox, QToolButton, QWidget

from texgen_desktop.engine.messages import FieldInfo
from texgen_desktop.ui.formatting import tooltip
from texgen_desktop.ui.parts import words
from texgen_desktop.ui.theme import icon
from texgen_desktop.ui.widgets.file_field import FileField
from texgen_desktop.ui.widgets.wheel import leave_wheel

_INT_LIMIT = 2**31 - 1
_FLOAT_LIMIT = 1e12
_DECIMALS = 7


@dataclass(frozen=True)
class Editor:
    """A widget that shows one value, and how to reach that value."""

    widget: QWidget
    read: Callable[[], Any]
    write: Callable[[Any], None]
    changed: SignalInstance


class _FloatBox(QDoubleSpinBox):
    """Shows as many digits as the value has: 0.0002 and 10, not 0.000200 and 10.000000."""

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g", 6)


def _int_editor(field: FieldInfo) -> Editor:
    box = QSpinBox()
    box.setGroupSeparatorShown(True)
    box.setRange(
        -_INT_LIMIT if field.minimum is None else int(field.minimum) + field.is_above_minimum,
        _INT_LIMIT if field.maximum is None else int(field.maximum),
    )
    box.setSuffix(f" {field.unit}" if field.unit else "")
    box.setKeyboardTracking(False)
    return Editor(box, box.value, box.setValue, box.valueChanged)


def _float_editor(field: FieldInfo) -> Editor:
    box = _FloatBox()
    box.setDecimals(_DECIMALS)
    box.setRange(
        -_FLOAT_LIMIT if field.minimum is None else field.minimum + field.is_above_minimum * 10.0**-_DECIMALS,
        _FLOAT_LIMIT if field.maximum is None else field.maximum,
    )
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    box.setSuffix(f" {field.unit}" if field.unit else "")
    box.setKeyboardTracking(False)
    return Editor(box, box.value, box.setValue, box.valueChanged)


def _bool_editor(field: FieldInfo) -> Editor:
    box = QCheckBox()
    return Editor(box, box.isChecked, box.setChecked, box.toggled)


def _choice_editor(field: FieldInfo) -> Editor:
    box = QComboBox()
    box.addItems(field.choices)
    return Editor(box, box.currentText, box.setCurrentText, box.currentTextChanged)


def _file_editor(field: FieldInfo) -> Editor:
    box = FileField()
    return Editor(box, box.text, box.set_text, box.changed)


EDITORS: Mapping[str, Callable[[FieldInfo], Editor]] = {
    "int": _int_editor,
    "float": _float_editor,
    "bool": _bool_editor,
    "choice": _choice_editor,
    "file": _file_editor,
}


class _Row(QObject):
    """Label, editor and reset button of one field."""

    changed = Signal()

    def __init__(self, field: FieldInfo, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        self.default = field.default
        self._is_open = True
        self._title = field.name.removesuffix(f"_{field.unit}").replace("_", " ").capitalize()
        self._editor = EDITORS[field.kind](field)
        self.label = words(self._title)
        self.widget = self._editor.widget
        self.reset_button = QToolButton()
        self._describe()
        self._editor.changed.connect(self._on_edited)
        self.reset_button.clicked.connect(self.reset)
        self.write(field.default)

    def read(self) -> Any:
        return self._editor.read()

    def write(self, value: Any) -> None:
        """Show a value without reporting it as a change."""
        with QSignalBlocker(self.widget):
            self._editor.write(value)
        self._show_difference()

    def reset(self) -> None:
        self.write(self.default)
        self.changed.emit()

    def set_open(self, is_open: bool) -> None:
        self._is_open = is_open
        for part in (self.label, self.widget):
            part.setEnabled(is_open)
        self._show_difference()

    @property
    def differs(self) -> bool:
        return bool(self.read() != self.default)

    def _describe(self) -> None:
        self.label.setBuddy(self.widget)
        self.widget.setObjectName(f"config_{self.field.name}")
        self.widget.setAccessibleName(self._title)
        self.widget.setAccessibleDescription(self.field.description)
        self.reset_button.setObjectName(f"config_{self.field.name}_reset")
        self.reset_button.setIcon(icon("reset"))
        self.reset_button.setAutoRaise(True)
        self.reset_button.setAccessibleName(f"Reset {self._title.lower()}")
        tip = self.field.description + _range_in_words(self.field)
        self.label.setToolTip(tooltip(tip))
        self.widget.setToolTip(tooltip(tip))

    def _on_edited(self) -> None:
        self._show_difference()
        self.changed.emit()

    def _show_difference(self) -> None:
        self.reset_button.setEnabled(self.differs and self._is_open)
        font = self.label.font()
        font.setBold(self.differs)
        self.label.setFont(font)
        self.reset_button.setToolTip(tooltip(f"Back to {self.default} {self.field.unit}".rstrip()))


class ConfigForm(QWidget):
    """Edits the fields of a config that may differ from the preset; it knows no family by name."""

    values_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[_Row, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._grid.setColumnStretch(1, 1)

    def set_fields(self, fields: tuple[FieldInfo, ...]) -> None:
        """Build the rows anew, in the order of the fields."""
        for row in self._rows:
            for widget in (row.label, row.widget, row.reset_button):
                widget.setParent(None)  # out of the tree at once: a new row may bear the same name
                widget.deleteLater()
            row.deleteLater()
        self._rows = tuple(_Row(field, self) for field in fields)
        for index, row in enumerate(self._rows):
            self._grid.addWidget(row.label, index, 0)
            self._grid.addWidget(row.widget, index, 1)
            self._grid.addWidget(row.reset_button, index, 2)
            leave_wheel(row.widget)
            row.changed.connect(self.values_changed)

    def set_live_only(self, live_only: bool) -> None:
        """Leave only those fields open that may be changed while a run trains."""
        for row in self._rows:
            row.set_open(row.field.is_live or not live_only)

    def set_values(self, preset: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
        """Show the preset's values with the overrides on top; nothing is reported as a change.

        The overrides may come from a file: one that its editor cannot hold is passed over.
        """
        for row in self._rows:
            row.default = preset.get(row.field.name, row.field.default)
            value = overrides.get(row.field.name, row.default)
            row.write(value if _can_hold(row.field, value) else row.default)

    def live_values(self) -> dict[str, Any]:
        """What stands in the fields that may be changed while a run trains."""
        return {row.field.name: row.read() for row in self._rows if row.field.is_live}

    def overrides(self) -> tuple[tuple[str, Any], ...]:
        """(field, value) of every field that differs from the preset, in the order of the form."""
        return tuple((row.field.name, row.read()) for row in self._rows if row.differs)


def _can_hold(field: FieldInfo, value: object) -> bool:
    match field.kind:
        case "bool":
            return isinstance(value, bool)
        case "choice":
            return value in field.choices
        case "int":
            return isinstance(value, int) and abs(value) <= _INT_LIMIT
        case "float":
            return isinstance(value, int | float) and abs(value) <= _FLOAT_LIMIT
        case "file":
            return isinstance(value, str)


def _range_in_words(field: FieldInfo) -> str:
    match field.minimum, field.maximum:
        case None, None:
            return ""
        case minimum, None:
            return f"\nAbove {minimum:g}" if field.is_above_minimum else f"\nAt least {minimum:g}"
        case None, maximum:
            return f"\nAt most {maximum:g}"
        case minimum, maximum:
            return f"\nAbove {minimum:g}, up to {maximum:g}" if field.is_above_minimum else f"\n{minimum:g} to {maximum:g}"
