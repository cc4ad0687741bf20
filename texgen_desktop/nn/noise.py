"""Gaussian noise that is a function of its coordinates, and random streams that are a function of the images seen.

Because a value depends on (seed, level, channel, y, x) alone, any region of the endless plane is the same however it is cut,
and a torus is the plane with its coordinates taken modulo the period.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MASK = (1 << 64) - 1


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every output bit depends on every input bit. In place."""
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def _key(*words: int) -> int:
    """One 64-bit key from several integers of any sign: the same mix, in Python, for one number is none to call numpy for."""
    x = 0
    for word in words:
        x = (x * int(_GOLDEN) + word) & _MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        x ^= x >> 31
    return x


def _line_hash(start: int, length: int, period: int | None, key: int) -> NDArray[np.uint64]:
    """A hash for each of ``length`` coordinates from ``start`` on, modulo ``period``."""
    coordinates = [(start + k) % period if period else start + k for k in range(length)]
    words = np.fromiter((c & _MASK for c in coordinates), np.uint64, length)
    return _mix(words * _GOLDEN + np.uint64(key))


def gaussian_field(
    seed: int, level: int, channels: int, y: int, x: int, height: int, width: int, periods: tuple[int | None, int | None] = (None, None)
) -> torch.Tensor:
    """Standard normal noise of (seed, level, channel, absolute y, absolute x): (1, channels, height, width) float32.

    ``periods`` are those of the torus in (y, x), None for an axis that does not wrap. Each 64-bit hash gives two uniform
    numbers and thus, by Box and Muller (1958), the normal numbers of two channels.
    """
    pairs = (channels + 1) // 2
    out = np.empty((2 * pairs, height, width), np.float32)
    for pair in range(pairs):
        rows = _line_hash(y, height, periods[0], _key(seed, level, pair, 1))
        columns = _line_hash(x, width, periods[1], _key(seed, level, pair, 2))
        bits = _mix(rows[:, None] + columns[None, :] * np.uint64(0xD1342543DE82EF95))
        # 24 bits each; the half step keeps the logarithm finite.
        uniform = ((bits >> np.uint64(40)).astype(np.float32) + np.float32(0.5)) * np.float32(2**-24)
        angle = ((bits >> np.uint64(8)) & np.uint64(0xFFFFFF)).astype(np.float32) * np.float32(2 * np.pi * 2**-24)
        radius = np.sqrt(np.float32(-2) * np.log(uniform))
        np.multiply(radius, np.cos(angle), out=out[2 * pair])
        np.multiply(radius, np.sin(angle), out=out[2 * pair + 1])
    return torch.from_numpy(out[None, :channels])


def stream(seed: int, images_seen: int, purpose: int) -> torch.Generator:
    """A random generator for one purpose of one training step. Nothing is carried from step to step, so a run that was
    stopped anywhere continues with the numbers it would have had."""
    return torch.Generator().manual_seed(_key(seed, images_seen, purpose) >> 1)
