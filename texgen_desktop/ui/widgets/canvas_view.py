"""The canvas: one tile shown once, repeated or endless, beside its photo, with zoom, pan and roll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from texgen_desktop.engine.messages import Region
from texgen_desktop.ui.formatting import pixels
from texgen_desktop.ui.images import to_qimage
from texgen_desktop.ui.theme import COLOURS
from texgen_desktop.ui.widgets.canvas_chrome import paint_chip, paint_frame, paint_tile_outline
from texgen_desktop.ui.widgets.canvas_hand import CanvasHand
from texgen_desktop.ui.widgets.empty_state import EmptyState, Shelf
from texgen_desktop.ui.widgets.endless_plane import EndlessPlane
from texgen_desktop.ui.widgets.picture import Picture
from texgen_desktop.ui.widgets.viewport import ZOOM_MIN, Viewport, fitted, wrapped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Repeat = Literal["1x1", "2x2", "3x3", "endless"]
Comparison = Literal["result", "beside", "photo"]
Content = Literal["result", "photo"]

COPIES: dict[Repeat, int] = {"1x1": 1, "2x2": 2, "3x3": 3, "endless": 1}
ZOOM_STEP = 2**0.5
DIVIDER_PX = 2


class CanvasView(QWidget):
    """Shows pixels, and reports what the hand does to them. A texel is a pixel of the tile at full resolution.

    Zoom counts screen pixels per texel: at 1.0 one texel is one pixel of the screen, whatever the screen's scale. The middle of
    what is shown is the origin of the plane; in endless mode the plane is the model's own.
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
        self.setAccessibleName("Canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAcceptDrops(True)
        self._tile: Picture | None = None
        self._photo: Picture | None = None
        self._repeat: Repeat = "1x1"
        self._comparison: Comparison = "result"
        self._viewport = Viewport()
        self._is_fitted = True
        self._roll = (0, 0)
        self._caption = ""
        self._is_drop_hovering = False
        self._has_key_focus = False
        self._plane = EndlessPlane(self)
        self._plane.region_wanted.connect(self.region_wanted)
        self._empty = EmptyState(self)
        self._empty.sample_chosen.connect(self.sample_chosen)
        self._hand = CanvasHand(self)

    # -------------------------------------------------------------------------------------- what is shown

    def set_tile(self, image: NDArray[np.uint8], px_per_texel: float = 1.0) -> None:
        """Show (H, W, 3) uint8. ``px_per_texel`` is 2.0 for a picture with one level skipped: it is shown at the same size."""
        self._tile = Picture(to_qimage(image), px_per_texel)
        self._content_changed()

    def clear_result(self) -> None:
        """There is no texture any more, neither as a tile nor as an endless plane."""
        self._tile = None
        self._plane.clear()
        self._content_changed()

    def set_photo(self, image: NDArray[np.uint8] | None, px_per_texel: float = 1.0) -> None:
        """The photo for the comparison; ``px_per_texel`` is how many texels one of its pixels is worth."""
        self._photo = None if image is None else Picture(to_qimage(image), px_per_texel)
        self._content_changed()

    def set_repeat(self, repeat: Repeat) -> None:
        if repeat == self._repeat:
            return
        was_endless, self._repeat = self.is_endless, repeat
        if self.is_endless:
            self._plane.clear()
            self._is_fitted = False
            self._look(Viewport())
        else:
            self._is_fitted = self._is_fitted or was_endless
        self._content_changed()

    def set_comparison(self, comparison: Comparison) -> None:
        if comparison == self._comparison:
            return
        self._comparison = comparison
        if self.is_endless:
            self._look(self._viewport)  # its pane may be another one
        self._content_changed()

    def expect_model(self, level_count: int) -> None:
        """Another model, of so many levels: at most ``level_count - 1`` are skipped. Endless mode asks it for what is seen."""
        self._plane.expect(level_count - 1)
        if self.is_endless:
            self.zoom_to(self.zoom)  # the model before may have been seen from farther away

    def set_region_image(self, region: Region, image: NDArray[np.uint8], skip_levels: int) -> None:
        """The answer to ``region_wanted``, in the same units: the image has region.width / 2**skip_levels columns."""
        self._plane.put(region, to_qimage(image))
        self._content_changed()

    def set_message(self, title: str, text: str) -> None:
        """What to say while there is nothing to show."""
        self._empty.set_message(title, text)

    def set_shelves(self, shelves: Sequence[Shelf]) -> None:
        """Pictures offered under the message; a click emits ``sample_chosen`` with the key."""
        self._empty.set_shelves(shelves)

    def set_caption(self, text: str) -> None:
        if text == self._caption:
            return
        self._caption = text
        self.setAccessibleDescription(text)
        self.update()

    def show_drop_frame(self, is_shown: bool) -> None:
        self._is_drop_hovering = is_shown
        self.update()

    @property
    def is_empty(self) -> bool:
        """Nothing is there. A tile counts on the endless plane too, whose own picture comes a moment later."""
        return not self._plane.has_picture and self._tile is None and self._photo is None

    @property
    def is_endless(self) -> bool:
        return self._repeat == "endless"

    @property
    def _has_result(self) -> bool:
        return self._plane.has_picture if self.is_endless else self._tile is not None

    def _content_changed(self) -> None:
        self._empty.setVisible(self.is_empty)
        if self._tile is not None:
            self._roll_to(*self._roll)
        if self._is_fitted:
            self.fit()
        self._hand.show_cursor()
        self.update()

    # ------------------------------------------------------------------------------------ where the eye is

    @property
    def zoom(self) -> float:
        """Screen pixels per texel."""
        return self._viewport.zoom

    @property
    def is_fitted(self) -> bool:
        return self._is_fitted

    def fit(self) -> None:
        """Show all of it, and go on doing so when the window or the tile changes its size."""
        if self.is_endless:
            self._look(Viewport(self._plane.zoom_min, self._viewport.x, self._viewport.y))
            return
        self._is_fitted = True
        pane = self._panes()[-1][1]
        self._look(fitted(*self._content_size(), pane.width(), pane.height()))

    def actual_size(self) -> None:
        """One texel on one pixel of the screen."""
        self.zoom_to(1.0)

    def zoom_in(self) -> None:
        self.zoom_to(self.zoom * ZOOM_STEP)

    def zoom_out(self) -> None:
        self.zoom_to(self.zoom / ZOOM_STEP)

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom with the place under ``at`` (logical pixels of the widget) held still; without it, the middle of the pane."""
        offset = QPointF() if at is None else self._from_pane_middle(at)
        zoom_min = self._plane.zoom_min if self.is_endless else ZOOM_MIN
        self._is_fitted = False
        self._look(self._viewport.zoomed(zoom, offset.x(), offset.y(), zoom_min))

    def pan(self, delta: QPointF) -> None:
        """The picture follows the hand by ``delta`` logical pixels."""
        delta = delta * self.devicePixelRatioF()
        moved = self._viewport.panned(delta.x(), delta.y())
        self._is_fitted = False
        self._look(moved if self.is_endless else moved.kept_near(*self._content_size()))

    def texel_at(self, position: QPointF) -> tuple[float, float]:
        """The (x, y) of the plane under a place of the widget."""
        offset = self._from_pane_middle(position)
        return self._viewport.plane_at(offset.x(), offset.y())

    def _look(self, viewport: Viewport) -> None:
        old, self._viewport = self._viewport, viewport
        if self.is_endless:
            self._plane.look_at(viewport, self._panes()[-1][1].toRect().size())
        if viewport.zoom != old.zoom:
            self.zoom_changed.emit(viewport.zoom)
        if viewport != old:
            self.update()

    def _content_size(self) -> tuple[float, float]:
        """(width, height) in texels of what fit() fits: all that the panes show."""
        sizes = [(1.0, 1.0)]
        panes = self._panes()
        repeats = COPIES[self._repeat] if len(panes) == 1 else 1  # beside its photo a tile is seen at a size that can be compared
        for content, _ in panes:
            picture, copies = (self._photo, 1) if content == "photo" else (self._tile, repeats)
            if picture is not None:
                sizes.append((picture.width_texels * copies, picture.height_texels * copies))
        return max(width for width, _ in sizes), max(height for _, height in sizes)

    def _panes(self) -> list[tuple[Content, QRectF]]:
        """What is shown where, from left to right, in device pixels."""
        ratio = self.devicePixelRatioF()
        whole = QRectF(0, 0, round(self.width() * ratio), round(self.height() * ratio))
        if self._photo is None or (self._comparison == "result" and self._has_result):
            return [("result", whole)]
        if self._comparison != "beside":
            return [("photo", whole)]
        half = round((whole.width() - DIVIDER_PX) / 2)
        return [("photo", whole.adjusted(0, 0, half - whole.width(), 0)), ("result", whole.adjusted(half + DIVIDER_PX, 0, 0, 0))]

    def _from_pane_middle(self, position: QPointF) -> QPointF:
        place = position * self.devicePixelRatioF()
        panes = [pane for _, pane in self._panes()]
        pane = next((pane for pane in panes if pane.contains(place)), panes[-1])
        return place - pane.center()

    # ------------------------------------------------------------------------------------------------ roll

    @property
    def roll_offset(self) -> tuple[int, int]:
        """(dy, dx) in texels."""
        return self._roll

    @property
    def can_roll(self) -> bool:
        return self._tile is not None and not self.is_endless and self._panes()[-1][0] == "result"

    def roll_to(self, dy: int, dx: int) -> None:
        """As by hand: the tile's content moves on the torus, and ``rolled`` is emitted."""
        if self._roll_to(dy, dx):
            self.rolled.emit(*self._roll)

    def reset_roll(self) -> None:
        self._roll_to(0, 0)

    def _roll_to(self, dy: int, dx: int) -> bool:
        if self._tile is not None:
            dy, dx = wrapped(dy, round(self._tile.height_texels)), wrapped(dx, round(self._tile.width_texels))
        has_changed, self._roll = (dy, dx) != self._roll, (dy, dx)
        self.update()
        return has_changed

    # --------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(COLOURS.canvas))
        if not self.is_empty:
            self._paint_pixels(painter)
            self._paint_labels(painter)
        if self._is_drop_hovering:
            paint_frame(painter, self.rect(), 3)
            paint_chip(painter, self.rect(), Qt.AlignmentFlag.AlignCenter, "Drop to open")
        elif self._has_key_focus:
            paint_frame(painter, self.rect(), 2)

    def _paint_pixels(self, painter: QPainter) -> None:
        ratio = self.devicePixelRatioF()
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)  # from here on in device pixels
        for content, pane in self._panes():
            painter.setClipRect(pane)
            if content == "photo" and self._photo is not None:
                self._paint_picture(painter, pane, self._photo, 1, (0, 0))
            elif self.is_endless:
                self._plane.paint(painter, pane)
            elif self._tile is not None:
                self._paint_picture(painter, pane, self._tile, COPIES[self._repeat], self._roll)
        painter.restore()

    def _paint_picture(self, painter: QPainter, pane: QRectF, picture: Picture, copies: int, roll: tuple[int, int]) -> None:
        zoom, middle = self._viewport.zoom, pane.center()
        width, height = picture.width_texels, picture.height_texels
        dx, dy = self._viewport.screen_at(-copies * width / 2, -copies * height / 2)
        left, top = middle.x() + dx, middle.y() + dy
        if zoom <= 1:
            left, top = round(left), round(top)
        block = QRectF(left, top, copies * width * zoom, copies * height * zoom)
        picture.paint(painter, block & pane, left + roll[1] * zoom, top + roll[0] * zoom, zoom)
        if copies > 1 and self._hand.is_rolling:
            inner = copies // 2
            paint_tile_outline(painter, QRectF(left + inner * width * zoom, top + inner * height * zoom, width * zoom, height * zoom))

    def _paint_labels(self, painter: QPainter) -> None:
        panes = self._panes()
        ratio = self.devicePixelRatioF()
        bottom, top = Qt.AlignmentFlag.AlignBottom, Qt.AlignmentFlag.AlignTop
        if len(panes) == 2:
            painter.fillRect(QRectF(panes[0][1].right() / ratio, 0, DIVIDER_PX / ratio, self.height()), QColor(COLOURS.line))
            for content, pane in panes:
                area = QRect(QPoint(round(pane.x() / ratio), 0), QSize(round(pane.width() / ratio), self.height()))
                paint_chip(painter, area, top | Qt.AlignmentFlag.AlignLeft, "Photo" if content == "photo" else "Result")
                if content == "result" and not self._has_result:
                    paint_chip(painter, area, Qt.AlignmentFlag.AlignCenter, "No result yet")
        if self._hand.is_rolling:
            paint_chip(painter, self.rect(), top, f"Offset {self._roll[1]:+d}, {self._roll[0]:+d} px")
        measures = paint_chip(painter, self.rect(), bottom | Qt.AlignmentFlag.AlignRight, self._measures())
        if self._caption:
            area = self.rect().adjusted(0, 0, measures.left() - self.width(), 0)
            paint_chip(painter, area, bottom | Qt.AlignmentFlag.AlignLeft, self._caption)

    def _measures(self) -> str:
        percent = f"{self.zoom:.0%}" if self.zoom >= 0.095 else f"{self.zoom:.1%}"
        if self.is_endless or (self._tile is None and self._photo is None):
            return percent
        picture = self._photo if self._panes()[-1][0] == "photo" else self._tile
        return percent if picture is None else f"{pixels(round(picture.width_texels), round(picture.height_texels))} · {percent}"

    # ------------------------------------------------------------------------------------------ Qt's events

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._empty.setGeometry(self.rect())
        if self._is_fitted:
            self.fit()
        else:
            self._look(self._viewport)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._has_key_focus = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._has_key_focus = False
        self.update()
