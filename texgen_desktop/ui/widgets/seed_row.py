"""One seed: its number, a re-roll, a lock, and the strength of its noise."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class SeedRow(QWidget):
    """``field`` is the QSpinBox of the seed and ``strength`` the SliderRow below it (0 … 1.5): name them from outside."""

    value_changed = Signal(int)
    rerolled = Signal()
    lock_toggled = Signal(bool)
    strength_changed = Signal(float)
    strength_pressed = Signal()
    strength_released = Signal()
    strength_reset = Signal()

    def __init__(self, title: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_value(self, seed: int) -> None:
        """Show a seed in 0 … 2**31 - 1; emits nothing."""

    def set_strength(self, strength: float) -> None:
        """Emits nothing."""

    def set_locked(self, locked: bool) -> None:
        """Emits nothing."""
