"""A photo becomes a seamless tile: by a cut, by repairing the cross where its edges meet, or by making a new texture like it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from texgen_desktop.data.photos import Photo
from texgen_desktop.families import Look, Region, RenderRequest
from texgen_desktop.families.texture_cnn import FAMILY, PRESETS
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.make_tile import edges_alike, evenly_lit, make_tile, require_size
from texgen_desktop.imaging.raster import ArrayRaster, Raster, read_whole
from texgen_desktop.imaging.resize import resize_rows
from texgen_desktop.imaging.score import Judge, worst_seam
from texgen_desktop.imaging.tile_cut import Cut, cut_tile
from texgen_desktop.operators import Operator, Workshop
from texgen_desktop.slices import Slices

_CLEAN_CUT = 0.8  # an error that does not show, see Cut.error
_MARGIN = 0.2  # of structure, by which patches have to be better than the photo's own pixels
_JUDGED_PX = 512  # longer side of what is judged: structure is what is seen from there
_MADE_PX = (96, 512)  # side of a texture that is made
_SHOWN_EVERY = 100  # steps


class MakeTile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    method: Annotated[
        Literal["auto", "cut", "repair", "generate"],
        Meta(
            description="cut: edges laid over each other, a smaller tile of the photo's own pixels; repair: the cross where the edges "
            "meet filled with patches; generate: a new texture like the photo, without its objects; auto: cut or repair, as measured"
        ),
    ] = "auto"
    even_light: Annotated[bool, Meta(description="Where one side of the photo is clearly brighter than the other, even that out first")] = (
        True
    )


def apply(settings: MakeTile, picture: Raster, workshop: Workshop) -> Slices[Raster]:
    photo = yield from read_whole(picture)
    require_size(photo)
    if settings.even_light:
        workshop.tell(0.0, "evening out the light")
        photo = yield from evenly_lit(photo)
    match settings.method:
        case "cut":
            cut = yield from _cut(photo, workshop)
            tile, note = cut.tile, f"Tile: {_words(cut)}"
        case "repair":
            tile = yield from _repaired(photo, settings, workshop)
            note = "Tile: repair"
        case "generate":
            tile = yield from _generated(photo, workshop)
            note = f"Tile: generate, {tile.shape[1]} × {tile.shape[0]} px by texture_cnn instant"
        case "auto":
            tile, note = yield from _chosen(photo, settings, workshop)
    workshop.note(note)
    return ArrayRaster(tile, (True, True))


def _words(cut: Cut) -> str:
    height, width, _ = cut.tile.shape
    return f"cut to {width} × {height} px, its sides differ by {max(cut.error):.2f} of the usual step"


def _chosen(photo: Floats, settings: MakeTile, workshop: Workshop) -> Slices[tuple[Floats, str]]:
    """The cut where it does not show; else the repair where the cut has a seam, or clearly less of the photo's structure."""
    cut = yield from _cut(photo, workshop)
    cut_seam = worst_seam(cut.tile)
    yield None
    if max(cut.error) <= _CLEAN_CUT and cut_seam == 0:
        return cut.tile, f"Tile: {_words(cut)}: cut taken"
    tile = yield from _repaired(photo, settings, workshop)
    repair_seam = worst_seam(tile)
    yield None
    workshop.tell(0.95, "comparing cut and repair")
    judge = yield from Judge.prepared([(yield from _reduced(photo, _JUDGED_PX))])
    judged = []
    for each in (cut.tile, tile):
        share = _JUDGED_PX / max(photo.shape[:2])
        smaller = yield from _reduced(each, max(32, round(share * max(each.shape[:2]))))
        judged.append((yield from judge.structure_of(smaller)))
    readings = f"{_words(cut)}; structure {judged[0]:.2f} by cut, {judged[1]:.2f} by repair"
    is_cut_worse = judged[0] > judged[1] + _MARGIN if cut_seam == repair_seam else cut_seam > repair_seam
    if not is_cut_worse:
        return cut.tile, f"Tile: {readings}: cut taken"
    return tile, f"Tile: {readings}: repair taken"


def _cut(photo: Floats, workshop: Workshop) -> Slices[Cut]:
    workshop.tell(0.05, "looking for a cut")
    cut = yield from cut_tile(photo)
    workshop.show(cut.tile)
    return cut


def _repaired(photo: Floats, settings: MakeTile, workshop: Workshop) -> Slices[Floats]:
    if settings.even_light:
        photo = yield from edges_alike(photo)
    middle = (photo.shape[0] // 2, photo.shape[1] // 2)

    def show(rolled: Floats) -> None:
        factor = photo.shape[0] / rolled.shape[0]
        workshop.show(np.roll(rolled, [-round(place / factor) for place in middle], (0, 1)))

    return (yield from make_tile(photo, workshop.seed, workshop.tell, show))


def _generated(photo: Floats, workshop: Workshop) -> Slices[Floats]:
    """A square of about the photo's area, at the photo's scale where that is not too large to be learnt."""
    side = float(np.sqrt(photo.shape[0] * photo.shape[1]))
    scale = min(1.0, _MADE_PX[1] / side)
    small = yield from _reduced(photo, round(scale * max(photo.shape[:2])))
    tile_px = max(_MADE_PX[0], round(scale * side / 32) * 32)
    config = msgspec.structs.replace(PRESETS["instant"], tile_px=tile_px)
    trainer = yield from FAMILY.start(config, [Photo("photo", small, *small.shape[1::-1])], workshop.seed, workshop.device)
    region = Region(0, 0, tile_px, tile_px)
    while trainer.images_seen < trainer.images_total:
        yield from trainer.step()
        workshop.tell(trainer.images_seen / trainer.images_total, f"forming a texture of {tile_px} × {tile_px}")
        if trainer.images_seen % _SHOWN_EVERY == 0 or trainer.images_seen == trainer.images_total:
            made = FAMILY.render(trainer.model(), RenderRequest(Look(), region, (1, 1)))
            tile: Floats = made.permute(1, 2, 0).cpu().numpy()
            workshop.show(tile)
            yield None
    return np.ascontiguousarray(tile)


def _reduced(pixels: Floats, longer_px: int) -> Slices[Floats]:
    """At most ``longer_px`` on the longer side, continued at its edges."""
    height, width, _ = pixels.shape
    scale = longer_px / max(height, width)
    if scale >= 1:
        return pixels
    target = (max(1, round(scale * height)), max(1, round(scale * width)))
    blocks = []
    for block in resize_rows(lambda first, last: pixels[first:last], (height, width), target, (False, False), 16):
        blocks.append(block)
        yield None
    return np.clip(np.concatenate(blocks), 0, 1)


OPERATORS = (
    Operator(
        id="make_tile",
        title="Make it tile",
        description="A photo becomes a tile that repeats without a seam.",
        settings=MakeTile,
        apply=apply,
        makes_tile=True,
        order=1,
    ),
)
