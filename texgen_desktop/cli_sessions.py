"""What each command of the command line says to the engine, and what it makes of the answers."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from texgen_desktop.cli_console import FAILED, FINISHED, SIGNAL_EXIT_BASE, Console, duration, sentences
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.environment import prepare_environment
from texgen_desktop.engine.errors import explain
from texgen_desktop.engine.start_model import start_name
from texgen_desktop.paths import is_folder, is_project

LONG_S = 3600.0
"""A training that takes so long is warned of."""


class Session:
    """A conversation with the engine: ``open`` begins it, ``on_event`` answers, and every way through it ends in Quit."""

    def __init__(self, console: Console, device: str | None = None) -> None:
        self.console = console
        self.exit_code = FINISHED
        self._device = device
        self._signal: int | None = None
        self._post_to_engine: Callable[[m.Command], None] | None = None

    def run(self) -> int:
        """Talk until the engine stops; returns the exit code. SIGINT and SIGTERM save, stop and leave; a second one does it at once."""
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._talk()
        except (ImportError, OSError) as error:  # a part of torch that does not load, a working folder that is gone
            self.fail(explain(error))
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self.exit_code if self._signal is None else SIGNAL_EXIT_BASE + self._signal

    def _talk(self) -> None:
        prepare_environment()
        from texgen_desktop.engine.engine import Engine

        engine = Engine(self._on_event, Path.cwd(), self._device)
        self._post_to_engine = engine.post
        self.open()
        if self._signal is not None:
            engine.post(m.Quit())
        engine.run()

    def open(self) -> None:
        """Post the first commands."""
        raise NotImplementedError

    def on_event(self, event: m.Event) -> None:
        """Answer what is special to this command."""
        raise NotImplementedError

    def post(self, command: m.Command) -> None:
        if self._post_to_engine is not None:
            self._post_to_engine(command)

    def tell_files(self, files: tuple[Path, ...]) -> None:
        for path in files:
            self.console.result(str(path))

    def fail(self, problem: m.Problem) -> None:
        if self.exit_code == FINISHED:
            self.console.error(problem)
        self.exit_code = FAILED
        self.post(m.Quit())

    def _on_event(self, event: m.Event) -> None:
        match event:
            case m.CommandFailed(problem):
                self.fail(problem)
            case m.JobEnded(outcome="failed", problem=problem, files=files):
                self.tell_files(files)
                self.fail(problem or m.Problem("The work failed."))
            case m.Notice(message, hint):
                self.console.note(sentences(message, hint))
            case _:
                self.on_event(event)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signal = number
        signal.signal(number, signal.SIG_DFL)
        self.post(m.Quit())


class TrainSession(Session):
    """Train a new run, or go on with one that was interrupted."""

    def __init__(self, console: Console, device: str | None, photos: tuple[Path, ...], folder: Path, settings: m.TrainSettings) -> None:
        super().__init__(console, device)
        self._photos = photos
        self._folder = folder
        self._settings = settings
        self._is_new = not is_project(folder)
        self._is_asked = False
        self._is_warned_of_hours = False
        self._model: m.ModelInfo | None = None

    def open(self) -> None:
        self.post(m.CreateProject(self._photos, self._folder) if self._is_new else m.OpenProject(self._folder))

    def on_event(self, event: m.Event) -> None:
        match event:
            case m.EngineReady(device=device):
                self.console.note(f"Device: {device}")
            case m.ProjectChanged(project) if project is not None and not self._is_asked:
                self._is_asked = True
                self._start(project)
            case m.ModelChanged(model):
                self._model = model
            case m.PicturesProgress(done, total) if total:
                self.console.progress(done / total, f"{done}/{total} files read")
            case m.TrainingProgress(seconds_left=left_s):
                if left_s is not None and left_s >= LONG_S and not self._is_warned_of_hours:
                    self._is_warned_of_hours = True
                    self.console.note(
                        f"This training takes about {duration(left_s)} on this computer. Ctrl+C ends it and keeps what it learnt."
                    )
                self._show_progress(event)
            case m.JobEnded(job="train", outcome=outcome):
                if outcome == "stopped":
                    self.console.note("Stopped; the run is saved. The same command goes on with it.")
                if self._model is not None:
                    self.console.result(str(self._model.source))
                self.post(m.Quit())

    def _start(self, project: m.ProjectInfo) -> None:
        unfinished = [run for run in project.runs if run.can_resume]
        if unfinished:
            run = unfinished[-1]
            self.console.note(f"Going on with {run.id} ({run.images_seen} of {run.images_total} images).")
            if ignored := self._ignored_by(run):
                self.console.note(f"It keeps the settings that it was started with; not used: {', '.join(ignored)}.")
            self._note_other_photos(project)
            self.post(m.SelectRun(run.id))
            self.post(m.Resume(self._settings.minutes or math.inf))
            return
        if project.pictures is not None:
            if self._photos and not self._is_new:
                self.console.note("The project has its pictures already; the ones named here are not added.")
        elif project.photos:
            self._note_other_photos(project)
        elif self._photos and not self._is_new:
            self.post(m.AddPhotos(self._photos))
        self.post(m.Train(self._settings))

    def _note_other_photos(self, project: m.ProjectInfo) -> None:
        if project.photos and not {path.name for path in self._photos} <= {photo.name for photo in project.photos}:
            self.console.note("The project has its photos already; the ones named here are not added.")

    def _ignored_by(self, run: m.RunInfo) -> list[str]:
        """The options that ask for something else than ``run`` was started with."""
        named, default, used = self._settings, m.TrainSettings(), run.settings
        ignored = [
            f"--{option}"
            for option in ("family", "preset", "images", "seed")
            if getattr(named, option) not in (getattr(default, option), getattr(used, option))
        ]
        if named.start_from and start_name(named.start_from, self._folder / "runs") != run.started_from:
            ignored.append("--start-from")
        values = dict(used.config)
        return ignored + [f"--set {name}={text}" for name, text in named.config if not _says(text, values.get(name))]

    def _show_progress(self, progress: m.TrainingProgress) -> None:
        parts = [f"{progress.images_seen}/{progress.images_total} images"]
        if progress.images_per_s:
            parts.append(f"{progress.images_per_s:.1f} images/s")
        if progress.seconds_left is not None:
            parts.append(f"{duration(progress.seconds_left)} left")
        parts += [f"{name} {value:.3g}" for name, value in progress.losses]
        self.console.progress(progress.images_seen / progress.images_total, "  ".join(parts))


def _says(text: str, value: Any) -> bool:
    """Whether ``text``, as it was given to --set, means ``value``."""
    try:
        return float(text) == float(value)
    except (TypeError, ValueError):
        return text.lower() == str(value).lower()


class ModelSession(Session):
    """Opens a project's model or a model file, and goes on with ``on_model``."""

    def __init__(self, console: Console, device: str | None, source: Path) -> None:
        super().__init__(console, device)
        self._source = source
        self.project: m.ProjectInfo | None = None
        self._is_another_asked_for = False

    def open(self) -> None:
        self.post(m.OpenProject(self._source, to_write=False) if is_folder(self._source) else m.OpenModel(self._source))

    def on_event(self, event: m.Event) -> None:
        match event:
            case m.ProjectChanged(project):
                self.project = project
            case m.ModelChanged(None) if (run_id := self._another_run()) is not None:
                self._is_another_asked_for = True
                self.post(m.SelectRun(run_id))
            case m.ModelChanged(model):
                self.on_model(model)

    def _another_run(self) -> str | None:
        """The newest run with a model, where the project has none selected: the selected one may have been deleted."""
        if self.project is None or self.project.run_id is not None or self._is_another_asked_for:
            return None
        return next((run.id for run in reversed(self.project.runs) if run.has_model), None)

    def on_model(self, model: m.ModelInfo | None) -> None:
        """None: the project has no trained model yet."""
        raise NotImplementedError


class SampleSession(ModelSession):
    """Write one or more tiles."""

    def __init__(self, console: Console, device: str | None, source: Path, settings: m.ExportSettings) -> None:
        super().__init__(console, device, source)
        self._settings = settings

    def on_model(self, model: m.ModelInfo | None) -> None:
        if model is None:
            self.fail(m.Problem(f"{self._source} holds no trained model yet.", "Train it first: texgen train --project DIR."))
            return
        known = {slider.id for slider in model.sliders}
        unknown = [name for name, _ in self._settings.look.style if name not in known]
        if unknown:
            sliders = ", ".join(slider.id.replace("_", "-") for slider in model.sliders) or "none"
            self.fail(m.Problem(f"This model has no slider named {', '.join(unknown)}.", f"Its sliders are: {sliders}."))
            return
        self.post(m.Export(self._settings))

    def on_event(self, event: m.Event) -> None:
        match event:
            case m.ExportProgress(done, seconds_left):
                self.console.progress(done, f"{duration(seconds_left)} left" if seconds_left is not None else "")
            case m.JobEnded(job="export", outcome=outcome, files=files):
                self.tell_files(files)
                if outcome == "stopped":
                    self.console.note(f"Stopped; {len(files)} of {self._settings.count} files are written.")
                self.post(m.Quit())
            case _:
                super().on_event(event)


class BestSession(Session):
    """Make a run's model of its best checkpoint: of the run that was selected last."""

    def __init__(self, console: Console, device: str | None, folder: Path) -> None:
        super().__init__(console, device)
        self._folder = folder
        self._model: m.ModelInfo | None = None

    def open(self) -> None:
        self.post(m.OpenProject(self._folder))
        self.post(m.UseBest())

    def on_event(self, event: m.Event) -> None:
        match event:
            case m.ModelChanged(model):
                self._model = model
            case m.JobEnded(job="train"):
                if self._model is not None:
                    self.console.result(str(self._model.source))
                self.post(m.Quit())


class InfoSession(ModelSession):
    """Say what a project or a model file holds."""

    def on_model(self, model: m.ModelInfo | None) -> None:
        if self.project is not None:
            self._tell_project(self.project)
        if model is not None:
            self._tell_model(model)
        elif self.project is not None:
            self.console.result("model: none yet")
        self.post(m.Quit())

    def _tell_project(self, project: m.ProjectInfo) -> None:
        say = self.console.result
        say(f"project: {project.name}")
        for photo in project.photos:
            say(f"photo: {photo.name}, {photo.width_px} x {photo.height_px}, learnt at {photo.working_side_px} px")
        if project.pictures is not None:
            side_px, classes = project.pictures.side_px, project.pictures.classes
            say(f"pictures: {project.pictures.count}, {side_px} x {side_px}, {len(classes)} {'class' if len(classes) == 1 else 'classes'}")
        for run in project.runs:
            state = "can go on" if run.can_resume else "finished"
            seen = f"{run.images_seen} of {run.images_total} images"
            family, preset = run.settings.family.replace("_", "-"), run.settings.preset
            say(f"run: {run.id}, {family}, {preset}, seed {run.settings.seed}, {seen}, {state}, {run.created}")
            if run.best_images_seen is not None:
                of_it = ": texgen best DIR makes the model of it" if run.id == project.run_id else ""
                say(f"best: {run.id} was nearer to the photo after {run.best_images_seen} images{of_it}")

    def _tell_model(self, model: m.ModelInfo) -> None:
        say = self.console.result
        say(f"model: {model.source}")
        say(f"family: {model.family.replace('_', '-')}")
        say(f"tile: whole cells of {model.cell_px} px; {model.level_count} levels")
        for slider in model.sliders:
            say(f"slider: {slider.id.replace('_', '-')}, -1 to 1: {slider.description}")
        say(f"sha256: {model.sha256}")
