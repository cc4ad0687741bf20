"""Writes a texture of any size to a file, in rows of blocks: the memory does not grow with the height."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from texgen_desktop import __version__
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.jobs import Clock, Pace, Rate, Result, Work
from texgen_desktop.engine.look import LARGEST_SEED, check_look
from texgen_desktop.engine.messages import ExportProgress, ExportSettings, Recipe, Region, RenderRequest
from texgen_desktop.engine.recipe import recipe_to_json
from texgen_desktop.engine.rendering import blocks
from texgen_desktop.engine.source import Source
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.formats import LIMITS, check_folder_of, check_size
from texgen_desktop.imaging.part_files import sweep_parts
from texgen_desktop.imaging.resize import resize_rows
from texgen_desktop.imaging.write import open_writer
from texgen_desktop.slices import Slices

BLOCK_PX = 256
"""Side of a block. Always the same, whatever else goes on: other blocks give other last bits, and equal settings must give equal bytes."""
_STRIP_PX = 1 << 22  # pixels that are held at once: 48 MiB as float32
_WRITE_PX = 1 << 17  # pixels that are resized and compressed in one slice
_LEAST_COMPRESSION = 0.2  # a texture that takes less of its raw size on the disk is rare
_PROGRESS_INTERVAL_S = 0.1


@dataclass(frozen=True)
class Plan:
    """The part of the plane that is rendered for a file; another size than the file's when whole cells do not add up to that."""

    cells: tuple[int | None, int | None]
    height_px: int
    width_px: int


def plan_export(settings: ExportSettings, cell_px: int) -> Plan:
    """An axis that repeats is whole cells, as many as come nearest to the size; one that does not is cut anywhere."""
    rows = max(1, round(settings.height_px / cell_px)) if settings.tile_y else None
    columns = max(1, round(settings.width_px / cell_px)) if settings.tile_x else None
    height_px = settings.height_px if rows is None else rows * cell_px
    width_px = settings.width_px if columns is None else columns * cell_px
    return Plan((rows, columns), height_px, width_px)


def check_export(settings: ExportSettings) -> None:
    """Raises TexGenError where the settings cannot be carried out, before any work is done."""
    limits = LIMITS[settings.file_format]
    if settings.bits not in limits.bits:
        choices = " or ".join(map(str, limits.bits))
        raise TexGenError(f"{limits.title} cannot hold {settings.bits} bits a channel.", f"Choose {choices} bits, or another format.")
    if min(settings.width_px, settings.height_px, settings.count) < 1:
        raise TexGenError("A picture has at least one pixel a side.", "Enter a size such as 2048x2048.")
    check_look(settings.look)
    if settings.look.layout_seed + settings.count - 1 > LARGEST_SEED:
        raise TexGenError(f"The last of {settings.count} files would need a seed above {LARGEST_SEED}.", "Begin with a smaller seed.")
    check_size(settings.file_format, settings.width_px, settings.height_px)
    check_folder_of(settings.path)
    free, raw = (
        shutil.disk_usage(settings.path.parent).free,
        settings.count * settings.width_px * settings.height_px * 3 * settings.bits / 8,
    )
    if raw * _LEAST_COMPRESSION > free:
        what = f"{settings.width_px} × {settings.height_px} pixels do not fit on the disk, which has {free / 1e9:.1f} GB free."
        raise TexGenError(what, "Choose a smaller size, or another disk.")


def export(
    source: Source,
    settings: ExportSettings,
    emit: Callable[[ExportProgress], None],
    written: list[Path],
    clock: Clock = time.monotonic,
) -> Work:
    """The job. Each file is whole or not there; those in ``written`` are finished, and stay when a later one is cancelled or fails."""
    check_export(settings)
    sweep_parts(settings.path.parent)
    source = replace(source, sha256=source.identity())
    yield None
    progress = _Progress(settings.count, settings.height_px, emit, clock)
    for index, path in enumerate(settings.files):
        look = replace(settings.look, layout_seed=settings.look.layout_seed + index)
        one = replace(settings, path=path, look=look, count=1)
        yield from _write_file(source, one, progress)
        written.append(path)
    return Result("finished")


def _write_file(source: Source, settings: ExportSettings, progress: _Progress) -> Slices[None]:
    plan = plan_export(settings, source.model.cell_px)
    height_px, width_px = settings.height_px, settings.width_px
    metadata = {"Software": f"TexGen Desktop {__version__}", "ImageDescription": recipe_to_json(_recipe(source, settings))}
    step = max(1, min(64, _WRITE_PX // width_px))
    # The filter reaches three pixels of the smaller picture to either side.
    scale = plan.height_px / height_px
    margin = 0 if (plan.height_px, plan.width_px) == (height_px, width_px) else 2 + math.ceil(3 * max(1.0, scale))
    rows = _Rows(source, RenderRequest(settings.look, Region(-margin, 0, plan.height_px + 2 * margin, plan.width_px), plan.cells))
    pieces = _resized(rows, plan, settings, step) if margin else _as_they_are(rows, height_px, step)
    with open_writer(settings.path, settings.file_format, settings.bits, width_px, height_px, metadata) as writer:
        for top in range(0, height_px, step):
            bottom = min(top + step, height_px)
            yield from rows.provide(math.floor(top * scale) - margin, math.ceil(bottom * scale) + margin)
            writer.write_rows(next(pieces))
            progress.add(bottom - top)
            yield None
        yield from in_background(writer.code)
        yield from in_background(writer.settle, writes=True)


def _as_they_are(rows: _Rows, height_px: int, step: int) -> Iterator[Floats]:
    return (rows.take(top, min(top + step, height_px)) for top in range(0, height_px, step))


def _resized(rows: _Rows, plan: Plan, settings: ExportSettings, step: int) -> Iterator[Floats]:
    wraps = (settings.tile_y, settings.tile_x)
    return resize_rows(rows.take, (plan.height_px, plan.width_px), (settings.height_px, settings.width_px), wraps, step)


def _recipe(source: Source, settings: ExportSettings) -> Recipe:
    return Recipe(
        look=settings.look,
        family=source.family.id,
        model_sha256=source.sha256,
        width_px=settings.width_px,
        height_px=settings.height_px,
        tile_x=settings.tile_x,
        tile_y=settings.tile_y,
        version=__version__,
        images_seen=source.images_seen,
    )


class _Rows:
    """The rows of ``whole.region``, rendered in strips of blocks as they are needed, and let go of once they are passed."""

    def __init__(self, source: Source, whole: RenderRequest) -> None:
        self._source = source
        self._whole = whole
        self._strip_px = max(16, min(BLOCK_PX, _STRIP_PX // whole.region.width))
        self._first = whole.region.y
        self._held: Floats = np.empty((0, whole.region.width, 3), np.float32)

    def provide(self, first: int, last: int) -> Slices[None]:
        """Render what is missing of the rows first … last - 1, one block a slice. Rows above ``first`` will not be asked for again."""
        region = self._whole.region
        bottom = region.y + region.height
        while (end := self._first + len(self._held)) < min(last, bottom):
            height = min(self._strip_px, bottom - end)
            strip = np.empty((height, region.width, 3), np.float32)
            for block in blocks(Region(end, region.x, height, region.width), BLOCK_PX):
                left = block.x - region.x
                strip[:, left : left + block.width] = self._source.render(replace(self._whole, region=block))
                yield None
            passed = max(0, first - self._first)
            self._held = np.concatenate([self._held[passed:], strip])
            self._first += passed

    def take(self, first: int, last: int) -> Floats:
        """(last - first, W, 3); they must have been provided."""
        return self._held[first - self._first : last - self._first]


class _Progress:
    """Tells how much is written, at most ten times a second."""

    def __init__(self, files: int, rows_per_file: int, emit: Callable[[ExportProgress], None], clock: Clock) -> None:
        self._total = files * rows_per_file
        self._done = 0
        self._emit = emit
        self._pace = Pace(_PROGRESS_INTERVAL_S, clock)
        self._rate = Rate(clock=clock)
        self._rate.add(0)

    def add(self, rows: int) -> None:
        self._done += rows
        if self._pace.is_due() or self._done == self._total:
            self._pace.done()
            self._rate.add(self._done)
            self._emit(ExportProgress(self._done / self._total, self._rate.seconds_to(self._total)))
