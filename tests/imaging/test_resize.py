"""Resizing on the torus: the period stays whole, and blocks join exactly."""

from __future__ import annotations

import numpy as np
import pytest

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.resize import resize_rows


def resize(source: Floats, size: tuple[int, int], wraps: tuple[bool, bool] = (True, True), block_rows: int = 64) -> Floats:
    def rows(y0: int, y1: int) -> Floats:
        if not wraps[0]:
            assert 0 <= y0 < y1 <= len(source)
        return source[np.arange(y0, y1) % len(source)]

    return np.concatenate(list(resize_rows(rows, source.shape[:2], size, wraps, block_rows)))


def noise(height: int, width: int) -> Floats:
    return np.random.default_rng(5).random((height, width, 3), np.float32)


@pytest.mark.parametrize("size", [(64, 96), (16, 24), (100, 61), (32, 48), (7, 300), (1, 1)])
@pytest.mark.parametrize("wraps", [(True, True), (True, False), (False, True), (False, False)])
def test_a_constant_stays_constant_at_any_size(size: tuple[int, int], wraps: tuple[bool, bool]) -> None:
    resized = resize(np.full((32, 48, 3), 0.3, np.float32), size, wraps)
    assert resized.shape == (*size, 3)
    assert np.abs(resized - 0.3).max() < 1e-6


def test_the_same_size_is_the_same_picture() -> None:
    assert np.abs(resize(noise(33, 47), (33, 47)) - noise(33, 47)).max() < 1e-6


@pytest.mark.parametrize("factor", [2, 3])
def test_enlarging_and_rolling_commute(factor: int) -> None:
    rolled_after = np.roll(resize(noise(20, 30), (20 * factor, 30 * factor)), (4 * factor, -7 * factor), (0, 1))
    rolled_before = resize(np.roll(noise(20, 30), (4, -7), (0, 1)), (20 * factor, 30 * factor))
    assert np.abs(rolled_after - rolled_before).max() < 1e-6
    clamped = resize(np.roll(noise(20, 30), (4, -7), (0, 1)), (20 * factor, 30 * factor), (False, False))
    assert np.abs(rolled_after - clamped).max() > 0.05  # the control


def test_shrinking_and_rolling_commute() -> None:
    rolled_after = np.roll(resize(noise(40, 60), (10, 15)), (3, -2), (0, 1))
    rolled_before = resize(np.roll(noise(40, 60), (12, -8), (0, 1)), (10, 15))
    assert np.abs(rolled_after - rolled_before).max() < 1e-6


@pytest.mark.parametrize("size", [(50, 77), (101, 67), (13, 21)])
def test_the_seam_is_like_any_other_place(size: tuple[int, int]) -> None:
    y, x = np.mgrid[0:32, 0:48]
    wave = (0.5 + 0.4 * np.sin(2 * np.pi * (x / 48 + 2 * y / 32)))[..., None].repeat(3, -1).astype(np.float32)
    for axis in (0, 1):
        steps = np.abs(np.diff(resize(wave, size), axis=axis, append=resize(wave, size).take([0], axis)))
        assert steps.take(-1, axis).max() <= steps.take(range(steps.shape[axis] - 1), axis).max() * 1.01
        clamped = resize(wave[:, :40], size, (False, False))
        assert np.abs(clamped[:, 0] - clamped[:, -1]).max() > 0.2  # the control


def test_a_wave_keeps_its_phase() -> None:
    def wave(columns: int) -> Floats:
        centres = (np.arange(columns) + 0.5) / columns
        return np.tile((0.5 + 0.4 * np.sin(2 * np.pi * 3 * centres))[None, :, None], (8, 1, 3)).astype(np.float32)

    assert np.abs(resize(wave(48), (8, 200)) - wave(200)).max() < 0.01
    assert np.abs(resize(wave(480), (8, 60)) - wave(60)).max() < 0.01


def test_shrinking_does_not_alias() -> None:
    checks = (np.indices((64, 64)).sum(0) % 2)[..., None].repeat(3, -1).astype(np.float32)
    assert np.abs(resize(checks, (16, 16)) - 0.5).max() < 0.02
    assert np.abs(checks[::4, ::4] - 0.5).min() == 0.5  # the control


@pytest.mark.parametrize("size", [(90, 100), (20, 31)])
@pytest.mark.parametrize("wraps", [(True, True), (False, False)])
def test_blocks_are_the_rows_of_the_whole_bit_by_bit(size: tuple[int, int], wraps: tuple[bool, bool]) -> None:
    whole = resize(noise(40, 60), size, wraps, block_rows=1000)
    for block_rows in (1, 7, 64):
        assert np.array_equal(resize(noise(40, 60), size, wraps, block_rows), whole)


def test_an_axis_that_does_not_wrap_continues_its_edge() -> None:
    step = np.zeros((8, 32, 3), np.float32)
    step[:, 16:] = 1
    wrapped, clamped = resize(step, (8, 64)), resize(step, (8, 64), (True, False))
    assert np.abs(clamped[:, :4]).max() < 1e-3
    assert np.abs(wrapped[:, :4]).max() > 0.05
