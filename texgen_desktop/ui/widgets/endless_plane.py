"""The endless plane as the canvas sees it: which region to ask for, and what to paint until the answer is there."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QImage, QPainter

from texgen_desktop.engine.messages import Region
from texgen_desktop.ui.widgets.picture import Picture
from texgen_desktop.ui.widgets.viewport import Viewport, covers

REST_MS = 160
MOVING_MARGIN = 0.25


class EndlessPlane(QObject):
    """While the view moves, a wider and coarser picture is asked for; once it rests, exactly what is seen."""

    region_wanted = Signal(object, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._max_skip = 0
        self._viewport = Viewport()
        self._pane_px = QSize()
        self._asked: tuple[Region, int] | None = None
        self._layers: list[tuple[Region, Picture]] = []
        self._is_outdated = False  # the layers, for they are of the model before
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask_sharp)

    @property
    def zoom_min(self) -> float:
        """Farther out, the picture would cost more than the screen can show."""
        return float(2.0**-self._max_skip)

    @property
    def has_picture(self) -> bool:
        return bool(self._layers)

    def clear(self) -> None:
        self._rest.stop()
        self._layers.clear()
        self._asked = None

    def expect(self, max_skip: int) -> None:
        """Another model: the next look asks again, and what is there stays only until the first answer."""
        self._max_skip = max_skip
        self._rest.stop()
        self._asked = None
        self._is_outdated = True

    def look_at(self, viewport: Viewport, pane_px: QSize) -> None:
        """The view moved, or the pane changed."""
        self._viewport, self._pane_px = viewport, pane_px
        if not self._asked:
            self._ask_sharp()
            return
        skip = min(viewport.skip_levels(self._max_skip) + 1, self._max_skip)
        if not covers(self._asked[0], self._seen(skip, 0.0)):
            self._ask(self._seen(skip, MOVING_MARGIN), skip)
        self._rest.start()

    def put(self, region: Region, image: QImage) -> None:
        picture = Picture(image, region.width / image.width())
        is_kept = not self._is_outdated and not covers(region, self._seen(0, 0.0))
        self._layers = [*(self._layers[-1:] if is_kept else []), (region, picture)]
        self._is_outdated = False

    def paint(self, painter: QPainter, pane: QRectF) -> None:
        """Paint what is there into the pane (device pixels)."""
        zoom, centre = self._viewport.zoom, pane.center()
        for region, picture in self._layers:
            dx, dy = self._viewport.screen_at(region.x, region.y)
            left, top = centre.x() + dx, centre.y() + dy
            target = QRectF(left, top, region.width * zoom, region.height * zoom) & pane
            picture.paint(painter, target, left, top, zoom)

    def _seen(self, skip: int, margin: float) -> Region:
        return self._viewport.visible_region(self._pane_px.width(), self._pane_px.height(), skip, margin)

    def _ask_sharp(self) -> None:
        skip = self._viewport.skip_levels(self._max_skip)
        self._ask(self._seen(skip, 0.0), skip)

    def _ask(self, region: Region, skip: int) -> None:
        if self._asked != (region, skip) and region.width > 0 and region.height > 0:
            self._asked = (region, skip)
            self.region_wanted.emit(region, skip)
