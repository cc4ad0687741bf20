"""The sRGB transfer function both ways, and rounding to integer code values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def srgb_to_linear(encoded: Floats) -> Floats:
    """sRGB code values to linear light, any shape, float32 in [0, 1] (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0) + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(linear: Floats) -> Floats:
    """Linear light to sRGB code values, any shape, float32 in [0, 1] (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055).astype(np.float32)


def to_uint8(pixels: Floats) -> NDArray[np.uint8]:
    """[0, 1] to the nearest of 0 … 255; values outside are clipped."""
    return (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)


def to_uint16(pixels: Floats) -> NDArray[np.uint16]:
    """[0, 1] to the nearest of 0 … 65535; values outside are clipped."""
    return (np.clip(pixels, 0, 1) * 65535 + 0.5).astype(np.uint16)
