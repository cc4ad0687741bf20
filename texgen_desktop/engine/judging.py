"""How good the texture that is shown is, beside the photos that it was learnt from."""

from __future__ import annotations

from texgen_desktop.data.photo_room import with_room
from texgen_desktop.engine.instruments import MOST_PHOTOS
from texgen_desktop.engine.messages import Look, Region, RenderRequest, TextureJudged
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.rendering import drawn
from texgen_desktop.engine.source import Source
from texgen_desktop.engine.starting import load_photos
from texgen_desktop.imaging.score import Judge, worst_seam
from texgen_desktop.slices import Slices


def judge_texture(project: Project, source: Source, look: Look, cells: tuple[int, int]) -> Slices[TextureJudged]:
    """Structure, copies and seam of a tile of so many (rows, columns); TexGenError where the photos are too small to judge by."""
    photos, _ = yield from load_photos(project, with_room(project.photos)[:MOST_PHOTOS])
    judge = yield from Judge.prepared([photo.pixels for photo in photos])
    height_px, width_px = (count * source.model.cell_px for count in cells)
    tile = yield from drawn(source, RenderRequest(look, Region(0, 0, height_px, width_px), cells))
    structure = yield from judge.structure_of(tile)
    copies = yield from judge.copies_of(tile)
    return TextureJudged(
        look=look,
        images_seen=source.images_seen,
        structure=structure,
        copy=copies.share,
        seam=worst_seam(tile),
        copies=copies.overlay(height_px, width_px),
        cells=cells,
    )
