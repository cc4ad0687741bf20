"""How alike two textures are in their small patches: a cheap reading of quality, for choosing between checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PATCH_PX = 7
_PATCHES = 1024
_DIRECTIONS = 32
_SCALES = 4


def patch_distance(photos: Sequence[NDArray[np.float32]], tile: NDArray[np.float32], seed: int) -> float:
    """Sliced Wasserstein distance between the patches of ``tile`` and of ``photos``, all (H, W, 3) in [0, 1]; 0 is best.

    The mean over four scales, each half of the one before, of the first Wasserstein distance along random directions (Rabin et
    al. 2011), each in units of the photos' own spread there, so that their contrast does not count. Same arguments, same number.
    """
    random = np.random.default_rng(seed)
    distances: list[float] = []
    images = [*photos, tile]
    while len(distances) < _SCALES and min(min(image.shape[:2]) for image in images) >= _PATCH_PX:
        share = -(-_PATCHES // len(photos))
        wanted = np.concatenate([_patches(photo, share, random) for photo in images[:-1]])[:_PATCHES]
        found = _patches(images[-1], _PATCHES, random)
        directions = random.standard_normal((_PATCH_PX**2 * 3, _DIRECTIONS)).astype(np.float32)
        wanted_quantiles = np.sort(wanted @ directions, axis=0)  # (patches, directions)
        found_quantiles = np.sort(found @ directions, axis=0)
        spread = float(np.abs(wanted_quantiles - np.median(wanted_quantiles, axis=0)).mean())
        distances.append(float(np.abs(wanted_quantiles - found_quantiles).mean()) / max(spread, 1e-3))
        images = [_halved(image) for image in images]
    if not distances:
        raise ValueError(f"photos and tile must be at least {_PATCH_PX} pixels wide and high")
    return sum(distances) / len(distances)


def _halved(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of 2 x 2 pixels; an odd row or column at the end is dropped."""
    even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) * np.float32(0.25)


def _patches(image: NDArray[np.float32], count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """``count`` patches at random places, flattened: (count, patch * patch * 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (_PATCH_PX, _PATCH_PX), axis=(0, 1))  # (h, w, 3, patch, patch)
    y = random.integers(windows.shape[0], size=count)
    x = random.integers(windows.shape[1], size=count)
    return windows[y, x].reshape(count, -1)
