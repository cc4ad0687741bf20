"""A picture set is a sequence of photos and a source of batches, at whatever side a model wants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data import cifar_files
from tests.imaging.pictures import gradient, save_8_bit, save_deep
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.pictures import PictureSet, read_square
from texgen_desktop.imaging.recognise import ImageError

PIXELS = cifar_files.pictures(6)
SET = PictureSet(PIXELS, np.array([0, 1, 0, 1, 2, 2]), ("cat", "dog", "owl"))


def photo(name: str, height: int, width: int, group: str = "") -> Photo:
    return Photo(name, gradient(height, width), width, height, group)


def test_a_set_is_a_sequence_of_photos_that_know_their_class() -> None:
    assert len(SET) == 6
    assert [each.group for each in SET] == ["cat", "dog", "cat", "dog", "owl", "owl"]
    assert np.allclose(SET[-1].pixels, PIXELS[5] / 255)
    assert SET[0].pixels.dtype == np.float32
    assert len({each.name for each in SET}) == 6
    with pytest.raises(IndexError):
        SET[6]
    part = SET[1:3]
    assert isinstance(part, PictureSet)
    assert [each.group for each in part] == ["dog", "cat"]


def test_a_batch_is_what_a_network_wants() -> None:
    batch = SET.batch([4, 0])
    assert batch.shape == (2, 3, 32, 32)
    assert np.allclose((batch[0].permute(1, 2, 0).numpy() + 1) * 127.5, PIXELS[4])
    assert float(batch.min()) >= -1
    assert float(batch.max()) <= 1


def test_a_set_of_the_right_side_is_itself() -> None:
    assert PictureSet.of(SET, 32) is SET


@pytest.mark.parametrize("side_px", [16, 64, 24])
def test_a_set_of_another_side_is_resized(side_px: int) -> None:
    resized = PictureSet.of(SET, side_px)
    assert resized.pixels.shape == (6, side_px, side_px, 3)
    assert resized.labels is SET.labels
    assert np.abs(resized.pixels.mean((1, 2)) - PIXELS.mean((1, 2))).max() < 2


def test_photos_become_their_centre_squares_grouped_by_their_folder() -> None:
    made = PictureSet.of([photo("a", 100, 300, "moss"), photo("b", 300, 100, "stone"), photo("c", 64, 64, "moss")], 64)
    assert made.pixels.shape == (3, 64, 64, 3)
    assert (made.classes, made.labels.tolist()) == (("moss", "stone"), [0, 1, 0])
    # The middle third of the horizontal ramp, and all of the vertical one.
    wide = made.pixels[0, 32] / 255
    assert abs(wide[4, 0] - (100 + 4.5 * 100 / 64) / 299) < 0.02
    assert abs(made.pixels[0, 4, 32, 1] / 255 - 4.5 / 64) < 0.02


def test_shrinking_averages_fine_stripes_away() -> None:
    stripes = np.zeros((256, 256, 3), np.float32)
    stripes[:, ::2] = 1
    made = PictureSet.of([Photo("a", stripes, 256, 256)], 32).pixels
    assert np.abs(made.astype(int) - 128).max() < 8
    assert set(np.unique(stripes[::8, ::8])) == {1.0}, "the control: taking every eighth pixel shows one stripe"


def test_slices_come_while_photos_are_resized() -> None:
    work = PictureSet.prepared([photo("a", 64, 64)] * 5, 32)
    assert sum(1 for _ in work) == 5


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "deep.png", "deep.tif"])
def test_a_file_becomes_a_square(tmp_path: Path, name: str) -> None:
    pixels = gradient(160, 480)
    path = save_deep(tmp_path / name, pixels) if name.startswith("deep") else save_8_bit(tmp_path / name, pixels)
    square = read_square(path, 32)
    expected = pixels[:, 160:320].reshape(32, 5, 32, 5, 3).mean((1, 3))
    assert np.abs(square / 255 - expected)[2:-2, 2:-2, :2].max() < 0.02


def test_a_small_picture_is_enlarged_and_a_tiny_one_refused(tmp_path: Path) -> None:
    assert read_square(save_8_bit(tmp_path / "a.png", gradient(40, 50)), 64).shape == (64, 64, 3)
    with pytest.raises(ImageError, match="too few"):
        read_square(save_8_bit(tmp_path / "b.png", gradient(28, 28)), 64)
