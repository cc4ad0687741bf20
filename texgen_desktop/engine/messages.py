"""All that crosses the engine's border: commands go in, events come out. Frozen, free of torch and of Qt.

Two closed unions, ``Command`` and ``Event``, each read by one ``match``. Arrays in an event are never written again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from texgen_desktop.engine.look import LARGEST_SEED, LARGEST_STRENGTH, check_look
from texgen_desktop.engine.retouch_messages import (
    LARGEST_DESK_PX,
    Blemish,
    CopyPicture,
    DropResult,
    FilesFailed,
    KeepResult,
    LearnEnhancer,
    MaskProposed,
    OpenPicture,
    OperatorInfo,
    PickMask,
    PictureChanged,
    PictureCopied,
    PictureInfo,
    ProposeMask,
    ReadMask,
    RedoPicture,
    ResultShown,
    Retouch,
    RetouchCommand,
    RetouchEvent,
    RetouchFiles,
    RetouchProgress,
    RetouchRefused,
    SavePicture,
    SetWraps,
    StepSettings,
    TakePixels,
    TakeTexture,
    UndoPicture,
)
from texgen_desktop.families import Look, Region, RenderRequest, Seed, Slider

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "LARGEST_DESK_PX",
    "LARGEST_SEED",
    "LARGEST_STRENGTH",
    "Blemish",
    "CopyPicture",
    "DropResult",
    "FilesFailed",
    "KeepResult",
    "LearnEnhancer",
    "Look",
    "MaskProposed",
    "OpenPicture",
    "OperatorInfo",
    "PickMask",
    "PictureChanged",
    "PictureCopied",
    "PictureInfo",
    "ProposeMask",
    "ReadMask",
    "RedoPicture",
    "Region",
    "RenderRequest",
    "ResultShown",
    "Retouch",
    "RetouchCommand",
    "RetouchEvent",
    "RetouchFiles",
    "RetouchProgress",
    "RetouchRefused",
    "SavePicture",
    "Seed",
    "SetWraps",
    "Slider",
    "StepSettings",
    "TakePixels",
    "TakeTexture",
    "UndoPicture",
    "check_look",
]

JobKind = Literal["train", "export", "retouch"]
Outcome = Literal["finished", "stopped", "paused", "failed"]
FileFormat = Literal["png", "tiff", "exr", "jpeg", "webp"]


# ---------------------------------------------------------------------------------------------------- values


@dataclass(frozen=True)
class Problem:
    """What went wrong in one sentence, a way out, and the traceback for those who ask."""

    message: str
    hint: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Crop:
    """A rectangle of a photo as fractions of its width and height, after EXIF orientation."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0


@dataclass(frozen=True)
class PhotoInfo:
    """A photo of the project. It is learnt from ``crop``, scaled so that the crop's short side is ``working_side_px``.

    ``group`` is the folder that it came from, where photos came from several.
    """

    name: str
    width_px: int
    height_px: int
    crop: Crop
    working_side_px: int
    group: str = ""


@dataclass(frozen=True)
class PictureSetInfo:
    """The project's picture set: squares of ``side_px``. ``classes`` are (name, how many); ``notes`` say what is odd about it."""

    count: int
    side_px: int
    classes: tuple[tuple[str, int], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SkippedFile:
    """A file that was offered and not taken: why, and what would help."""

    name: str
    reason: str
    hint: str


@dataclass(frozen=True)
class TrainSettings:
    """What a new run is started with. ``config`` overrides single fields of the preset's config.

    ``start_from`` names the model whose weights the run begins with: a run of the project by its id, a model that ships by its name, any
    other by its absolute path. Empty for new weights.
    """

    family: str = "texture_gan"
    preset: str = "standard"
    config: tuple[tuple[str, Any], ...] = ()
    images: int | None = None
    minutes: float | None = None
    seed: int = 0
    start_from: str = ""


@dataclass(frozen=True)
class RunInfo:
    """A run of the project, as its folder tells it.

    ``best_images_seen`` names a checkpoint that came nearer to the photo than the newest, when the model is not made of it already.
    ``started_from`` is the model that it began with as its record names it, also when that is gone; ``settings`` have it only while it
    can be found.
    """

    id: str
    settings: TrainSettings
    images_seen: int
    images_total: int
    created: str
    can_resume: bool
    has_model: bool
    best_images_seen: int | None = None
    started_from: str = ""


@dataclass(frozen=True)
class ProjectInfo:
    """The open project. ``is_unsaved``: it lives in the application's data folder and has no name from the user yet.

    ``look`` is what the artist had set when it was last closed. ``opening`` counts up with every project that is opened or made, so it
    tells a project that changed (or was saved elsewhere) from another one; it is never 0 in what the engine sends.
    """

    folder: Path
    name: str
    is_unsaved: bool
    read_only_reason: str
    photos: tuple[PhotoInfo, ...]
    skipped: tuple[SkippedFile, ...]
    runs: tuple[RunInfo, ...]
    run_id: str | None
    look: Look = field(default_factory=Look)
    opening: int = 0
    pictures: PictureSetInfo | None = None


@dataclass(frozen=True)
class ModelInfo:
    """The model that renders and exports now. ``sha256`` names its weights, or is empty while it is still being trained.

    ``seeds`` are those that change its picture.
    """

    source: Path
    family: str
    sliders: tuple[Slider, ...]
    seeds: tuple[Seed, ...]
    cell_px: int
    level_count: int
    sha256: str


@dataclass(frozen=True)
class FieldInfo:
    """One field of a family's config or of an operator's settings, as forms and the command line need it.

    ``sets_crop``: with it ``PresetInfo.crop_px`` changes. ``is_above_minimum``: the minimum itself is not allowed. ``is_live``: it may be
    changed while a run trains. A "file" is the path of a model; empty for the one that ships.
    """

    name: str
    kind: Literal["int", "float", "bool", "choice", "file"]
    default: Any
    description: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    sets_crop: bool = False
    is_above_minimum: bool = False
    is_live: bool = False


@dataclass(frozen=True)
class PresetInfo:
    """A preset and what it costs here: ``seconds`` is estimated for this machine, None while its speed is not known.

    ``crop_px`` is the side of its widest training crop at the working scale, 0 where the family has no such thing.
    """

    id: str
    title: str
    images: int
    seconds: float | None
    values: tuple[tuple[str, Any], ...]
    crop_px: int = 0


@dataclass(frozen=True)
class FamilyInfo:
    """``reads_photos``: its models can take a photo as the middle of their sliders."""

    id: str
    title: str
    description: str
    fields: tuple[FieldInfo, ...]
    presets: tuple[PresetInfo, ...]
    makes: Literal["textures", "images"] = "textures"
    reads_photos: bool = False


@dataclass(frozen=True)
class ExportSettings:
    """A file to write. ``bits`` is 8, 16 or 32 (32 is float; 16 is half float in an EXR).

    ``count`` files with seeds ``look.layout_seed + 0 … count - 1`` are written, numbered before the suffix when it is above 1.
    """

    path: Path
    file_format: FileFormat
    bits: Literal[8, 16, 32]
    width_px: int
    height_px: int
    look: Look
    tile_x: bool = True
    tile_y: bool = True
    count: int = 1

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is written, in the order of the seeds: ``tile.png``, or ``tile-01.png … tile-12.png``."""
        if self.count == 1:
            return (self.path,)
        digits = len(str(self.count))
        return tuple(self.path.with_name(f"{self.path.stem}-{index:0{digits}}{self.path.suffix}") for index in range(1, self.count + 1))


@dataclass(frozen=True)
class Recipe:
    """How a file was made, as it is written into the file: enough to make it again.

    ``images_seen`` is None for a finished model; else the weights were a snapshot of a run in training, which may be in no file.
    """

    look: Look
    family: str
    model_sha256: str
    width_px: int
    height_px: int
    tile_x: bool
    tile_y: bool
    version: str
    images_seen: int | None = None


# -------------------------------------------------------------------------------------------------- commands


@dataclass(frozen=True)
class CreateProject:
    """Start a project from photos, folders of photos, or a picture set. An empty ``folder`` means the application's data folder."""

    paths: tuple[Path, ...]
    folder: Path | None = None


@dataclass(frozen=True)
class OpenProject:
    """Without ``to_write`` the project is only looked at: nobody is kept from writing into it, and nothing in it changes."""

    folder: Path
    to_write: bool = True


@dataclass(frozen=True)
class OpenModel:
    """Open one ``model.safetensors`` by itself, without a project."""

    path: Path


@dataclass(frozen=True)
class AddPhotos:
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class CancelIntake:
    """Stop taking in what was dropped. Photos that are in already stay; of a picture set nothing is kept."""


@dataclass(frozen=True)
class RemovePhoto:
    name: str


@dataclass(frozen=True)
class FramePhoto:
    """Set the part of a photo that is learnt and the scale it is learnt at."""

    name: str
    crop: Crop
    working_side_px: int


@dataclass(frozen=True)
class SaveProjectAs:
    folder: Path


@dataclass(frozen=True)
class RenameProject:
    name: str


@dataclass(frozen=True)
class DiscardProject:
    """Delete an unsaved project from the application's data folder, and close it."""


@dataclass(frozen=True)
class CloseProject:
    """Let go of the project, or of a model that was opened by itself; it stays on disk."""


@dataclass(frozen=True)
class SelectRun:
    run_id: str


@dataclass(frozen=True)
class DeleteRun:
    run_id: str


@dataclass(frozen=True)
class Train:
    """Start a new run on the open project."""

    settings: TrainSettings


@dataclass(frozen=True)
class Pause:
    """Hold the run at the end of its step; everything stays in memory, ready to go on."""


@dataclass(frozen=True)
class Resume:
    """Go on with a paused run, or with the selected run from its newest checkpoint.

    ``minutes`` limits this sitting; None leaves the limit that the run was started with, infinity lifts it.
    """

    minutes: float | None = None


@dataclass(frozen=True)
class UseBest:
    """Make the selected run's model of its best checkpoint, as a job "train". The checkpoints stay: Resume goes on from the newest."""


@dataclass(frozen=True)
class Stop:
    """End the run: write checkpoint and model, and free the training's memory."""


@dataclass(frozen=True)
class JudgeTexture:
    """Measure how good a tile of ``cells`` (rows, columns) is beside the project's photos: ``TextureJudged`` tells it in seconds."""

    look: Look
    cells: tuple[int, int]


@dataclass(frozen=True)
class Rehearse:
    """Train for ten seconds and keep nothing: afterwards ``FamiliesChanged`` tells how long the presets of that family take here."""

    settings: TrainSettings


@dataclass(frozen=True)
class Tune:
    """Go on training with other values of live fields, as (name, value)."""

    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class VaryPhoto:
    """Take a photo as the middle of the sliders of the model that is shown, where its family can read photos."""

    path: Path


@dataclass(frozen=True)
class Render:
    """Show this. Of several only the newest is answered; while a run trains, the newest is answered again and again.

    ``opening`` is the ``ProjectInfo.opening`` of the project that the look belongs to, 0 without a project: when another one has been
    opened meanwhile, nothing is shown and nothing is kept. None goes with whatever is open.
    """

    request: RenderRequest
    ticket: int
    opening: int | None = None


@dataclass(frozen=True)
class Export:
    settings: ExportSettings


@dataclass(frozen=True)
class Cancel:
    """Stop a job and leave no half-written file."""

    job: JobKind


@dataclass(frozen=True)
class ReadRecipe:
    """Look into a picture for the recipe of our own export."""

    path: Path


@dataclass(frozen=True)
class Quit:
    """Stop what runs, save it, and leave the loop."""


Command = (
    CreateProject
    | OpenProject
    | OpenModel
    | AddPhotos
    | CancelIntake
    | RemovePhoto
    | FramePhoto
    | SaveProjectAs
    | RenameProject
    | DiscardProject
    | CloseProject
    | SelectRun
    | DeleteRun
    | Train
    | Pause
    | Resume
    | UseBest
    | Stop
    | JudgeTexture
    | Rehearse
    | Tune
    | VaryPhoto
    | Render
    | Export
    | Cancel
    | ReadRecipe
    | RetouchCommand
    | Quit
)


# ---------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True)
class EngineReady:
    """torch is loaded. ``device`` is a sentence for the status bar, ``conv_gflops`` the machine's measured speed."""

    device: str
    families: tuple[FamilyInfo, ...]
    conv_gflops: float
    operators: tuple[OperatorInfo, ...] = ()


@dataclass(frozen=True)
class FamiliesChanged:
    """The families once more: after a training it is known better how long their presets take here."""

    families: tuple[FamilyInfo, ...]


@dataclass(frozen=True)
class ProjectChanged:
    """The open project as it is now; None when it was closed."""

    project: ProjectInfo | None


@dataclass(frozen=True, eq=False)
class PhotoLoaded:
    """Pixels of a photo for the screen: (H, W, 3) uint8, long side at most 1024.

    ``allows`` names what may be done to its crops without showing: "mirror", "turn". Families may have settings of these names.
    """

    name: str
    image: NDArray[np.uint8]
    allows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PicturesProgress:
    """A picture set is being taken in: ``done`` of ``total`` files. Sent four times a second at most; at the end both are the same."""

    done: int
    total: int


@dataclass(frozen=True, eq=False)
class ContactSheet:
    """Some pictures of the project's set for the screen, row by row in the order of the classes: (H, W, 3) uint8.

    ``allows`` holds "mirror" where the set would look as natural so, see ``PhotoLoaded``.
    """

    image: NDArray[np.uint8]
    allows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ModelChanged:
    """Another model renders from now on; None: there is nothing to render."""

    model: ModelInfo | None


@dataclass(frozen=True)
class JobStarted:
    job: JobKind


@dataclass(frozen=True)
class JobEnded:
    """Sent exactly once for every JobStarted. ``files`` are those that it has finished, also before it was stopped or failed."""

    job: JobKind
    outcome: Outcome
    problem: Problem | None = None
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class TrainingProgress:
    """Sent twice a second at most. ``losses`` are means since the last event."""

    images_seen: int
    images_total: int
    images_per_s: float
    seconds_left: float | None
    losses: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class LossesLoaded:
    """The losses so far of the run that is shown now, thinned: what was shown before gives way to them.

    Values are float64 arrays as long as ``images_seen``, NaN where a loss had no reading. Without a run all is empty.
    """

    run_id: str
    images_seen: NDArray[np.float64]
    values: tuple[tuple[str, NDArray[np.float64]], ...]


@dataclass(frozen=True)
class CheckpointSaved:
    images_seen: int
    path: Path


@dataclass(frozen=True, eq=False)
class Rendered:
    """An answer to the Render with this ticket: (H, W, 3) uint8. ``images_seen`` is None for a model that is not in training."""

    ticket: int
    request: RenderRequest
    image: NDArray[np.uint8]
    images_seen: int | None


@dataclass(frozen=True, eq=False)
class TextureJudged:
    """How good a tile with this look is, see ``imaging.score``: lower is better.

    ``copies`` (H, W) float32 in [0, 1] tells where in the tile of ``cells`` (rows, columns) it lies too near to a photo. ``images_seen``
    are those of the weights that drew it, None for a model that is not in training.
    """

    look: Look
    images_seen: int | None
    structure: float
    copy: float
    seam: float
    copies: NDArray[np.float32]
    cells: tuple[int, int]


@dataclass(frozen=True)
class ExportProgress:
    done: float
    seconds_left: float | None


@dataclass(frozen=True)
class RecipeRead:
    """``recipe`` is None when the file holds none; ``is_model_open`` tells whether its model is the one open now."""

    path: Path
    recipe: Recipe | None
    is_model_open: bool


@dataclass(frozen=True)
class CommandFailed:
    """A command that is no job could not be done."""

    problem: Problem


@dataclass(frozen=True)
class Notice:
    """Something worth saying that stopped nothing (a damaged checkpoint was passed over, photos were skipped)."""

    message: str
    hint: str = ""


@dataclass(frozen=True)
class EngineStopped:
    """The loop has ended; nothing comes after."""


Event = (
    EngineReady
    | FamiliesChanged
    | ProjectChanged
    | PhotoLoaded
    | PicturesProgress
    | ContactSheet
    | ModelChanged
    | JobStarted
    | JobEnded
    | TrainingProgress
    | LossesLoaded
    | CheckpointSaved
    | Rendered
    | TextureJudged
    | ExportProgress
    | RecipeRead
    | RetouchEvent
    | CommandFailed
    | Notice
    | EngineStopped
)
