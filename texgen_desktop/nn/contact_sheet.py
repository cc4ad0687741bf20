"""An endless contact sheet: a plane with one picture in each cell, any region of which can be drawn alone."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from texgen_desktop.nn.noise import gaussian_field

Cells = tuple[int, int, int, int]
"""First row, first column, rows, columns of a block of cells."""


def contact_sheet(y: int, x: int, height: int, width: int, side_px: int, draw: Callable[[Cells], Tensor]) -> Tensor:
    """The pixels of a region of the plane: (3, height, width). ``draw`` gives the pictures of cells, row by row: (n, 3, side, side)."""
    top, left = y // side_px, x // side_px
    rows, columns = -(-(y + height) // side_px) - top, -(-(x + width) // side_px) - left
    pictures = draw((top, left, rows, columns))
    sheet: Tensor = pictures.unflatten(0, (rows, columns)).permute(2, 0, 3, 1, 4).reshape(3, rows * side_px, columns * side_px)
    dy, dx = y - top * side_px, x - left * side_px
    return sheet[:, dy : dy + height, dx : dx + width]


def cell_noise(seed: int, level: int, channels: int, cells: Cells, periods: tuple[int | None, int | None]) -> Tensor:
    """Standard normal numbers for each of these cells, a function of their coordinates modulo the torus: (n, channels)."""
    top, left, rows, columns = cells
    return gaussian_field(seed, level, channels, top, left, rows, columns, periods)[0].permute(1, 2, 0).reshape(-1, channels)
