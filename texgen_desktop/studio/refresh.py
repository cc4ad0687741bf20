"""When the picture is asked for: one render on its way at a time, and only the newest wish behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from texgen_desktop.engine.messages import Command, Region, Render, RenderRequest
from texgen_desktop.studio.state import StudioState


@dataclass(frozen=True)
class _Wish:
    request: RenderRequest
    opening: int


class Refresh:
    """Posts Render commands, so that a drag of the mouse never queues more work than one picture."""

    def __init__(self, post: Callable[[Command], None]) -> None:
        self._post = post
        self._ticket = 0
        self._shown = 0
        self._on_its_way: int | None = None
        self._newest: _Wish | None = None
        self._waiting: _Wish | None = None

    def want(self, request: RenderRequest, opening: int) -> None:
        """Ask for ``request`` now, or as soon as the render before it has come. ``opening`` is that of the project whose look it shows."""
        wish = _Wish(request, opening)
        if wish == self._newest:
            return
        self._newest = wish
        if self._on_its_way is None:
            self._send(wish)
        else:
            self._waiting = wish

    def forget(self) -> None:
        """Another model renders from now on: nothing that was asked for counts any more."""
        self._newest = self._waiting = self._on_its_way = None

    def answered(self, ticket: int) -> bool:
        """Take note of an answer; True when it is to be shown, False when a newer one has been."""
        self.free(ticket)
        if ticket < self._shown:
            return False
        self._shown = ticket
        return True

    def free(self, ticket: int | None = None) -> None:
        """The render on its way has come (or failed: None), so the next may go."""
        if self._on_its_way is None or (ticket is not None and ticket < self._on_its_way):
            return
        self._on_its_way = None
        if self._waiting is not None:
            self._send(self._waiting)

    def flush(self) -> None:
        """Post the newest wish without waiting: a project that is left keeps the look of the last one posted."""
        if self._waiting is not None:
            self._send(self._waiting)

    def _send(self, wish: _Wish) -> None:
        self._ticket += 1
        self._on_its_way, self._waiting = self._ticket, None
        self._post(Render(wish.request, self._ticket, wish.opening))


def request_for(state: StudioState, region: tuple[Region, int] | None, is_rough: bool) -> RenderRequest | None:
    """What the canvas needs now; None while there is no model.

    ``region`` is (rectangle in pixels of the finest level, levels to skip) of the endless plane; a model with fewer levels skips
    fewer. A rough tile leaves the finest level out, which makes it four times as fast.
    """
    if state.model is None:
        return None
    most_skipped = state.model.level_count - 1
    if state.view.repeat == "endless":
        if region is None:
            return None
        texels, skip = region[0], min(region[1], most_skipped)
        rectangle = Region(texels.y >> skip, texels.x >> skip, -(-texels.height >> skip), -(-texels.width >> skip))
        return RenderRequest(state.look, rectangle, skip_levels=skip)
    rows, columns = state.view.tile_cells
    skip = min(1, most_skipped) if is_rough else 0
    side_px = state.model.cell_px >> skip
    return RenderRequest(state.look, Region(0, 0, rows * side_px, columns * side_px), (rows, columns), skip)
