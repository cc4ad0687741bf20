"""The look of the program: Fusion, one neutral dark palette, one accent, spacing, and the icons in those colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Spacing:
    """Distances in logical pixels."""

    tiny: int = 2
    small: int = 4
    medium: int = 8
    large: int = 16


SPACING = Spacing()


def apply(app: QApplication) -> None:
    """Give the application style, palette and style sheet."""


def icon(name: str) -> QIcon:
    """``resources/icons/<name>.svg`` in the text colour, paler where disabled, in the accent colour where checked."""
    raise NotImplementedError
