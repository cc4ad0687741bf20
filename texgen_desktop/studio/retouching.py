"""The retouching desk as the interface sees it: one frozen value, verbs that go in, and signals that come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from texgen_desktop.engine import messages as m

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class RetouchState:
    """What the retouching window shows.

    ``result`` can be kept now; ``preview`` is what the steps make of a part. ``written`` are the files of the job that ended last.
    """

    operators: tuple[m.OperatorInfo, ...] = ()
    picture: m.PictureInfo | None = None
    is_busy: bool = False
    progress: m.RetouchProgress | None = None
    result: m.ResultShown | None = None
    preview: m.ResultShown | None = None
    outcome: m.Outcome | None = None
    written: tuple[Path, ...] = ()
    failures: tuple[tuple[Path, str], ...] = ()
    problem: m.Problem | None = None

    @property
    def can_work(self) -> bool:
        return self.picture is not None and not self.is_busy

    @property
    def is_unsaved(self) -> bool:
        """Whether something would be lost if the picture went: changes that are in no file, a result that waits to be kept, work."""
        picture = self.picture
        has_changes = picture is not None and not picture.is_saved and (picture.can_undo or picture.can_redo)
        return self.is_busy or has_changes or self.result is not None

    @property
    def can_undo(self) -> bool:
        """Whether a picture that was kept may give way to an older one; not while a result waits, which would be lost."""
        return self.can_work and self.result is None and self.picture is not None and self.picture.can_undo

    @property
    def can_redo(self) -> bool:
        return self.can_work and self.result is None and self.picture is not None and self.picture.can_redo

    def operator(self, operator_id: str) -> m.OperatorInfo | None:
        return next((each for each in self.operators if each.id == operator_id), None)


def concerns(event: m.Event) -> bool:
    """Whether an event is about the desk alone."""
    return isinstance(event, m.RetouchEvent) or (isinstance(event, m.JobStarted | m.JobEnded) and event.job == "retouch")


class Retouching(QObject):
    """Holds the ``RetouchState``. A verb that the state forbids does nothing."""

    state_changed = Signal(object, object)  # RetouchState before, RetouchState now
    picture_changed = Signal(object)  # PictureChanged
    result_shown = Signal(object)  # ResultShown, also coarse ones
    mask_proposed = Signal(object)  # (H, W) float32
    picture_copied = Signal(object)  # (H, W, 3 or 4) uint8

    def __init__(self, post: Callable[[m.Command], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = RetouchState()
        self._post = post

    # ----------------------------------------------------------------------------------------------- verbs

    def open(self, path: Path) -> None:
        if not self.state.is_busy:
            self._ask(m.OpenPicture(path))

    def take_texture(self, look: m.Look, cells: tuple[int, int]) -> None:
        """Lay the tile of the model that is shown on the desk."""
        if not self.state.is_busy:
            self._ask(m.TakeTexture(look, cells))

    def take_pixels(self, pixels: NDArray[np.uint8], name: str) -> None:
        """Lay a picture that is in no file on the desk: (H, W, 3 or 4) uint8."""
        if not self.state.is_busy:
            self._ask(m.TakePixels(pixels, name))

    def copy(self) -> None:
        """Ask for what is seen: the result that waits, or else the picture."""
        if self.state.can_work:
            self._ask(m.CopyPicture())

    def set_wraps(self, wraps: tuple[bool, bool]) -> None:
        if self.state.can_work:
            self._ask(m.SetWraps(wraps))

    def run(self, steps: tuple[m.StepSettings, ...], seed: int, mask: NDArray[np.float32] | None, region: m.Region | None = None) -> None:
        """Carry out the steps; with ``region`` on that part alone, to look at. A result that waits does so until the new one is there."""
        if self.state.can_work and steps:
            self._ask(m.Retouch(steps, seed, mask, region))

    def keep(self) -> None:
        if self.state.result is not None and not self.state.is_busy:
            self._ask(m.KeepResult())

    def drop(self) -> None:
        """Forget the preview; without one, the result."""
        if self.state.preview is not None:
            self._change(replace(self.state, preview=None))
        elif self.state.result is not None and not self.state.is_busy:
            self._change(replace(self.state, result=None))
            self._ask(m.DropResult())

    def undo(self) -> None:
        if self.state.can_undo:
            self._ask(m.UndoPicture())

    def redo(self) -> None:
        if self.state.can_redo:
            self._ask(m.RedoPicture())

    def propose(self, blemish: m.Blemish, strength: float) -> None:
        if self.state.can_work:
            self._ask(m.ProposeMask(blemish, strength))

    def pick(self, at: tuple[int, int], tolerance: float, is_contiguous: bool) -> None:
        if self.state.can_work:
            self._ask(m.PickMask(at, tolerance, is_contiguous))

    def read_mask(self, path: Path | None) -> None:
        """From a picture of the same size; without one from the transparency of the picture itself."""
        if self.state.can_work:
            self._ask(m.ReadMask(path))

    def save(self, path: Path) -> None:
        if self.state.can_work:
            self._ask(m.SavePicture(path))

    def run_on_files(self, paths: tuple[Path, ...], steps: tuple[m.StepSettings, ...], folder: Path, seed: int) -> None:
        if not self.state.is_busy and paths and steps:
            self._ask(m.RetouchFiles(paths, steps, folder, seed=seed))

    def learn(self, operator_id: str, paths: tuple[Path, ...], minutes: float, out: Path, seed: int) -> None:
        if not self.state.is_busy:
            self._ask(m.LearnEnhancer(operator_id, paths, minutes, out, seed))

    def cancel(self) -> None:
        if self.state.is_busy:
            self._post(m.Cancel("retouch"))

    def dismiss_problem(self) -> None:
        self._change(replace(self.state, problem=None, failures=()))

    # ---------------------------------------------------------------------------------------------- events

    def on_event(self, event: m.Event) -> None:
        """Called with everything that the engine says."""
        self._change(after(self.state, event))
        match event:
            case m.PictureChanged():
                self.picture_changed.emit(event)
            case m.ResultShown():
                self.result_shown.emit(event)
            case m.MaskProposed(mask):
                self.mask_proposed.emit(mask)
            case m.PictureCopied(pixels):
                self.picture_copied.emit(pixels)

    def _ask(self, command: m.RetouchCommand) -> None:
        """What takes time counts as begun at once: no other verb comes between it and the engine's word."""
        is_work = not isinstance(command, m.SetWraps | m.KeepResult | m.DropResult | m.UndoPicture | m.RedoPicture)
        self._change(replace(self.state, problem=None, failures=(), written=(), outcome=None, is_busy=is_work, progress=None))
        self._post(command)

    def _change(self, state: RetouchState) -> None:
        before, self.state = self.state, state
        if before != state:
            self.state_changed.emit(before, state)


def after(state: RetouchState, event: m.Event) -> RetouchState:
    """The state once this has happened."""
    match event:
        case m.EngineReady(operators=operators):
            return replace(state, operators=operators)
        case m.PictureChanged(picture=picture):
            return replace(state, picture=picture, result=state.result if picture and picture.has_result else None, preview=None)
        case m.JobStarted(job="retouch"):
            return replace(state, is_busy=True, progress=None)
        case m.RetouchProgress() if state.is_busy:
            return replace(state, progress=event)
        case m.ResultShown(is_final=True, region=None):
            return replace(state, result=event, preview=None)
        case m.ResultShown(is_final=True):
            return replace(state, preview=event)
        case m.FilesFailed(failures):
            return replace(state, failures=failures)
        case m.RetouchRefused(problem):
            return replace(state, problem=problem, is_busy=False)
        case m.JobEnded(job="retouch", outcome=outcome, problem=problem, files=files):
            return replace(state, is_busy=False, progress=None, outcome=outcome, problem=problem or state.problem, written=files)
        case m.EngineStopped():
            return replace(state, is_busy=False, progress=None)
        case _:
            return state
