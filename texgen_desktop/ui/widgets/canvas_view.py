"""The canvas: one tile shown once, repeated or endless, beside its photo, with zoom, pan and roll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from texgen_desktop.engine.messages import Region

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Repeat = Literal["1x1", "2x2", "3x3", "endless"]
Comparison = Literal["result", "beside", "photo"]


class CanvasView(QWidget):
    """Shows pixels, and reports what the hand does to them. A texel is a pixel of the tile at full resolution.

    Zoom counts screen pixels per texel: at 1.0 one texel is one pixel of the screen, whatever the screen's scale.
    """

    zoom_changed = Signal(float)
    rolled = Signal(int, int)
    """(dy, dx) in texels: the whole offset since ``reset_roll``, as for ``np.roll``; emitted while the hand moves."""
    region_wanted = Signal(object, int)
    """(Region in texels of full resolution, a multiple of 2**skip_levels; skip_levels): what endless mode needs to see."""
    sample_chosen = Signal(str)
    files_dropped = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")

    def set_tile(self, image: NDArray[np.uint8] | None, px_per_texel: float = 1.0) -> None:
        """Show (H, W, 3) uint8. ``px_per_texel`` is 2.0 for a picture with one level skipped: it is shown at the same size."""

    def set_photo(self, image: NDArray[np.uint8] | None, px_per_texel: float = 1.0) -> None:
        """The photo for the comparison; ``px_per_texel`` is how many texels one of its pixels is worth."""

    def set_repeat(self, repeat: Repeat) -> None: ...

    def set_comparison(self, comparison: Comparison) -> None: ...

    def set_message(self, title: str, text: str) -> None:
        """What to say while there is nothing to show."""

    def set_samples(self, samples: Sequence[tuple[str, QImage]]) -> None:
        """Pictures offered under the message; a click emits ``sample_chosen`` with the name."""

    def set_caption(self, text: str) -> None: ...

    @property
    def zoom(self) -> float:
        raise NotImplementedError

    def fit(self) -> None: ...

    def actual_size(self) -> None: ...

    def zoom_in(self) -> None: ...

    def zoom_out(self) -> None: ...

    @property
    def roll_offset(self) -> tuple[int, int]:
        """(dy, dx) in texels."""
        raise NotImplementedError

    def reset_roll(self) -> None: ...

    def set_level_count(self, level_count: int) -> None:
        """How many levels the model has: in endless mode at most ``level_count - 1`` are skipped."""

    def set_region_image(self, region: Region, image: NDArray[np.uint8], skip_levels: int) -> None:
        """The answer to ``region_wanted``, in the same units."""
