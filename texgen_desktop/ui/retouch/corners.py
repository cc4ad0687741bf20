"""Four corners of a step, as shares of the picture, that are dragged to where something rectangular is seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from texgen_desktop.engine.messages import OperatorInfo

Corner = tuple[float, float]
"""(x, y), shares of width and height."""
Corners = tuple[Corner, Corner, Corner, Corner]
"""Clockwise from the top left."""

_NAMES = ("top_left", "top_right", "bottom_right", "bottom_left")
_DIGITS = 4  # a tenth of a thousandth is less than half a pixel of 4096


def corners_of(info: OperatorInfo, values: Mapping[str, Any]) -> Corners | None:
    """Where the corners are now; None for an operator that has no such fields, whichever it is."""
    defaults = {field.name: field.default for field in info.fields}
    if not all(f"{name}_{axis}" in defaults for name in _NAMES for axis in "xy"):
        return None
    first, second, third, fourth = ((_share(name, "x", values, defaults), _share(name, "y", values, defaults)) for name in _NAMES)
    return first, second, third, fourth


def moved(index: int, corner: Corner) -> dict[str, float]:
    """The values of the two fields once this corner lies there; it stays on the picture."""
    return {f"{_NAMES[index]}_{axis}": round(min(max(share, 0.0), 1.0), _DIGITS) for axis, share in zip("xy", corner, strict=True)}


def _share(name: str, axis: str, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> float:
    """A preset file can hold anything here; what is no share is passed over, as the form does."""
    value = values.get(f"{name}_{axis}")
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else float(defaults[f"{name}_{axis}"])
