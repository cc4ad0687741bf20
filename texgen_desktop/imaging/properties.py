"""What can be measured of a picture that a slider may stand for, and how well the one follows the other. Plain numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""(H, W, 3) sRGB-encoded in [0, 1]."""

LUMA = (0.2126, 0.7152, 0.0722)
"""Rec. 709's weights of R, G, B."""


SIGNATURE_LENGTH = 8


def grey(picture: Picture) -> NDArray[np.float64]:
    """Rec. 709's luma."""
    luma: NDArray[np.float64] = picture.astype(np.float64) @ np.array(LUMA)
    return luma


def coarseness(picture: Picture) -> float:
    """Minus the mean log2 frequency of the grey picture's power: larger structure, larger value."""
    values = grey(picture)
    power = np.abs(np.fft.fft2((values - values.mean()) * np.outer(np.hanning(values.shape[0]), np.hanning(values.shape[1])))) ** 2
    radius = np.hypot(np.fft.fftfreq(values.shape[0])[:, None], np.fft.fftfreq(values.shape[1])[None])
    power[radius == 0] = 0
    return -float((power * np.log2(np.where(radius == 0, 1, radius))).sum() / max(float(power.sum()), 1e-12))


def _gradients(picture: Picture) -> tuple[float, float, float]:
    dy, dx = np.gradient(grey(picture))
    return float((dx * dx).mean()), float((dy * dy).mean()), float((dx * dy).mean())


def width_over_height(picture: Picture) -> float:
    """log of vertical over horizontal gradient energy: above 0 where structures are wider than high."""
    xx, yy, _ = _gradients(picture)
    return float(np.log(max(yy, 1e-12) / max(xx, 1e-12)))


def lean(picture: Picture) -> float:
    """The off-diagonal of the structure tensor over its trace, in [-0.5, 0.5]: above 0 for a slope from bottom left to top right."""
    xx, yy, xy = _gradients(picture)
    return xy / max(xx + yy, 1e-12)


def brightness(picture: Picture) -> float:
    """Mean luma, in [0, 1]."""
    return float(grey(picture).mean())


def warmth(picture: Picture) -> float:
    """Half of what the mean red has over the mean blue, in [-0.5, 0.5]."""
    return float((picture[..., 0] - picture[..., 2]).mean() / 2)


def signature(picture: Picture) -> tuple[float, ...]:
    """What a texture looks like at a glance: mean and deviation of R, G and B, coarseness and run, in units of a clear difference."""
    mean, deviation = picture.mean((0, 1)) / 0.1, picture.std((0, 1)) / 0.05
    shape = (coarseness(picture) / 0.3, width_over_height(picture) / 0.3)
    return (*map(float, mean), *map(float, deviation), *shape)


def likeness(picture: Picture, other: Sequence[float]) -> float:
    """Minus the distance of the picture's signature to another."""
    return -float(np.linalg.norm(np.subtract(signature(picture), other)))


def greenness(picture: Picture) -> float:
    """Half of what the mean green has over the mean of red and blue, in [-0.5, 0.5]."""
    mean = picture.mean((0, 1))
    return float(mean[1] - (mean[0] + mean[2]) / 2) / 2


def colourfulness(picture: Picture) -> float:
    """Mean over the pixels of the greatest less the least of R, G and B, in [0, 1]."""
    return float((picture.max(2) - picture.min(2)).mean())


def contrast(picture: Picture) -> float:
    """Standard deviation of the luma."""
    return float(grey(picture).std())


def regularity(picture: Picture) -> float:
    """How well the grey picture repeats itself: its highest autocorrelation further away than an eighth of its side, in [-1, 1]."""
    values = grey(picture)
    height, width = values.shape
    values = values - values.mean()
    # Padded, so that it does not wrap; each place is divided by how many pixels overlap there.
    shape = (2 * height, 2 * width)
    products = np.fft.irfft2(np.abs(np.fft.rfft2(values, shape)) ** 2, shape)
    rows, columns = (np.abs(np.fft.fftfreq(2 * n, 1 / (2 * n))) for n in (height, width))
    overlap = np.maximum(height - rows, 0)[:, None] * np.maximum(width - columns, 0)[None]
    is_far = (np.hypot(rows[:, None], columns[None]) >= min(height, width) / 8) & (overlap >= height * width / 4)
    return float((products[is_far] / overlap[is_far]).max() / max(float((values**2).mean()), 1e-12))


def light_from_above(picture: Picture) -> float:
    """What the mean luma of the upper half has over that of the lower half, in [-1, 1]."""
    values = grey(picture)
    half = max(1, len(values) // 2)
    return float(values[:half].mean() - values[-half:].mean())


def light_from_right(picture: Picture) -> float:
    """What the mean luma of the right half has over that of the left half, in [-1, 1]."""
    values = grey(picture)
    half = max(1, values.shape[1] // 2)
    return float(values[:, -half:].mean() - values[:, :half].mean())


def light_in_the_middle(picture: Picture) -> float:
    """What the mean luma of the middle quarter has over that of the rest, in [-1, 1]."""
    values = grey(picture)
    height, width = values.shape
    is_middle = np.zeros(values.shape, bool)
    is_middle[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    return float(values[is_middle].mean() - values[~is_middle].mean())


def matched(picture: Picture, like: Picture) -> Picture:
    """The picture with each channel's mean and variance of another: what is left is no matter of colour."""
    mean, deviation = picture.mean((0, 1)), picture.std((0, 1))
    found: Picture = ((picture - mean) / np.maximum(deviation, 1e-6) * like.std((0, 1)) + like.mean((0, 1))).astype(np.float32)
    return found


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Rank correlation in [-1, 1], ties by their mean rank (Spearman 1904); 0 where one of the two does not vary."""
    if min(a) == max(a) or min(b) == max(b):
        return 0.0
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    first = np.cumsum(counts) - counts
    return np.asarray((first + (counts - 1) / 2)[inverse], np.float64)
