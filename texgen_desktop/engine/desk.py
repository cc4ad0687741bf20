"""The retouching desk: one picture at a time lies on it, is repaired and enhanced, kept or not, and saved."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from texgen_desktop.engine import messages as m
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.chain import Chain, Layers, block_px, check_steps, show_nobody
from texgen_desktop.engine.jobs import Result, Work
from texgen_desktop.engine.learning import learn_weights
from texgen_desktop.engine.rendering import drawn
from texgen_desktop.engine.retouch_files import (
    Done,
    Seams,
    Task,
    described,
    fitting_bits,
    format_of,
    layers_of,
    measured_seams,
    retouch_files,
    wraps_by,
    write_layers,
)
from texgen_desktop.engine.retouch_progress import RetouchTeller
from texgen_desktop.engine.source import Source
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.blemishes import propose
from texgen_desktop.imaging.colour import Floats, linear_to_srgb, srgb_to_linear, to_uint8, to_uint16
from texgen_desktop.imaging.document import Document, DocumentRaster, read_document, straight_bytes
from texgen_desktop.imaging.formats import batch_path
from texgen_desktop.imaging.kept import Kept
from texgen_desktop.imaging.mask import from_alpha, picked
from texgen_desktop.imaging.raster import ArrayRaster, Raster, Wraps, pieces, read_whole
from texgen_desktop.imaging.read_mask import read_mask
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.operators import Operator, Step
from texgen_desktop.slices import Slices

SCREEN_SIDE_PX = 4096
"""Longest side of the pictures that are sent to the screen."""
_HISTORY_BYTES = 3 << 29
_PREVIEW_MARGIN_PX = 64  # of surroundings that a part is worked on with
_BAND_PX = 1 << 18  # that are made ready for the screen or the clipboard in one slice
_CHECK_PX = 8  # squares behind what is transparent
_CHECKS = np.array([0.75, 0.6], np.float32)


@dataclass(frozen=True, eq=False)
class _Sheet:
    """A picture as it lies there; ``described`` is what its file says, or will say, of how it was made."""

    document: Document
    name: str
    path: Path | None
    wraps: Wraps
    seams: Seams
    described: str
    image: NDArray[np.uint8]
    factor: int
    has_own_wraps: bool = False
    """Whether a step has settled how it continues at its edges, as one that makes a tile."""

    @property
    def height_px(self) -> int:
        return self.document.height_px

    @property
    def width_px(self) -> int:
        return self.document.width_px

    @property
    def size_bytes(self) -> int:
        alpha = self.document.alpha
        return int(self.document.pixels.nbytes + self.image.nbytes + (0 if alpha is None else alpha.nbytes))


class Desk:
    """Carries out every ``RetouchCommand``. Long ones come back as the job to be done, short ones are done at once."""

    def __init__(self, emit: Callable[[m.Event], None], operators: Mapping[str, Operator], device: torch.device) -> None:
        self._emit = emit
        self._operators = operators
        self._device = device
        self._sheet: _Sheet | None = None
        self._result: _Sheet | None = None  # all of it, not kept yet
        self._saved: _Sheet | None = None  # the one that is in a file as it is
        self._undo: list[_Sheet] = []
        self._redo: list[_Sheet] = []
        self.written: list[Path] = []
        """Files that the newest job has finished."""

    def handle(self, command: m.RetouchCommand, source: Source | None) -> Work | None:
        """``source`` is the model that is shown now. TexGenError where the command makes no sense."""
        self.written = []
        match command:
            case m.OpenPicture(path):
                return self._open(path)
            case m.TakeTexture(look, cells):
                return self._take(self._texture_of(source), look, cells)
            case m.TakePixels(pixels, name):
                return self._take_pixels(pixels, name)
            case m.CopyPicture():
                return self._copy((self._result or self._require()).document)
            case m.Retouch():
                return self._retouch(self._require(), command, self._chain(command.steps, command.seed))
            case m.ProposeMask(blemish, strength):
                return self._propose(self._require(), blemish, strength)
            case m.PickMask():
                return self._pick(self._require(), command)
            case m.ReadMask(path):
                return self._read_mask(self._require(), path)
            case m.SavePicture(path, bits):
                return self._save(self._require(), path, bits)
            case m.RetouchFiles():
                return self._retouch_files(command, self._chain(command.steps, command.seed))
            case m.LearnEnhancer():
                return self._learn(command)
            case m.SetWraps(wraps):
                self._change_wraps(wraps)
            case m.KeepResult():
                self._keep()
            case m.DropResult():
                self._result = None
            case m.UndoPicture():
                self._step(self._undo, self._redo, "There is nothing to undo.")
            case m.RedoPicture():
                self._step(self._redo, self._undo, "There is nothing to redo.")
        return None

    # ------------------------------------------------------------------------------------------ what lies there

    def _open(self, path: Path) -> Work:
        document = yield from in_background(partial(read_document, path))
        height, width = document.height_px, document.width_px
        if height * width > m.LARGEST_DESK_PX:
            raise TexGenError(
                f"{path.name} is too large to be worked on in the window: {width} × {height} pixels.", "Use “Run on files” with it."
            )
        earlier = yield from in_background(partial(read_metadata, path))
        seams = yield from measured_seams(document)
        sheet = yield from _laid_out(document, path.name, path, wraps_by(seams), seams, earlier or "")
        self._lay(sheet, is_saved=True)
        return Result("finished")

    def _take(self, source: Source, look: m.Look, cells: tuple[int, int]) -> Work:
        height, width = (count * source.model.cell_px for count in cells)
        if height * width > m.LARGEST_DESK_PX:
            raise TexGenError(f"A tile of {width} × {height} pixels is too large to be worked on.", "Take fewer cells, or export it.")
        pixels = yield from drawn(source, m.RenderRequest(look, m.Region(0, 0, height, width), cells))
        document = Document(to_uint16(pixels), None, 16, False, False, False, "png", Kept())
        seams = yield from measured_seams(document)
        sheet = yield from _laid_out(document, f"{source.path.stem} tile", None, (True, True), seams, "")
        self._lay(sheet, is_saved=False)
        return Result("finished")

    def _take_pixels(self, pixels: NDArray[np.uint8], name: str) -> Work:
        height, width, channels = pixels.shape
        if height * width > m.LARGEST_DESK_PX:
            raise TexGenError(
                f"{width} × {height} pixels are too many to be worked on in the window.", "Save it to a file, and use “Run on files”."
            )
        alpha = np.ascontiguousarray(pixels[..., 3]) if channels == 4 else None
        document = Document(np.ascontiguousarray(pixels[..., :3]), alpha, 8, False, False, False, "png", Kept())
        seams = yield from measured_seams(document)
        sheet = yield from _laid_out(document, name, None, wraps_by(seams), seams, "")
        self._lay(sheet, is_saved=False)
        return Result("finished")

    def _copy(self, document: Document) -> Work:
        bands = []
        step = max(1, _BAND_PX // document.width_px)
        for top in range(0, document.height_px, step):
            bands.append(straight_bytes(document, top, min(step, document.height_px - top)))
            yield None
        self._emit(m.PictureCopied(np.concatenate(bands)))
        return Result("finished")

    def _lay(self, sheet: _Sheet, is_saved: bool) -> None:
        self._sheet, self._result = sheet, None
        self._saved = sheet if is_saved else None
        self._undo, self._redo = [], []
        self._tell_picture()

    def _change_wraps(self, wraps: Wraps) -> None:
        sheet = self._require()
        if self._result is not None and not self._result.has_own_wraps:
            self._result = replace(self._result, wraps=wraps)
        self._sheet = replace(sheet, wraps=wraps)
        if self._saved is sheet:
            self._saved = self._sheet
        self._tell_picture()

    def _keep(self) -> None:
        if self._result is None:
            raise TexGenError("There is no result to keep.", "Run the steps on the whole picture first.")
        self._undo.append(self._require())
        self._redo = []
        while len(self._undo) > 1 and sum(sheet.size_bytes for sheet in self._undo) > _HISTORY_BYTES:
            del self._undo[0]
        self._sheet, self._result = self._result, None
        self._tell_picture()

    def _step(self, taken: list[_Sheet], given: list[_Sheet], nothing: str) -> None:
        if not taken:
            raise TexGenError(nothing)
        if self._result is not None:
            raise TexGenError("A result waits to be kept.", "Keep or discard it first.")
        given.append(self._require())
        self._sheet = taken.pop()
        self._tell_picture()

    def _tell_picture(self) -> None:
        sheet = self._require()
        document = sheet.document
        info = m.PictureInfo(
            name=sheet.name,
            path=sheet.path,
            width_px=sheet.width_px,
            height_px=sheet.height_px,
            bits=document.bits,
            has_alpha=document.alpha is not None,
            wraps=sheet.wraps,
            seam=sheet.seams,
            can_undo=bool(self._undo),
            can_redo=bool(self._redo),
            is_saved=sheet is self._saved,
            has_result=self._result is not None,
        )
        self._emit(m.PictureChanged(info, sheet.image, sheet.factor))

    # ---------------------------------------------------------------------------------------------------- work

    def _retouch(self, sheet: _Sheet, wish: m.Retouch, chain: Chain) -> Work:
        teller = RetouchTeller(self._emit)
        colour, alpha = layers_of(sheet.document, sheet.wraps)
        mask = wish.mask
        if wish.region is not None:
            chain = replace(chain, show=show_nobody)  # a coarse part would be taken for the whole picture
            if moving := [step.operator.title for step in chain.steps if step.operator.moves_pixels]:
                raise TexGenError(
                    f"{moving[0]} cannot be tried on a part: it moves what is there elsewhere.", "Run it on the whole picture."
                )
            colour = _part(colour, wish.region)
            alpha = None if alpha is None else _part(alpha, wish.region)
            mask = None if mask is None else _part(ArrayRaster(mask[..., None], sheet.wraps), wish.region).pixels[..., 0]
            if mask is not None and not mask.any():  # what is masked lies elsewhere: here nothing changes
                chain = replace(chain, steps=tuple(step for step in chain.steps if not step.operator.needs_mask))
        share = 0.0 if all(step.operator.is_local for step in chain.steps) else 0.8
        layers = yield from chain.apply(colour, alpha, mask, partial(teller.tell_part, 0.0, share))
        height, width = layers.colour.height_px, layers.colour.width_px
        if height * width > m.LARGEST_DESK_PX:
            raise TexGenError(f"{width} × {height} pixels are too many to be shown.", "Use “Run on files”, which writes them to a file.")
        document = yield from _document_of(sheet.document, layers, block_px(colour, layers.colour), partial(teller.tell_part, share, 1.0))
        if wish.region is not None:
            image = yield from _image_of(_without_margin(document, wish.region), 1)
            self._emit(m.ResultShown(image, True, image.shape[1], image.shape[0], layers.notes, None, wish.region))
            return Result("finished")
        seams = yield from measured_seams(document)
        description = described(chain, layers.notes, sheet.name, sheet.wraps, sheet.described or None)
        wraps = layers.colour.wraps
        result = yield from _laid_out(document, sheet.name, sheet.path, wraps, seams, description)
        self._result = replace(result, has_own_wraps=wraps != sheet.wraps)
        self._emit(m.ResultShown(result.image, True, width, height, layers.notes, (sheet.seams, seams)))
        return Result("finished")

    def _propose(self, sheet: _Sheet, blemish: m.Blemish, strength: float) -> Work:
        pixels = yield from read_whole(DocumentRaster(sheet.document, sheet.wraps))
        mask = yield from propose(pixels, blemish, strength, sheet.wraps)
        self._emit(m.MaskProposed(mask))
        return Result("finished")

    def _pick(self, sheet: _Sheet, wish: m.PickMask) -> Work:
        pixels = yield from read_whole(DocumentRaster(sheet.document, sheet.wraps))
        picking = partial(picked, pixels, wish.at, wish.tolerance, sheet.wraps, wish.is_contiguous)
        self._emit(m.MaskProposed((yield from in_background(picking))))
        return Result("finished")

    def _read_mask(self, sheet: _Sheet, path: Path | None) -> Work:
        if path is not None:
            mask = yield from in_background(partial(read_mask, path, (sheet.height_px, sheet.width_px)))
        else:
            _, alpha = layers_of(sheet.document, sheet.wraps)
            if alpha is None:
                raise TexGenError("Nothing of this picture is transparent.", "Paint what is to be repaired, or read a mask from a file.")
            mask = from_alpha((yield from read_whole(alpha))[..., 0])
        self._emit(m.MaskProposed(mask))
        return Result("finished")

    def _save(self, sheet: _Sheet, path: Path, bits: int | None) -> Work:
        file_format = format_of(path)
        teller = RetouchTeller(self._emit)
        layers = Layers(*layers_of(sheet.document, sheet.wraps))
        depth = fitting_bits(file_format, bits or sheet.document.bits, bits is None and sheet.document.pixels.dtype == np.float32)
        yield from write_layers(
            path, file_format, depth, sheet.document, layers, sheet.described, 1024, partial(teller.tell_part, 0.0, 1.0)
        )
        self.written.append(path)
        if self._sheet is sheet:
            self._sheet = self._saved = replace(sheet, path=path, name=path.name)
            self._tell_picture()
        return Result("finished")

    def _retouch_files(self, wish: m.RetouchFiles, chain: Chain) -> Work:
        done: list[Done] = []
        failed: list[tuple[Path, m.Problem]] = []
        tasks = tuple(Task(path, batch_path(path, wish.folder), wish.wraps) for path in wish.paths)
        try:
            return (yield from retouch_files(chain, tasks, RetouchTeller(self._emit).tell, done, failed))
        finally:
            self.written.extend(each.out for each in done)
            if failed:
                why = [f"{problem.message.removeprefix(f'{path.name}: ')} {problem.hint}".strip() for path, problem in failed]
                self._emit(m.FilesFailed(tuple(zip((path for path, _ in failed), why, strict=True))))

    def _learn(self, wish: m.LearnEnhancer) -> Work:
        teller = RetouchTeller(self._emit)
        yield from learn_weights(self._operators, wish.operator, wish.paths, wish.minutes, wish.out, self._device, wish.seed, teller.tell)
        self.written.append(wish.out)
        return Result("finished")

    # ----------------------------------------------------------------------------------------------------- help

    def _require(self) -> _Sheet:
        if self._sheet is None:
            raise TexGenError("There is no picture to work on.", "Open one first.")
        return self._sheet

    def _chain(self, steps: tuple[m.StepSettings, ...], seed: int) -> Chain:
        plain = [Step(step.operator, dict(step.values)) for step in steps]
        return Chain(check_steps(plain, self._operators), self._device, seed, self._show)

    def _show(self, picture: Floats) -> None:
        factor = _screen_factor(*picture.shape[:2])
        self._emit(m.ResultShown(to_uint8(picture[::factor, ::factor])))

    @staticmethod
    def _texture_of(source: Source | None) -> Source:
        if source is None or source.family.makes != "textures":
            raise TexGenError("No texture is shown that a tile could be taken of.", "Open a model, or train one.")
        return source


def _laid_out(document: Document, name: str, path: Path | None, wraps: Wraps, seams: Seams, description: str) -> Slices[_Sheet]:
    factor = _screen_factor(document.height_px, document.width_px)
    image = yield from _image_of(document, factor)
    return _Sheet(document, name, path, wraps, seams, description, image, factor)


def _part(raster: Raster, region: m.Region) -> ArrayRaster:
    """A part of the plane with some of its surroundings, as a picture of its own."""
    margin = _PREVIEW_MARGIN_PX
    pixels = raster.read(region.y - margin, region.x - margin, region.height + 2 * margin, region.width + 2 * margin)
    return ArrayRaster(pixels, (False, False))


def _without_margin(document: Document, region: m.Region) -> Document:
    """What a step made of a part and its surroundings, cut to the part; all of it where a step has changed its proportions."""
    height, width = document.height_px, document.width_px
    factor = height // (region.height + 2 * _PREVIEW_MARGIN_PX)
    if (height, width) != (factor * (region.height + 2 * _PREVIEW_MARGIN_PX), factor * (region.width + 2 * _PREVIEW_MARGIN_PX)):
        return document
    margin = factor * _PREVIEW_MARGIN_PX
    inner = (slice(margin, height - margin), slice(margin, width - margin))
    return replace(document, pixels=document.pixels[inner], alpha=None if document.alpha is None else document.alpha[inner])


def _screen_factor(height_px: int, width_px: int) -> int:
    return math.ceil(max(height_px, width_px) / SCREEN_SIDE_PX)


def _image_of(document: Document, factor: int) -> Slices[NDArray[np.uint8]]:
    """(h, w, 3) for the screen, reduced by ``factor``, on a chequered ground where it is transparent."""
    colour, alpha = layers_of(document, (False, False))
    height, width = max(1, colour.height_px // factor), max(1, colour.width_px // factor)  # a thin picture is read beyond its edges
    image = np.empty((height, width, 3), np.uint8)
    step = max(1, _BAND_PX // (width * factor * factor))
    for top in range(0, height, step):
        rows = min(step, height - top)
        band = colour.read(top * factor, 0, rows * factor, width * factor)
        if alpha is not None:
            opacity = alpha.read(top * factor, 0, rows * factor, width * factor)
            band = _over(band, opacity, _chequers(top * factor, rows * factor, width * factor), document)
        image[top : top + rows] = to_uint8(band.reshape(rows, factor, width, factor, 3).mean((1, 3)))
        yield None
    return image


def _over(colour: Floats, opacity: Floats, ground: Floats, document: Document) -> Floats:
    """The colours of a document before a ground, all sRGB-encoded; what was multiplied with its opacity already is so in its own light."""
    if not document.is_premultiplied:
        return opacity * colour + (1 - opacity) * ground
    if not document.is_linear:
        return colour + (1 - opacity) * ground
    return linear_to_srgb(srgb_to_linear(colour) + (1 - opacity) * srgb_to_linear(ground))


def _chequers(top: int, height: int, width: int) -> Floats:
    rows, columns = np.arange(top, top + height) // _CHECK_PX, np.arange(width) // _CHECK_PX
    chequers: Floats = _CHECKS[(rows[:, None] + columns) % 2][..., None]
    return chequers


def _document_of(like: Document, layers: Layers, side_px: int, tell: Callable[[float, str], None]) -> Slices[Document]:
    """The result in memory. Whole numbers get 16 bits, so that keeping result after result rounds nothing away.

    Floats are kept in the light that their file has them in.
    """
    colour = layers.colour
    is_float = like.pixels.dtype == np.float32
    pixels = np.empty((colour.height_px, colour.width_px, 3), np.float32 if is_float else np.uint16)
    alpha = None if layers.alpha is None else np.empty(pixels.shape[:2], pixels.dtype)
    done = 0
    for y, x, height, width in pieces(colour, side_px):
        block = colour.read(y, x, height, width)
        kept = (srgb_to_linear(block) if like.is_linear else block) if is_float else to_uint16(block)
        pixels[y : y + height, x : x + width] = kept
        if alpha is not None and layers.alpha is not None:
            opacity = np.clip(layers.alpha.read(y, x, height, width)[..., 0], 0, 1)
            alpha[y : y + height, x : x + width] = opacity if is_float else to_uint16(opacity)
        done += height * width
        tell(done / (colour.height_px * colour.width_px), "drawing")
        yield None
    return replace(like, pixels=pixels, alpha=alpha)
