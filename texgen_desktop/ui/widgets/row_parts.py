"""The small parts that slider and seed rows share."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QToolButton, QWidget

from texgen_desktop.ui import theme
from texgen_desktop.ui.formatting import tooltip
from texgen_desktop.ui.widgets.wheel import leave_wheel

ICON_PX = 16
LABEL_WIDTH_PX = 92
FIELD_WIDTH_PX = 72

SpinBox = TypeVar("SpinBox", bound=QAbstractSpinBox)


def tool_button(parent: QWidget, icon_name: str, tip: str, name: str) -> QToolButton:
    """A flat button that the keyboard reaches; ``name`` is what a screen reader says."""
    button = QToolButton(parent)
    button.setIcon(theme.icon(icon_name))
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(name)
    button.setToolTip(tooltip(tip))
    return button


def lock_button(parent: QWidget, title: str, tip: str) -> QToolButton:
    button = tool_button(parent, "unlock", tip, f"Lock {title}")
    button.setIcon(theme.icon("unlock", "lock"))
    button.setCheckable(True)
    return button


def quiet_field(field: SpinBox, name: str) -> SpinBox:
    """A number field that reports finished numbers, not each typed digit, and does not take the wheel from a scrolling area."""
    field.setKeyboardTracking(False)
    field.setAccessibleName(name)
    leave_wheel(field)
    return field
