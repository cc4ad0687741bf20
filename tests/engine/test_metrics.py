from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from texgen_desktop.engine.metrics import LONGEST_HISTORY, Metrics, MetricsLog, read_metrics, thinned


def seen(path: Path) -> list[int]:
    return [metrics.images_seen for metrics in read_metrics(path)]


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path) as log:
        log.append(8, {"critic": 0.5, "generator": -1.25})
        assert seen(path) == [8]
        log.append(16, {"critic": 0.25})
    assert read_metrics(path)[0] == Metrics(8, (("critic", 0.5), ("generator", -1.25)))
    assert seen(path) == [8, 16]


def test_a_run_without_metrics_has_none(tmp_path: Path) -> None:
    assert read_metrics(tmp_path / "metrics.jsonl") == ()


@pytest.mark.parametrize(
    "torn",
    [b'{"images_se', b'{"images_seen": 24, "losses": {"critic"', b"\0\0\0\0", b"\xff\xfe", b'{"images_seen": 9, "losses": {"\xff": 1}}'],
)
def test_a_torn_last_line_is_passed_over_and_does_not_spoil_the_next(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path) as log:
        log.append(8, {"critic": 1})
    with path.open("ab") as file:
        file.write(torn)
    assert seen(path) == [8]
    with MetricsLog(path, images_seen=8) as log:
        log.append(16, {"critic": 1})
    assert seen(path) == [8, 16]


def test_a_resumed_run_drops_the_future_that_was_lost(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path) as log:
        for images_seen in (8, 16, 24, 32):
            log.append(images_seen, {"critic": 1.0})
    kept = path.read_bytes()[: path.read_bytes().index(b'{"images_seen": 24')]
    file = path.stat().st_ino
    with MetricsLog(path, images_seen=16) as log:
        log.append(20, {"critic": 2.0})
    assert seen(path) == [8, 16, 20]
    assert path.read_bytes().startswith(kept)
    assert path.stat().st_ino == file, "only its end was cut off"
    with MetricsLog(path, images_seen=0):
        assert path.read_bytes() == b""


def test_a_loss_that_is_no_number_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path) as log, pytest.raises(ValueError, match="JSON"):
        log.append(8, {"critic": float("inf")})
    assert seen(path) == []


def test_a_short_history_is_shown_line_by_line_and_says_where_a_loss_had_no_reading() -> None:
    shown = thinned("run-001", (Metrics(8, (("critic", 0.5),)), Metrics(16, (("style", 2.0),))))
    values = dict(shown.values)
    assert (shown.run_id, list(shown.images_seen)) == ("run-001", [8, 16])
    np.testing.assert_array_equal(values["critic"], [0.5, np.nan])
    np.testing.assert_array_equal(values["style"], [np.nan, 2.0])


def test_a_long_history_is_thinned_to_the_means_of_neighbours() -> None:
    levels = ("critic 1/2", "critic 1/1")
    lines = [Metrics(4 * step, ((levels[step % 2], float(step)),)) for step in range(1, 25_001)]
    shown = thinned("run-001", lines)
    assert len(shown.images_seen) == LONGEST_HISTORY
    assert shown.images_seen[-1] == 100_000
    assert (np.diff(shown.images_seen) > 0).all()
    for name, values in shown.values:
        assert name in levels
        np.testing.assert_allclose(values, shown.images_seen / 4 - 2, atol=1.01)


def test_without_a_run_there_is_no_history() -> None:
    shown = thinned("", ())
    assert (shown.run_id, len(shown.images_seen), shown.values) == ("", 0, ())
