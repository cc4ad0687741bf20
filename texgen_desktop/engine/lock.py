"""One writer per project folder: a lock file that says who holds it and that dies with its owner. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from texgen_desktop.errors import TexGenError


@dataclass(frozen=True)
class LockOwner:
    """Who holds a lock. ``since`` is local time in ISO 8601."""

    pid: int
    host: str
    since: str


class LockHeld(TexGenError):
    """Somebody else writes here. ``owner`` is None where the lock file does not tell."""

    def __init__(self, message: str, hint: str, owner: LockOwner | None) -> None:
        super().__init__(message, hint)
        self.owner = owner


class FolderLock:
    """The right to write into a folder, held until ``release`` or until this process is gone, however it ends."""

    @classmethod
    def acquire(cls, folder: Path) -> Self:
        """Take the lock or raise LockHeld; never waits."""
        raise NotImplementedError

    def release(self) -> None:
        """Let others write. Releasing twice does nothing."""
        raise NotImplementedError
