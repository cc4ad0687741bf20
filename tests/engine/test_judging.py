"""The texture that is shown, judged beside its photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.source import Source
from texgen_desktop.slices import Slices

SETTINGS = m.TrainSettings("tiny", images=20)
WISH = m.JudgeTexture(m.Look(layout_seed=2), (12, 10))


@pytest.fixture(autouse=True)
def tiny_family_only(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


class SlowJudge:
    """Comes to its reading only when the desk has heard of another model, or at once."""

    def __init__(self, desk: Desk, waits_for_another_model: bool) -> None:
        self._desk = desk
        self._waits = waits_for_another_model

    def __call__(self, project: Project, source: Source, look: m.Look, cells: tuple[int, int]) -> Slices[m.TextureJudged]:
        told = len(self._desk.all(m.ModelChanged))
        while self._waits and len(self._desk.all(m.ModelChanged)) == told:
            yield None
        return m.TextureJudged(look, source.images_seen, 0.0, 0.0, 0.0, np.zeros((8, 8), np.float32), cells)


TILE = m.Render(m.RenderRequest(m.Look(), m.Region(0, 0, 16, 16), (2, 2)), 1)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    coarse = rng.random((20, 20, 3)).repeat(8, 0).repeat(8, 1)
    path = tmp_path / "stones.png"
    Image.fromarray((coarse * 200 + rng.random((160, 160, 3)) * 55).astype(np.uint8)).save(path)
    return path


def test_structure_copies_and_seam_of_the_texture_are_told(tmp_path: Path, photo: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.JobEnded, WISH)
    desk.when(m.TextureJudged, m.Quit())
    desk.run(m.CreateProject((photo,)), m.Train(SETTINGS))
    judged = desk.only(m.TextureJudged)
    assert judged.structure > 0.3, "one convolution over noise is no stone"
    assert 0 <= judged.copy <= 1
    assert judged.copies.shape == (96, 80)
    assert (judged.look, judged.cells) == (WISH.look, WISH.cells)


def test_without_a_texture_and_a_photo_there_is_nothing_to_judge(tmp_path: Path, photo: Path) -> None:
    desk = Desk(tmp_path)
    desk.when(m.PhotoLoaded, WISH)
    desk.when(m.CommandFailed, m.Quit())
    desk.run(m.CreateProject((photo,)))
    assert desk.only(m.CommandFailed).problem.message == "There is no texture with a photo to judge it by."


def test_a_photo_that_is_too_small_to_judge_by_says_so(tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 48, 3), np.uint8)).save(small)
    desk = Desk(tmp_path)
    desk.when(m.JobEnded, WISH)
    desk.when(m.CommandFailed, m.Quit())
    desk.run(m.CreateProject((small,)), m.Train(SETTINGS))
    assert "too small to judge by" in desk.only(m.CommandFailed).problem.message


@pytest.mark.parametrize("moment", ["begins", "ends"])
def test_what_is_found_out_about_the_model_before_is_not_told_of_that_of_a_run_that(
    tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    desk = Desk(tmp_path)
    monkeypatch.setattr("texgen_desktop.engine.engine.judge_texture", SlowJudge(desk, waits_for_another_model=True))
    if moment == "begins":
        desk.when(m.JobEnded, WISH, m.Train(SETTINGS))
    else:
        desk.when(m.TrainingProgress, WISH, if_=lambda event: event.images_seen == 8)
    desk.when(m.JobEnded, TILE)
    desk.when(m.Rendered, m.Quit())  # errands have their turn after the picture
    desk.run(m.CreateProject((photo,)), m.Train(SETTINGS))
    assert desk.all(m.TextureJudged) == []


def test_the_selected_run_selected_once_more_is_judged_to_the_end(tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    monkeypatch.setattr("texgen_desktop.engine.engine.judge_texture", SlowJudge(desk, waits_for_another_model=False))
    desk.when(m.JobEnded, WISH, m.SelectRun("run-001"), TILE)
    desk.when(m.Rendered, m.Quit())
    desk.run(m.CreateProject((photo,)), m.Train(SETTINGS))
    assert desk.only(m.TextureJudged).look == WISH.look
