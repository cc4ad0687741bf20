"""The losses of a run on disk: one JSON line each time, only ever appended to; and thinned for the screen."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import msgspec
import numpy as np
from msgspec import Meta

from texgen_desktop.engine.messages import LossesLoaded

LONGEST_HISTORY = 5000
"""More points than any screen shows; a run writes a line a second."""


class _Line(msgspec.Struct):
    images_seen: Annotated[int, Meta(ge=0, le=1 << 53)]
    losses: dict[str, float]


_LINE = msgspec.json.Decoder(_Line)


@dataclass(frozen=True)
class Metrics:
    """Mean losses up to ``images_seen``."""

    images_seen: int
    losses: tuple[tuple[str, float], ...]


def read_metrics(path: Path, last: float = math.inf) -> tuple[Metrics, ...]:
    """All that is readable up to ``last`` images seen, oldest first. A torn line is passed over; no file is no lines."""
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return tuple(metrics for line in lines if (metrics := _parsed(line)) is not None and metrics.images_seen <= last)


def thinned(run_id: str, metrics: Sequence[Metrics], longest: int = LONGEST_HISTORY) -> LossesLoaded:
    """The history for the screen: of many lines each point is the mean of as many neighbours as it takes, up to the last of them."""
    column = {name: index for index, name in enumerate(dict.fromkeys(name for line in metrics for name, _ in line.losses))}
    readings = np.full((len(metrics), len(column)), np.nan)
    for row, line in enumerate(metrics):
        for name, value in line.losses:
            readings[row, column[name]] = value
    images_seen = np.array([line.images_seen for line in metrics], np.float64)
    if len(metrics) > longest:
        starts = np.linspace(0, len(metrics), longest, endpoint=False).astype(np.intp)
        counts = np.add.reduceat(np.isfinite(readings), starts, axis=0, dtype=np.float64)
        sums = np.add.reduceat(np.nan_to_num(readings), starts, axis=0)
        readings = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        images_seen = images_seen[np.append(starts[1:], len(metrics)) - 1]
    return LossesLoaded(run_id, images_seen, tuple((name, readings[:, index]) for name, index in column.items()))


class MetricsLog:
    """Appends to a run's ``metrics.jsonl``; a context manager."""

    def __init__(self, path: Path, images_seen: int = 0) -> None:
        """Go on after ``images_seen``: lines of a future that no checkpoint holds are cut off, and so is a torn one."""
        self._file = path.open("ab", buffering=0)
        self._file.truncate(_end_of_kept(path.read_bytes(), images_seen))

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


def _end_of_kept(data: bytes, last: float) -> int:
    """Where the last whole line up to ``last`` images seen ends; looked for from the end, for there are few behind it."""
    end = data.rfind(b"\n") + 1
    while end:
        start = data.rfind(b"\n", 0, end - 1) + 1
        metrics = _parsed(data[start:end])
        if metrics is not None and metrics.images_seen <= last:
            break
        end = start
    return end


def _parsed(line: bytes) -> Metrics | None:
    try:
        value = _LINE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Metrics(value.images_seen, tuple(value.losses.items()))
