"""The runs panel: choosing, resuming and deleting a run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QAbstractButton, QListWidget

from tests.studio.builders import READY, RUN, WITH_RUN
from tests.ui.driver import Session, child
from texgen_desktop.engine.messages import DeleteRun, JobEnded, JobStarted, ProjectChanged, Resume, SelectRun, TrainSettings, UseBest
from texgen_desktop.ui.panels.runs import RunsPanel

DONE = replace(RUN, id="run-2", settings=TrainSettings(seed=7), images_seen=5000, can_resume=False)
TWO_RUNS = replace(WITH_RUN, runs=(RUN, DONE))


@pytest.fixture
def panel(session: Session) -> RunsPanel:
    panel = session.show(RunsPanel)
    session.say(READY, ProjectChanged(TWO_RUNS))
    return panel


def runs(panel: RunsPanel) -> QListWidget:
    return child(panel, QListWidget, "runs")


def test_a_run_tells_its_preset_its_date_and_how_far_it_is(panel: RunsPanel) -> None:
    assert runs(panel).item(0).text().startswith("Draft, 2 Jan 2026")
    assert runs(panel).item(0).text().endswith("1,000 of 5,000 images, seed 0")
    assert runs(panel).item(1).text().endswith("5,000 images, complete, seed 7")
    assert runs(panel).currentRow() == 0


def test_choosing_a_run_asks_for_it_once(session: Session, panel: RunsPanel) -> None:
    runs(panel).setCurrentRow(1)
    session.say(ProjectChanged(replace(TWO_RUNS, run_id="run-2")))
    assert session.engine.others() == [SelectRun("run-2")]


def test_only_a_run_that_can_go_on_is_resumed(session: Session, panel: RunsPanel) -> None:
    resume = child(panel, QAbstractButton, "resume_run")
    assert resume.isEnabled()
    session.say(ProjectChanged(replace(TWO_RUNS, run_id="run-2")))
    assert not resume.isEnabled()
    session.say(ProjectChanged(TWO_RUNS))
    resume.click()
    assert session.engine.others() == [Resume()]


def test_the_best_checkpoint_is_offered_only_where_it_is_not_the_newest(session: Session, panel: RunsPanel) -> None:
    best = child(panel, QAbstractButton, "use_best")
    assert not best.isVisible()
    better = replace(RUN, best_images_seen=600)
    session.say(ProjectChanged(replace(TWO_RUNS, runs=(better, DONE))))
    assert best.isVisible()
    assert "After 600 images" in best.toolTip()
    best.click()
    best.click()  # it is being made already
    assert session.engine.others() == [UseBest()]
    assert not best.isEnabled()
    session.say(JobStarted("train"), ProjectChanged(TWO_RUNS), JobEnded("train", "finished"))
    assert not best.isVisible()
    assert child(panel, QAbstractButton, "resume_run").isEnabled()


def test_a_run_is_deleted_only_after_a_second_press_elsewhere(session: Session, panel: RunsPanel) -> None:
    delete, really = child(panel, QAbstractButton, "delete_run"), child(panel, QAbstractButton, "delete_run_really")
    assert not really.isVisible()
    delete.click()
    assert really.isVisible()
    assert session.engine.others() == []
    child(panel, QAbstractButton, "delete_run_cancel").click()
    assert not really.isVisible()
    delete.click()
    really.click()
    assert session.engine.others() == [DeleteRun("run-1")]


def test_the_question_is_dropped_when_another_run_is_selected(session: Session, panel: RunsPanel) -> None:
    child(panel, QAbstractButton, "delete_run").click()
    session.say(ProjectChanged(replace(TWO_RUNS, run_id="run-2")))
    assert not child(panel, QAbstractButton, "delete_run_really").isVisible()


def test_nothing_is_chosen_or_deleted_while_a_run_trains(session: Session, panel: RunsPanel) -> None:
    child(panel, QAbstractButton, "delete_run").click()
    session.say(JobStarted("train"))
    assert not runs(panel).isEnabled()
    assert not child(panel, QAbstractButton, "delete_run_really").isVisible()
    assert not child(panel, QAbstractButton, "delete_run").isEnabled()
