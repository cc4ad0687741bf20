from __future__ import annotations

from pathlib import Path

import pytest

from texgen_desktop.engine.metrics import Metrics, MetricsLog, read_metrics


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


@pytest.mark.parametrize("torn", [b'{"images_se', b'{"images_seen": 24, "losses": {"critic"', b"\0\0\0\0", b"\xff\xfe"])
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
    with MetricsLog(path, images_seen=16) as log:
        log.append(20, {"critic": 2.0})
    assert seen(path) == [8, 16, 20]


def test_a_loss_that_is_no_number_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path) as log, pytest.raises(ValueError, match="JSON"):
        log.append(8, {"critic": float("inf")})
    assert seen(path) == []
