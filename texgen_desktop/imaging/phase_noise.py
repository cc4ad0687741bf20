"""Pictures that share a photo's spectrum and colours and nothing else: what a texture looks like when its structure is lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.colour_axes import ColourAxes
from texgen_desktop.slices import Slices

_ROUNDS = 4


def phase_noise(photo: Floats, seed: int) -> Slices[Floats]:
    """In slices, a random picture of the size of ``photo``, (H, W, 3) sRGB-encoded in [0, 1], with its power spectrum and its colours.

    The phases of the Fourier transform are replaced by those of white noise, the same for all channels, so that colours stay together
    (random phase noise, Galerne et al. 2011, of the periodic component, Moisan 2011). Amplitudes and values are then imposed in turn until
    both hold (IAAFT surrogates, Schreiber and Schmitz 1996); the values have the last word. Same arguments, same picture.
    """
    axes = yield from ColourAxes.prepared([photo])
    channels = axes.encode(photo).transpose(2, 0, 1)  # (3, H, W)
    yield None
    shape = channels.shape[1:]
    noise = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    turn = np.fft.rfft2(noise)
    turn /= np.maximum(np.abs(turn), 1e-12)
    turn[0, 0] = 1
    made = np.empty_like(channels)
    for channel, target in zip(made, channels, strict=True):
        yield None
        spectrum = np.fft.rfft2(periodic(target))
        yield None
        amplitude, values = np.abs(spectrum), np.sort(target, axis=None)
        channel[:] = _with_values(np.fft.irfft2(spectrum * turn, shape), values)
        for _ in range(_ROUNDS):
            yield None
            found = np.fft.rfft2(channel)
            channel[:] = _with_values(np.fft.irfft2(found * (amplitude / np.maximum(np.abs(found), 1e-12)), shape), values)
    return np.clip(axes.decode(made.transpose(1, 2, 0)), 0, 1)


def periodic(channel: Floats) -> Floats:
    """(H, W) without the jump at its borders, which would draw a cross into the spectrum: what is taken off is smooth inside.

    The periodic component of the periodic-plus-smooth decomposition (Moisan 2011).
    """
    height, width = channel.shape
    jumps = np.zeros((height, width))
    rows, columns = channel[0] - channel[-1], channel[:, 0] - channel[:, -1]
    jumps[0] += rows
    jumps[-1] -= rows
    jumps[:, 0] += columns
    jumps[:, -1] -= columns
    laplacian = 2 * np.cos(2 * np.pi * np.fft.fftfreq(height))[:, None] + 2 * np.cos(2 * np.pi * np.fft.rfftfreq(width)) - 4
    laplacian[0, 0] = 1
    smooth = np.fft.rfft2(jumps) / -laplacian
    smooth[0, 0] = 0
    found: Floats = (channel - np.fft.irfft2(smooth, channel.shape)).astype(np.float32)
    return found


def _with_values(picture: NDArray[np.floating], values: Floats) -> Floats:
    """``values``, which are sorted, in the order of the picture's."""
    found = np.empty(values.size, np.float32)
    found[np.argsort(picture, axis=None)] = values
    return found.reshape(picture.shape)
