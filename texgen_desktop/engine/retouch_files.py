"""Picture files in, picture files out: a chain of steps applied to each, without ever holding a whole large result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from texgen_desktop import __version__
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.chain import Chain, Layers, Tell, block_px, plain_steps, tell_nobody
from texgen_desktop.engine.errors import explain
from texgen_desktop.engine.jobs import Result, Work
from texgen_desktop.engine.messages import Problem
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging import formats
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.document import Document, DocumentRaster, check_holds, open_document_writer, read_document
from texgen_desktop.imaging.formats import LIMITS, check_folder_of, check_size
from texgen_desktop.imaging.part_files import sweep_parts
from texgen_desktop.imaging.raster import Raster, Wraps
from texgen_desktop.imaging.read_mask import read_mask
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.imaging.score import SeamMeter
from texgen_desktop.imaging.write import FileFormat
from texgen_desktop.slices import Slices

Seams = tuple[float, float]
"""How far the steps across the edges stand out, between (last and first row, last and first column); 0: not at all. See ``SeamMeter``."""
_MOST_RECORDS, _LONGEST_RECORD = 16, 3_000  # together less than a JPEG can hold
_ROWS_PX = 1 << 17  # pixels that are compressed in one slice
_WRITING_SHARE = 0.2  # of the time, where something was done to the whole picture before


@dataclass(frozen=True)
class Task:
    """One file: the picture at ``path`` goes to ``out``.

    ``wraps`` None: a picture without a seam is treated as a tile. ``bits`` None: those of the source, or the next that the format has.
    """

    path: Path
    out: Path
    wraps: Wraps | None = None
    mask: Path | None = None
    bits: int | None = None


@dataclass(frozen=True)
class Done:
    """A file that was written. The seams are those of the source and of the result."""

    out: Path
    width_px: int
    height_px: int
    notes: tuple[str, ...]
    seams_before: Seams
    seams_now: Seams


def retouch_files(chain: Chain, tasks: Sequence[Task], tell: Tell, written: list[Done], failed: list[tuple[Path, Problem]]) -> Work:
    """The job: each file by itself. What goes wrong with one is put down in ``failed``, and the others go on."""
    inputs = {path.resolve() for task in tasks for path in (task.path, task.mask) if path is not None}
    outs: set[Path] = set()
    for index, task in enumerate(tasks):
        place = f"{task.path.name}, {index + 1} of {len(tasks)} files" if len(tasks) > 1 else task.path.name

        def told(done: float, words: str, index: int = index, place: str = place) -> None:
            tell((index + done) / len(tasks), f"{place}: {words}")

        try:
            if task.out in outs:
                raise TexGenError(f"Two of the files would become {task.out.name}.", "Give them different names, or do them one by one.")
            if task.out.resolve() in inputs:
                raise TexGenError(f"{task.out.name} would take the place of a picture itself.", "Choose another name or folder.")
            outs.add(task.out)
            written.append((yield from retouch_file(chain, task, told)))
        except (TexGenError, OSError, MemoryError, RuntimeError) as error:  # torch says by a RuntimeError that the memory is full
            failed.append((task.path, explain(error)))
    return Result("finished" if written or not failed else "failed")


def retouch_file(chain: Chain, task: Task, tell: Tell) -> Slices[Done]:
    """Read, carry out, write. The file is there whole or not at all; TexGenError where something cannot be read, done or written."""
    file_format = format_of(task.out)
    if task.out.exists() and task.out.samefile(task.path):
        raise TexGenError(f"{task.out.name} would take the place of the picture itself.", "Choose another name or folder.")
    if chain.needs_mask and task.mask is None:
        raise TexGenError("A repair has to know where: there is no mask.", "Give a mask, or leave this step out.")
    check_folder_of(task.out)
    sweep_parts(task.out.parent)
    document = yield from in_background(partial(read_document, task.path))
    earlier = yield from in_background(partial(read_metadata, task.path))
    is_float = task.bits is None and document.pixels.dtype == np.float32
    bits = fitting_bits(file_format, task.bits or document.bits, is_float)
    told = described(chain, (), task.path.name, (True, True), earlier)
    check_holds(file_format, bits, document, {"ImageDescription": told})  # now, and not after a quarter of an hour
    mask: Floats | None = None
    if task.mask is not None:
        size = document.height_px, document.width_px
        mask = yield from in_background(partial(read_mask, task.mask, size))
    seams = yield from measured_seams(document)
    wraps = task.wraps or wraps_by(seams)
    colour, alpha = layers_of(document, wraps)
    share = 0.0 if all(step.operator.is_local for step in chain.steps) else 1 - _WRITING_SHARE
    layers = yield from chain.apply(colour, alpha, mask, lambda done, words: tell(share * done, words))
    description = described(chain, layers.notes, task.path.name, wraps, earlier, mask=task.mask.name if task.mask else None)
    now = yield from write_layers(
        task.out,
        file_format,
        bits,
        document,
        layers,
        description,
        block_px(colour, layers.colour),
        lambda done, words: tell(share + (1 - share) * done, words),
    )
    return Done(task.out, layers.colour.width_px, layers.colour.height_px, layers.notes, seams, now)


def write_layers(
    out: Path, file_format: FileFormat, bits: int, like: Document, layers: Layers, description: str, side_px: int, tell: Tell
) -> Slices[Seams]:
    """Read the result block by block into a file; how its seams stand out. The metadata of ``like`` is kept beside ``description``."""
    colour, alpha = layers.colour, layers.alpha
    check_size(file_format, colour.width_px, colour.height_px)
    about = {"Software": f"TexGen Desktop {__version__}", "ImageDescription": description}
    meter = SeamMeter()
    step = max(1, _ROWS_PX // colour.width_px)
    with open_document_writer(out, file_format, bits, colour.width_px, colour.height_px, like, about) as writer:
        for top in range(0, colour.height_px, side_px):
            height = min(side_px, colour.height_px - top)
            strip = yield from _strip(colour, top, height, side_px, tell)
            alpha_strip = (yield from _strip(alpha, top, height, side_px, tell_nobody)) if alpha else None
            for first in range(0, height, step):
                rows = strip[first : first + step]
                writer.write_rows(rows, None if alpha_strip is None else alpha_strip[first : first + step, :, 0])
                meter.add(rows)
                yield None
        yield from in_background(writer.code)
        yield from in_background(writer.settle, writes=True)
    return meter.seams()


def measured_seams(document: Document) -> Slices[Seams]:
    """The seams of a picture, in slices."""
    raster, meter = DocumentRaster(document, (False, False)), SeamMeter()
    step = max(1, (1 << 20) // raster.width_px)
    for top in range(0, raster.height_px, step):
        meter.add(raster.read(top, 0, min(step, raster.height_px - top), raster.width_px))
        yield None
    return meter.seams()


def wraps_by(seams: Seams) -> Wraps:
    """How a picture is treated at its edges unless told otherwise: as a tile where it has no seam."""
    return seams[0] == 0, seams[1] == 0


def layers_of(document: Document, wraps: Wraps) -> tuple[Raster, Raster | None]:
    """(colour, alpha or None)."""
    colour = DocumentRaster(document, wraps)
    return colour, None if document.alpha is None else _AlphaRaster(colour)


class _AlphaRaster:
    """The transparency of a document, of one channel."""

    def __init__(self, raster: DocumentRaster) -> None:
        self._raster = raster
        self.height_px, self.width_px, self.wraps = raster.height_px, raster.width_px, raster.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        alpha = self._raster.read_alpha(y, x, height, width)
        assert alpha is not None, "only documents that have one get here"
        return alpha[..., None]


def described(chain: Chain, notes: Sequence[str], source: str, wraps: Wraps, earlier: str | None, mask: str | None = None) -> str:
    """What was really done, as text for the file: "before" lists what the source said of itself in ``earlier``, the oldest first."""
    record = {
        "source": source,
        "steps": plain_steps(chain.steps),
        "did": list(notes),
        "seed": chain.seed,
        "wraps": {"rows": wraps[0], "columns": wraps[1]},
        "mask": mask,
        "before": _history(earlier),
        "version": __version__,
    }
    return json.dumps({"texgen_retouch": record})


def _history(earlier: str | None) -> list[Any]:
    """The records of a source as one flat list, at most the newest ``_MOST_RECORDS``. What is too long to be a record is left out."""
    if not earlier or len(earlier) > _LONGEST_RECORD * _MOST_RECORDS:
        return []
    try:
        told = json.loads(earlier)
    except (ValueError, RecursionError):
        told = earlier
    match told:
        case {"texgen_retouch": {"before": list(before), **record}}:
            found = [*before, {"texgen_retouch": record}]
        case _:
            found = [told]
    return [each for each in found if len(json.dumps(each)) <= _LONGEST_RECORD][-_MOST_RECORDS:]


def format_of(path: Path) -> FileFormat:
    """By the suffix; TexGenError for one that is not written."""
    if (name := formats.format_of(path)) is not None:
        return name  # type: ignore[return-value]  # the keys of LIMITS are the formats
    suffixes = ", ".join(suffix for limits in LIMITS.values() for suffix in limits.suffixes)
    raise TexGenError(f"{path.name} has to end in a suffix that says how it is written.", f"Choose one of {suffixes}.")


def fitting_bits(file_format: FileFormat, bits: int, is_float: bool = False) -> int:
    """The least depth of the format that loses nothing, or its greatest. ``is_float``: what is to be kept are floats, half ones if 16."""
    depths = LIMITS[file_format].bits
    if is_float and file_format != "exr":  # only an EXR has half floats, the other formats' 16 bits are whole numbers
        bits = 32
    return min((each for each in depths if each >= bits), default=max(depths))


def _strip(raster: Raster, top: int, height: int, side_px: int, tell: Tell) -> Slices[Floats]:
    """Whole rows, read block by block."""
    strip: Floats | None = None
    for left in range(0, raster.width_px, side_px):
        block = raster.read(top, left, height, min(side_px, raster.width_px - left))
        if strip is None:
            strip = np.empty((height, raster.width_px, block.shape[2]), np.float32)
        strip[:, left : left + block.shape[1]] = block
        tell((top + height * (left + block.shape[1]) / raster.width_px) / raster.height_px, "writing")
        yield None
    assert strip is not None, "a picture has columns"
    return strip
