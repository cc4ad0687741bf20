"""Photos that do not tile become tiles: is there a seam, is it still the photo's structure, how long does it take.

Twenty photos: parts of textures, cut so that they do not repeat, and photos of things. For each method and photo the seam before and after
(0: the step across the edge cannot be told from the middle 98 % of those inside), the structure beside the photo and the CPU seconds.
In the folder, for looking: METHOD_NAME.png, each tile in a 2 × 2 repeat. The readings say nothing of a ghost or a broken brick.

usage: python tests/benchmarks/bench_tile.py FOLDER --data DEV_FOLDER [--methods auto cut repair generate] [--only NAME ...] [--shade]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from texgen_desktop.engine.environment import prepare_environment

prepare_environment()

import torch  # noqa: E402 - only after the environment was prepared

from tests.benchmarks.machine import Figure, benchmark, note  # noqa: E402
from texgen_desktop.imaging.colour import Floats, to_uint8  # noqa: E402
from texgen_desktop.imaging.raster import ArrayRaster, read_whole  # noqa: E402
from texgen_desktop.imaging.score import Judge, seam  # noqa: E402
from texgen_desktop.operators import Weights, Workshop  # noqa: E402
from texgen_desktop.operators.make_tile import OPERATORS  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

TEXTURES = (
    "asphalt_dark",
    "bark_mulch",
    "blue_rock",
    "brick_pavement_grey",
    "castle_stone_blocks",
    "coarse_sand",
    "concrete_facade",
    "forest_mud",
    "lawn_short",
    "limestone_slabs",
    "orange_rock",
    "patchy_grass",
    "red_brick_wall",
    "rusty_plate",
    "slate_roof",
    "stone_floor",
)
THINGS = ("coast", "coffee", "rocket", "satellite")
PART, SIDE_PX = (0.05, 0.08, 0.88, 0.91), 512  # left, top, right, bottom


def load(path: Path, is_part: bool) -> Floats:
    with Image.open(path) as image:
        picture = image.convert("RGB")
    if is_part:
        picture = picture.crop(tuple(int(share * side) for share, side in zip(PART, picture.size * 2, strict=True)))
    picture.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    return np.asarray(picture, np.float32) / 255


def seams(picture: Floats) -> tuple[float, float]:
    """Between rows, between columns."""
    return seam(picture), seam(picture.swapaxes(0, 1))


def shaded(photo: Floats) -> Floats:
    """As if the light came from one side: three times as bright in one corner as in the opposite one."""
    height, width, _ = photo.shape
    down, across = np.linspace(0.6, 1.05, height)[:, None], np.linspace(0.58, 1, width)
    return (photo * (down * across)[..., None]).astype(np.float32)


def no_weights(name: str) -> Weights:
    raise RuntimeError(f"no operator of these needs {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="has textures/ and photos/")
    parser.add_argument("--methods", nargs="+", default=["auto", "cut", "repair"], help="generate takes a minute or two a photo")
    parser.add_argument("--only", nargs="+", default=[*THINGS, *TEXTURES])
    parser.add_argument("--shade", action="store_true", help="darken one corner of every photo first")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    operator = OPERATORS[0]
    passed: dict[str, int] = dict.fromkeys(options.methods, 0)
    with benchmark("Photos that do not tile become tiles") as figures:
        for name in options.only:
            kind = "photos" if name in THINGS else "textures"
            photo = load(next((options.data / kind).glob(f"{name}.*")), kind == "textures")
            judge = Judge.of(photo)
            if options.shade:
                photo = shaded(photo)
            before = seams(photo)
            for method in options.methods:
                notes: list[str] = []
                workshop = Workshop(torch.device("cpu"), 0, None, no_weights, lambda share, words: None, lambda shown: None, notes.append)
                began_s = time.process_time()
                result = run_to_end(operator.apply(operator.settings(method=method), ArrayRaster(photo, (False, False)), workshop))
                tile = run_to_end(read_whole(result))
                seconds = time.process_time() - began_s
                after = seams(tile)
                passed[method] += max(after) == 0
                structure = run_to_end(judge.structure_of(tile))
                readings = (
                    f"seam {before[0]:.2f} {before[1]:.2f} -> {after[0]:.2f} {after[1]:.2f}, structure {structure:.2f}, {seconds:.1f} s"
                )
                figures.append(Figure(f"{name}, {method}", readings, "seam 0.00 0.00"))
                note(f"{name}, {method}: {readings}; {'; '.join(notes)}")
                Image.fromarray(to_uint8(np.tile(tile, (2, 2, 1)))).save(options.folder / f"{method}_{name}.png")
        for method, count in passed.items():
            figures.append(Figure(f"{method}: tiles without a seam", f"{count} of {len(options.only)}", f"{len(options.only)}"))


if __name__ == "__main__":
    main()
