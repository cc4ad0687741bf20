"""What textures are measured by in the benchmarks beside what the program measures itself: memorised patches, a view without colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.properties import Picture, grey


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
