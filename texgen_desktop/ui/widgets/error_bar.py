"""The bar that says what went wrong and what to do; the traceback only on demand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from texgen_desktop.engine.messages import Problem
from texgen_desktop.ui.widgets.bar import Bar

DETAIL_HEIGHT_PX = 160


class ErrorBar(Bar):
    """Visible only while there is a problem."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("alert", "Problem", parent)
        self.setObjectName("error_bar")
        self._problem: Problem | None = None
        self._details = QPushButton("Details", self)
        self._details.setCheckable(True)
        self._details.setAccessibleName("Show the details of the problem")
        self._details.toggled.connect(self._on_details_toggled)
        self.buttons.addWidget(self._details)
        self._detail = QPlainTextEdit(self)
        self._detail.setReadOnly(True)
        self._detail.setAccessibleName("Details of the problem")
        self._detail.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._detail.setFixedHeight(DETAIL_HEIGHT_PX)
        self.column.addWidget(self._detail)
        self.closed.connect(self.dismissed)
        self.show_problem(None)

    def show_problem(self, problem: Problem | None) -> None:
        if problem == self._problem and problem is not None:
            return
        self._problem = problem
        if problem is not None:
            self.say(problem.message, problem.hint)
            self._detail.setPlainText(problem.detail)
        self._details.setChecked(False)
        self._details.setVisible(problem is not None and bool(problem.detail))
        self._detail.hide()
        self.setVisible(problem is not None)

    def _on_details_toggled(self, is_open: bool) -> None:
        self._detail.setVisible(is_open)
