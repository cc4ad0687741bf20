from __future__ import annotations

import math

import numpy as np
import pytest

from texgen_desktop.ui.widgets.loss_history import LossHistory, Smoother, envelope, logarithms


def test_a_loss_without_a_reading_goes_on_and_only_a_nan_is_a_gap() -> None:
    history = LossHistory()
    history.append(8, {"critic": 1.0})
    history.append(16, {"critic": 2.0, "style": 0.5})
    history.append(24, {"style": math.nan})
    history.append(32, {})
    np.testing.assert_array_equal(history.images_seen, [8, 16, 24, 32])
    np.testing.assert_array_equal(history.values("critic"), [1.0, 2.0, 2.0, 2.0])
    np.testing.assert_array_equal(history.values("style"), [np.nan, 0.5, np.nan, np.nan])
    assert history.names == ("critic", "style")


def test_levels_that_take_turns_have_whole_curves_also_where_points_are_merged() -> None:
    history = LossHistory(capacity=64)
    for index in range(1000):
        history.append(index, {f"critic 1/{2 ** (index % 3)}": float(index % 3)})
    for level in range(3):
        np.testing.assert_array_equal(history.values(f"critic 1/{2**level}")[1:], level)


def test_what_was_loaded_goes_on_with_what_comes_after() -> None:
    nan = math.nan
    history = LossHistory.of(np.array([8.0, 16.0, 24.0]), {"critic": np.array([1.0, nan, 3.0]), "style": np.array([nan, 0.5, nan])})
    for images_seen in range(32, 32 + 8 * 3000, 8):
        history.append(images_seen, {"critic": 4.0})
    np.testing.assert_array_equal(history.images_seen, np.arange(8, 32 + 8 * 3000, 8))
    np.testing.assert_array_equal(history.values("critic")[:5], [1.0, 1.0, 3.0, 4.0, 4.0])
    np.testing.assert_array_equal(history.values("style")[:5], [nan, 0.5, 0.5, 0.5, 0.5])


def test_a_long_run_stays_in_bounded_memory_and_keeps_its_shape() -> None:
    history = LossHistory(capacity=4096)
    for index in range(50_000):
        history.append(index, {"critic": math.cos(index / 5000)})
    assert len(history) <= 4096
    assert (np.diff(history.images_seen) > 0).all()
    np.testing.assert_allclose(history.values("critic"), np.cos(history.images_seen / 5000), atol=0.01)


@pytest.mark.parametrize("smoothing", [0.05, 0.6, 0.97, 0.999])
def test_smoothing_equals_its_definition_and_passes_over_gaps(smoothing: float) -> None:
    values = np.random.default_rng(1).normal(size=3000)
    values[100:140] = np.nan
    expected, total, weight = [], 0.0, 0.0
    for value in values:
        if not math.isnan(value):
            total, weight = smoothing * total + value, smoothing * weight + 1
        expected.append(math.nan if math.isnan(value) else total / weight)
    smoother = Smoother(smoothing)
    smoother(values[:1001])
    np.testing.assert_allclose(smoother(values), expected, rtol=1e-9)


def test_no_smoothing_gives_the_values_back() -> None:
    values = np.array([1.0, np.nan, 3.0])
    assert Smoother(0.0)(values) is values


def test_an_envelope_keeps_every_spike_that_thinning_would_lose() -> None:
    y = np.zeros(100_000)
    y[31_415], y[77_777] = 9.0, -7.0
    x, thinned = envelope(np.arange(100_000.0), y, columns=400)
    assert len(x) == len(thinned) == 800
    assert (thinned.max(), thinned.min()) == (9.0, -7.0)
    assert y[:: 100_000 // 800].max() == 0.0, "every n-th point misses them"


def test_an_envelope_keeps_a_gap_and_passes_over_single_nans() -> None:
    y = np.ones(10_000)
    y[4000:6000] = np.nan
    y[::7] = np.nan
    x, thinned = envelope(np.arange(10_000.0), y, columns=100)
    inside = (x >= 4000) & (x < 6000)
    assert np.isnan(thinned[inside]).all()
    assert np.isfinite(thinned[~inside]).all()


def test_the_logarithm_of_what_has_none_is_a_gap() -> None:
    np.testing.assert_array_equal(logarithms(np.array([100.0, 0.0, -1.0, np.nan])), [2.0, np.nan, np.nan, np.nan])
