"""One seed: its number, a re-roll, a lock, and the strength of its noise."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from texgen_desktop.engine.messages import LARGEST_SEED, LARGEST_STRENGTH
from texgen_desktop.ui.formatting import tooltip
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.elided_label import ElidedLabel
from texgen_desktop.ui.widgets.row_parts import LABEL_WIDTH_PX, lock_button, quiet_field, tool_button
from texgen_desktop.ui.widgets.slider_row import SliderRow


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
        label = ElidedLabel(title, self)
        label.setFixedWidth(LABEL_WIDTH_PX)
        self.field = quiet_field(QSpinBox(self), title)
        self.field.setRange(0, LARGEST_SEED)
        self._reroll = tool_button(self, "dice", "Another seed", f"Re-roll {title}")
        self._lock = lock_button(self, title, "Lock: re-roll and Reset all leave this seed as it is, Reset all its strength too")
        self.strength = SliderRow(
            "Strength",
            0.0,
            LARGEST_STRENGTH,
            1.0,
            tip="0 is no noise, 1 is the noise the model was trained with",
            can_lock=False,
            parent=self,
        )
        self.strength.slider.setAccessibleName(f"{title}, strength")
        if tip:
            label.setToolTip(tooltip(f"{title}: {tip}"))
            self.field.setToolTip(tooltip(tip))
        first = QHBoxLayout()
        first.setSpacing(SPACING.small)
        first.addWidget(label)
        first.addWidget(self.field, 1)
        first.addWidget(self._reroll)
        first.addWidget(self._lock)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(first)
        column.addWidget(self.strength)
        self.field.valueChanged.connect(self.value_changed)
        self._reroll.clicked.connect(self._on_reroll_clicked)
        self._lock.toggled.connect(self.lock_toggled)
        self.strength.value_changed.connect(self.strength_changed)
        self.strength.pressed.connect(self.strength_pressed)
        self.strength.released.connect(self.strength_released)
        self.strength.reset.connect(self.strength_reset)

    def set_value(self, seed: int) -> None:
        """Show a seed, the nearest one where the field cannot hold it; emits nothing."""
        with QSignalBlocker(self.field):
            self.field.setValue(min(max(seed, 0), LARGEST_SEED))

    def set_strength(self, strength: float) -> None:
        """Emits nothing."""
        self.strength.set_value(strength)

    def set_locked(self, locked: bool) -> None:
        """Emits nothing."""
        with QSignalBlocker(self._lock):
            self._lock.setChecked(locked)
        self._reroll.setEnabled(not locked)

    def _on_reroll_clicked(self) -> None:
        self.rerolled.emit()
