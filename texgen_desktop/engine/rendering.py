"""Pictures for the screen: drawn block by block, so that the inbox is looked at in between; the newest wish wins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.engine.jobs import Clock
from texgen_desktop.engine.messages import Region, Render, Rendered, RenderRequest
from texgen_desktop.engine.source import Source
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats, to_uint8
from texgen_desktop.slices import Slices

MAX_PICTURE_PX = 1 << 25
LIVE_SHARE = 0.035
"""The share of the time that drawing live pictures may take from training; with the copies of the weights it stays below 4 %."""
LIVE_INTERVAL_S = (2.4, 3.0)
"""Live pictures come no faster, and no slower unless even a coarse one would take more than its share."""
_LIVE_BUDGET_S = LIVE_SHARE * 2.6  # shorter than the longest: the training step in between has to end first
_SMALLEST_LIVE_SIDE_PX = 128
_MEASURED_BLOCK_PX = 128  # of pictures that are not for the screen: always the same, so that readings are
_BLOCK_SIDES_PX = (64, 512)
# Blocks that take less grow, blocks that take more shrink. Twice the side is up to four times the work, but small blocks pay dearly for
# their surroundings: 256² in blocks of 128 takes twice as long as in one.
_BLOCK_S = (0.03, 0.12)


def blocks(region: Region, side_px: int) -> Iterator[Region]:
    """Cut a region into blocks of at most ``side_px``², row by row."""
    for y in range(region.y, region.y + region.height, side_px):
        height = min(side_px, region.y + region.height - y)
        for x in range(region.x, region.x + region.width, side_px):
            yield Region(y, x, height, min(side_px, region.x + region.width - x))


def drawn(source: Source, request: RenderRequest) -> Slices[Floats]:
    """The whole picture, (H, W, 3) float32 sRGB-encoded in [0, 1], a block a slice: for measuring, not for the screen."""
    region = request.region
    picture = np.empty((region.height, region.width, 3), np.float32)
    for block in blocks(region, _MEASURED_BLOCK_PX):
        top, left = block.y - region.y, block.x - region.x
        picture[top : top + block.height, left : left + block.width] = source.render(replace(request, region=block))
        yield None
    return picture


def coarser(request: RenderRequest, levels: int) -> RenderRequest:
    """The same part of the plane with ``levels`` more of the finest levels left out."""
    region, scale = request.region, 1 << levels
    top, left = region.y // scale, region.x // scale
    bottom, right = -(-(region.y + region.height) // scale), -(-(region.x + region.width) // scale)
    return replace(request, region=Region(top, left, bottom - top, right - left), skip_levels=request.skip_levels + levels)


@dataclass(eq=False)
class _Picture:
    """A picture in the making."""

    source: Source
    wish: Render
    is_live: bool
    remaining: list[Region]
    image: NDArray[np.uint8]  # (H, W, 3)
    seconds: float = 0.0

    @classmethod
    def begin(cls, source: Source, wish: Render, is_live: bool, block_px: int) -> _Picture:
        region = wish.request.region
        image = np.empty((region.height, region.width, 3), np.uint8)
        return cls(source, wish, is_live, list(blocks(region, block_px))[::-1], image)

    @property
    def left_px(self) -> int:
        return sum(block.height * block.width for block in self.remaining)

    def draw_block(self) -> None:
        block, region = self.remaining.pop(), self.wish.request.region
        top, left = block.y - region.y, block.x - region.x
        pixels = self.source.render(replace(self.wish.request, region=block))
        self.image[top : top + block.height, left : left + block.width] = to_uint8(pixels)


class Renderer:
    """Answers the newest Render. A newer one takes the place of a picture in the making when it can be shown sooner.

    So a slider in motion always shows something, and a large picture never holds up a small one.
    """

    def __init__(self, emit: Callable[[Rendered], None], clock: Clock = time.monotonic) -> None:
        self._emit = emit
        self._clock = clock
        self._source: Source | None = None
        self._wanted: Render | None = None
        self._picture: _Picture | None = None
        self._shown: Render | None = None
        self._block_px = 256
        self._s_per_px: dict[int, float] = {}  # by skipped levels
        self._live_s = 0.0

    @property
    def is_active(self) -> bool:
        return self._picture is not None or (self._wanted is not None and self._source is not None)

    @property
    def live_interval_s(self) -> float:
        """How long to wait from one live picture to the next, by what the last one took."""
        return max(LIVE_INTERVAL_S[0], self._live_s / LIVE_SHARE)

    def ask(self, render: Render) -> None:
        """Draw this next; without a model, as soon as there is one."""
        region = render.request.region
        if region.height < 1 or region.width < 1 or region.height * region.width > MAX_PICTURE_PX:
            raise TexGenError("That part of the texture is too large for the screen.", "Zoom in, or export it to a file.")
        self._wanted = render

    def show(self, source: Source | None) -> None:
        """Render with another model from now on. What is on the screen belongs to the old one: a new wish has to come."""
        self._source, self._shown, self._picture = source, None, None
        self._s_per_px.clear()

    def refresh(self, source: Source, is_live: bool) -> None:
        """Newer weights of the same model: draw again what is shown. A live picture is as coarse as its share of the time asks."""
        self._source = source
        if self._wanted is not None:
            return
        drawn = self._picture.wish if self._picture and not self._picture.is_live else None
        if not is_live:
            self._wanted = drawn or self._shown
        elif self._picture is None and self._shown is not None:
            request = self._affordable(self._shown.request, source.model.level_count)
            self._picture = _Picture.begin(source, replace(self._shown, request=request), True, self._block_px)

    def advance(self) -> None:
        """Draw one block."""
        # A picture whose block fails is gone: it is taken out first and put back when something is left to draw.
        picture, self._picture = self._next_picture(), None
        began_s = self._clock()
        picture.draw_block()
        took_s = self._clock() - began_s
        picture.seconds += took_s
        self._adapt_blocks(took_s)
        if picture.remaining:
            self._picture = picture
        else:
            self._finish(picture)

    def _next_picture(self) -> _Picture:
        picture, wanted, source = self._picture, self._wanted, self._source
        if wanted is not None and source is not None:
            region = wanted.request.region
            if picture is None or picture.is_live or picture.left_px >= region.height * region.width:
                self._wanted = None
                return _Picture.begin(source, wanted, False, self._block_px)
        assert picture is not None, "advance() needs something to draw"
        return picture

    def _finish(self, picture: _Picture) -> None:
        request = picture.wish.request
        self._s_per_px[request.skip_levels] = picture.seconds / (request.region.height * request.region.width)
        if picture.is_live:
            self._live_s = picture.seconds
        else:
            self._shown = picture.wish
        self._emit(Rendered(picture.wish.ticket, request, picture.image, picture.source.images_seen))

    def _affordable(self, request: RenderRequest, level_count: int) -> RenderRequest:
        """The finest form of ``request`` that fits into a live picture's share of the longest interval, or the coarsest of use."""
        guess_s_per_px = min(self._s_per_px.values(), default=0.0)
        while True:
            height, width = request.region.height, request.region.width
            cost_s = self._s_per_px.get(request.skip_levels, guess_s_per_px) * height * width
            if cost_s <= _LIVE_BUDGET_S or request.skip_levels + 1 >= level_count or min(height, width) < 2 * _SMALLEST_LIVE_SIDE_PX:
                return request
            request = coarser(request, 1)

    def _adapt_blocks(self, took_s: float) -> None:
        smallest, largest = _BLOCK_SIDES_PX
        if took_s > _BLOCK_S[1]:
            self._block_px = max(smallest, self._block_px // 2)
        elif took_s < _BLOCK_S[0]:
            self._block_px = min(largest, self._block_px * 2)
