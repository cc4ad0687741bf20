"""A picture as a restoration network makes it, block by block where it is read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Raster, Wraps, plane_indices
from texgen_desktop.nn.restoration import RestorationNet

TILE_PX = 160
"""Largest side of what the network makes at once, in pixels of what it is given. Activations of larger tiles no longer lie in the cache."""


@dataclass(frozen=True, eq=False)
class RestoredRaster:
    """``strength`` is the share of what the network adds that is taken; ``level`` is the noise's, for a network that is told it.

    ``net`` is frozen. A block is read with all that the network uses up around it, so none has a border of its own.
    """

    source: Raster
    net: RestorationNet
    strength: float = 1.0
    level: float | None = None

    @property
    def height_px(self) -> int:
        return self.source.height_px * self.net.shape.scale

    @property
    def width_px(self) -> int:
        return self.source.width_px * self.net.shape.scale

    @property
    def wraps(self) -> Wraps:
        return self.source.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        top, bottom, rows = _inside(y, height, self.height_px, self.wraps[0])
        left, right, columns = _inside(x, width, self.width_px, self.wraps[1])
        inside = self._read_inside(top, left, bottom - top, right - left)
        return inside if rows is None and columns is None else inside[_every(rows)][:, _every(columns)]

    def _read_inside(self, y: int, x: int, height: int, width: int) -> Floats:
        scale = self.net.shape.scale
        out = np.empty((height, width, 3), np.float32)
        for top, bottom in _spans(y, y + height, scale):
            for left, right in _spans(x, x + width, scale):
                tile = self._tile(top, left, bottom - top, right - left)
                first, last = max(y, top * scale), min(y + height, bottom * scale)
                begin, end = max(x, left * scale), min(x + width, right * scale)
                out[first - y : last - y, begin - x : end - x] = tile[
                    first - top * scale : last - top * scale, begin - left * scale : end - left * scale
                ]
        return out

    def _tile(self, y: int, x: int, height: int, width: int) -> Floats:
        """What the network makes of that part of the source."""
        halo = self.net.shape.halo
        pixels = self.source.read(y - halo, x - halo, height + 2 * halo, width + 2 * halo)
        device = next(self.net.parameters()).device
        level: Tensor | None = None if self.level is None else torch.tensor([self.level], device=device)
        with torch.inference_mode():
            given = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(2, 0, 1)[None]
            made = self.net(given, level) if self.strength == 1 else self._weakened(given, level)
        return made[0].permute(1, 2, 0).cpu().numpy()

    def _weakened(self, given: Tensor, level: Tensor | None) -> Tensor:
        return self.net.base(given) + self.strength * self.net.residual(given.clamp(0, 1), level)


def _inside(first: int, count: int, size: int, wraps: bool) -> tuple[int, int, np.ndarray[tuple[int], np.dtype[np.intp]] | None]:
    """Which part of the picture to make for a part of the plane, and where in it each row lies; None: they are the same.

    The network's answer to a mirrored picture is not the mirrored answer, so what lies outside is mirrored afterwards.
    """
    if wraps or (first >= 0 and first + count <= size):
        return first, first + count, None
    places = plane_indices(first, count, size, False)
    lowest = int(places.min())
    return lowest, int(places.max()) + 1, places - lowest


def _every(places: np.ndarray[tuple[int], np.dtype[np.intp]] | None) -> np.ndarray[tuple[int], np.dtype[np.intp]] | slice:
    return slice(None) if places is None else places


def _spans(first: int, stop: int, scale: int) -> list[tuple[int, int]]:
    """Parts of the source, each at most a tile and all about as long, that together cover ``first`` … ``stop - 1`` of the result."""
    begin, end = first // scale, -(-stop // scale)
    count = -(-(end - begin) // TILE_PX)
    edges = [begin + (end - begin) * k // count for k in range(count + 1)]
    return list(pairwise(edges))
