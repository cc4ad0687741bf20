"""One number as a row: name, slider, number field, reset and, where asked for, a lock."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


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

    @property
    def value(self) -> float:
        raise NotImplementedError

    def set_value(self, value: float) -> None:
        """Show a value; emits nothing."""

    def set_locked(self, locked: bool) -> None:
        """Show the lock; emits nothing. A locked row can still be moved by hand."""
