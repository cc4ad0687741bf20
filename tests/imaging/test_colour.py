"""The transfer function against the standard's own numbers, and rounding."""

from __future__ import annotations

import numpy as np

from texgen_desktop.imaging.colour import linear_to_srgb, srgb_to_linear, to_uint8, to_uint16


def test_the_curve_passes_through_known_points() -> None:
    encoded = np.array([0, 0.04045, 0.5, 188 / 255, 1], np.float32)
    assert np.allclose(srgb_to_linear(encoded), [0, 0.0031308, 0.2140411, 0.5028865, 1], atol=1e-6)


def test_both_ways_undo_each_other_for_every_code_value_of_16_bits() -> None:
    codes = np.arange(65536, dtype=np.float32) / 65535
    assert np.array_equal(to_uint16(linear_to_srgb(srgb_to_linear(codes))), np.arange(65536))


def test_every_code_value_of_8_bits_comes_back() -> None:
    assert np.array_equal(to_uint8(np.arange(256, dtype=np.float32) / 255), np.arange(256))


def test_values_outside_are_clipped() -> None:
    outside = np.array([-0.5, 1.5], np.float32)
    assert to_uint8(outside).tolist() == [0, 255]
    assert to_uint16(outside).tolist() == [0, 65535]
