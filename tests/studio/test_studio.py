"""The studio without an engine: verbs become commands, events become state and signals."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shiboken6

from tests.studio.builders import MODEL, OTHER_PROJECT, PROBLEM, PROJECT, READY, WITH_RUN, Recorder, answer, progress
from texgen_desktop.engine import messages as m
from texgen_desktop.studio.studio import Studio

FILE = Path("tile.png")
RECIPE = m.Recipe(m.Look(layout_seed=9).with_value("scale", 0.5), "texture_gan", "ab" * 32, 512, 512, True, True, "0.1.0")


@pytest.fixture
def engine() -> Recorder:
    return Recorder()


@pytest.fixture
def studio(engine: Recorder) -> Iterator[Studio]:
    """A studio with a project and a model, whose first picture has come."""
    studio = Studio(engine)
    for event in (READY, m.ProjectChanged(PROJECT), m.ModelChanged(MODEL)):
        studio.on_event(event)
    settle(studio, engine)
    engine.posted.clear()
    yield studio
    shiboken6.delete(studio)


def settle(studio: Studio, engine: Recorder) -> None:
    """Answer the newest render, and those that follow from the answer."""
    answered = 0
    while len(engine.renders()) > answered:
        answered = len(engine.renders())
        studio.on_event(answer(engine.renders()[-1]))


def test_training_runs_through_all_its_states(studio: Studio, engine: Recorder) -> None:
    seen: list[str] = []
    studio.state_changed.connect(lambda old, new: seen.append(new.training) if old.training != new.training else None)
    studio.train()
    studio.on_event(m.JobStarted("train"))
    studio.pause()
    studio.on_event(m.JobEnded("train", "paused"))
    studio.resume()
    studio.on_event(m.JobStarted("train"))
    studio.stop()
    studio.on_event(m.JobEnded("train", "stopped"))
    assert seen == ["starting", "running", "paused", "starting", "running", "stopping", "idle"]
    assert engine.others() == [m.Train(m.TrainSettings()), m.Pause(), m.Resume(), m.Stop()]


def test_pressing_train_twice_starts_one_run(studio: Studio, engine: Recorder) -> None:
    studio.train()
    studio.train()
    assert engine.others() == [m.Train(m.TrainSettings())]


def test_a_refused_run_can_be_tried_again(studio: Studio, engine: Recorder) -> None:
    studio.train()
    studio.on_event(m.CommandFailed(PROBLEM))
    assert studio.state.problem == PROBLEM
    studio.train()
    assert studio.state.problem is None
    assert len(engine.others()) == 2


def test_a_stop_that_crosses_a_refusal_leaves_nothing_waiting(engine: Recorder) -> None:
    studio = Studio(engine)
    for event in (READY, m.ProjectChanged(WITH_RUN)):
        studio.on_event(event)
    studio.resume()
    studio.stop()
    studio.on_event(m.CommandFailed(PROBLEM))
    assert studio.state.training == "idle"
    assert studio.state.can_resume


class PretendEngine:
    """Keeps the engine's side of the training: what it is told waits in an inbox, what it answers in an outbox."""

    def __init__(self, draw: random.Random) -> None:
        self.inbox: list[m.Command] = []
        self.outbox: list[m.Event] = [READY, m.ProjectChanged(WITH_RUN)]
        self.training = "idle"
        self._draw = draw

    def work(self) -> None:
        """Take one command, end the run by itself, or refuse something that has nothing to do with it."""
        chance = self._draw.random()
        if self.inbox:
            self.outbox += self._answers(self.inbox.pop(0))
        elif chance < 0.2 and self.training == "running":
            self.outbox.append(self._ended("finished"))
        elif chance < 0.3:
            self.outbox.append(m.CommandFailed(PROBLEM))

    def _answers(self, command: m.Command) -> list[m.Event]:
        match command:
            case m.Train() | m.Resume() if self.training == "running" or (self.training == "idle" and self._draw.random() < 0.4):
                return [m.CommandFailed(PROBLEM)]
            case m.Train() | m.Resume():
                self.training = "running"
                return [m.JobStarted("train")]
            case m.Pause() if self.training == "running":
                return [self._ended("paused")]
            case m.Stop() if self.training == "running":
                return [self._ended("stopped")]
            case m.Stop() if self.training == "paused":
                return [m.JobStarted("train"), self._ended("stopped")]
            case _:
                return []

    def _ended(self, outcome: m.Outcome) -> m.JobEnded:
        self.training = "paused" if outcome == "paused" else "idle"
        return m.JobEnded("train", outcome)


def test_once_all_is_answered_the_window_and_the_engine_agree_about_the_training() -> None:
    agreed: set[str] = set()
    for seed in range(200):
        draw = random.Random(seed)
        engine = PretendEngine(draw)
        studio = Studio(engine.inbox.append)
        verbs = (studio.train, studio.pause, studio.resume, studio.stop)
        for _ in range(40):
            match draw.randrange(4):
                case 0:
                    draw.choice(verbs)()
                case 1:
                    engine.work()
                case _ if engine.outbox:
                    studio.on_event(engine.outbox.pop(0))
        while engine.inbox or engine.outbox:
            while engine.outbox:
                studio.on_event(engine.outbox.pop(0))
            if engine.inbox:
                engine.work()
        assert studio.state.training == engine.training, f"seed {seed}"
        agreed.add(engine.training)
        shiboken6.delete(studio)
    assert agreed == {"idle", "running", "paused"}


def test_awaited_training_starts_once_the_photo_is_there(engine: Recorder) -> None:
    studio = Studio(engine)
    studio.train_when_ready()
    studio.on_event(READY)
    assert engine.posted == []
    studio.on_event(m.ProjectChanged(PROJECT))
    studio.on_event(m.JobEnded("train", "finished"))
    assert engine.posted == [m.Train(m.TrainSettings())]


def test_one_drag_is_one_step_of_undo(studio: Studio) -> None:
    studio.begin_gesture()
    for value in (0.1, 0.2, 0.3):
        studio.set_slider("scale", value)
    studio.end_gesture()
    studio.set_slider("contrast", -0.5)
    assert studio.state.look.style == (("contrast", -0.5), ("scale", 0.3))
    studio.undo()
    assert studio.state.look.style == (("scale", 0.3),)
    studio.undo()
    assert studio.state.look.style == ()
    assert studio.state.can_redo
    assert not studio.state.can_undo
    studio.redo()
    assert studio.state.look.style == (("scale", 0.3),)


def test_a_drag_that_comes_back_to_its_start_is_no_step(studio: Studio) -> None:
    studio.begin_gesture()
    studio.set_slider("scale", 0.4)
    studio.set_slider("scale", 0.0)
    studio.end_gesture()
    assert not studio.state.can_undo


def test_a_drag_shows_rough_pictures_and_its_end_the_whole_one(studio: Studio, engine: Recorder) -> None:
    studio.begin_gesture()
    for value in (0.1, 0.2, 0.3):
        studio.set_slider("scale", value)
    settle(studio, engine)
    studio.end_gesture()
    settle(studio, engine)
    asked = [(render.request.skip_levels, render.request.look.value("scale")) for render in engine.renders()]
    assert asked == [(1, 0.1), (1, 0.3), (0, 0.3)]


def test_views_and_locks_are_no_steps_of_undo(studio: Studio) -> None:
    studio.set_view(repeat="3x3", comparison="beside")
    studio.toggle_lock("layout_seed")
    assert not studio.state.can_undo
    assert studio.state.view.repeat == "3x3"
    assert studio.state.locked == {"layout_seed"}


def test_a_reroll_leaves_what_is_locked(studio: Studio) -> None:
    studio.set_seed("layout_seed", 12)
    studio.set_seed("detail_seed", 34)
    studio.toggle_lock("layout_seed")
    studio.reroll()
    assert studio.state.look.layout_seed == 12
    assert studio.state.look.detail_seed != 34


def test_undo_reaches_across_a_lock(studio: Studio) -> None:
    studio.set_seed("layout_seed", 12)
    studio.toggle_lock("layout_seed")
    studio.undo()
    assert studio.state.look.layout_seed == 0


def test_values_outside_their_range_are_brought_back(studio: Studio) -> None:
    studio.set_slider("scale", 7.0)
    studio.set_seed("layout_seed", -5)
    studio.set_seed("detail_seed", 2**40)
    studio.set_strength("layout", -1.0)
    studio.set_strength("detail", 9.0)
    assert studio.state.look == m.Look((("scale", 1.0),), 0, m.LARGEST_SEED, 0.0, m.LARGEST_STRENGTH)
    m.check_look(studio.state.look)


def test_reset_puts_one_value_back(studio: Studio) -> None:
    studio.set_strength("detail", 0.5)
    studio.set_slider("scale", 0.5)
    studio.reset("detail_strength")
    studio.reset("scale")
    assert studio.state.look == m.Look()


def test_reset_all_is_one_step_and_leaves_what_is_locked_a_seed_with_its_strength(studio: Studio) -> None:
    look = m.Look((("contrast", -0.5), ("scale", 0.5)), 3, 4, 0.25, 0.75)
    for verb, name, value in (
        (studio.set_slider, "scale", 0.5),
        (studio.set_slider, "contrast", -0.5),
        (studio.set_seed, "layout_seed", 3),
        (studio.set_seed, "detail_seed", 4),
        (studio.set_strength, "layout", 0.25),
        (studio.set_strength, "detail", 0.75),
    ):
        verb(name, value)
    studio.toggle_lock("scale")
    studio.toggle_lock("detail_seed")
    studio.reset_all()
    assert studio.state.look == m.Look((("scale", 0.5),), detail_seed=4, detail_strength=0.75)
    studio.undo()
    assert studio.state.look == look


def test_steps_of_another_project_cannot_be_undone(studio: Studio) -> None:
    studio.set_slider("scale", 0.5)
    studio.on_event(m.ProjectChanged(OTHER_PROJECT))
    assert not studio.state.can_undo
    studio.undo()
    assert studio.state.look == m.Look()


def test_a_project_opened_after_a_bare_model_comes_with_its_own_look_and_a_fresh_history(engine: Recorder) -> None:
    studio = Studio(engine)
    studio.on_event(READY)
    studio.on_event(m.ModelChanged(MODEL))
    studio.set_slider("scale", 0.5)
    look = m.Look(layout_seed=3).with_value("contrast", -0.5)
    studio.on_event(m.ProjectChanged(replace(PROJECT, look=look)))
    studio.on_event(m.ModelChanged(replace(MODEL, source=Path("/projects/gravel"))))
    assert studio.state.look == look
    assert not studio.state.can_undo
    studio.undo()
    assert studio.state.look == look
    settle(studio, engine)
    assert engine.renders()[-1].request.look == look
    shiboken6.delete(studio)


def test_an_image_reaches_the_canvas_and_a_late_one_does_not(studio: Studio, engine: Recorder) -> None:
    shown: list[m.Rendered] = []
    studio.image_ready.connect(shown.append)
    studio.set_slider("scale", 0.1)
    first = answer(engine.renders()[-1])
    studio.set_slider("scale", 0.2)
    studio.on_event(first)
    newest = answer(engine.renders()[-1])
    for event in (newest, first):
        studio.on_event(event)
    assert shown == [first, newest]


def test_losses_of_a_run_are_added_and_a_new_run_resets_them(studio: Studio) -> None:
    seen: list[object] = []
    studio.losses_added.connect(seen.append)
    studio.losses_reset.connect(lambda: seen.append("reset"))
    studio.on_event(progress(1))
    studio.train()
    studio.on_event(m.JobStarted("train"))
    studio.on_event(progress(2))
    assert seen == ["reset", progress(2)]


def test_a_plain_picture_becomes_a_project(studio: Studio, engine: Recorder) -> None:
    studio.open_paths([FILE])
    studio.on_event(m.RecipeRead(FILE, None, False))
    assert engine.others() == [m.ReadRecipe(FILE), m.CreateProject((FILE,))]


@pytest.mark.parametrize(("choice", "command"), [("photo", [m.CreateProject((FILE,))]), ("settings", [])])
def test_an_export_of_our_own_is_offered(studio: Studio, engine: Recorder, choice: str, command: list[m.Command]) -> None:
    studio.on_event(m.RecipeRead(FILE, RECIPE, True))
    assert studio.state.offer is not None
    studio.accept_offer("settings" if choice == "settings" else "photo")
    assert studio.state.offer is None
    assert engine.others() == command
    assert studio.state.look == (RECIPE.look if choice == "settings" else m.Look())


def test_a_plain_picture_is_offered_to_a_model_that_reads_photos(studio: Studio, engine: Recorder) -> None:
    reading = m.FamilyInfo(MODEL.family, "Reader", "", (), (), reads_photos=True)
    studio.on_event(m.FamiliesChanged((reading,)))
    studio.on_event(m.RecipeRead(FILE, None, False))
    assert engine.others() == []
    assert studio.state.offer is not None
    studio.accept_offer("vary")
    assert studio.state.offer is None
    assert engine.others() == [m.VaryPhoto(FILE)]


def test_live_values_are_told_only_while_a_run_is_there(studio: Studio, engine: Recorder) -> None:
    studio.tune({"beta": 2.0})
    assert engine.others() == []
    studio.on_event(m.JobStarted("train"))
    studio.tune({"beta": 2.0})
    assert engine.others() == [m.Tune((("beta", 2.0),))]


def test_a_render_says_which_project_its_look_belongs_to(studio: Studio, engine: Recorder) -> None:
    studio.set_slider("scale", 0.5)
    for event in (m.ProjectChanged(OTHER_PROJECT), m.ModelChanged(MODEL)):
        studio.on_event(event)
    assert [(render.opening, render.request.look.value("scale")) for render in engine.renders()] == [(1, 0.5), (2, 0.0)]


def test_the_endless_plane_of_another_project_is_asked_for_where_the_eye_is(studio: Studio, engine: Recorder) -> None:
    region = m.Region(-64, 128, 96, 200)
    studio.set_view(repeat="endless")
    studio.show_region(region, 0)
    settle(studio, engine)
    for event in (m.ProjectChanged(OTHER_PROJECT), m.ModelChanged(MODEL)):
        studio.on_event(event)
    assert [(render.opening, render.request.region) for render in engine.renders()] == [(1, region), (2, region)]


@pytest.mark.parametrize(
    "look", [m.Look(layout_seed=2**63), m.Look(detail_strength=-1.0), m.Look().with_value("scale", 3.0), m.Look(layout_strength=math.nan)]
)
def test_an_offer_that_no_control_could_show_is_refused(studio: Studio, look: m.Look) -> None:
    studio.on_event(m.RecipeRead(FILE, replace(RECIPE, look=look), True))
    studio.accept_offer("settings")
    assert studio.state.problem is not None
    assert studio.state.look == m.Look()


def test_settings_of_a_model_that_is_not_open_are_refused_with_its_name(studio: Studio) -> None:
    studio.on_event(m.RecipeRead(FILE, RECIPE, False))
    studio.accept_offer("settings")
    assert studio.state.problem is not None
    assert "texture_gan" in studio.state.problem.message
    assert "abababababab" in studio.state.problem.message
    assert studio.state.look == m.Look()


def test_a_run_in_progress_is_never_left_by_a_drop(studio: Studio, engine: Recorder) -> None:
    studio.train()
    studio.on_event(m.JobStarted("train"))
    studio.open_paths([Path("a.jpg"), Path("b.jpg")])
    assert engine.others() == [m.Train(m.TrainSettings())]
    assert studio.state.problem is not None
    assert "Pause or stop" in studio.state.problem.hint


def test_a_paused_run_is_saved_before_something_else_is_opened(studio: Studio, engine: Recorder) -> None:
    studio.on_event(m.JobStarted("train"))
    studio.on_event(m.JobEnded("train", "paused"))
    studio.open_paths([Path("model.safetensors")])
    assert engine.others() == [m.Stop(), m.OpenModel(Path("model.safetensors"))]


def test_verbs_that_the_state_forbids_do_nothing(engine: Recorder) -> None:
    studio = Studio(engine)
    for verb in (studio.train, studio.pause, studio.resume, studio.stop, studio.discard, studio.close_project, studio.cancel_export):
        verb()
    studio.remove_photo("gravel.jpg")
    studio.delete_run("run-1")
    studio.rename("x")
    studio.save_as(Path("x"))
    assert engine.posted == []


def test_a_read_only_project_is_not_changed(engine: Recorder) -> None:
    studio = Studio(engine)
    for event in (READY, m.ProjectChanged(replace(WITH_RUN, read_only_reason="Open elsewhere."))):
        studio.on_event(event)
    studio.remove_photo("gravel.jpg")
    studio.delete_run("run-1")
    studio.train()
    studio.resume()
    assert engine.posted == []


def test_an_export_is_started_once_and_told_in_the_log(studio: Studio, engine: Recorder) -> None:
    lines: list[tuple[str, str]] = []
    studio.log_added.connect(lambda level, text: lines.append((level, text)))
    settings = m.ExportSettings(FILE, "png", 16, 512, 512, m.Look())
    studio.export(settings)
    studio.export(settings)
    studio.on_event(m.JobStarted("export"))
    studio.on_event(m.JobEnded("export", "finished", files=(FILE,)))
    assert engine.others() == [m.Export(settings)]
    assert lines == [("info", "Export started"), ("info", "Exported tile.png")]
    assert studio.state.last_export == (FILE,)
    studio.export(settings)
    assert studio.state.last_export == ()
    studio.on_event(m.JobEnded("export", "stopped"))
    assert studio.state.last_export == ()


def test_a_notice_is_told_and_stops_nothing(studio: Studio) -> None:
    lines: list[tuple[str, str]] = []
    studio.log_added.connect(lambda level, text: lines.append((level, text)))
    studio.on_event(m.Notice("A checkpoint was damaged.", "The one before is used."))
    assert lines == [("notice", "A checkpoint was damaged. The one before is used.")]
    assert studio.state.problem is None


def test_the_look_of_the_last_moment_reaches_the_engine_before_it_quits(studio: Studio, engine: Recorder) -> None:
    studio.set_slider("scale", 0.1)
    studio.set_slider("scale", 0.2)
    studio.save_and_quit()
    assert engine.renders()[-1].request.look.value("scale") == 0.2
    assert engine.posted[-1] == m.Quit()


def test_the_end_of_the_engine_is_told(studio: Studio, engine: Recorder) -> None:
    studio.save_and_quit()
    assert engine.others() == [m.Quit()]
    assert not studio.state.engine_ended
    studio.on_event(m.EngineStopped())
    assert studio.state.engine_ended
