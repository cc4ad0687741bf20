"""The mask that is painted on a picture, with all that can be undone; it knows nothing of the screen."""

from __future__ import annotations

import math
import weakref
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from texgen_desktop.engine.messages import Region
from texgen_desktop.imaging import mask as masks
from texgen_desktop.imaging.mask import Place
from texgen_desktop.imaging.raster import Wraps

Floats = NDArray[np.float32]
MOST_STEPS = 100
_LEVELS = 255  # a mask that is remembered is rounded to so many steps


def parts_inside(box: Region, height_px: int, width_px: int, wraps: Wraps) -> list[Region]:
    """What of a box of the plane lies in a picture of this size: parts where it wraps, none where all of it is outside."""
    rows, columns = _lines_inside(box.y, box.height, height_px, wraps[0]), _lines_inside(box.x, box.width, width_px, wraps[1])
    return [Region(row.start, column.start, row.stop - row.start, column.stop - column.start) for row in rows for column in columns]


def _lines_inside(first: int, count: int, size: int, is_torus: bool) -> list[slice]:
    if is_torus and count >= size:  # all of them, however often the box goes around
        return [slice(0, size)]
    return [own for own, _ in masks.overlaps(first, count, size, is_torus)]


@dataclass(frozen=True)
class _Remembered:
    """A mask as it was: ``data`` holds what lies in ``box``, and all else is 0."""

    data: bytes
    box: Region


@dataclass(frozen=True)
class MaskMemory:
    """A mask with all that can be undone of it, while another picture is shown."""

    height_px: int
    width_px: int
    state: _Remembered
    undo: tuple[_Remembered, ...]
    redo: tuple[_Remembered, ...]


class MaskMemories:
    """The masks of pictures that may be shown again, as long as somebody keeps those: one that is gone takes its own along."""

    def __init__(self) -> None:
        self._known: list[tuple[weakref.ref[NDArray[np.uint8]], MaskMemory]] = []

    def remember(self, image: NDArray[np.uint8], mask: MaskMemory) -> None:
        others = [(known, each) for known, each in self._known if known() is not image]
        self._known = [*others, (weakref.ref(image, self._forget), mask)]

    def _forget(self, gone: weakref.ref[NDArray[np.uint8]]) -> None:
        self._known = [(known, each) for known, each in self._known if known is not gone]

    def of(self, image: NDArray[np.uint8]) -> MaskMemory | None:
        return next((mask for known, mask in self._known if known() is image), None)


class MaskLayer(QObject):
    """(H, W) float32 in [0, 1]. A gesture is begun, painted and ended; every other change is a gesture by itself."""

    painted = Signal(object)  # list[Region] that changed, None: all of it
    history_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wraps = (False, False)
        self.pixels: Floats = np.zeros((0, 0), np.float32)
        self._undo: list[_Remembered] = []
        self._redo: list[_Remembered] = []
        self._state = _Remembered(b"", Region(0, 0, 0, 0))  # as it was when the last gesture had ended

    @property
    def is_empty(self) -> bool:
        return self._state.box.height == 0

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def reset(self, height_px: int, width_px: int) -> None:
        """An empty mask for another picture; what was painted on the one before is forgotten."""
        self.pixels = np.zeros((height_px, width_px), np.float32)
        self._undo, self._redo = [], []
        self._changed()

    def memory(self) -> MaskMemory:
        """For the picture to come back; as it was when the last gesture had ended."""
        height, width = self.pixels.shape
        return MaskMemory(height, width, self._state, tuple(self._undo), tuple(self._redo))

    def recall(self, memory: MaskMemory) -> None:
        """The mask of a picture that is shown again."""
        self._undo, self._redo = list(memory.undo), list(memory.redo)
        self.pixels = _unpacked(memory.state, memory.height_px, memory.width_px)
        self._changed()

    # ------------------------------------------------------------------------------------------- gestures

    def begin(self) -> None:
        """What comes now, up to ``end``, is undone in one step."""
        self._undo = [*self._undo, self._state][-MOST_STEPS:]
        self._redo = []

    def stroke(self, points: Sequence[Place], radius_px: float, hardness: float, value: float) -> None:
        """Paint along the points, (y, x), between ``begin`` and ``end``."""
        masks.stroke(self.pixels, points, radius_px, hardness, value, self.wraps)
        self.painted.emit(self._around(points, radius_px + 1))

    def end(self) -> None:
        """The gesture is over."""
        self._state = self._now()
        self.history_changed.emit()

    def polygon(self, points: Sequence[Place], value: float) -> None:
        self._in_one(lambda: masks.polygon(self.pixels, points, value, self.wraps), points)

    def rectangle(self, start: Place, end: Place, value: float) -> None:
        self._in_one(lambda: masks.rectangle(self.pixels, start, end, value, self.wraps), (start, end))

    def add(self, mask: Floats, value: float = 1.0) -> None:
        """Lay another mask on this one, or with a value of 0 take it away."""
        self.replace(np.maximum(self.pixels, mask) if value > 0 else np.minimum(self.pixels, 1 - mask))

    def grow(self, by_px: int) -> None:
        self.replace(masks.grown(self.pixels, by_px, self.wraps))

    def feather(self, by_px: int) -> None:
        self.replace(masks.feathered(self.pixels, by_px, self.wraps))

    def invert(self) -> None:
        self.replace(masks.inverted(self.pixels))

    def clear(self) -> None:
        self.replace(np.zeros_like(self.pixels))

    def replace(self, mask: Floats) -> None:
        """Take another mask of the same size."""
        self.begin()
        self.pixels = mask.astype(np.float32, copy=True)
        self._changed()

    def undo(self) -> None:
        self._step(self._undo, self._redo)

    def redo(self) -> None:
        self._step(self._redo, self._undo)

    # ----------------------------------------------------------------------------------------------- help

    def _in_one(self, paint: Callable[[], None], points: Sequence[Place]) -> None:
        self.begin()
        paint()
        self.painted.emit(self._around(points, 1))
        self.end()

    def _around(self, points: Sequence[Place], reach: float) -> list[Region]:
        """The parts of the mask that lie no further than that from the points' surroundings."""
        (top, bottom), (left, right) = ((min(each) - reach, max(each) + reach) for each in zip(*points, strict=True))
        box = Region(math.floor(top), math.floor(left), math.ceil(bottom - top) + 1, math.ceil(right - left) + 1)
        height, width = self.pixels.shape
        return parts_inside(box, height, width, self.wraps)

    def _step(self, taken: list[_Remembered], given: list[_Remembered]) -> None:
        if taken:
            given.append(self._state)
            self.pixels = _unpacked(taken.pop(), *self.pixels.shape)
            self._changed()

    def _now(self) -> _Remembered:
        if not self.pixels.any():
            return _Remembered(b"", Region(0, 0, 0, 0))
        rows, columns = (np.flatnonzero(self.pixels.max(axis)) for axis in (1, 0))
        box = Region(int(rows[0]), int(columns[0]), int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1)
        part = self.pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        return _Remembered(zlib.compress((part * _LEVELS + 0.5).astype(np.uint8).tobytes(), 1), box)

    def _changed(self) -> None:
        self.painted.emit(None)
        self.end()


def _unpacked(remembered: _Remembered, height_px: int, width_px: int) -> Floats:
    pixels, box = np.zeros((height_px, width_px), np.float32), remembered.box
    if box.height:
        levels = np.frombuffer(zlib.decompress(remembered.data), np.uint8).reshape(box.height, box.width)
        pixels[box.y : box.y + box.height, box.x : box.x + box.width] = levels / np.float32(_LEVELS)
    return pixels
