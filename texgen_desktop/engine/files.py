"""Files that are either wholly new or wholly old: written beside the target, checked, and renamed over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> str:
    """Let ``write`` fill a hidden file beside ``path``, check what arrived on the disk, rename; return its SHA-256 in hex.

    ``write`` goes front to back. Whatever fails (full disk, killed process, an exception in ``write``), the old file stays as it was;
    errors are the OSError itself.
    """
    raise NotImplementedError


def write_json(path: Path, value: Any) -> None:
    """Write plain JSON values atomically, as indented UTF-8. NaN and infinity raise ValueError."""
    raise NotImplementedError


def read_json(path: Path, max_bytes: int = 1 << 24) -> Any:
    """Read what ``write_json`` wrote. Damage of any kind raises TexGenError; OSError passes through."""
    raise NotImplementedError


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes in hex."""
    raise NotImplementedError


def sweep(folder: Path) -> int:
    """Remove what killed writers left in ``folder`` (not below it), return how many. Only for the holder of the folder's lock."""
    raise NotImplementedError
