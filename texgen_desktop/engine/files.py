"""Files that are either wholly new or wholly old: written beside the target, checked, and renamed over it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from io import FileIO
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from texgen_desktop.errors import TexGenError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PREFIX, _SUFFIX = ".texgen-", ".tmp"
_MAX_DEPTH = 32


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> str:
    """Let ``write`` fill a hidden file beside ``path``, check what arrived on the disk, rename; return its SHA-256 in hex.

    ``write`` goes front to back. Whatever fails (full disk, killed process, an exception in ``write``), the old file stays as it was;
    errors are the OSError itself, with the name of ``path``.
    """
    temporary = temporary_beside(path)
    try:
        with _CheckedFile(temporary) as file:
            write(file)
            os.fsync(file.fileno())
        if sha256_of(temporary) != file.sha256.hexdigest():
            raise OSError(errno.EIO, "What was read back is not what was written", str(path))
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        if exc.filename in (None, str(temporary)):
            exc.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return file.sha256.hexdigest()


class _CheckedFile(FileIO):
    """A new file that takes all of what it is given or raises, and that knows the hash of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "xb")  # not mkstemp: its files stay 0600, this one follows the umask
        self.sha256 = hashlib.sha256()

    def write(self, data: ReadableBuffer, /) -> int:
        whole = memoryview(data).cast("B")
        self.sha256.update(whole)
        rest = whole
        while rest:  # a nearly full disk takes a part and calls that a success
            written = super().write(rest)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            rest = rest[written:]
        return len(whole)


def temporary_beside(path: Path) -> Path:
    """A free name in the same folder, so that a rename is all that is left to do; ``sweep`` knows it."""
    return path.with_name(f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}")


def is_temporary(name: str) -> bool:
    """Whether a file of this name is a write that did not come to its end (or has not yet)."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def sweep(folder: Path, min_age_s: float = 0.0) -> int:
    """Remove what killed writers left in ``folder`` (not below it), return how many.

    Without a least age only for the holder of the folder's lock: somebody else's write would be taken for an orphan.
    """
    if not folder.is_dir():
        return 0
    newest_s = time.time() - min_age_s
    orphans = [path for path in folder.iterdir() if is_temporary(path.name) and path.lstat().st_mtime <= newest_s]
    for orphan in orphans:
        if orphan.is_dir() and not orphan.is_symlink():
            shutil.rmtree(orphan)
        else:
            orphan.unlink()
    return len(orphans)


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` survive a power cut. Windows has no such call."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as exc:
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network drives cannot sync a folder
            raise
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> str:
    """Write plain JSON values atomically, indented; return the file's SHA-256. NaN and infinity raise ValueError."""
    text = json.dumps(value, indent=1, allow_nan=False)
    return write_atomically(path, lambda file: file.write(text.encode("ascii")))


def read_json(path: Path, max_bytes: int = 1 << 24) -> Any:
    """Read what ``write_json`` wrote. Damage of any kind raises TexGenError; OSError passes through."""
    check_ordinary(path, "Put back a copy of this file, if you have one.")
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise TexGenError(f"{path.name} is too large to be a file of TexGen ({max_bytes} bytes at most).")
    try:
        return parse_json(data)
    except ValueError as exc:
        raise TexGenError(f"{path.name} is damaged: {exc}.", "Put back a copy of this file, if you have one.") from exc


def check_ordinary(path: Path, hint: str) -> None:
    """TexGenError for a pipe, a device or a folder: a pipe that is opened would be waited for without end."""
    if path.exists() and not path.is_file():
        raise TexGenError(f"{path.name} is no ordinary file.", hint)


def parse_json(data: bytes) -> Any:
    """Plain JSON from UTF-8 bytes. Everything else, and what is no finite number or nested without end, raises ValueError."""
    if not data.strip():
        raise ValueError("it is empty")
    try:
        value = json.loads(data.decode("utf-8"), parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check_depth(value)
    return value


def canonical_json(value: Any) -> bytes:
    """The one spelling of a JSON value that hashes are taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_MAX_DEPTH):
        nested = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in nested for child in (item.values() if isinstance(item, dict) else item)]
    if level:
        raise ValueError("it is nested too deeply")


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value
