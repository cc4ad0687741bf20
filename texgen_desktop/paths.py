"""What lies at a path, asked so that a name that is too long, or a folder that may not be looked into, is no reason to fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def is_folder(path: Path) -> bool:
    """Whether a folder can be seen there."""
    return _holds(path.is_dir)


def is_project(folder: Path) -> bool:
    """Whether a project can be seen there, damaged or not."""
    return _holds((folder / "project.json").is_file)


def _holds(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:  # whoever opens it is told why
        return False
