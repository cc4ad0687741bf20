"""One number as a row: name, slider, number field, reset and, where asked for, a lock."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QWidget

from texgen_desktop.ui.formatting import tooltip
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.elided_label import ElidedLabel
from texgen_desktop.ui.widgets.row_parts import FIELD_WIDTH_PX, LABEL_WIDTH_PX, lock_button, quiet_field, tool_button
from texgen_desktop.ui.widgets.slider import FloatSlider


class SliderRow(QWidget):
    """``slider`` is a FloatSlider (a QSlider in floats) and ``field`` a QDoubleSpinBox: name them from outside."""

    value_changed = Signal(float)
    pressed = Signal()
    released = Signal()
    reset = Signal()
    lock_toggled = Signal(bool)

    def __init__(
        self,
        title: str,
        minimum: float = -1.0,
        maximum: float = 1.0,
        default: float = 0.0,
        tip: str = "",
        can_lock: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._default = default
        label = ElidedLabel(title, self)
        label.setFixedWidth(LABEL_WIDTH_PX)
        self.slider = FloatSlider(minimum, maximum, self)
        self.slider.setAccessibleName(title)
        self.slider.setMinimumWidth(60)
        self.field = quiet_field(QDoubleSpinBox(self), f"{title}, number")
        self.field.setRange(minimum, maximum)
        self.field.setSingleStep((maximum - minimum) / 40)
        self.field.setFixedWidth(FIELD_WIDTH_PX)
        self._reset = tool_button(self, "reset", f"Back to {default:g}", f"Reset {title}")
        self._lock = lock_button(self, title, "Lock: Reset all leaves this as it is")
        room = self._lock.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # so that rows with and without a lock stand in line
        self._lock.setSizePolicy(room)
        self._lock.setVisible(can_lock)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.small)
        for part in (label, self.slider, self.field, self._reset, self._lock):
            row.addWidget(part)
        if tip:
            label.setToolTip(tooltip(f"{title}: {tip}"))
            self.slider.setToolTip(tooltip(tip))
        self.set_value(default)
        self.slider.valueChanged.connect(self._on_value_changed)
        self.slider.sliderPressed.connect(self.pressed)
        self.slider.sliderReleased.connect(self.released)
        self.field.valueChanged.connect(self._on_value_changed)
        self._reset.clicked.connect(self._on_reset_clicked)
        self._lock.toggled.connect(self.lock_toggled)

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show a value; emits nothing."""
        self._value = value
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):
            self.slider.setValue(value)
            self.field.setValue(value)
        self._reset.setEnabled(value != self._default)

    def set_locked(self, locked: bool) -> None:
        """Show the lock; emits nothing. A locked row can still be moved by hand."""
        with QSignalBlocker(self._lock):
            self._lock.setChecked(locked)

    def _on_value_changed(self, value: float) -> None:
        self.set_value(value)
        self.value_changed.emit(value)

    def _on_reset_clicked(self) -> None:
        self.set_value(self._default)
        self.slider.setFocus()  # the button is about to be disabled, which would send the focus away
        self.reset.emit()
