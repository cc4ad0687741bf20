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
        source = down[..., channel] - np.roll(down[..., channel], 1, 0) + across[..., channel] - np.roll(across[..., channel], 1, 1)
        made[..., channel] = tile[..., channel] + (yield from _solved(source))
    return made


def _solved(source: Floats) -> Slices[Floats]:
    """The picture (H, W) of mean 0 whose discrete Laplacian on the torus is ``source``."""
    height, width = source.shape
    spectrum = np.empty((height, width // 2 + 1), np.complex128)
    for y in range(0, height, _LINES):
        spectrum[y : y + _LINES] = np.fft.rfft(source[y : y + _LINES], axis=1)
        yield None
    down, across = _eigenvalues(np.fft.fftfreq(height))[:, None], _eigenvalues(np.fft.rfftfreq(width))
    for x in range(0, spectrum.shape[1], _LINES):
        eigenvalues = down + across[x : x + _LINES]
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
