"""Pictures with a hole, at several scales, continued over the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Wraps, plane_indices
from texgen_desktop.slices import Slices

Bools = NDArray[np.bool_]

COLOURS = 3


@dataclass(frozen=True, eq=False)
class Holed:
    """A picture with a hole at one scale: ``colours`` (H, W, 3), ``hole`` (H, W), true where nothing is known. Continued over the plane."""

    colours: Floats
    hole: Bools
    wraps: Wraps

    def window(self, y: int, x: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Colours (3, height, width), 0 in the hole, and the hole (1, height, width), of the plane."""
        rows = plane_indices(y, height, self.hole.shape[0], self.wraps[0])[:, None]
        columns = plane_indices(x, width, self.hole.shape[1], self.wraps[1])
        hole = self.hole[rows, columns]
        colours = np.where(hole[..., None], np.float32(0), self.colours[rows, columns])
        return torch.from_numpy(colours).permute(2, 0, 1), torch.from_numpy(hole.astype(np.float32))[None]

    def halved(self) -> Holed:
        """Half the size, rounded up. A pixel is known where all four that it is the mean of are."""
        height, width = self.hole.shape
        rows = plane_indices(0, height + height % 2, height, self.wraps[0])[:, None]
        columns = plane_indices(0, width + width % 2, width, self.wraps[1])
        colours, hole = self.colours[rows, columns], self.hole[rows, columns]
        height, width = hole.shape[0] // 2, hole.shape[1] // 2
        mean = colours.reshape(height, 2, width, 2, COLOURS).mean((1, 3), dtype=np.float32)
        return Holed(mean, np.asarray(hole.reshape(height, 2, width, 2).any((1, 3))), self.wraps)


def pyramid(picture: Holed, levels: int) -> Slices[list[Holed]]:
    """Finest first."""
    found = [picture]
    for _ in range(levels - 1):
        yield None
        found.append(found[-1].halved())
    return found
