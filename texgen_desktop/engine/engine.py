"""The engine: one thread, one inbox. Commands go in from any thread, events come out of this one."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from texgen_desktop import families, operators
from texgen_desktop.data.photos import default_working_side, load_photo
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.desk import Desk
from texgen_desktop.engine.device import choose_device, conv_gflops, describe, use_all_cores
from texgen_desktop.engine.errors import explain
from texgen_desktop.engine.exporting import check_export, export
from texgen_desktop.engine.family_info import describe_family, find_family
from texgen_desktop.engine.folders import delete_remains, put_aside
from texgen_desktop.engine.jobs import Result, Work
from texgen_desktop.engine.judging import judge_texture
from texgen_desktop.engine.look import check_look
from texgen_desktop.engine.metrics import read_metrics, thinned
from texgen_desktop.engine.operator_info import describe_operator
from texgen_desktop.engine.recipe import recipe_from_json
from texgen_desktop.engine.rehearsal import rehearse
from texgen_desktop.engine.source import Source, open_source
from texgen_desktop.engine.speed import TrainingSpeed
from texgen_desktop.engine.stage import Stage
from texgen_desktop.engine.starting import Host
from texgen_desktop.engine.training import Training
from texgen_desktop.engine.workspace import Workspace
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Family
from texgen_desktop.imaging.read import probe_image
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.slices import WAIT_S, Slices, run_to_end

Leaving = m.CreateProject | m.OpenProject | m.OpenModel | m.CloseProject | m.DiscardProject | m.SelectRun | m.Train
"""Commands that end a run in training first: it is saved, and they wait for that."""
AtOnce = m.Render | m.Pause | m.Stop | m.Cancel | m.CancelIntake | m.Quit
"""Commands that never wait behind others."""
Errand = Literal["intake", "filing", "pictures", "rehearsal", "judging"]
"""Work that is no job: photos on their way into the project, its folders copied or deleted, its photos on their way to the screen, a
training that only measures, a texture that is judged.
"""
_ENDED = object()


class Engine:
    """Owns the device, the models and the files in progress. ``run`` works until Quit; everything else only posts.

    ``emit`` is called in the thread of ``run``.
    """

    def __init__(self, emit: Callable[[m.Event], None], projects_folder: Path, device: str | None = None) -> None:
        self._emit = emit
        self._device_name = device
        self._inbox: queue.SimpleQueue[m.Command] = queue.SimpleQueue()
        self._held: deque[m.Command] = deque()  # commands that wait for a project to be read or a run to end
        self._is_quitting = False
        self._families: dict[str, Family] = {}
        self._host: Host
        self._desk: Desk
        self._workspace = Workspace(emit, projects_folder, self._on_switched)
        self._errands: dict[Errand, Slices[None]] = {}
        self._jobs: dict[m.JobKind, Work] = {}
        self._waiting: set[Errand | m.JobKind] = set()  # those whose last slice found their work in the background not done yet
        self._is_moving = False  # the project, to another folder
        self._written: list[Path] = []  # files that the newest export has finished
        self._training: Training | None = None
        self._stage = Stage(emit, partial(self._drop, "judging"))

    def post(self, command: m.Command) -> None:
        """From any thread, also before ``run`` and from a signal handler."""
        self._inbox.put(command)

    def run(self) -> None:
        """The engine's life: from loading the families to EngineStopped."""
        try:
            self._guard(self._start, self._fail_to_start)
            self._workspace.sweep()
            while not self._is_quitting or self._jobs or self._errands:
                self._turn()
        finally:
            self._guard(self._workspace.let_go, self._report)
            self._emit(m.EngineStopped())

    # -------------------------------------------------------------------------------------------------- a turn

    def _turn(self) -> None:
        """All waiting commands, then one slice of the picture, then one of each errand and job: none of them starves the others."""
        for command in self._take_commands():
            if not self._is_quitting:
                self._guard(partial(self._handle, command), self._report)
        if self._stage.has_work:
            self._guard(self._stage.advance, self._report)
        for errand in list(self._errands):
            if errand in self._errands and not self._stands_still(errand):  # the one before may have ended it
                self._guard(partial(self._advance_errand, errand), partial(self._fail_errand, errand))
        for job in list(self._jobs):
            if not self._stands_still(job):
                self._guard(partial(self._advance, job), partial(self._finish, job, Result("failed")))

    def _guard(self, work: Callable[[], None], failed: Callable[[m.Problem], None]) -> None:
        """The engine's one broad except: whatever goes wrong in a piece of work is told, and the loop lives on."""
        try:
            work()
        except Exception as exc:
            failed(explain(exc))

    def _report(self, problem: m.Problem) -> None:
        self._emit(m.CommandFailed(problem))

    def _take_commands(self) -> list[m.Command]:
        """What is to be done now, in the order of its coming."""
        is_idle = not (self._jobs or self._errands or self._stage.has_work or self._held)
        commands = [self._inbox.get()] if is_idle and not self._is_quitting else self._take_while_all_waits()
        while not self._inbox.empty():
            commands.append(self._inbox.get())
        if self._is_quitting:
            return []
        waiting, self._held = self._held, deque()
        return [*waiting, *commands]

    def _take_while_all_waits(self) -> list[m.Command]:
        """Sleep a moment, until a command comes, when there is nothing to do but wait for work in the background."""
        active = {*self._errands, *self._jobs}
        if self._stage.has_work or not all(name in self._waiting or self._stands_still(name) for name in active):
            return []
        try:
            return [self._inbox.get(timeout=WAIT_S)]
        except queue.Empty:
            return []

    # ---------------------------------------------------------------------------------------------- start, end

    def _start(self) -> None:
        choice = choose_device(self._device_name)
        use_all_cores()
        self._families = families.discover()
        conv_speed = run_to_end(conv_gflops(choice.device))
        speed = TrainingSpeed(conv_speed)
        self._host = Host(choice.device, speed, self._emit, self._stage.use_live, self._workspace.announce)
        known = operators.discover()
        self._desk = Desk(self._emit, known, choice.device)
        steps = tuple(describe_operator(operator) for operator in known.values())
        self._emit(m.EngineReady(describe(choice.device), self._describe_families(), conv_speed, steps))
        if choice.notice:
            self._emit(m.Notice(choice.notice))

    def _describe_families(self) -> tuple[m.FamilyInfo, ...]:
        return tuple(describe_family(family, self._host.speed.gflops(family)) for family in self._families.values())

    def _fail_to_start(self, problem: m.Problem) -> None:
        self._report(problem)
        self._is_quitting = True

    def _quit(self) -> None:
        self._is_quitting = True
        self._held.clear()
        self._drop("intake")
        self._drop("pictures")
        self._drop("rehearsal")
        self._drop("judging")
        self._cancel("export")
        self._cancel("retouch")
        self._stop_training(is_leaving=True)

    # ---------------------------------------------------------------------------------------------- commands

    def _handle(self, command: m.Command) -> None:
        if isinstance(command, m.RetouchCommand):
            self._guard(partial(self._retouch, command), lambda problem: self._emit(m.RetouchRefused(problem)))
            return
        if self._must_wait(command):
            self._held.append(command)
            return
        match command:
            case m.Render(request, _, opening):
                if self._workspace.is_meant(opening):
                    check_look(request.look)
                    self._workspace.look = request.look
                    self._stage.ask(command)
            case m.Train(settings):
                self._train(settings)
            case m.Resume(minutes):
                self._resume(minutes)
            case m.UseBest():
                self._use_best()
            case m.Pause():
                self._pause()
            case m.Stop():
                self._stop()
            case m.JudgeTexture():
                self._judge(command)
            case m.Rehearse(settings):
                self._rehearse(settings)
            case m.Tune(values):
                self._tune(dict(values))
            case m.VaryPhoto(path):
                self._errands["filing"] = self._vary(self._reader(), path)
            case m.Export(settings):
                self._export(settings)
            case m.Cancel(job):
                self._cancel(job)
            case m.CancelIntake():
                self._cancel_intake()
            case m.ReadRecipe(path):
                self._read_recipe(path)
            case m.OpenModel(path):
                source = open_source(path, self._families, self._host.device)
                self._workspace.close()
                self._stage.use(source)
            case m.Quit():
                self._quit()
            case _:
                self._handle_project(command)

    def _handle_project(self, command: m.Command) -> None:
        workspace = self._workspace
        match command:
            case m.CreateProject(paths, folder):
                self._errands["intake"] = workspace.create(paths, folder)
                return
            case m.OpenProject(folder, to_write):
                workspace.open(folder, to_write)
                self._drop("pictures")
                self._errands["pictures"] = workspace.load_pictures()
                return
            case m.AddPhotos(paths):
                self._errands["intake"] = workspace.add(paths)
                return
            case m.RemovePhoto(name):
                workspace.require().remove_photo(name)
            case m.FramePhoto(name, crop, working_side_px):
                workspace.require().frame_photo(name, crop, working_side_px)
            case m.RenameProject(name):
                workspace.require().rename(name)
            case m.SaveProjectAs(folder):
                self._errands["filing"] = self._save_as(folder)
                return
            case m.SelectRun(run_id):
                workspace.require(to_write=False).select_run(run_id)
                self._leave_run()
            case m.DeleteRun(run_id):
                self._errands["filing"] = self._delete_run(run_id)
                return
            case m.DiscardProject():
                self._errands["filing"] = self._discard()
                return
            case m.CloseProject():
                if workspace.project is None:
                    self._stage.replace(None)  # a model that was opened by itself
                workspace.close()
                return
        workspace.announce()

    def _must_wait(self, command: m.Command) -> bool:
        """Whether something has to end before this command makes sense. A run in training is told to end for it."""
        if isinstance(command, AtOnce):
            return False
        if self._held or "intake" in self._errands or "filing" in self._errands:
            return True
        if isinstance(command, Leaving) and "train" in self._jobs:
            self._stop_training(is_leaving=True)
            return "train" in self._jobs
        return False

    def _cancel_intake(self) -> None:
        if "intake" in self._errands:
            self._drop("intake")
            self._emit(m.PicturesProgress(0, 0))
            if self._held:  # somebody waits for what they would have begun
                self._held.clear()
                self._report(m.Problem("What was waiting for the pictures was given up with them.", "Ask for it again."))
            else:
                self._emit(m.Notice("Cancelled.", "What was not taken in yet was left where it is."))

    def _save_as(self, folder: Path) -> Slices[None]:
        project = self._workspace.require(to_write=False)
        self._end_rehearsal()  # it reads the files that move
        yield from self._files_let_go()
        self._is_moving = True
        try:
            with self._training.moving() if self._training else nullcontext():
                left = yield from project.save_as(folder)
        finally:
            self._is_moving = False
        if "train" not in self._jobs:
            self._stage.use(self._selected_source())
        self._workspace.announce()
        if left is not None:
            yield from self._delete_left(left)

    def _delete_left(self, folder: Path) -> Slices[None]:
        """Delete the folder that a project has left. All is in the new one, so to fail here stops nothing."""
        try:
            yield from delete_remains(put_aside(folder))
        except OSError as error:
            problem = explain(error)
            self._emit(m.Notice(f"The project was saved, but its old folder could not be deleted. {problem.message}", problem.hint))

    def _discard(self) -> Slices[None]:
        yield from self._files_let_go()
        yield from self._workspace.discard()

    def _delete_run(self, run_id: str) -> Slices[None]:
        project = self._workspace.require()
        is_trained = self._training is not None and self._training.run_id == run_id
        if is_trained and "train" in self._jobs:
            raise TexGenError("This run is being trained.", "Stop it first.")
        is_shown = is_trained or project.run_id == run_id
        remains = project.put_run_aside(run_id)
        if is_shown:
            self._leave_run()
        self._workspace.announce()
        yield from delete_remains(remains)

    def _read_recipe(self, path: Path) -> None:
        text = read_metadata(path)
        recipe = recipe_from_json(text) if text else None
        source = self._stage.source
        is_model_open = recipe is not None and source is not None and recipe.model_sha256 == source.identity()
        self._emit(m.RecipeRead(path, recipe, is_model_open))

    # -------------------------------------------------------------------------------------------------- models

    def _selected_source(self) -> Source | None:
        """The model of the selected run. A damaged one is told and passed over: the project is of use without it."""
        project = self._workspace.project
        if project is None or project.run_id is None:
            return None
        try:
            path = project.run(project.run_id).model_path
            return open_source(path, self._families, self._host.device) if path.is_file() else None
        except TexGenError as error:
            self._emit(m.Notice(error.message, error.hint))
            return None

    def _leave_run(self) -> None:
        """Forget a paused run (it is saved) and show what is selected now."""
        self._training = None
        self._stage.use(self._selected_source())
        self._show_losses()

    def _on_switched(self) -> None:
        self._end_rehearsal()
        self._training = None
        self._drop("pictures")
        self._stage.replace(self._selected_source())
        self._show_losses()

    def _show_losses(self) -> None:
        project = self._workspace.project
        run = next((run for run in project.runs() if run.id == project.run_id), None) if project else None
        self._emit(thinned(run.id, read_metrics(run.metrics_path)) if run else thinned("", ()))

    # -------------------------------------------------------------------------------------------------- training

    def _train(self, settings: m.TrainSettings) -> None:
        project = self._workspace.require()
        self._training = Training(self._host, project, find_family(self._families, settings.family), settings)
        self._begin("train", self._training.work())

    def _resume(self, minutes: float | None) -> None:
        if "train" in self._jobs:
            raise TexGenError("A run is being trained already.")
        training = self._training or self._training_of_selected()
        self._training = training
        training.go_on(minutes)
        self._begin("train", training.work())

    def _use_best(self) -> None:
        if self._training is not None:
            raise TexGenError("A run is being trained.", "Stop it first.")
        self._training = self._training_of_selected()
        self._begin("train", self._training.model_of_best())

    def _training_of_selected(self) -> Training:
        project = self._workspace.require()
        if project.run_id is None:
            raise TexGenError("No run is selected that could go on.", "Select a run, or start a new one.")
        run = project.run(project.run_id)
        return Training(self._host, project, find_family(self._families, run.settings.family), run.settings, run)

    def _judge(self, wish: m.JudgeTexture) -> None:
        project, source = self._workspace.require(to_write=False), self._stage.source
        if source is None or source.family.makes != "textures" or not project.photos:
            raise TexGenError("There is no texture with a photo to judge it by.", "Train one on a photo first.")
        self._drop("judging")
        self._errands["judging"] = self._judged(judge_texture(project, source, wish.look, wish.cells))

    def _judged(self, judging: Slices[m.TextureJudged]) -> Slices[None]:
        self._emit((yield from judging))

    def _rehearse(self, settings: m.TrainSettings) -> None:
        if self._training is not None:
            raise TexGenError("A run is being trained.", "How long it takes is told while it trains.")
        project, family = self._workspace.require(to_write=False), find_family(self._families, settings.family)
        self._drop("rehearsal")
        self._errands["rehearsal"] = self._measured(rehearse(self._host, project, family, settings))

    def _measured(self, rehearsal: Slices[None]) -> Slices[None]:
        yield from rehearsal
        self._emit(m.FamiliesChanged(self._describe_families()))

    def _end_rehearsal(self) -> None:
        if "rehearsal" in self._errands:
            self._drop("rehearsal")
            self._emit(m.FamiliesChanged(self._describe_families()))

    def _tune(self, values: dict[str, Any]) -> None:
        if self._training is None:
            raise TexGenError("No run is in training.", "Change the setting before the next one is started.")
        self._training.tune(values)

    def _reader(self) -> Source:
        """The model that is shown, where it can read photos and stays as it is meanwhile."""
        source = self._stage.source
        if source is None or source.family.encode is None:
            raise TexGenError("The model that is shown cannot read photos.", "Open one that can, or learn from the photo.")
        if "train" in self._jobs:
            raise TexGenError("A texture is being trained.", "Pause or stop the training, then vary a photo.")
        return source

    def _vary(self, source: Source, path: Path) -> Slices[None]:
        """Read a photo into a model, and show that."""
        assert source.family.encode is not None
        header = probe_image(path)
        side_px = default_working_side(header.width_px, header.height_px)
        photo = yield from in_background(partial(load_photo, path, m.Crop(), side_px))
        model = yield from source.family.encode(source.model, photo)
        self._stage.replace(replace(source, model=model, sha256=""))

    def _pause(self) -> None:
        if self._training is not None and "train" in self._jobs:
            self._training.end("paused")

    def _stop(self) -> None:
        if "train" in self._jobs:
            self._stop_training(is_leaving=False)
        elif self._training is not None:  # paused
            self._training.end("stopped")
            self._begin("train", self._training.work())

    def _stop_training(self, is_leaving: bool) -> None:
        if self._training is None or "train" not in self._jobs:
            return
        if self._training.is_started:
            self._training.end("stopped", is_hurried=is_leaving)
        else:
            self._cancel("train")

    def _end_training(self, outcome: m.Outcome) -> None:
        training = self._training
        if training is None:
            return
        if outcome != "paused":
            self._training = None
            if self._host.device.type == "cuda":
                torch.cuda.empty_cache()
        source = training.source
        if source is not None:  # what could not be saved stays a snapshot
            self._stage.use(replace(source, images_seen=None) if source.sha256 else source)
        self._emit(m.FamiliesChanged(self._describe_families()))

    # --------------------------------------------------------------------------------------------------- errands

    def _advance_errand(self, errand: Errand) -> None:
        said = next(self._errands[errand], _ENDED)
        if said is _ENDED:
            del self._errands[errand]
        self._note_waiting(errand, said)

    def _fail_errand(self, errand: Errand, problem: m.Problem) -> None:
        self._errands.pop(errand, None)
        self._waiting.discard(errand)
        if errand == "intake":  # what was to be done with the project that did not come about makes no sense any more
            self._held.clear()
        self._report(problem)

    def _drop(self, errand: Errand) -> None:
        """End an errand that nobody wants any more; its ``finally`` tidies up."""
        if errand in self._errands:
            self._waiting.discard(errand)
            self._guard(self._errands.pop(errand).close, self._report)

    def _note_waiting(self, name: Errand | m.JobKind, said: object) -> None:
        if said == "waiting":
            self._waiting.add(name)
        else:
            self._waiting.discard(name)

    def _stands_still(self, name: Errand | m.JobKind) -> bool:
        """While the project moves nobody else reads or writes its files. Only what has let go of them is held."""
        return self._is_moving and name in ("pictures", "judging", "train")

    def _files_let_go(self) -> Slices[None]:
        """Wait until no file of the project is in the hands of the background."""
        while self._waiting & {"pictures", "judging", "train"}:
            yield "waiting"

    # ------------------------------------------------------------------------------------------------------ jobs

    def _export(self, settings: m.ExportSettings) -> None:
        if "export" in self._jobs:
            raise TexGenError("A file is being exported already.", "Wait for it, or cancel it.")
        if self._stage.source is None:
            raise TexGenError("There is no texture to export yet.", "Train one, or open a model.")
        check_export(settings)
        self._written = []
        self._begin("export", export(self._stage.source, settings, self._emit, self._written))

    def _retouch(self, command: m.RetouchCommand) -> None:
        if "retouch" in self._jobs:
            raise TexGenError("A picture is being worked on.", "Wait for it, or cancel it.")
        work = self._desk.handle(command, self._stage.source)
        if work is not None:
            self._begin("retouch", work)

    def _begin(self, job: m.JobKind, work: Work) -> None:
        if job == "train":
            self._end_rehearsal()
        self._jobs[job] = work
        self._emit(m.JobStarted(job))

    def _advance(self, job: m.JobKind) -> None:
        try:
            self._note_waiting(job, next(self._jobs[job]))
        except StopIteration as end:
            self._finish(job, end.value)

    def _cancel(self, job: m.JobKind) -> None:
        """End a job between two slices; its ``finally`` tidies up. A run that has something to save is stopped instead."""
        if job == "train" and self._training is not None and self._training.is_started:
            self._stop()
        elif job in self._jobs:
            self._guard(self._jobs[job].close, self._report)
            self._finish(job, Result("stopped"))

    def _finish(self, job: m.JobKind, result: Result, problem: m.Problem | None = None) -> None:
        self._jobs.pop(job, None)  # a finish that failed itself is repeated
        self._waiting.discard(job)
        if job == "train":
            self._guard(partial(self._end_training, result.outcome), self._report)
            self._guard(self._workspace.announce, self._report)
        files = {"train": (), "export": self._written, "retouch": self._desk.written}[job]
        self._emit(m.JobEnded(job, result.outcome, problem, tuple(files)))
