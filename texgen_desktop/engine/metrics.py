"""The losses of a run on disk: one JSON line each time, only ever appended to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Metrics:
    """Mean losses up to ``images_seen``."""

    images_seen: int
    losses: tuple[tuple[str, float], ...]


def read_metrics(path: Path) -> tuple[Metrics, ...]:
    """All that is readable, oldest first. A line that a killed program left torn is passed over; no file is no lines."""
    raise NotImplementedError


class MetricsLog:
    """Appends to a run's ``metrics.jsonl``; a context manager."""

    def __init__(self, path: Path, images_seen: int = 0) -> None:
        """Go on after ``images_seen``: lines of a future that was not saved in a checkpoint are dropped."""
        raise NotImplementedError

    def append(self, images_seen: int, losses: Mapping[str, float]) -> None:
        """Write one line, at once visible to readers. Values must be finite."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, *exc: object) -> None:
        raise NotImplementedError
