"""Photos that have room in memory, counted in the bytes of the arrays that a run really holds."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from texgen_desktop.data import photo_room
from texgen_desktop.data.crops import CropSampler
from texgen_desktop.data.palette import Palette
from texgen_desktop.data.photo_room import sides_with_room, with_room
from texgen_desktop.data.photos import Photo
from texgen_desktop.engine.messages import Crop, PhotoInfo
from texgen_desktop.slices import run_to_end

PHONE = PhotoInfo("photo.jpg", 4032, 3024, Crop(), 768)


def many(count: int, photo: PhotoInfo = PHONE) -> list[PhotoInfo]:
    return [replace(photo, name=f"{k}.jpg") for k in range(count)]


def bytes_held(photos: list[PhotoInfo]) -> int:
    """Of one photo as it is held in training, by its arrays, times the number of photos."""
    side = photos[0].working_side_px
    pixels = np.random.default_rng(0).random((side, side * 4 // 3, 3), np.float32)
    sampler = run_to_end(CropSampler.prepared([Photo("one", pixels, 0, 0)], 6, 8, torch.device("cpu")))
    return len(photos) * (pixels.nbytes + sum(level.nbytes for level in sampler._pyramids[0]))


def test_many_photos_have_room_whose_arrays_would_take_five_times_as_much() -> None:
    photos = many(200)
    assert bytes_held(photos) > 5 * photo_room.ROOM_BYTES
    taken = with_room(photos)
    assert 0.9 * photo_room.ROOM_BYTES < bytes_held(list(taken)) <= photo_room.ROOM_BYTES


def test_few_photos_are_all_taken_and_many_small_ones_too() -> None:
    for photos in (many(1), many(30), many(150, replace(PHONE, working_side_px=320))):
        assert with_room(photos) == photos
    assert with_room([]) == []


def test_those_that_are_taken_are_spread_evenly() -> None:
    numbers = [int(photo.name.removesuffix(".jpg")) for photo in with_room(many(200))]
    steps = np.diff(numbers)
    assert len(numbers) < 40
    assert steps.max() - steps.min() <= 1
    assert 200 - numbers[-1] <= steps.max()


def test_a_small_folder_among_large_ones_keeps_a_photo() -> None:
    photos = [replace(photo, group="moss" if k == 7 else "bark" if k % 4 else "stone") for k, photo in enumerate(many(200))]
    groups = [photo.group for photo in with_room(photos)]
    assert groups.count("moss") == 1
    assert groups.count("bark") == pytest.approx(3 * groups.count("stone"), abs=3)


def test_photos_that_are_a_group_each_are_all_taken_however_large() -> None:
    huge = many(6, replace(PHONE, working_side_px=3024))
    assert with_room(huge) == huge
    assert len(with_room([*huge, *many(1, replace(PHONE, name="7.jpg"))])) < 7


def test_a_crop_counts_at_its_own_scale_and_is_never_enlarged() -> None:
    quarter = replace(PHONE, crop=Crop(0, 0, 0.25, 0.25), working_side_px=3000)
    assert len(with_room(many(200, quarter))) == len(with_room(many(200, replace(PHONE, working_side_px=756))))


def test_pictures_are_all_taken_and_read_smaller_where_many_are_large() -> None:
    assert sides_with_room(many(100)) == [768] * 100
    sides = sides_with_room(many(200))
    assert len(sides) == 200
    assert min(sides) > 500
    assert sum(side * side * 4 // 3 * 12 for side in sides) <= photo_room.ROOM_BYTES


def test_the_palette_of_many_photos_is_found_in_a_part_of_their_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    photos = [Photo(str(k), random.random((64, 64, 3), np.float32), 64, 64) for k in range(20)]
    peaks, means = [], []
    for most in (20 * 64 * 64, 20 * 64 * 8):
        monkeypatch.setattr("texgen_desktop.data.palette._MOST_COLOURS", most)
        tracemalloc.start()
        means.append(Palette.of(photos).mean)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] > 4 * peaks[1]
    np.testing.assert_allclose(means[1], means[0], atol=0.02)
