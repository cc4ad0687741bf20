"""An image that paints fast at any zoom, once or repeated without a join."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap, QTransform

CRISP_ABOVE_ZOOM = 2.0


class Picture:
    """Pixels with a size in texels. Below 100 % it is scaled down once per zoom by averaging, so that nothing shimmers."""

    def __init__(self, image: QImage, px_per_texel: float = 1.0) -> None:
        self.width_texels = image.width() * px_per_texel
        self.height_texels = image.height() * px_per_texel
        self._px_per_texel = px_per_texel
        self._halved = [image]
        self._full = QPixmap.fromImage(image)
        self._reduced = self._full

    def paint(self, painter: QPainter, target: QRectF, left: float, top: float, zoom: float) -> None:
        """Fill ``target`` with the picture, repeated, one copy's corner at (left, top); all in device pixels."""
        width_px, height_px = self.width_texels * zoom, self.height_texels * zoom
        scale = zoom * self._px_per_texel
        pixmap = self._full if scale >= 1 else self._reduced_to(QSize(max(round(width_px), 1), max(round(height_px), 1)))
        if scale <= 1:  # on whole pixels a reduced picture stays as sharp while it is moved as it is at rest
            left, top = round(left), round(top)
        is_crisp = (scale > CRISP_ABOVE_ZOOM and self._px_per_texel == 1) or abs(scale - 1) < 1e-6
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not is_crisp)
        brush = QBrush(pixmap)
        brush.setTransform(QTransform.fromTranslate(left, top).scale(width_px / pixmap.width(), height_px / pixmap.height()))
        painter.fillRect(target, brush)

    def _reduced_to(self, size: QSize) -> QPixmap:
        if self._reduced.size() != size:
            self._reduced = QPixmap.fromImage(self._nearest_above(size).scaled(size, *_SMOOTHLY))
        return self._reduced

    def _nearest_above(self, size: QSize) -> QImage:
        """The smallest of the halved images that is not smaller than ``size``: far zooms of large tiles stay cheap."""
        level = 0
        while True:
            half = self._halved[level].size() / 2
            if half.width() < size.width() or half.height() < size.height():
                return self._halved[level]
            level += 1
            if level == len(self._halved):
                self._halved.append(self._halved[-1].scaled(half, *_SMOOTHLY))


_SMOOTHLY = (Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
