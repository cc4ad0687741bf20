"""What dragging a part of the crop rectangle makes of it: plain geometry in fractions of the photo."""

from __future__ import annotations

from dataclasses import dataclass

from texgen_desktop.engine.messages import Crop

SMALLEST = 0.05


@dataclass(frozen=True)
class Grip:
    """A part of the rectangle: -1 is the left or top edge, 1 the right or bottom edge, 0 neither. (0, 0) is its inside."""

    x: int
    y: int


INSIDE = Grip(0, 0)


def dragged(crop: Crop, grip: Grip, dx: float, dy: float) -> Crop:
    """The crop after its grip was moved by fractions of the photo; it stays inside the photo and above ``SMALLEST``."""
    x, width = _dragged_span(crop.x, crop.width, grip.x, grip == INSIDE, dx)
    y, height = _dragged_span(crop.y, crop.height, grip.y, grip == INSIDE, dy)
    return Crop(x, y, width, height)


def _dragged_span(start: float, length: float, edge: int, moves_whole: bool, delta: float) -> tuple[float, float]:
    end = start + length
    if moves_whole:
        return min(max(start + delta, 0.0), 1.0 - length), length
    if edge < 0:
        start = min(max(start + delta, 0.0), end - SMALLEST)
    elif edge > 0:
        end = max(min(end + delta, 1.0), start + SMALLEST)
    return start, end - start


def drawn(x: float, y: float, other_x: float, other_y: float) -> Crop:
    """The rectangle between two corners, at least ``SMALLEST``, inside the photo."""
    left, right = sorted((min(max(x, 0.0), 1.0), min(max(other_x, 0.0), 1.0)))
    top, bottom = sorted((min(max(y, 0.0), 1.0), min(max(other_y, 0.0), 1.0)))
    width, height = max(right - left, SMALLEST), max(bottom - top, SMALLEST)
    return Crop(min(left, 1 - width), min(top, 1 - height), width, height)
