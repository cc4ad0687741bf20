"""All that the interface knows, as one frozen value, and the pure function that carries it from event to event."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from texgen_desktop.engine.messages import (
    CommandFailed,
    ContactSheet,
    EngineReady,
    EngineStopped,
    Event,
    ExportProgress,
    FamiliesChanged,
    FamilyInfo,
    JobEnded,
    JobStarted,
    Look,
    ModelChanged,
    ModelInfo,
    Outcome,
    PhotoLoaded,
    PicturesProgress,
    Problem,
    ProjectChanged,
    ProjectInfo,
    RecipeRead,
    RunInfo,
    TextureJudged,
    TrainingProgress,
    TrainSettings,
)

TrainingState = Literal["idle", "starting", "running", "paused", "stopping"]
Repeat = Literal["1x1", "2x2", "3x3", "endless"]
Comparison = Literal["result", "beside", "photo"]

DEFAULT_TILE_PX = 512
SMALLEST_TILE_PX = 128
LARGEST_TILE_PX = 1024


@dataclass(frozen=True)
class ViewState:
    """What the canvas shows. ``tile_cells`` is (rows, columns) of the tile in the model's coarsest cells."""

    repeat: Repeat = "1x1"
    comparison: Comparison = "result"
    tile_cells: tuple[int, int] = (32, 32)
    shows_copies: bool = False


@dataclass(frozen=True)
class StudioState:
    """The one truth of the interface. Pixels and loss histories travel beside it.

    ``is_measuring``: a few seconds of training tell how long the presets take here.
    ``allows`` holds what may be done to the crops of each photo without showing, by its name; ``set_allows`` what to those of the set.
    ``training`` runs ahead of the engine when a verb was pressed; ``has_train_job`` is what the engine said last.
    ``last_export`` lists the files that the last export finished, also when its ``export_outcome`` is another than "finished".
    ``taking_in`` is how far a picture set is that is being read.
    ``locked`` holds "layout_seed", "detail_seed" and slider ids that re-roll and reset all leave alone.
    """

    engine_ready: bool = False
    engine_ended: bool = False
    device: str = ""
    families: tuple[FamilyInfo, ...] = ()
    project: ProjectInfo | None = None
    allows: tuple[tuple[str, frozenset[str]], ...] = ()
    set_allows: frozenset[str] = frozenset()
    model: ModelInfo | None = None
    is_measuring: bool = False
    is_judging: bool = False
    judged: TextureJudged | None = None
    training: TrainingState = "idle"
    has_train_job: bool = False
    progress: TrainingProgress | None = None
    settings: TrainSettings = field(default_factory=TrainSettings)
    exporting: bool = False
    export_progress: ExportProgress | None = None
    export_outcome: Outcome | None = None
    last_export: tuple[Path, ...] = ()
    look: Look = field(default_factory=Look)
    locked: frozenset[str] = frozenset()
    can_undo: bool = False
    can_redo: bool = False
    view: ViewState = field(default_factory=ViewState)
    problem: Problem | None = None
    offer: RecipeRead | None = None
    taking_in: PicturesProgress | None = None

    @property
    def is_read_only(self) -> bool:
        return self.project is not None and bool(self.project.read_only_reason)

    @property
    def is_training(self) -> bool:
        """A run holds the engine, or is about to; a paused one does not."""
        return self.training in ("starting", "running", "stopping")

    @property
    def selected_run(self) -> RunInfo | None:
        runs = self.project.runs if self.project else ()
        return next((run for run in runs if self.project and run.id == self.project.run_id), None)

    @property
    def can_edit_project(self) -> bool:
        """Photos, crops and runs may be changed: none of them is in use by a run."""
        return self.engine_ready and self.project is not None and not self.is_read_only and self.training == "idle"

    @property
    def family(self) -> FamilyInfo | None:
        """The kind of the model that is shown."""
        return next((family for family in self.families if self.model is not None and family.id == self.model.family), None)

    @property
    def suggested(self) -> tuple[str, ...]:
        """Settings of the chosen family that are off, and that every photo allows, or the picture set where the family learns from that."""
        family = next((each for each in self.families if each.id == self.settings.family), None)
        preset = next((each for each in family.presets if each.id == self.settings.preset), None) if family else None
        if self.project is None or family is None or preset is None:
            return ()
        values = dict(preset.values) | dict(self.settings.config)
        allows = dict(self.allows)
        each = [allows.get(photo.name, frozenset[str]()) for photo in self.project.photos]
        if family.makes == "images":  # where in a picture something lies counts too, which only a set is asked for
            each = [self.set_allows]
        every = frozenset[str]().union(*each).intersection(*each)
        return tuple(sorted(name for name in every if values.get(name) is False))

    @property
    def can_vary_photos(self) -> bool:
        """A photo can become the middle of the model's sliders."""
        return self.family is not None and self.family.reads_photos and not self.is_training

    @property
    def can_train(self) -> bool:
        return self.can_edit_project and self.project is not None and bool(self.project.photos or self.project.pictures)

    @property
    def can_judge(self) -> bool:
        """A texture is shown, and there are photos to compare it with."""
        is_texture = self.family is not None and self.family.makes == "textures"
        return self.engine_ready and is_texture and self.project is not None and bool(self.project.photos) and not self.is_judging

    @property
    def can_pause(self) -> bool:
        return self.training == "running"

    @property
    def can_resume(self) -> bool:
        """A paused run goes on from memory, the selected run of an idle project from its newest checkpoint."""
        if self.training == "paused":
            return True
        return self.can_edit_project and self.selected_run is not None and self.selected_run.can_resume

    @property
    def can_use_best(self) -> bool:
        """The selected run has a checkpoint that is better than its model."""
        return self.can_edit_project and self.selected_run is not None and self.selected_run.best_images_seen is not None

    @property
    def can_stop(self) -> bool:
        return self.training in ("starting", "running", "paused")

    @property
    def can_export(self) -> bool:
        return self.engine_ready and self.model is not None and not self.exporting


def after(state: StudioState, event: Event) -> StudioState:
    """The state that follows ``state`` when the engine says ``event``."""
    match event:
        case EngineReady(device=device, families=families):
            settings = state.settings
            if families and settings.family not in {family.id for family in families}:
                settings = replace(settings, family=families[0].id)
            return replace(state, engine_ready=True, device=device, families=families, settings=settings)
        case FamiliesChanged(families=families):
            return replace(state, families=families, is_measuring=False)
        case ProjectChanged(project=project):
            return _after_project(state, project)
        case PhotoLoaded(name=name, allows=allows):
            return replace(state, allows=(*(pair for pair in state.allows if pair[0] != name), (name, allows)))
        case ContactSheet(allows=allows):
            return replace(state, set_allows=allows)
        case ModelChanged(model=model):
            return replace(_after_model(state, model), is_judging=False, judged=None)
        case TextureJudged():
            return replace(state, is_judging=False, judged=event)
        case JobStarted(job="train"):
            return replace(state, training="stopping" if state.training == "stopping" else "running", has_train_job=True)
        case JobStarted(job="export"):
            return replace(state, exporting=True, export_progress=ExportProgress(0.0, None))
        case TrainingProgress() if state.training in ("running", "stopping"):
            return replace(state, progress=event)
        case PicturesProgress(done=done, total=total):
            return replace(state, taking_in=event if done < total else None)
        case ExportProgress() if state.exporting:
            return replace(state, export_progress=event)
        case JobEnded():
            return _after_job(state, event)
        case RecipeRead(recipe=recipe) if recipe is not None or state.can_vary_photos:
            return replace(state, offer=event)
        case CommandFailed(problem=problem):
            return replace(_after_refusal(state, problem), taking_in=None)
        case EngineStopped():
            state = replace(state, training="idle", has_train_job=False, exporting=False, export_progress=None)
            return replace(state, engine_ready=False, engine_ended=True)
        case _:
            return state


def is_same_project(old: ProjectInfo | None, new: ProjectInfo | None) -> bool:
    """Whether ``new`` is ``old`` after a change: also when it was saved into another folder, but not when it is a copy of it."""
    return opening_of(old) == opening_of(new)


def opening_of(project: ProjectInfo | None) -> int:
    """What tells the engine which project a look belongs to; 0 without one."""
    return project.opening if project else 0


def _after_project(state: StudioState, project: ProjectInfo | None) -> StudioState:
    run_before = state.selected_run
    if not is_same_project(state.project, project):
        # What the artist set belongs to a project; its model, and the end of its run, are told by events of their own.
        training = "idle" if state.training == "paused" else state.training
        look = project.look if project else Look()
        state = replace(
            state, training=training, progress=None, look=look, locked=frozenset(), offer=None, allows=(), set_allows=frozenset()
        )
    state = replace(state, project=project, settings=_without_lost_start(state, project))
    run = state.selected_run
    if run is not None and (run_before is None or run_before.id != run.id) and state.training == "idle":
        state = replace(state, settings=run.settings, progress=None)
    return state


def _without_lost_start(state: StudioState, project: ProjectInfo | None) -> TrainSettings:
    """The model of a run is no start any more once the run is deleted, nor in another project, which may have a run of that name."""
    before = {run.id for run in state.project.runs} if state.project else set()
    now = {run.id for run in project.runs} if project and is_same_project(state.project, project) else set()
    return replace(state.settings, start_from="") if state.settings.start_from in before - now else state.settings


def _after_model(state: StudioState, model: ModelInfo | None) -> StudioState:
    if model is None:
        return replace(state, model=None)
    known = {slider.id for slider in model.sliders}
    look = replace(state.look, style=tuple((key, value) for key, value in state.look.style if key in known))
    locked = state.locked & (known | {"layout_seed", "detail_seed"})
    is_new_kind = state.model is None or state.model.cell_px != model.cell_px
    state = replace(state, model=model, look=look, locked=locked)
    if is_new_kind:
        # Of a family that makes pictures a sheet of them is shown, as large as a tile.
        makes_textures = state.family is None or state.family.makes == "textures"
        cells = fitting_tile(model.cell_px, state.project if makes_textures else None)
        state = replace(state, view=replace(state.view, tile_cells=cells))
    return state


def _after_job(state: StudioState, event: JobEnded) -> StudioState:
    problem = event.problem if event.outcome == "failed" and event.problem else state.problem
    if event.job == "export":
        state = replace(state, exporting=False, export_progress=None, problem=problem)
        return replace(state, export_outcome=event.outcome, last_export=event.files)
    return replace(state, training="paused" if event.outcome == "paused" else "idle", has_train_job=False, problem=problem)


def _after_refusal(state: StudioState, problem: Problem) -> StudioState:
    """A refused command ends the waiting for the job it should have started (a job that runs has said so)."""
    is_awaited = state.training in ("starting", "stopping") and not state.has_train_job
    training = "idle" if is_awaited else state.training
    exporting = state.exporting and state.export_progress is not None
    return replace(state, problem=problem, training=training, exporting=exporting, is_measuring=False, is_judging=False)


def fitting_tile(cell_px: int, project: ProjectInfo | None) -> tuple[int, int]:
    """(rows, columns) of a tile about as large as the first photo's crop at its working scale."""
    height_px = width_px = float(DEFAULT_TILE_PX)
    if project is not None and project.photos:
        photo = project.photos[0]
        crop_width, crop_height = photo.crop.width * photo.width_px, photo.crop.height * photo.height_px
        scale = photo.working_side_px / max(1.0, min(crop_width, crop_height))
        height_px, width_px = crop_height * scale, crop_width * scale
    return _whole_cells(height_px, cell_px), _whole_cells(width_px, cell_px)


def _whole_cells(side_px: float, cell_px: int) -> int:
    return max(1, round(min(max(side_px, SMALLEST_TILE_PX), LARGEST_TILE_PX) / cell_px))
