"""An endless field of codes, put together from the codes of photos in soft patches.

Every vertex of a jittered grid has a place of the photos as its source, by a hash of its coordinates, and the codes around the vertex
are those around that place. Where patches meet their codes are blended so that the variance stays what it was: "tiling and blending" of
Heitz and Neyret (2018, "High-performance by-example noise using a histogram-preserving blending operator"), whose blend is right for
Gaussian values. The codes of a VAE are made to be that, pixels are not. A region is the same however it is cut, and a torus has whole
numbers of vertices around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from texgen_desktop.nn.noise import gaussian_field

SPACING_CELLS = 6  # between vertices
_JITTER = 0.35  # of the spacing, to each side
_SHARPNESS = 9.0  # of the borders between patches
_SOFT = 0.12  # half of the range over which a vertex leaves its home, as a share of all
_JITTER_Y, _JITTER_X, _ROW, _COLUMN, _PHOTO, _LEAVES = range(6)  # channels of the vertices' hash


@dataclass(frozen=True)
class Bank:
    """The codes of photos: ``codes`` (cells, channels), row by row, with mean 0; ``sizes`` are (rows, columns) of each photo."""

    codes: Tensor
    sizes: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if min((min(size) for size in self.sizes), default=0) < 1 or sum(h * w for h, w in self.sizes) != len(self.codes):
            raise ValueError("the sizes of the photos do not fit the codes")

    @property
    def cells(self) -> tuple[float, ...]:
        return tuple(float(height * width) for height, width in self.sizes)

    @property
    def starts(self) -> tuple[int, ...]:
        """The row of ``codes`` at which each photo begins."""
        starts = [0]
        for height, width in self.sizes[:-1]:
            starts.append(starts[-1] + height * width)
        return tuple(starts)


class _Axis:
    """Where the cells of one axis lie among the vertices: cell p is ``since[k]`` cells after the cell in which the square of vertex k
    begins. Whole numbers throughout, so that nothing depends on how far out a region lies."""

    def __init__(self, start: int, length: int, period: int | None) -> None:
        self.count = None if period is None else max(1, round(period / SPACING_CELLS))  # vertices around the torus
        self.period, self.over = (SPACING_CELLS, 1) if period is None or self.count is None else (period, self.count)
        self.spacing = self.period / self.over
        cells = torch.arange(start, start + length)
        own = torch.div(cells * self.over, self.period, rounding_mode="floor")
        self.vertex = own + torch.tensor([[-1], [0], [1]])  # (3, length)
        self.base = torch.div(self.vertex * self.period, self.over, rounding_mode="floor")
        self.since = cells - self.base
        begins = (self.vertex * self.period - self.base * self.over).float() / self.over
        self.from_middle = self.since - begins - self.spacing / 2  # cells after the unjittered vertex
        self.first = int(self.vertex.min())
        self.extent = int(self.vertex.max()) - self.first + 1

    def home(self, photo_cells: int) -> tuple[Tensor, Tensor]:
        """Where the photo itself is laid out, as often as it takes: its cell at ``base``, and the cell at which it began; (3, length)."""
        inside = max(1, photo_cells - SPACING_CELLS)
        if self.count is None:
            squares = max(1, inside // SPACING_CELLS)  # of the photo that repeats
            begins = torch.div(self.vertex, squares, rounding_mode="floor") * squares * SPACING_CELLS
            tile = squares * SPACING_CELLS
        else:
            repeats = min(self.count, -(-self.period // inside))
            segment = torch.div(self.vertex * repeats, self.count, rounding_mode="floor")
            first_vertex = -torch.div(-segment * self.count, repeats, rounding_mode="floor")
            begins = torch.div(first_vertex * self.period, self.count, rounding_mode="floor")
            tile = -(-self.period // repeats)
        return self.base - begins + max(0, (photo_cells - tile) // 2), begins


@torch.no_grad()
def quilt(
    bank: Bank,
    seed: int,
    place: tuple[int, int, int, int],
    periods: tuple[int | None, int | None] = (None, None),
    freedom: float = 1.0,
    shares: Sequence[float] | None = None,
) -> Tensor:
    """Codes of the cells (y, x, height, width): (1, channels, height, width).

    ``freedom`` 0 lays out the first photo itself, its ends blended into each other; 1 takes every patch from anywhere. ``shares`` say how
    often a patch is from each photo; by default as often as it has cells.
    """
    y, x, height, width = place
    rows, columns = _Axis(y, height, periods[0]), _Axis(x, width, periods[1])
    field = gaussian_field(seed, 0, 6, rows.first, columns.first, rows.extent, columns.extent, (rows.count, columns.count))
    chance = (0.5 + 0.5 * torch.erf(field[0] * 2**-0.5)).clamp(0, 1 - 1e-6)
    # (6, 3, 3, height, width): of the nine vertices around each cell
    told = chance[:, (rows.vertex - rows.first)[:, None, :, None], (columns.vertex - columns.first)[None, :, None, :]]

    dy = rows.from_middle[:, None, :, None] - (2 * told[_JITTER_Y] - 1) * _JITTER * rows.spacing
    dx = columns.from_middle[None, :, None, :] - (2 * told[_JITTER_X] - 1) * _JITTER * columns.spacing
    nearness = -_SHARPNESS * ((dy / rows.spacing) ** 2 + (dx / columns.spacing) ** 2)
    weight = torch.exp(nearness - nearness.amax((0, 1), keepdim=True))

    since_y, since_x = rows.since[:, None, :, None], columns.since[None, :, None, :]

    found, total = None, torch.zeros(height, width)
    if freedom > 0:
        free = weight if freedom >= 1 else weight * torch.sin(0.5 * torch.pi * _leaving(told[_LEAVES], freedom))
        found = _gather_free(bank, shares or bank.cells, told, since_y, since_x, free)
        total = free.square().sum((0, 1))
    if freedom < 1:
        kept = weight * torch.cos(0.5 * torch.pi * _leaving(told[_LEAVES], freedom))
        (at_y, begins_y), (at_x, begins_x) = rows.home(bank.sizes[0][0]), columns.home(bank.sizes[0][1])
        photo = torch.zeros(1, dtype=torch.long).expand(told.shape[1:])
        at = _gather(bank, photo, at_y[:, None, :, None] + since_y, at_x[None, :, None, :] + since_x)
        home = (at * kept[..., None]).sum((0, 1))
        found = home if found is None else found + home
        total = total + _coherent(kept, begins_y, begins_x)
    assert found is not None
    blended = found / total.clamp_min(1e-8).sqrt()[..., None]
    return blended.permute(2, 0, 1)[None]


def _leaving(chance: Tensor, freedom: float) -> Tensor:
    """How far each vertex has left its home, in [0, 1]: each at its own time, and softly."""
    threshold = _SOFT + (1 - 2 * _SOFT) * chance
    return ((freedom - threshold) / (2 * _SOFT) + 0.5).clamp(0, 1)


def _coherent(weight: Tensor, shift_y: Tensor, shift_x: Tensor) -> Tensor:
    """The variance of a weighted sum, in which vertices of the same shift between plane and photo bring the same codes: (h, w)."""
    total = torch.zeros(weight.shape[2:])
    kinds = [(i, j) for i in range(3) for j in range(3)]
    for i, j in kinds:
        same_y, same_x = (shift_y == shift_y[i]).float(), (shift_x == shift_x[j]).float()  # (3, h), (3, w)
        along = (weight * same_y[:, None, :, None] * same_x[None, :, None, :]).sum((0, 1))
        total += weight[i, j] * along
    return total


def _gather_free(bank: Bank, shares: Sequence[float], told: Tensor, since_y: Tensor, since_x: Tensor, weight: Tensor) -> Tensor:
    """Weighted sum over the vertices of what lies around their sources: (height, width, channels)."""
    share = torch.tensor(shares, dtype=torch.float32)
    photo = torch.searchsorted((share / share.sum()).cumsum(0), told[_PHOTO].contiguous()).clamp(max=len(bank.sizes) - 1)
    heights, widths = (torch.tensor([size[k] for size in bank.sizes])[photo] for k in (0, 1))
    at_y, at_x = _source(told[_ROW], heights), _source(told[_COLUMN], widths)
    return (_gather(bank, photo, at_y + since_y, at_x + since_x) * weight[..., None]).sum((0, 1))


def _source(chance: Tensor, cells: Tensor) -> Tensor:
    """Where a patch begins: so far inside that the patch does not leave the photo, where it is large enough."""
    room = (cells - 2 * SPACING_CELLS).clamp_min(1)
    return torch.div(cells - room - SPACING_CELLS, 2, rounding_mode="floor") + (chance * room).long()


def _gather(bank: Bank, photo: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Codes of places of photos, mirrored at their edges: (3, 3, height, width, channels)."""
    heights, widths = (torch.tensor([size[k] for size in bank.sizes])[photo] for k in (0, 1))
    row, column = mirrored(y, heights), mirrored(x, widths)
    return bank.codes[torch.tensor(bank.starts)[photo] + row * widths + column]


def mirrored(index: Tensor, count: Tensor | int) -> Tensor:
    """0 ... count - 1 for any whole number, back and forth."""
    folded = torch.remainder(index, 2 * count)
    return torch.where(folded < count, folded, 2 * count - 1 - folded)
