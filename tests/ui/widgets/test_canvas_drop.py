from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.widgets.conftest import Shown
from texgen_desktop.ui.widgets.canvas_view import CanvasView

COPY, LEFT, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
AT = QPointF(100, 100)


@pytest.fixture
def canvas(shown: Shown) -> CanvasView:
    canvas = CanvasView()
    shown(canvas, 300, 200)
    return canvas


def test_dropped_files_are_reported_as_paths(canvas: CanvasView, qtbot: QtBot, tmp_path: Path) -> None:
    photos = [tmp_path / "gravel <b>.jpg", tmp_path / "näste.png"]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo)) for photo in photos])
    entering = QDragEnterEvent(AT.toPoint(), COPY, data, LEFT, NONE)
    QApplication.sendEvent(canvas, entering)
    assert entering.isAccepted()
    with qtbot.waitSignal(canvas.files_dropped) as dropped:
        QApplication.sendEvent(canvas, QDropEvent(AT, COPY, data, LEFT, NONE))
    assert dropped.args == [photos]


@pytest.mark.parametrize("url", ["", "https://example.org/gravel.jpg"])
def test_what_is_no_file_of_this_computer_is_refused(canvas: CanvasView, qtbot: QtBot, url: str) -> None:
    data = QMimeData()
    data.setText("gravel")
    if url:
        data.setUrls([QUrl(url)])
    entering = QDragEnterEvent(AT.toPoint(), COPY, data, LEFT, NONE)
    entering.ignore()
    QApplication.sendEvent(canvas, entering)
    assert not entering.isAccepted()
