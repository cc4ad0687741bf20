"""The bar that says what went wrong and what to do; the traceback only on demand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from texgen_desktop.engine.messages import Problem


class ErrorBar(QWidget):
    """Visible only while there is a problem."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_bar")

    def show_problem(self, problem: Problem | None) -> None: ...
