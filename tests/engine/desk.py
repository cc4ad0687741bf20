"""A real engine run in the test's own thread, with a script that answers its events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from texgen_desktop.engine import messages as m
from texgen_desktop.engine.engine import Engine

E = TypeVar("E")


class Desk:
    """Runs one engine after the other on the same projects folder and remembers what they say.

        desk = Desk(tmp_path)
        desk.when(m.JobEnded, m.Quit())
        desk.run(m.CreateProject((photo,)), m.Train(settings))
        assert desk.only(m.JobEnded).outcome == "finished"

    ``when`` answers the first event of a type (and of a condition) with commands, once, in the order in which they were added.
    """

    def __init__(self, folder: Path) -> None:
        self.projects = folder / "projects"
        self.events: list[m.Event] = []
        self._script: list[tuple[type, Callable[[Any], bool], tuple[m.Command | Callable[[], None], ...]]] = []
        self._engine: Engine | None = None

    def when(self, kind: type[E], *answers: m.Command | Callable[[], None], if_: Callable[[E], bool] = lambda event: True) -> None:
        self._script.append((kind, if_, answers))

    def run(self, *commands: m.Command) -> list[m.Event]:
        """Post the commands and work until somebody posts Quit. Returns the events of this run."""
        self.events.clear()
        self._engine = Engine(self._on_event, self.projects, device="cpu")
        for command in commands:
            self._engine.post(command)
        self._engine.run()
        assert not self._script, f"never happened: {[kind.__name__ for kind, _, _ in self._script]}; events: {self.events}"
        return list(self.events)

    def post(self, command: m.Command) -> None:
        """To the engine that runs now, from any thread."""
        assert self._engine is not None
        self._engine.post(command)

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def only(self, kind: type[E]) -> E:
        (event,) = self.all(kind)
        return event

    @property
    def project(self) -> m.ProjectInfo:
        """As it was told last while one was open."""
        return [event.project for event in self.all(m.ProjectChanged) if event.project is not None][-1]

    def _on_event(self, event: m.Event) -> None:
        self.events.append(event)
        for line in self._script:
            kind, condition, answers = line
            if isinstance(event, kind) and condition(event):
                self._script.remove(line)
                for answer in answers:
                    if callable(answer):
                        answer()
                    elif self._engine is not None:
                        self._engine.post(answer)
                return
