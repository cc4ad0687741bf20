"""What a panel is, and how the panels are found: every module in ``ui/panels`` may define one."""

from __future__ import annotations

import importlib
import pkgutil
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui import panels


class Panel(QWidget):
    """A dock's content. It keeps no truth: it shows the state it is told, and calls the studio's verbs.

    A panel is one file in ``ui/panels`` with one subclass. ``order`` sorts the panels of an area from top to bottom.
    """

    title: ClassVar[str]
    area: ClassVar[Qt.DockWidgetArea] = Qt.DockWidgetArea.RightDockWidgetArea
    order: ClassVar[int] = 0

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__()
        self.studio = studio
        self.settings = settings
        studio.state_changed.connect(self.show_state)

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        """Bring the widgets from ``old`` to ``new``, touching only what differs; ``old`` is None the first time.

        Called by the window once the panel is built, then on every change.
        """
        raise NotImplementedError


def discover() -> list[type[Panel]]:
    """Every panel class of ``ui/panels``, in their order."""
    found: list[type[Panel]] = []
    for info in pkgutil.iter_modules(panels.__path__):
        module = importlib.import_module(f"{panels.__name__}.{info.name}")
        found += [
            item
            for item in vars(module).values()
            if isinstance(item, type) and issubclass(item, Panel) and item.__module__ == module.__name__
        ]
    return sorted(found, key=lambda panel: (panel.order, panel.title))
