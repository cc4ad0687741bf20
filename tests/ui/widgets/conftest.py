"""Widgets by themselves: shown, themed, and closed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import shiboken6
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from texgen_desktop.ui import theme

Grab = Callable[[QWidget], NDArray[np.uint8]]
Shown = Callable[[QWidget, int, int], QWidget]


@pytest.fixture
def shown(qapp: QApplication) -> Iterator[Shown]:
    """Show a widget at a size, as an active window; it is deleted after the test."""
    theme.apply(qapp)
    widgets: list[QWidget] = []

    def show(widget: QWidget, width: int, height: int) -> QWidget:
        widgets.append(widget)
        widget.resize(width, height)
        widget.show()
        widget.activateWindow()
        qapp.processEvents()
        return widget

    yield show
    for widget in widgets:
        widget.close()
        shiboken6.delete(widget)


@pytest.fixture
def grab(qapp: QApplication) -> Grab:
    """What a widget looks like, (H, W, 3) uint8."""

    def look(widget: QWidget) -> NDArray[np.uint8]:
        qapp.processEvents()
        image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    return look


@pytest.fixture
def noise() -> NDArray[np.uint8]:
    """A tile of 60 × 60 texels, no two alike."""
    return np.random.default_rng(3).integers(0, 256, (60, 60, 3), np.uint8)
