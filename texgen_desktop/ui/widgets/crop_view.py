"""A photo with the rectangle that is learnt, and in it the square that one training crop sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from texgen_desktop.engine.messages import Crop

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class CropView(QWidget):
    crop_changed = Signal(Crop)
    """Emitted when the hand lets go, and for every step of the keyboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_photo(self, image: NDArray[np.uint8] | None) -> None:
        """(H, W, 3) uint8; the crop goes back to the whole photo."""

    @property
    def crop(self) -> Crop:
        raise NotImplementedError

    def set_crop(self, crop: Crop) -> None:
        """Emits nothing."""

    def set_training_square(self, side_px: int, working_side_px: int) -> None:
        """A training crop is ``side_px`` square where the crop's short side is ``working_side_px``; 0 draws none."""
