"""The losses of a run on disk: one JSON line each time, only ever appended to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from texgen_desktop.engine.files import parse_json, write_atomically


@dataclass(frozen=True)
class Metrics:
    """Mean losses up to ``images_seen``."""

    images_seen: int
    losses: tuple[tuple[str, float], ...]


def read_metrics(path: Path) -> tuple[Metrics, ...]:
    """All that is readable, oldest first. A line that a killed program left torn is passed over; no file is no lines."""
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return tuple(metrics for line in lines if (metrics := _parsed(line)) is not None)


class MetricsLog:
    """Appends to a run's ``metrics.jsonl``; a context manager."""

    def __init__(self, path: Path, images_seen: int = 0) -> None:
        """Go on after ``images_seen``: lines of a future that no checkpoint holds are dropped."""
        kept = b"".join(_line(metrics) for metrics in read_metrics(path) if metrics.images_seen <= images_seen)
        write_atomically(path, lambda file: file.write(kept))
        self._file = path.open("ab", buffering=0)

    def append(self, images_seen: int, losses: Mapping[str, float]) -> None:
        """Write one line, at once visible to readers. A value that is not finite raises ValueError."""
        self._file.write(_line(Metrics(images_seen, tuple(losses.items()))))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _line(metrics: Metrics) -> bytes:
    text = json.dumps({"images_seen": metrics.images_seen, "losses": dict(metrics.losses)}, allow_nan=False)
    return text.encode("ascii") + b"\n"


def _parsed(line: bytes) -> Metrics | None:
    try:
        value = parse_json(line)
    except ValueError:
        return None
    match value:
        case {"images_seen": int(images_seen), "losses": dict(losses)} if all(isinstance(v, int | float) for v in losses.values()):
            return Metrics(images_seen, tuple((name, float(v)) for name, v in losses.items()))
        case _:
            return None
