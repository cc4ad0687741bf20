from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.patches import patch_distance


def texture(cell_px: int, seed: int, side_px: int = 128) -> NDArray[np.float32]:
    cells = np.random.default_rng(seed).random((side_px // cell_px, side_px // cell_px, 3))
    return np.kron(cells, np.ones((cell_px, cell_px, 1))).astype(np.float32)


def test_another_piece_of_the_same_texture_is_near_and_another_texture_is_far() -> None:
    photo = texture(8, seed=0)
    same = patch_distance([photo], texture(8, seed=1), seed=0)
    finer = patch_distance([photo], texture(2, seed=2), seed=0)
    flat = patch_distance([photo], np.full_like(photo, photo.mean()), seed=0)
    assert same < 0.5 * finer
    assert same < 0.25 * flat


def test_a_pixel_shuffle_is_told_apart_though_its_histogram_is_the_same() -> None:
    photo = texture(8, seed=0)
    shuffled = np.random.default_rng(3).permutation(photo.reshape(-1, 3)).reshape(photo.shape)
    assert np.allclose(np.sort(shuffled, axis=None), np.sort(photo, axis=None))
    assert patch_distance([photo], shuffled, seed=0) > 2 * patch_distance([photo], texture(8, seed=1), seed=0)


def test_equal_arguments_give_equal_numbers() -> None:
    photos = [texture(8, seed=0), texture(4, seed=5, side_px=64)]
    tile = texture(4, seed=6)
    assert patch_distance(photos, tile, seed=4) == patch_distance(photos, tile, seed=4)
    assert patch_distance(photos, tile, seed=4) != patch_distance(photos, tile, seed=5)
