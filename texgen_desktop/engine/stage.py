"""What is on the screen: the model that renders now, and its pictures."""

from __future__ import annotations

from collections.abc import Callable

from texgen_desktop.engine.messages import Event, ModelChanged, ModelInfo, Render
from texgen_desktop.engine.rendering import Renderer
from texgen_desktop.engine.source import Source


class Stage:
    """Holds at most one model, and tells whenever another one takes its place."""

    def __init__(self, emit: Callable[[Event], None], replaced: Callable[[], None]) -> None:
        """``replaced`` is called before another model, or none, is told: what was being found out about the one before is of no use."""
        self.source: Source | None = None
        self._emit = emit
        self._replaced = replaced
        self._renderer = Renderer(emit)

    @property
    def has_work(self) -> bool:
        return self._renderer.is_active

    def ask(self, render: Render) -> None:
        self._renderer.ask(render)

    def advance(self) -> None:
        """One slice of the picture in the making."""
        self._renderer.advance()

    def use(self, source: Source | None) -> None:
        """Render with this from now on; newer weights of the same model draw again what is shown."""
        if source is not None and self._is_shown(source.info()):
            self.source = source
            self._renderer.refresh(source, is_live=False)
        else:
            self.replace(source)

    def use_live(self, source: Source) -> float:
        """Show a snapshot of a run in training; returns the seconds until the next one is wanted."""
        if self._is_shown(source.info()):
            self.source = source
            self._renderer.refresh(source, is_live=True)
        else:
            self.replace(source)
        return self._renderer.live_interval_s

    def replace(self, source: Source | None) -> None:
        """Another model, or none: told also when it is equal to the one before, for everything around it has changed."""
        self.source = source
        self._renderer.show(source)
        self._replaced()
        self._emit(ModelChanged(source.info() if source else None))

    def _is_shown(self, model: ModelInfo) -> bool:
        return self.source is not None and self.source.info() == model
