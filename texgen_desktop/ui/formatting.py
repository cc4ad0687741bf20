"""Numbers and names in words: durations, counts, sizes and file names as the interface shows them."""

from __future__ import annotations

import html
from datetime import datetime

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_LONG_S = 2 * _HOUR_S
_UNBREAKABLE = "\N{NO-BREAK SPACE}"


def duration(seconds: float) -> str:
    """A length of time to read at a glance: ``8 s``, ``45 s``, ``9 min``, ``2 h 20 min``."""
    if seconds < 9.5:
        return _join(max(round(seconds), 1), "s")
    if seconds < 57.5:
        return _join(5 * round(seconds / 5), "s")
    if seconds < _LONG_S - _MINUTE_S / 2:
        return _join(max(round(seconds / _MINUTE_S), 1), "min")
    hours, minutes = divmod(10 * round(seconds / _MINUTE_S / 10), 60)
    return _join(hours, "h") + (f" {_join(minutes, 'min')}" if minutes else "")


def number(value: int) -> str:
    """``12,400``."""
    return f"{value:,}"


def count(value: int, noun: str, plural: str = "") -> str:
    """``1 photo``, ``12,400 photos``; ``plural`` where an s at the end is not enough."""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def rate(per_second: float) -> str:
    """``8.3`` below a hundred, ``340`` above."""
    return f"{per_second:.1f}" if per_second < 100 else number(round(per_second))


def file_size(size_bytes: float) -> str:
    """``640 KB``, ``96 MB``, ``1.5 GB``, in powers of 1000 as file managers count."""
    for unit in ("KB", "MB"):
        size_bytes /= 1000
        if size_bytes < 999.5:
            return _join(max(round(size_bytes), 1), unit)
    return f"{size_bytes / 1000:.1f}{_UNBREAKABLE}GB"


def pixels(width_px: int, height_px: int) -> str:
    """``1024 × 768 px``."""
    return f"{width_px} × {height_px}{_UNBREAKABLE}px"


def when(timestamp: str) -> str:
    """An ISO 8601 time as ``22 Nov 2026, 14:05`` on this machine's clock; what cannot be read is shown as it is."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return timestamp
    local = moment.astimezone()
    return f"{local.day} {local:%b %Y, %H:%M}"


def one_line(name: str) -> str:
    """A name from disk for a place that has room for one line: control characters become visible signs."""
    return "".join(_visible(character) for character in name)


def tooltip(text: str) -> str:
    """Text that a tooltip shows as it is: Qt guesses at HTML there, and has no plain text format."""
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>"


def _join(value: int, unit: str) -> str:
    return f"{value}{_UNBREAKABLE}{unit}"


def _visible(character: str) -> str:
    if character == "\n":
        return "↵"
    return "\N{REPLACEMENT CHARACTER}" if ord(character) < 0x20 or ord(character) == 0x7F else character
