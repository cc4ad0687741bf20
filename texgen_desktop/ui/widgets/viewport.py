"""Where the eye is on the plane of texels: plain geometry, without Qt.

Screen positions are offsets in device pixels from the middle of the pane that shows the plane; y points down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from texgen_desktop.engine.messages import Region

ZOOM_MIN = 0.02
ZOOM_MAX = 64.0


@dataclass(frozen=True)
class Viewport:
    """``zoom`` is device pixels per texel, (x, y) the texel in the middle of the pane."""

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def plane_at(self, dx_px: float, dy_px: float) -> tuple[float, float]:
        """The (x, y) on the plane that is seen at a screen position."""
        return self.x + dx_px / self.zoom, self.y + dy_px / self.zoom

    def screen_at(self, x: float, y: float) -> tuple[float, float]:
        """The screen position (dx, dy) where a place of the plane is seen."""
        return (x - self.x) * self.zoom, (y - self.y) * self.zoom

    def zoomed(self, zoom: float, dx_px: float = 0.0, dy_px: float = 0.0, zoom_min: float = ZOOM_MIN) -> Viewport:
        """Another zoom, with the same place of the plane under (dx_px, dy_px)."""
        zoom = min(max(zoom, zoom_min), ZOOM_MAX)
        x, y = self.plane_at(dx_px, dy_px)
        return Viewport(zoom, x - dx_px / zoom, y - dy_px / zoom)

    def panned(self, dx_px: float, dy_px: float) -> Viewport:
        """The plane follows the hand by (dx_px, dy_px)."""
        return replace(self, x=self.x - dx_px / self.zoom, y=self.y - dy_px / self.zoom)

    def kept_near(self, width: float, height: float) -> Viewport:
        """The middle of the pane stays on a content of this size around the origin, so that it cannot get lost."""
        return replace(self, x=min(max(self.x, -width / 2), width / 2), y=min(max(self.y, -height / 2), height / 2))

    def skip_levels(self, max_skip: int) -> int:
        """How many levels may be left out without showing fewer pixels than the screen has."""
        return min(max(math.floor(math.log2(1 / self.zoom) + 1e-9), 0), max_skip)

    def visible_region(self, width_px: float, height_px: float, skip_levels: int, margin: float = 0.0) -> Region:
        """What a pane of this size sees, ``margin`` of its size more on every side, in whole pixels of the rendered level."""
        step = 2**skip_levels
        half_width = width_px * (0.5 + margin) / self.zoom
        half_height = height_px * (0.5 + margin) / self.zoom
        left, right = math.floor((self.x - half_width) / step), math.ceil((self.x + half_width) / step)
        top, bottom = math.floor((self.y - half_height) / step), math.ceil((self.y + half_height) / step)
        return Region(top * step, left * step, (bottom - top) * step, (right - left) * step)


def fitted(width: float, height: float, pane_width_px: float, pane_height_px: float) -> Viewport:
    """All of a content of this size in texels, around the origin, as large as it goes into the pane."""
    zoom = min(pane_width_px / max(width, 1), pane_height_px / max(height, 1))
    return Viewport(min(max(zoom, ZOOM_MIN), ZOOM_MAX))


def covers(outer: Region, inner: Region) -> bool:
    return (
        outer.y <= inner.y
        and outer.x <= inner.x
        and outer.y + outer.height >= inner.y + inner.height
        and outer.x + outer.width >= inner.x + inner.width
    )


def wrapped(offset: int, size: int) -> int:
    """The same shift on a torus, by the shorter way: in [-size // 2, size - size // 2)."""
    return (offset + size // 2) % size - size // 2
