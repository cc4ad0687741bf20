"""``texgen score``: how good tiles are beside the photo that they were learnt from. It needs no engine, no torch and no project."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from texgen_desktop.cli_console import FINISHED, Console, carry_out
from texgen_desktop.data.photos import default_working_side, load_photo
from texgen_desktop.engine.messages import Crop
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.read import probe_image, read_image
from texgen_desktop.imaging.score import INSTRUMENT, Judge, Score, diversity

_COLUMNS = (("structure", ".2f"), ("palette", ".3f"), ("spectrum dB", ".2f"), ("seam x", ".2f"), ("seam y", ".2f"), ("copy", ".0%"))


def score(console: Console, photo: Path, tiles: Sequence[Path], side_px: int | None, is_json_only: bool) -> int:
    """Print the scores of ``tiles`` as a table and, on the last line, as JSON; returns the exit code.

    ``side_px`` is the photo's short side at the scale of the tiles, None the one that it would be learnt at.
    """

    def judged() -> int:
        judge = Judge.of(_photo(photo, side_px))
        pictures = [read_image(tile).pixels for tile in tiles]
        scores = [judge.score(picture) for picture in pictures]
        varied = diversity(pictures) if len({picture.shape for picture in pictures}) == 1 else math.nan
        if not is_json_only:
            _tell_table(console, tiles, scores, varied)
            console.result("")
        _tell_json(console, tiles, scores, varied)
        return FINISHED

    return carry_out(console, judged)


def _photo(path: Path, side_px: int | None) -> Floats:
    header = probe_image(path)
    return load_photo(path, Crop(), side_px or default_working_side(header.width_px, header.height_px)).pixels


def _tell_table(console: Console, tiles: Sequence[Path], scores: Sequence[Score], varied: float) -> None:
    width = max(len(str(tile)) for tile in (*tiles, "tile"))
    console.result("  ".join([f"{'tile':<{width}}", *(heading for heading, _ in _COLUMNS)]))
    for tile, found in zip(tiles, scores, strict=True):
        readings = (found.structure, found.palette, found.spectrum, found.seam_x, found.seam_y, found.copy)
        columns = [f"{value:>{len(heading)}{style}}" for value, (heading, style) in zip(readings, _COLUMNS, strict=True)]
        console.result("  ".join([f"{tile!s:<{width}}", *columns]))
    if not math.isnan(varied):
        console.result(f"diversity: {varied:.2f}")


def _tell_json(console: Console, tiles: Sequence[Path], scores: Sequence[Score], varied: float) -> None:
    found = {
        "instrument": INSTRUMENT,
        "tiles": [{"tile": str(tile), **score.to_json()} for tile, score in zip(tiles, scores, strict=True)],
        "diversity": None if math.isnan(varied) else round(varied, 5),
    }
    console.result(json.dumps(found))
