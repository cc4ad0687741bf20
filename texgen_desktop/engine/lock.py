"""One writer per project folder: a lock file that says who holds it and that dies with its owner. No Qt."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from texgen_desktop.engine.files import canonical_json, parse_json
from texgen_desktop.errors import TexGenError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME = ".texgen.lock"
_MAX_LOCK_BYTES = 4096


@dataclass(frozen=True)
class LockOwner:
    """Who holds a lock. ``since`` is local time in ISO 8601."""

    pid: int
    host: str
    since: str


class LockHeld(TexGenError):  # noqa: N818 - an answer more than an error
    """Somebody else writes here. ``owner`` is None where the lock file does not tell."""

    def __init__(self, owner: LockOwner | None, path: Path) -> None:
        is_elsewhere = owner is not None and owner.host != socket.gethostname()
        where = f" on the computer {owner.host}" if owner is not None and is_elsewhere else ""
        since = f" (process {owner.pid}, since {owner.since})" if owner is not None else ""
        way_out = f" If it is certainly not open there any more, delete {path}." if is_elsewhere else ""
        super().__init__(
            f"The project is open in another TexGen{where}{since}, so it can only be looked at here.",
            f"Close it there, or use Save As to work on a copy.{way_out}",
        )
        self.owner = owner


class FolderLock:
    """The right to write into a folder, held until ``release`` or until this process is gone, however it ends.

    On one computer the kernel's lock on the open file decides, so neither a race nor a dead owner, nor a process id that is used again,
    can mislead it. What is written in the file is for people, and for other computers on a shared drive, where that lock may not reach.
    """

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    @classmethod
    def acquire(cls, folder: Path) -> Self:
        """Take the lock or raise LockHeld, without waiting. OSError where nothing can be written."""
        path = folder / LOCK_NAME
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        with ExitStack() as on_failure:
            on_failure.callback(os.close, handle)
            is_free = _try_lock(handle)
            owner = _read_owner(handle)
            if not is_free or (owner is not None and owner.host != socket.gethostname()):
                raise LockHeld(owner, path)
            _write(handle, canonical_json(asdict(_this_process())))
            on_failure.pop_all()
        return cls(handle)

    def release(self) -> None:
        """Let others write. Releasing twice does nothing."""
        if self._handle is None:
            return
        try:
            # Emptied, not deleted: whoever has just opened the file would lock one that is no longer there.
            _write(self._handle, b"")
        finally:
            os.close(self._handle)
            self._handle = None


def _this_process() -> LockOwner:
    return LockOwner(os.getpid(), socket.gethostname(), datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"))


def _write(handle: int, data: bytes) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, data)


def _read_owner(handle: int) -> LockOwner | None:
    """None when the file is empty or makes no sense: its owner was killed at once, or it never was a lock."""
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        value = parse_json(os.read(handle, _MAX_LOCK_BYTES))
    except ValueError:
        return None
    match value:
        case {"pid": int(pid), "host": str(host), "since": str(since)}:
            return LockOwner(pid, host, since)
        case _:
            return None


if sys.platform == "win32":

    def _try_lock(handle: int) -> bool:
        # Windows lets nobody read a locked byte, so the one that is locked lies far behind the text.
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
