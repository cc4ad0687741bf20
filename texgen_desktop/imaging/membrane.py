"""A smooth correction that closes steps of a tile: where two parts of it meet, their difference fades to both sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.slices import Slices

_LINES = 64  # rows or columns that are transformed in one slice


def closed(tile: Floats, down: Floats, across: Floats) -> Slices[Floats]:
    """``tile`` (H, W, C) plus what makes its steps greater by ``down`` (from each pixel to the one below) and ``across`` (to the right).

    Both (H, W, C), on the torus; where they are not the steps of any picture the least squares hold: a Poisson equation, solved by Fourier
    (Pérez et al. 2003, "Poisson image editing"). The mean stays.
    """
    made = np.empty_like(tile)
    for channel in range(tile.shape[2]):
        correction = yield from _solved(down[..., channel], across[..., channel])
        for y in range(0, len(tile), _LINES):
            made[y : y + _LINES, :, channel] = tile[y : y + _LINES, :, channel] + correction[y : y + _LINES]
        yield None
    return made


def _solved(down: Floats, across: Floats) -> Slices[Floats]:
    """The picture (H, W) of mean 0 with these steps."""
    height, width = down.shape
    spectrum = np.empty((height, width // 2 + 1), np.complex128)
    for y in range(0, height, _LINES):
        rows = np.arange(y, min(y + _LINES, height))
        divergence = down[rows] - down[rows - 1] + across[rows] - np.roll(across[rows], 1, 1)
        spectrum[rows] = np.fft.rfft(divergence, axis=1)
        yield None
    by_row, by_column = _eigenvalues(np.fft.fftfreq(height))[:, None], _eigenvalues(np.fft.rfftfreq(width))
    for x in range(0, spectrum.shape[1], _LINES):
        eigenvalues = by_row + by_column[x : x + _LINES]
        waves = np.fft.fft(spectrum[:, x : x + _LINES], axis=0) / np.where(eigenvalues == 0, np.inf, eigenvalues)
        spectrum[:, x : x + _LINES] = np.fft.ifft(waves, axis=0)
        yield None
    found = np.empty((height, width), np.float32)
    for y in range(0, height, _LINES):
        found[y : y + _LINES] = np.fft.irfft(spectrum[y : y + _LINES], width, axis=1)
        yield None
    return found


def _eigenvalues(frequencies: NDArray[np.floating]) -> NDArray[np.float64]:
    """Of the second difference, for waves of so many turns a pixel."""
    found: NDArray[np.float64] = 2 * np.cos(2 * np.pi * frequencies) - 2
    return found
