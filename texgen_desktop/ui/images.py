"""Arrays to QImage and back. Always a copy: a QImage over a numpy buffer would not keep the buffer alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W, 3) uint8 sRGB → a QImage of its own, in the format that paints fastest; (H, W, 4) → one with straight alpha."""
    height, width, channels = pixels.shape
    if channels == 4:
        return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def from_qimage(image: QImage) -> NDArray[np.uint8]:
    """A QImage → (H, W, 3) uint8 sRGB, or (H, W, 4) with straight alpha where it is not opaque."""
    import numpy as np  # the first paint must not wait for it

    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    pixels = rows[:, : 4 * plain.width()].reshape(plain.height(), plain.width(), 4).copy()
    return pixels if (pixels[..., 3] < 255).any() else np.ascontiguousarray(pixels[..., :3])
