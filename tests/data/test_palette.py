"""The colours of a photo as coordinates, and back."""

import numpy as np
import pytest
import torch

from texgen_desktop.data.palette import Palette
from texgen_desktop.data.photos import Photo

MEAN = np.float32([0.5, 0.4, 0.45])
AXES = np.linalg.qr(np.float32([[1, 1, 1], [1, -1, 0], [1, 1, -2]]).T)[0].T
DEVIATIONS = (0.1, 0.016, 0.0001)


def coloured_photo() -> Photo:
    coordinates = np.random.default_rng(0).standard_normal((64, 64, 3)) * DEVIATIONS
    pixels = (MEAN + coordinates @ AXES).astype(np.float32)
    return Photo("coloured", pixels, 64, 64)


def deviations(photo: Photo) -> list[float]:
    pixels = torch.from_numpy(photo.pixels).permute(2, 0, 1)[None]
    return [float(d) for d in Palette.of([photo]).encode(pixels)[0].flatten(1).std(1)]


def test_the_first_axis_is_whitened_and_the_second_half_the_way() -> None:
    first, second, _ = deviations(coloured_photo())
    assert first == pytest.approx(1, abs=0.01)
    assert second == pytest.approx((0.016 / 0.1) ** 0.5, rel=0.05)


def test_noise_of_a_grey_photo_stays_faint() -> None:
    assert deviations(coloured_photo())[2] < 0.02


def test_coordinates_go_back_to_the_colours_they_came_from() -> None:
    photo = coloured_photo()
    pixels = torch.from_numpy(photo.pixels).permute(2, 0, 1)[None]
    palette = Palette.of([photo])
    torch.testing.assert_close(palette.decode(palette.encode(pixels)), pixels, rtol=0, atol=1e-5)


def test_the_same_colours_in_another_order_give_the_same_palette() -> None:
    photo = coloured_photo()
    turned = Photo("turned", photo.pixels[::-1].copy(), 64, 64)
    np.testing.assert_allclose(Palette.of([photo]).axes, Palette.of([turned]).axes, atol=1e-5)
