"""The part of the engine's border that repairs and enhances single pictures: see ``engine.messages``, which takes all of it in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from texgen_desktop.families import Look, Region

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from texgen_desktop.engine.messages import FieldInfo, Problem

Blemish = Literal["scratches", "dust"]
LARGEST_DESK_PX = 1 << 26
"""Pixels of the largest picture that lies on the retouching desk. What is larger goes from file to file."""


# ---------------------------------------------------------------------------------------------------- values


@dataclass(frozen=True)
class StepSettings:
    """One step of a chain. ``values`` are those settings of the operator that differ from their defaults."""

    operator: str
    values: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class OperatorInfo:
    """An operator as forms and menus need it, see ``operators.Operator``."""

    id: str
    title: str
    description: str
    fields: tuple[FieldInfo, ...]
    scale: int = 1
    needs_mask: bool = False
    makes_tile: bool = False
    can_learn: bool = False


@dataclass(frozen=True)
class PictureInfo:
    """The picture on the retouching desk. ``path`` is None for a tile that was taken from a model.

    ``wraps`` (rows, columns) is how it is treated at its edges; ``seam`` (rows, columns) how far the step across the edge stands out, 0
    not at all. ``bits`` are those of its file. ``is_saved``: it is in a file as it is now. ``has_result``: the last result still waits to
    be kept.
    """

    name: str
    path: Path | None
    width_px: int
    height_px: int
    bits: int
    has_alpha: bool
    wraps: tuple[bool, bool]
    seam: tuple[float, float]
    can_undo: bool = False
    can_redo: bool = False
    is_saved: bool = True
    has_result: bool = False


# -------------------------------------------------------------------------------------------------- commands


@dataclass(frozen=True)
class OpenPicture:
    """Lay a picture file on the retouching desk: ``PictureChanged`` tells. What lay there goes, saved or not."""

    path: Path


@dataclass(frozen=True)
class TakeTexture:
    """Lay a tile of the model that is shown on the desk, of ``cells`` (rows, columns)."""

    look: Look
    cells: tuple[int, int]


@dataclass(frozen=True, eq=False)
class TakePixels:
    """Lay a picture that is in no file on the desk: (H, W, 3) uint8 sRGB, or (H, W, 4) with alpha."""

    pixels: NDArray[np.uint8]
    name: str


@dataclass(frozen=True)
class CopyPicture:
    """``PictureCopied`` brings the result that waits, or else the picture on the desk."""


@dataclass(frozen=True)
class SetWraps:
    """How the picture on the desk is treated at its edges from now on: (rows, columns)."""

    wraps: tuple[bool, bool]


@dataclass(frozen=True, eq=False)
class Retouch:
    """Carry out steps on the picture on the desk, as a job "retouch". ``ResultShown`` comes again and again, the last is final.

    ``mask`` is (H, W) float32 in [0, 1] of the size of the picture. With ``region`` only that part is worked on, as a preview that cannot
    be kept.
    """

    steps: tuple[StepSettings, ...]
    seed: int = 0
    mask: NDArray[np.float32] | None = None
    region: Region | None = None


@dataclass(frozen=True)
class KeepResult:
    """The final result becomes the picture on the desk; the one before can be had again with ``UndoPicture``."""


@dataclass(frozen=True)
class DropResult:
    """Forget the result; the picture stays as it is."""


@dataclass(frozen=True)
class UndoPicture:
    pass


@dataclass(frozen=True)
class RedoPicture:
    pass


@dataclass(frozen=True)
class ProposeMask:
    """Look for blemishes: ``MaskProposed`` tells where. ``strength`` in [0, 1]: the higher, the more is found."""

    blemish: Blemish
    strength: float = 0.5


@dataclass(frozen=True)
class PickMask:
    """Where the picture has the colour that it has at (row, column), give or take ``tolerance`` in [0, 1]: ``MaskProposed`` tells.

    ``is_contiguous``: only what can be reached from there.
    """

    at: tuple[int, int]
    tolerance: float
    is_contiguous: bool = True


@dataclass(frozen=True)
class ReadMask:
    """``MaskProposed`` tells what is white in a picture of the same size; without a ``path``, what of the picture is transparent."""

    path: Path | None = None


@dataclass(frozen=True)
class SavePicture:
    """Write the picture on the desk, as a job "retouch". The suffix chooses the format; ``bits`` None leaves those of its file."""

    path: Path
    bits: int | None = None


@dataclass(frozen=True)
class RetouchFiles:
    """Carry out steps on many files, each into ``folder`` under its own name, as a job "retouch". What fails is told at the end.

    ``wraps`` None: a file that has no seam is treated as a tile.
    """

    paths: tuple[Path, ...]
    steps: tuple[StepSettings, ...]
    folder: Path
    wraps: tuple[bool, bool] | None = None
    seed: int = 0


@dataclass(frozen=True)
class LearnEnhancer:
    """Teach an enhancing operator on one's own pictures for so many minutes, as a job "retouch"; the model is written to ``out``.

    It begins with the model that ships, and can then be named as the ``model`` of a step.
    """

    operator: str
    paths: tuple[Path, ...]
    minutes: float
    out: Path
    seed: int = 0


# ---------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, eq=False)
class PictureChanged:
    """What lies on the desk now; None: nothing. ``image`` is (h, w, 3) uint8 for the screen, reduced by ``factor`` both ways."""

    picture: PictureInfo | None
    image: NDArray[np.uint8] | None = None
    factor: int = 1


@dataclass(frozen=True)
class RetouchProgress:
    """``words`` say what is done now: "×2: block 7 of 16", "gravel.png, 3 of 12 files"."""

    done: float
    seconds_left: float | None
    words: str


@dataclass(frozen=True, eq=False)
class ResultShown:
    """The result so far, in any resolution; or, with ``is_final``, all of it, reduced as the picture is.

    ``notes`` say what was really done; ``seam`` is as in ``PictureInfo``, (before, after). ``region`` is that of a preview.
    """

    image: NDArray[np.uint8]
    is_final: bool = False
    width_px: int = 0
    height_px: int = 0
    notes: tuple[str, ...] = ()
    seam: tuple[tuple[float, float], tuple[float, float]] | None = None
    region: Region | None = None


@dataclass(frozen=True, eq=False)
class MaskProposed:
    """(H, W) float32 in [0, 1], of the size of the picture on the desk: what was asked for with one of three commands."""

    mask: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PictureCopied:
    """(H, W, 3) uint8 sRGB, or (H, W, 4) with alpha."""

    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class FilesFailed:
    """Which of many files could not be done: (path, why and what would help)."""

    failures: tuple[tuple[Path, str], ...]


@dataclass(frozen=True)
class RetouchRefused:
    """A command made no sense as things are: nothing was begun."""

    problem: Problem


RetouchCommand = (
    OpenPicture
    | TakeTexture
    | TakePixels
    | CopyPicture
    | SetWraps
    | Retouch
    | KeepResult
    | DropResult
    | UndoPicture
    | RedoPicture
    | ProposeMask
    | PickMask
    | ReadMask
    | SavePicture
    | RetouchFiles
    | LearnEnhancer
)
RetouchEvent = PictureChanged | RetouchProgress | ResultShown | MaskProposed | PictureCopied | FilesFailed | RetouchRefused
