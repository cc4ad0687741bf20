"""Each property follows what it is named after."""

import numpy as np
import pytest

from texgen_desktop.imaging.properties import brightness, coarseness, lean, matched, spearman, warmth, width_over_height


def stripes(wave_y: float, wave_x: float, side: int = 64) -> np.ndarray:
    y, x = np.mgrid[:side, :side] / side
    grey = 0.5 + 0.3 * np.sin(2 * np.pi * (wave_y * y + wave_x * x))
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


def test_larger_structure_is_coarser():
    assert coarseness(stripes(2, 2)) > coarseness(stripes(4, 4)) > coarseness(stripes(9, 9))


def test_structure_that_lies_is_wider_than_high():
    assert width_over_height(stripes(5, 1)) > 1 > -1 > width_over_height(stripes(1, 5))


def test_the_two_diagonals_lean_to_opposite_sides():
    assert lean(stripes(3, -3)) == pytest.approx(-lean(stripes(3, 3)))
    assert lean(stripes(3, 3)) > 0.3  # their crests run along y = -x, with y downwards
    assert lean(stripes(3, 0)) == pytest.approx(0, abs=1e-3)


def test_brightness_and_warmth_are_those_of_the_mean_colour():
    picture = np.empty((4, 4, 3), np.float32)
    picture[:] = (0.8, 0.5, 0.2)
    assert brightness(picture) == pytest.approx(0.8 * 0.2126 + 0.5 * 0.7152 + 0.2 * 0.0722)
    assert warmth(picture) == pytest.approx(0.3)


def test_a_flat_picture_has_every_property_without_a_warning():
    flat = np.full((16, 16, 3), 0.5, np.float32)
    assert all(np.isfinite(measure(flat)) for measure in (coarseness, width_over_height, lean, brightness, warmth))


def test_a_matched_picture_differs_no_more_in_colour_and_contrast():
    picture, like = stripes(3, 1), 0.2 + 0.5 * stripes(2, 7) * np.float32([1, 0.5, 0.1])
    found = matched(picture, like)
    np.testing.assert_allclose(found.mean((0, 1)), like.mean((0, 1)), atol=1e-5)
    np.testing.assert_allclose(found.std((0, 1)), like.std((0, 1)), atol=1e-5)


def test_rank_correlation_sees_order_only():
    assert spearman([1, 2, 3, 4], [1, 8, 27, 64]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [9, 5, 4, -3]) == pytest.approx(-1)
    assert spearman([1, 1, 2, 2], [3, 3, 5, 5]) == pytest.approx(1)
    assert spearman([1, 2, 3], [7, 7, 7]) == 0
