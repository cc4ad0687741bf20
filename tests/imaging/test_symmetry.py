"""What may be done to a photo without showing."""

import numpy as np
import pytest

from texgen_desktop.imaging.symmetry import Symmetries, can_be_mirrored, symmetries


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


def test_edges_that_run_exactly_along_the_axes_are_as_strong_in_the_mirror():
    y, x = np.mgrid[0:192, 0:192]
    is_joint = (y % 16 < 2) | ((x + 24 * (y // 16 % 2)) % 48 < 2)
    bricks = np.repeat(np.where(is_joint, 0.3, 0.6).astype(np.float32)[..., None], 3, axis=2)
    assert symmetries(bricks) == Symmetries(mirror=True, turn=False)


def test_a_flat_picture_has_every_symmetry():
    assert symmetries(np.full((64, 64, 3), 0.5, np.float32)) == Symmetries(mirror=True, turn=True)


@pytest.mark.parametrize("shape", [(8, 8), (12, 300), (4, 256), (31, 31), (1, 500)])
def test_of_a_narrow_strip_nothing_is_allowed(shape):
    photo = np.random.default_rng(0).random((*shape, 3), np.float32)
    assert symmetries(photo) == Symmetries(mirror=False, turn=False)


def angles(count: int, seed: int = 0) -> np.ndarray:
    """Letters L, anywhere: a stem with a foot to the right. Each has as many edges to the left as to the right."""
    rng, pictures = np.random.default_rng(seed), np.full((count, 32, 32, 3), 30, np.uint8)
    for picture in pictures:
        top, left = rng.integers(2, 10, 2)
        picture[top : top + 20, left : left + 4] = 220
        picture[top + 16 : top + 20, left : left + 16] = 220
    return pictures


def facing_both_ways(pictures: np.ndarray) -> np.ndarray:
    """Every other pair of them mirrored, so that each half of the set has both."""
    is_mirrored = np.arange(len(pictures)) // 2 % 2 == 0
    return np.where(is_mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)


def test_pictures_that_face_one_way_are_not_to_be_mirrored_and_those_that_face_both_ways_are():
    assert not can_be_mirrored(angles(200))
    assert can_be_mirrored(facing_both_ways(angles(200)))


def test_pictures_lit_from_one_side_are_not_to_be_mirrored():
    texture = (255 * waves(side=512)).astype(np.uint8).reshape(16, 32, 16, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)
    shade = np.linspace(0.4, 1, 32)[:, None]
    assert can_be_mirrored(texture)
    assert not can_be_mirrored((texture * shade).astype(np.uint8))


def test_few_pictures_tell_nothing_and_flat_ones_allow_it():
    assert not can_be_mirrored(facing_both_ways(angles(60)))
    assert can_be_mirrored(np.full((64, 70, 70, 3), 90, np.uint8))
