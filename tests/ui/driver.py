"""How the tests of the interface work: a real studio, an engine that only takes notes, and widgets found by their names."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import shiboken6
from PySide6.QtWidgets import QWidget

from tests.studio.builders import Recorder
from texgen_desktop.engine.messages import Event
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.panel import Panel

W = TypeVar("W", bound=QWidget)
P = TypeVar("P", bound=Panel)


class Session:
    """``say`` what the engine would; ``engine.posted`` lists what it was asked for.

    >>> session = Session(tmp_path)
    >>> panel = session.show(TrainingPanel)
    >>> session.say(READY, ProjectChanged(PROJECT))
    >>> child(panel, QPushButton, "train_button").click()
    >>> assert session.engine.others() == [Train(TrainSettings())]
    """

    def __init__(self, settings_folder: Path) -> None:
        self.engine = Recorder()
        self.studio = Studio(self.engine)
        self.settings = Settings(settings_folder)
        self._panels: list[Panel] = []

    def say(self, *events: Event) -> None:
        for event in events:
            self.studio.on_event(event)

    def show(self, panel_type: type[P], size_px: tuple[int, int] = (320, 480)) -> P:
        """A panel as the window makes one."""
        panel = panel_type(self.studio, self.settings)
        self._panels.append(panel)
        panel.show_state(None, self.studio.state)
        panel.resize(*size_px)
        panel.show()
        return panel

    def close(self) -> None:
        for panel in self._panels:
            shiboken6.delete(panel)
        shiboken6.delete(self.studio)


def child(parent: QWidget, kind: type[W], name: str) -> W:
    """The one widget of this kind with this objectName."""
    found = parent.findChildren(kind, name)
    assert len(found) == 1, f"{len(found)} widgets are called {name}"
    return found[0]
