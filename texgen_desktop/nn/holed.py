"""Pictures with a hole, at several scales, continued over the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Wraps, plane_indices, window
from texgen_desktop.slices import Slices

Bools = NDArray[np.bool_]

COLOURS = 3
_SLAB = 1 << 20  # pixels a slice


@dataclass(frozen=True, eq=False)
class Holed:
    """A picture with a hole at one scale: ``colours`` (H, W, 3), ``hole`` (H, W), true where nothing is known. Continued over the plane."""

    colours: Floats
    hole: Bools
    wraps: Wraps

    def window(self, y: int, x: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Colours (3, height, width), 0 in the hole, and the hole (1, height, width), of the plane."""
        hole, seen = (window(values, y, x, height, width, self.wraps) for values in (self.hole, self.colours))
        colours = np.where(hole[..., None], np.float32(0), seen)
        return torch.from_numpy(colours).permute(2, 0, 1), torch.from_numpy(hole.astype(np.float32))[None]

    def halved(self) -> Slices[Holed]:
        """Half the size, rounded up. A pixel is known where all four that it is the mean of are."""
        height, width = (-(-n // 2) for n in self.hole.shape)
        colours, hole = np.empty((height, width, COLOURS), np.float32), np.empty((height, width), bool)
        columns = plane_indices(0, 2 * width, self.hole.shape[1], self.wraps[1])
        step = max(1, _SLAB // (4 * width))
        for top in range(0, height, step):
            rows = plane_indices(2 * top, 2 * min(step, height - top), self.hole.shape[0], self.wraps[0])[:, None]
            part = slice(top, top + step)
            colours[part] = self.colours[rows, columns].reshape(-1, 2, width, 2, COLOURS).mean((1, 3))
            hole[part] = self.hole[rows, columns].reshape(-1, 2, width, 2).any((1, 3))
            yield None
        return Holed(colours, hole, self.wraps)


def pyramid(picture: Holed, levels: int) -> Slices[list[Holed]]:
    """Finest first."""
    found = [picture]
    for _ in range(levels - 1):
        found.append((yield from found[-1].halved()))
    return found
