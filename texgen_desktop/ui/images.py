"""Arrays to QImage. Always a copy: a QImage over a numpy buffer would not keep the buffer alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W, 3) uint8 sRGB → a QImage of its own, in the format that paints fastest."""
    height, width, _ = pixels.shape
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)
