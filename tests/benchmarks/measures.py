"""What textures are measured by in the benchmarks: memorised patches, and what a slider changes. numpy only, no trained network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""(H, W, 3) sRGB-encoded in [0, 1]."""


def grey(picture: Picture) -> NDArray[np.float64]:
    return picture.astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])


def equalised(picture: Picture) -> NDArray[np.uint8]:
    """Histogram-equalised grey: nothing is left of colour, brightness and contrast, only what is where."""
    values = grey(picture)
    ranks = np.empty(values.size)
    ranks[np.argsort(values, axis=None, kind="stable")] = np.arange(values.size)
    return (ranks.reshape(values.shape) * (255.999 / values.size)).astype(np.uint8)


def highest_ncc(patch: NDArray[np.float64], picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalised cross-correlation of a patch at every place of the picture: (H - h + 1, W - w + 1)."""
    h, w = patch.shape
    shape = picture.shape
    pattern = patch - patch.mean()
    spectrum = np.fft.rfft2(picture, shape)
    product = np.fft.irfft2(spectrum * np.conj(np.fft.rfft2(pattern, shape)), shape)[: shape[0] - h + 1, : shape[1] - w + 1]
    count = h * w
    sums, squares = (_box_sum(values, h, w) for values in (picture, picture**2))
    spread = np.sqrt(np.maximum(squares - sums**2 / count, 1e-9))
    return product / (spread * np.sqrt(max(float((pattern**2).sum()), 1e-9)))


def _box_sum(values: NDArray[np.float64], h: int, w: int) -> NDArray[np.float64]:
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    table[1:, 1:] = values.cumsum(0).cumsum(1)
    return table[h:, w:] - table[:-h, w:] - table[h:, :-w] + table[:-h, :-w]


def memorised_share(tile: Picture, others: list[Picture], side: int = 48, stride: int = 48, threshold: float = 0.95) -> float:
    """The share of the tile's patches that are found again in one of the others, in [0, 1]."""
    made, found = grey(tile), [grey(other) for other in others]
    tops = range(0, made.shape[0] - side + 1, stride)
    lefts = range(0, made.shape[1] - side + 1, stride)
    patches = [made[y : y + side, x : x + side] for y in tops for x in lefts]
    return sum(any(highest_ncc(p, other).max() > threshold for other in found) for p in patches) / len(patches)


def coarseness(picture: Picture) -> float:
    """Minus the mean log2 frequency of the grey picture's power: larger structure, larger value."""
    values = grey(picture)
    power = np.abs(np.fft.fft2((values - values.mean()) * np.outer(np.hanning(values.shape[0]), np.hanning(values.shape[1])))) ** 2
    radius = np.hypot(np.fft.fftfreq(values.shape[0])[:, None], np.fft.fftfreq(values.shape[1])[None])
    power[radius == 0] = 0
    return -float((power * np.log2(np.where(radius == 0, 1, radius))).sum() / power.sum())


def _gradients(picture: Picture) -> tuple[float, float, float]:
    dy, dx = np.gradient(grey(picture))
    return float((dx * dx).mean()), float((dy * dy).mean()), float((dx * dy).mean())


def width_over_height(picture: Picture) -> float:
    """log of vertical over horizontal gradient energy: above 0 where structures are wider than high."""
    xx, yy, _ = _gradients(picture)
    return float(np.log(yy / xx))


def lean(picture: Picture) -> float:
    """The off-diagonal of the structure tensor over its trace, in [-0.5, 0.5]: which diagonal the structure runs along."""
    xx, yy, xy = _gradients(picture)
    return xy / (xx + yy)


def brightness(picture: Picture) -> float:
    return float(grey(picture).mean())


def warmth(picture: Picture) -> float:
    return float((picture[..., 0] - picture[..., 2]).mean() / 2)


SLIDER_PROPERTY = {"scale": coarseness, "stretch": width_over_height, "slant": lean, "brightness": brightness, "warmth": warmth}
COLOUR_SLIDERS = {"brightness", "warmth"}


def matched(picture: Picture, like: Picture) -> Picture:
    """The picture with each channel's mean and variance of another: what is left is no matter of colour."""
    mean, deviation = picture.mean((0, 1)), picture.std((0, 1))
    return ((picture - mean) / np.maximum(deviation, 1e-6) * like.std((0, 1)) + like.mean((0, 1))).astype(np.float32)


def spearman(a: list[float], b: list[float]) -> float:
    """Rank correlation, ties by their mean rank."""
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: list[float]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    first = np.cumsum(counts) - counts
    return np.asarray((first + (counts - 1) / 2)[inverse], np.float64)
