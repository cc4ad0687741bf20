"""``texgen repair`` and ``texgen make-tile``: single pictures, without an engine and without torch."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from texgen_desktop import __version__
from texgen_desktop.cli_console import Console
from texgen_desktop.cli_sessions import FAILED, FINISHED, SIGNAL_EXIT_BASE
from texgen_desktop.engine.errors import explain
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.make_tile import make_tile
from texgen_desktop.imaging.patch_repair import patch_repair
from texgen_desktop.imaging.raster import Wraps
from texgen_desktop.imaging.read import MAX_PIXELS, read_image
from texgen_desktop.imaging.read_mask import read_mask
from texgen_desktop.imaging.score import seam
from texgen_desktop.imaging.write import FileFormat, open_writer
from texgen_desktop.slices import run_to_end

Bits = Literal[8, 16, 32]


def repair_file(console: Console, image: Path, mask: Path, out: Path, file_format: FileFormat, bits: Bits, wraps: Wraps, seed: int) -> int:
    """Replace what is white in ``mask``; returns the exit code."""

    def repaired() -> Floats:
        pixels = _opaque(image)
        return run_to_end(patch_repair(pixels, read_mask(mask, pixels.shape[:2]), wraps, seed))

    return _written(
        console, repaired, out, file_format, bits, {"method": "patch", "source": image.name, "wraps": list(wraps), "seed": seed}
    )


def make_tile_file(console: Console, photo: Path, out: Path, file_format: FileFormat, bits: Bits, seed: int) -> int:
    """Write the photo as a tile, and say how far its seams stood out before and do now; returns the exit code."""

    def tiled() -> Floats:
        pixels = _opaque(photo)
        tile = run_to_end(make_tile(pixels, seed))
        for words, picture in (("before", pixels), ("now", tile)):
            console.note(f"seam {words}: {seam(picture):.2f} between rows, {seam(picture.swapaxes(0, 1)):.2f} between columns (0: none)")
        return tile

    return _written(console, tiled, out, file_format, bits, {"method": "patch", "source": photo.name, "made": "tile", "seed": seed})


def _opaque(path: Path) -> Floats:
    """At its full size. What is transparent would be lost without a word, so it is refused."""
    picture = read_image(path, MAX_PIXELS)
    if picture.alpha is not None:
        raise TexGenError(f"{path.name} is transparent in places, which is not kept yet.", "Save it without transparency first.")
    return picture.pixels


def _written(
    console: Console, made: Callable[[], Floats], out: Path, file_format: FileFormat, bits: Bits, record: dict[str, object]
) -> int:
    try:
        pixels = made()
        about = {"Software": f"TexGen Desktop {__version__}", "ImageDescription": json.dumps({"texgen_repair": record})}
        with open_writer(out, file_format, bits, pixels.shape[1], pixels.shape[0], about) as writer:
            writer.write_rows(pixels)
    except KeyboardInterrupt:
        return SIGNAL_EXIT_BASE + signal.SIGINT
    except Exception as error:
        console.error(explain(error))
        return FAILED
    console.result(str(out))
    return FINISHED
