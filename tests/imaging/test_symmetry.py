"""What may be done to a photo without showing."""

import numpy as np
import pytest

from texgen_desktop.imaging.symmetry import Symmetries, symmetries


def waves(lit: float = 0.0, run: float = 0.0, side: int = 256) -> np.ndarray:
    """Blobs of noise; ``lit`` shades them from the left, ``run`` draws them out to a grain that leans."""
    rng = np.random.default_rng(0)
    frequency_y, frequency_x = np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None]
    along = frequency_x + run * frequency_y
    band = np.exp(-(((np.hypot(along * (1 + 4 * abs(run)), frequency_y) - 0.06) / 0.02) ** 2))
    blobs = np.real(np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) * band))
    blobs = np.maximum(blobs / blobs.std(), 0)  # tops on a flat ground
    shade = np.roll(blobs, 2, 1) - blobs
    grey = 0.4 + 0.1 * blobs + 0.1 * lit * np.maximum(shade, 0)
    return np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2).astype(np.float32)


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        (waves(), Symmetries(mirror=True, turn=True)),
        (waves(lit=3.0), Symmetries(mirror=False, turn=False)),
        (waves(run=0.7), Symmetries(mirror=False, turn=False)),
    ],
    ids=["even", "lit from one side", "a leaning grain"],
)
def test_what_shows_is_not_allowed(photo, expected):
    assert symmetries(photo) == expected


def test_a_flat_picture_has_every_symmetry():
    assert symmetries(np.full((64, 64, 3), 0.5, np.float32)) == Symmetries(mirror=True, turn=True)


@pytest.mark.parametrize("shape", [(8, 8), (12, 300), (4, 256), (31, 31), (1, 500)])
def test_of_a_narrow_strip_nothing_is_allowed(shape):
    photo = np.random.default_rng(0).random((*shape, 3), np.float32)
    assert symmetries(photo) == Symmetries(mirror=False, turn=False)
