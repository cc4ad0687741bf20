"""A real window whose engine only takes notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication

from tests.studio.builders import Recorder
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.main_window import MainWindow


@pytest.fixture
def engine() -> Recorder:
    return Recorder()


@pytest.fixture
def window(qapp: QApplication, engine: Recorder, tmp_path: Path) -> Iterator[MainWindow]:
    """The whole window, shown and painted, with settings of its own."""
    window = MainWindow(Studio(engine), Settings(tmp_path), lambda: None)
    window.show()
    qapp.processEvents()
    yield window
    window.close()
    studio = window.studio
    shiboken6.delete(window)
    shiboken6.delete(studio)
