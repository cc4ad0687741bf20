"""The hidden files that exports grow in, and what becomes of those whose writer was killed."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import secrets
import sys
import time
import zlib
from pathlib import Path

SUFFIX = ".texgen-part"
LONGEST_LIFE_S = 24 * 3600.0
_NAME = re.compile(rf"\.([0-9a-f]{{8}})-(\d{{1,9}})-[0-9a-f]{{12}}{re.escape(SUFFIX)}")


def part_beside(path: Path) -> Path:
    """A free name in the same folder that tells the computer and the process. It is short: a suffix could make ``path``'s too long."""
    return path.with_name(f".{_this_host()}-{os.getpid()}-{secrets.token_hex(6)}{SUFFIX}")


def sweep_parts(folder: Path) -> int:
    """Remove what killed exports left in ``folder``, return how many: their process is gone, or a day has passed since they last grew.

    What cannot be read or removed stays: nobody asked for this.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if (name := _NAME.fullmatch(path.name)) and _is_abandoned(path, host=name[1], pid=int(name[2])):
                with contextlib.suppress(OSError):  # Windows keeps what is still open
                    path.unlink()
                    removed += 1
    return removed


def _is_abandoned(path: Path, host: str, pid: int) -> bool:
    if host == _this_host() and not _is_running(pid):
        return True
    return time.time() - path.stat().st_mtime > LONGEST_LIFE_S


def _this_host() -> str:
    """A folder may be shared: another computer's process ids mean nothing here."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return False  # signal 0 would end it there; a file that its writer holds open cannot be removed in any case
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True
