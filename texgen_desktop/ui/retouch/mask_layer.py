"""The mask that is painted on a picture, with all that can be undone; it knows nothing of the screen."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from texgen_desktop.imaging import mask as masks
from texgen_desktop.imaging.mask import Box, Point

Floats = NDArray[np.float32]
MOST_STEPS = 100
_LEVELS = 255  # a mask that is remembered is rounded to so many steps


@dataclass(frozen=True)
class _Remembered:
    data: bytes
    shape: tuple[int, int]


class MaskLayer(QObject):
    """(H, W) float32 in [0, 1]. A gesture is begun, painted and ended; every other change is a gesture by itself."""

    painted = Signal(object)  # list[Box] that changed, None: all of it
    history_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wraps = (False, False)
        self.pixels: Floats = np.zeros((0, 0), np.float32)
        self._undo: list[_Remembered] = []
        self._redo: list[_Remembered] = []
        self._is_empty = True

    @property
    def is_empty(self) -> bool:
        return self._is_empty

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

    # ------------------------------------------------------------------------------------------- gestures

    def begin(self) -> None:
        """What comes now, up to ``end``, is undone in one step."""
        self._undo = [*self._undo, self._now()][-MOST_STEPS:]
        self._redo = []

    def stroke(self, points: Sequence[Point], radius_px: float, hardness: float, value: float) -> None:
        self.painted.emit(masks.stroke(self.pixels, points, radius_px, hardness, value, self.wraps))

    def end(self) -> None:
        """The gesture is over."""
        self._is_empty = not self.pixels.any()
        self.history_changed.emit()

    def polygon(self, points: Sequence[Point], value: float) -> None:
        self._in_one(lambda: masks.polygon(self.pixels, points, value, self.wraps))

    def rectangle(self, start: Point, end: Point, value: float) -> None:
        self._in_one(lambda: masks.rectangle(self.pixels, start, end, value, self.wraps))

    def add(self, mask: Floats, value: float = 1.0) -> None:
        """Lay another mask on this one, or with a value of 0 take it away."""
        self.replace(np.maximum(self.pixels, mask) if value > 0 else np.minimum(self.pixels, 1 - mask))

    def grow(self, by_px: int) -> None:
        self.replace(masks.grown(self.pixels, by_px, self.wraps))

    def feather(self, by_px: float) -> None:
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

    def _in_one(self, paint: Callable[[], list[Box]]) -> None:
        self.begin()
        self.painted.emit(paint())
        self.end()

    def _step(self, taken: list[_Remembered], given: list[_Remembered]) -> None:
        if taken:
            given.append(self._now())
            remembered = taken.pop()
            flat = np.frombuffer(zlib.decompress(remembered.data), np.uint8)
            self.pixels = (flat.reshape(remembered.shape) / np.float32(_LEVELS)).astype(np.float32)
            self._changed()

    def _now(self) -> _Remembered:
        height, width = self.pixels.shape
        return _Remembered(zlib.compress((self.pixels * _LEVELS + 0.5).astype(np.uint8).tobytes(), 1), (height, width))

    def _changed(self) -> None:
        self.painted.emit(None)
        self.end()
