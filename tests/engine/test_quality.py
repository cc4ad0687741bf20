"""Structure and copies of a run in training: what they cost, when they come, and where they go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.data.photos import Photo
from texgen_desktop.engine import messages as m
from texgen_desktop.engine import quality
from texgen_desktop.engine.metrics import read_metrics
from texgen_desktop.engine.quality import QualityMeter
from texgen_desktop.engine.source import Source
from texgen_desktop.imaging.patches import patch_distance
from texgen_desktop.slices import run_to_end

FAMILY = tiny_family.FAMILY


class Clock:
    """Every look at it takes some time, so that work has a length."""

    now_s = 0.0

    def __init__(self, look_s: float = 0.0) -> None:
        self._look_s = look_s

    def __call__(self) -> float:
        self.now_s += self._look_s
        return self.now_s


def photo(side_px: int = 96) -> Photo:
    cells = np.random.default_rng(1).random((side_px // 4, side_px // 4, 3), np.float32)
    return Photo("cells", np.kron(cells, np.ones((4, 4, 1), np.float32)), side_px, side_px)


@pytest.fixture
def snapshot(tmp_path: Path) -> Callable[[], Source]:
    trainer = tiny_family.TinyTrainer(tiny_family.Config(), [photo()], 3, torch.device("cpu"))
    return lambda: Source(tmp_path, FAMILY, trainer.model(), trainer.images_seen)


def read(meter: QualityMeter, snapshot: Callable[[], Source]) -> dict[str, float]:
    while not (found := meter.take()):
        meter.advance(snapshot)
    return found


def test_both_readings_come_in_the_end_and_again_sooner(snapshot: Callable[[], Source]) -> None:
    meter = QualityMeter([photo()])
    first = read(meter, snapshot)
    before_s = meter.spent_s
    assert read(meter, snapshot) == first
    assert meter.spent_s - before_s < before_s
    assert first.keys() == {"structure", "copy share"}
    assert first["structure"] > 0.3
    assert 0 <= first["copy share"] <= 1


def test_it_takes_no_more_than_its_share_of_the_time(snapshot: Callable[[], Source]) -> None:
    clock = Clock(look_s=0.02)  # every slice looks at it some times
    meter = QualityMeter([photo()], clock)
    meter.begin()
    for _ in range(1200):  # steps of half a second
        clock.now_s += 0.5
        if meter.is_due:
            meter.advance(snapshot)
    assert meter.spent_s > 0.02 * clock.now_s
    assert meter.spent_s < 0.03 * clock.now_s


def test_nothing_is_spent_before_the_first_pictures_and_little_soon_after(snapshot: Callable[[], Source]) -> None:
    clock = Clock()
    meter = QualityMeter([photo()], clock)
    clock.now_s = quality.EARLY_FROM_S
    assert not meter.is_due
    clock.now_s += 10
    assert meter.is_due
    meter.spent_s = 1.01 * quality.EARLY_SHARE * 10
    assert not meter.is_due


def test_a_new_sitting_begins_with_a_new_account(snapshot: Callable[[], Source]) -> None:
    clock = Clock()
    meter = QualityMeter([photo()], clock)
    clock.now_s, meter.spent_s = 20.0, 100.0
    assert not meter.is_due
    meter.begin()
    clock.now_s += 20
    assert meter.is_due


def test_tiny_photos_are_not_judged_but_have_a_score(snapshot: Callable[[], Source]) -> None:
    clock = Clock()
    meter = QualityMeter([photo(40)], clock)
    clock.now_s = 1000.0
    assert not meter.is_due
    tile = snapshot().render(m.RenderRequest(m.Look(), m.Region(0, 0, 192, 192)))
    assert run_to_end(meter.score(snapshot())) == pytest.approx(patch_distance([photo(40).pixels], tile, seed=0), rel=1e-3)
    assert meter.scored_by != QualityMeter([photo()]).scored_by


def test_what_else_is_done_between_the_slices_of_a_score_is_not_counted(snapshot: Callable[[], Source]) -> None:
    clock = Clock(look_s=0.001)
    meter = QualityMeter([photo()], clock)
    read(meter, snapshot)
    before_s, slices = meter.spent_s, 0
    for _ in meter.score(snapshot()):
        clock.now_s += 10.0
        slices += 1
    assert slices > 1
    assert meter.spent_s - before_s < 1.0


def test_the_score_of_a_texture_is_its_structure_once_the_photo_is_known(snapshot: Callable[[], Source]) -> None:
    meter = QualityMeter([photo()])
    assert run_to_end(meter.score(snapshot())) is None
    found = read(meter, snapshot)
    spent_s = meter.spent_s
    assert run_to_end(meter.score(snapshot())) == found["structure"]
    assert meter.take() == found  # it is plotted as well
    assert meter.spent_s > spent_s


def test_a_run_tells_and_logs_its_quality_beside_its_losses(tmp_path: Path, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)
    monkeypatch.setattr(quality, "EARLY_FROM_S", 0.0)
    monkeypatch.setattr(quality, "EARLY_SHARE", 1e9)
    desk = Desk(tmp_path)
    desk.when(m.TrainingProgress, m.Stop(), if_=lambda event: "structure" in dict(event.losses))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(m.TrainSettings("tiny", images=100_000, seed=3)))
    told = [dict(event.losses) for event in desk.all(m.TrainingProgress)]
    readings = [losses for losses in told if "structure" in losses]
    assert readings[0].keys() == {"match", "structure", "copy share"}
    assert desk.project.run_id is not None
    logged = read_metrics(desk.project.folder / "runs" / desk.project.run_id / "metrics.jsonl")
    assert readings[0]["structure"] in [dict(line.losses).get("structure") for line in logged]


def test_looking_at_the_quality_changes_nothing_in_the_training(tmp_path: Path, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)
    monkeypatch.setattr("texgen_desktop.engine.patience.Patience.is_exhausted", False)  # that would end it sooner
    weights = []
    for share in (0.0, 1e9):
        monkeypatch.setattr(quality, "EARLY_FROM_S", 0.0)
        monkeypatch.setattr(quality, "EARLY_SHARE", share)
        desk = Desk(tmp_path / str(share))
        desk.when(m.JobEnded, m.Quit())
        desk.run(m.CreateProject((tiny_photo,)), m.Train(m.TrainSettings("tiny", images=40, seed=3)))
        shown = desk.all(m.ModelChanged)[-1].model
        assert shown is not None
        weights.append(shown.sha256)
    assert weights[0] == weights[1]
