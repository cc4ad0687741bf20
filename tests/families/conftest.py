"""Small photos and pictures for the families."""

import numpy as np
import pytest

from texgen_desktop.data.photos import Photo
from texgen_desktop.data.pictures import PictureSet


def spotted_photo(height: int = 72, width: int = 80, seed: int = 0) -> Photo:
    """Warm spots on a cool, slowly changing ground: every slider has something to learn."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    spots = np.sin(y / 3) * np.sin(x / 4) + 0.3 * rng.standard_normal((height, width), dtype=np.float32)
    ground = 0.25 * np.sin(y / 40) + 0.2 * np.cos(x / 30)
    colours = [0.5 + 0.2 * spots + ground, 0.45 + 0.15 * spots + 0.5 * ground, 0.5 - 0.1 * spots - 0.5 * ground]
    pixels = np.clip(np.stack(colours, -1), 0, 1).astype(np.float32)
    return Photo("spots", pixels, width, height)


def disc_pictures(count: int = 12, side: int = 32, seed: int = 0) -> PictureSet:
    """Soft discs anywhere, by turns red ones on dark and blue ones on light ground: two classes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    labels = np.arange(count) % 2
    colours = np.array([[[40, 30, 30], [230, 60, 40]], [[210, 215, 220], [40, 60, 200]]])
    pixels = np.empty((count, side, side, 3))
    for k, label in enumerate(labels):
        (cy, cx), radius = rng.uniform(0.3, 0.7, 2), rng.uniform(0.12, 0.3)
        inside = np.clip((radius - np.hypot(y - cy, x - cx)) * side / 2 + 0.5, 0, 1)[..., None]
        pixels[k] = colours[label, 0] + inside * (colours[label, 1] - colours[label, 0]) + rng.uniform(-8, 8, (side, side, 3))
    return PictureSet(np.clip(pixels, 0, 255).astype(np.uint8), labels.astype(np.int64), ("red", "blue"))


@pytest.fixture
def photo() -> Photo:
    return spotted_photo()
