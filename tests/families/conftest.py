"""Small photos for the families."""

import numpy as np
import pytest

from texgen_desktop.data.photos import Photo


def spotted_photo(height: int = 72, width: int = 80, seed: int = 0) -> Photo:
    """Warm spots on a cool, slowly changing ground: every slider has something to learn."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    spots = np.sin(y / 3) * np.sin(x / 4) + 0.3 * rng.standard_normal((height, width), dtype=np.float32)
    ground = 0.25 * np.sin(y / 40) + 0.2 * np.cos(x / 30)
    colours = [0.5 + 0.2 * spots + ground, 0.45 + 0.15 * spots + 0.5 * ground, 0.5 - 0.1 * spots - 0.5 * ground]
    pixels = np.clip(np.stack(colours, -1), 0, 1).astype(np.float32)
    return Photo("spots", pixels, width, height)


@pytest.fixture
def photo() -> Photo:
    return spotted_photo()
