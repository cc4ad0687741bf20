"""Undo and redo of looks, as a value: every change of the history is a new history."""

from __future__ import annotations

from dataclasses import dataclass

from texgen_desktop.engine.messages import Look

LONGEST = 500


@dataclass(frozen=True)
class History:
    """Looks before and after the present one, nearest last. The present look itself lives in the state."""

    past: tuple[Look, ...] = ()
    future: tuple[Look, ...] = ()

    def recorded(self, before: Look) -> History:
        """The history after a new step that started from ``before``: what was undone can no longer be redone."""
        return History((*self.past, before)[-LONGEST:])

    def undone(self, present: Look) -> tuple[History, Look]:
        """One step back: (history, look). Without a past nothing changes."""
        if not self.past:
            return self, present
        return History(self.past[:-1], (*self.future, present)), self.past[-1]

    def redone(self, present: Look) -> tuple[History, Look]:
        """One step forward: (history, look). Without a future nothing changes."""
        if not self.future:
            return self, present
        return History((*self.past, present), self.future[:-1]), self.future[-1]
