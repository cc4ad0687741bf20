"""The studio: the one door between the interface and the engine. Verbs go in, signals come out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from texgen_desktop.engine import messages as m
from texgen_desktop.errors import TexGenError
from texgen_desktop.studio import journal, retouching
from texgen_desktop.studio.history import History
from texgen_desktop.studio.opening import command_for
from texgen_desktop.studio.refresh import Refresh, request_for
from texgen_desktop.studio.state import Comparison, Repeat, StudioState, after, is_same_project, opening_of

SeedName = Literal["layout_seed", "detail_seed"]


class Studio(QObject):
    """Holds the ``StudioState``, posts commands, and tells the widgets what changed.

    Lives in the interface thread. A verb that the state forbids does nothing, so a shortcut may call it at any time.
    """

    state_changed = Signal(object, object)  # StudioState before, StudioState now
    image_ready = Signal(object)  # Rendered
    photo_ready = Signal(object)  # PhotoLoaded
    sheet_ready = Signal(object)  # ContactSheet
    losses_added = Signal(object)  # TrainingProgress
    losses_reset = Signal()
    losses_loaded = Signal(object)  # LossesLoaded, in place of what was there
    log_added = Signal(str, str)  # level ("info", "notice", "error"), text

    def __init__(self, post: Callable[[m.Command], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = StudioState()
        self.retouching = retouching.Retouching(post, self)
        self._post = post
        self._refresh = Refresh(post)
        self._history = History()
        self._gesture: m.Look | None = None  # the look that the drag in progress started from
        self._region: tuple[m.Region, int] | None = None  # where the eye is on the endless plane, whatever the project
        self._train_when_ready = False

    # ------------------------------------------------------------------------------------------ the project

    def open_paths(self, paths: Iterable[Path]) -> None:
        """Open photos, folders of photos, a project or a model. One of our own exports becomes an offer."""
        command = command_for(tuple(paths))
        if command is None:
            return
        if isinstance(command, m.ReadRecipe):
            self._post(command)
        else:
            self._open(command)

    def add_photos(self, paths: Iterable[Path]) -> None:
        """Add photos to the open project, or start one with them."""
        paths = tuple(paths)
        if self.state.can_edit_project and paths:
            self._post(m.AddPhotos(paths))
        elif self.state.project is None:
            self.open_paths(paths)

    def cancel_intake(self) -> None:
        """Stop reading the picture set that was dropped; nothing of it is kept."""
        if self.state.taking_in is not None:
            self._post(m.CancelIntake())

    def remove_photo(self, name: str) -> None:
        if self.state.can_edit_project:
            self._post(m.RemovePhoto(name))

    def frame_photo(self, name: str, crop: m.Crop, working_side_px: int) -> None:
        """Set the part of a photo that is learnt, and its short side at the scale it is learnt at."""
        if self.state.can_edit_project:
            self._post(m.FramePhoto(name, crop, working_side_px))

    def save_as(self, folder: Path) -> None:
        if self.state.project is not None:
            self._post(m.SaveProjectAs(folder))

    def rename(self, name: str) -> None:
        if self.state.project is not None and not self.state.is_read_only:
            self._post(m.RenameProject(name))

    def discard(self) -> None:
        """Delete the open project if it was never saved under a name."""
        if self.state.can_edit_project and self.state.project is not None and self.state.project.is_unsaved:
            self._post(m.DiscardProject())

    def close_project(self) -> None:
        if self.state.project is not None or self.state.model is not None:
            self._open(m.CloseProject())

    def select_run(self, run_id: str) -> None:
        if self.state.training == "idle":
            self._post(m.SelectRun(run_id))

    def delete_run(self, run_id: str) -> None:
        if self.state.can_edit_project:
            self._post(m.DeleteRun(run_id))

    # ------------------------------------------------------------------------------------------- training

    def set_train_settings(self, settings: m.TrainSettings) -> None:
        self._set(settings=settings)

    def train(self) -> None:
        """Start a new run with the settings of the state."""
        if self.state.can_train:
            self.losses_reset.emit()
            self._set(training="starting", progress=None, problem=None)
            self._post(m.Train(self.state.settings))

    def train_when_ready(self) -> None:
        """Start a run as soon as the engine and a photo or a picture set are there."""
        self._train_when_ready = True
        self._start_if_awaited()

    def pause(self) -> None:
        if self.state.can_pause:
            self._post(m.Pause())

    def resume(self) -> None:
        if self.state.can_resume:
            self._set(training="starting", problem=None)
            self._post(m.Resume())

    def use_best(self) -> None:
        """Make the selected run's model of its best checkpoint."""
        if self.state.can_use_best:
            self._set(training="stopping", problem=None)  # nothing is left but to save a model
            self._post(m.UseBest())

    def stop(self) -> None:
        if self.state.can_stop:
            self._set(training="stopping")
            self._post(m.Stop())

    def judge(self) -> None:
        """Measure how good the texture that is shown is beside the photos."""
        if self.state.can_judge:
            self._set(is_judging=True)
            self._post(m.JudgeTexture(self.state.look, self.state.view.tile_cells))

    def measure_machine(self) -> None:
        """Train for some seconds, keep nothing, and know how long the presets take here."""
        if self.state.can_train and not self.state.is_measuring:
            self._set(is_measuring=True, problem=None)
            self._post(m.Rehearse(self.state.settings))

    def tune(self, values: dict[str, Any]) -> None:
        """Go on with other values of live fields while a run trains."""
        if self.state.training in ("running", "paused") and values:
            self._post(m.Tune(tuple(values.items())))

    # ------------------------------------------------------------------------------------------- the look

    def set_slider(self, slider_id: str, value: float) -> None:
        """Set a style axis to a value in [-1, 1]."""
        self._set_look(self.state.look.with_value(slider_id, min(max(value, -1.0), 1.0)))

    def set_seed(self, which: SeedName, seed: int) -> None:
        changes: dict[str, Any] = {which: min(max(seed, 0), m.LARGEST_SEED)}
        self._set_look(replace(self.state.look, **changes))

    def set_strength(self, which: Literal["layout", "detail"], value: float) -> None:
        """Set how strong a noise is: 1 is what the model was trained with, 0 is none."""
        changes: dict[str, Any] = {f"{which}_strength": min(max(value, 0.0), m.LARGEST_STRENGTH)}
        self._set_look(replace(self.state.look, **changes))

    def reroll(self, which: SeedName | None = None) -> None:
        """Draw a new seed, or both; a locked one stays. Sliders are left alone."""
        names: tuple[SeedName, ...] = (which,) if which else ("layout_seed", "detail_seed")
        changes: dict[str, Any] = {name: secrets.randbelow(m.LARGEST_SEED + 1) for name in names if name not in self.state.locked}
        self._set_look(replace(self.state.look, **changes))

    def reset(self, which: str) -> None:
        """Put a slider id, a seed or a strength ("layout_strength") back to its default."""
        if which in ("layout_seed", "detail_seed", "layout_strength", "detail_strength"):
            changes: dict[str, Any] = {which: getattr(m.Look(), which)}
            self._set_look(replace(self.state.look, **changes))
        else:
            self.set_slider(which, 0.0)

    def reset_all(self) -> None:
        """Put everything that is not locked back, in one step. A locked seed keeps its strength as well."""
        look, default, locked = self.state.look, m.Look(), self.state.locked
        changes: dict[str, Any] = {"style": tuple(pair for pair in look.style if pair[0] in locked)}
        for noise in ("layout", "detail"):
            if f"{noise}_seed" not in locked:
                changes |= {name: getattr(default, name) for name in (f"{noise}_seed", f"{noise}_strength")}
        self._set_look(replace(look, **changes))

    def toggle_lock(self, which: str) -> None:
        """Lock or unlock a seed or a slider id."""
        self._set(locked=self.state.locked ^ {which})

    def begin_gesture(self) -> None:
        """A drag begins: until it ends the picture may be rough, and all of it is one undo step."""
        if self._gesture is None:
            self._gesture = self.state.look

    def end_gesture(self) -> None:
        if self._gesture is None:
            return
        before, self._gesture = self._gesture, None
        if before != self.state.look:
            self._keep(self._history.recorded(before), self.state.look)

    def undo(self) -> None:
        self.end_gesture()
        self._keep(*self._history.undone(self.state.look))

    def redo(self) -> None:
        self.end_gesture()
        self._keep(*self._history.redone(self.state.look))

    # -------------------------------------------------------------------------------------------- the view

    def set_view(
        self,
        *,
        repeat: Repeat | None = None,
        comparison: Comparison | None = None,
        tile_cells: tuple[int, int] | None = None,
        shows_copies: bool | None = None,
    ) -> None:
        """Change how the canvas shows the texture; what is not named stays."""
        named = {"repeat": repeat, "comparison": comparison, "tile_cells": tile_cells, "shows_copies": shows_copies}
        changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        self._set(view=replace(self.state.view, **changes))
        self._ask_for_picture()

    def show_region(self, region: m.Region, skip_levels: int) -> None:
        """Show a rectangle of the endless plane, in pixels of the finest level, with that many levels left out."""
        self._region = (region, skip_levels)
        self._ask_for_picture()

    # ---------------------------------------------------------------------------------- files and problems

    def export(self, settings: m.ExportSettings) -> None:
        if self.state.can_export:
            self._set(exporting=True, export_progress=None, export_outcome=None, last_export=(), problem=None)
            self._post(m.Export(settings))

    def cancel_export(self) -> None:
        if self.state.exporting:
            self._post(m.Cancel("export"))

    def report(self, problem: m.Problem) -> None:
        """Show a problem that the interface met by itself."""
        self._set(problem=problem)
        self.log_added.emit("error", journal.problem_text(problem))

    def dismiss_problem(self) -> None:
        self._set(problem=None)

    def accept_offer(self, choice: Literal["photo", "vary", "settings"]) -> None:
        """Learn from a dropped picture, vary it with the model, or set seeds and sliders as they were when it was exported."""
        offer = self.state.offer
        self._set(offer=None)
        if offer is None:
            return
        if choice == "photo":
            self._open(m.CreateProject((offer.path,)))
        elif choice == "vary":
            self._post(m.VaryPhoto(offer.path))
        elif offer.recipe is None:
            return
        elif offer.is_model_open:
            self._restore(offer.recipe.look)
        else:
            self.report(journal.missing_model(offer.path, offer.recipe))

    def _restore(self, look: m.Look) -> None:
        try:
            m.check_look(look)
        except TexGenError as error:
            self.report(m.Problem(error.message, error.hint))
        else:
            self._set_look(look)

    def dismiss_offer(self) -> None:
        self._set(offer=None)

    def save_and_quit(self) -> None:
        """Stop what runs, save it and end the engine; ``state.engine_ended`` tells when that is done."""
        self._refresh.flush()
        self._post(m.Quit())

    # ------------------------------------------------------------------------------------------- the engine

    @Slot(object)
    def on_event(self, event: m.Event) -> None:
        """Take in what the engine says. Called in the interface thread."""
        self.retouching.on_event(event)
        if retouching.concerns(event):
            return
        before = self.state
        draws_anew = isinstance(event, m.ModelChanged) or (isinstance(event, m.JobEnded) and event.job == "train")
        if draws_anew:
            # The last live sample may have been a coarse one. The canvas may ask as soon as it hears of another model.
            self._refresh.forget()
        self._change(after(before, event))
        if draws_anew:
            self._ask_for_picture()
        if entry := journal.entry(before, event):
            self.log_added.emit(*entry)
        match event:
            case m.Rendered():
                if self._refresh.answered(event.ticket) and self.state.model is not None:
                    self.image_ready.emit(event)
            case m.TrainingProgress() if self.state.progress is event:
                self.losses_added.emit(event)
            case m.LossesLoaded():
                self.losses_loaded.emit(event)
            case m.PhotoLoaded():
                self.photo_ready.emit(event)
            case m.ContactSheet():
                self.sheet_ready.emit(event)
            case m.CommandFailed():
                self._refresh.free()
            case m.RecipeRead(path=path, recipe=None) if self.state.offer is not event:
                self._open(m.CreateProject((path,)))
        self._start_if_awaited()

    def _open(self, command: m.CreateProject | m.OpenProject | m.OpenModel | m.CloseProject) -> None:
        """Leave what is open for something else; a run in progress is never left by accident."""
        if self.state.is_training:
            self.report(m.Problem("A texture is being trained.", "Pause or stop the training, then open something else."))
            return
        self._refresh.flush()
        if self.state.training == "paused":
            self._post(m.Stop())
        self._post(command)

    def _start_if_awaited(self) -> None:
        if self._train_when_ready and self.state.can_train:
            self._train_when_ready = False
            self.train()

    def _set_look(self, look: m.Look) -> None:
        if look == self.state.look:
            return
        if self._gesture is None:
            self._keep(self._history.recorded(self.state.look), look)
        else:
            self._set(look=look)
            self._ask_for_picture()

    def _keep(self, history: History, look: m.Look) -> None:
        self._history = history
        self._set(look=look, can_undo=bool(history.past), can_redo=bool(history.future))
        self._ask_for_picture()

    def _ask_for_picture(self) -> None:
        if request := request_for(self.state, self._region, is_rough=self._gesture is not None):
            self._refresh.want(request, opening_of(self.state.project))

    def _set(self, **changes: Any) -> None:
        self._change(replace(self.state, **changes))

    def _change(self, state: StudioState) -> None:
        before = self.state
        if not is_same_project(before.project, state.project):
            # The project brings the look it was left with; steps from before it mean nothing here.
            self._history, self._gesture = History(), None
            state = replace(state, can_undo=False, can_redo=False)
            self.losses_reset.emit()
        if state != before:
            self.state = state
            self.state_changed.emit(before, state)
