"""Cuts the sample photos into small squares, a class folder each, to train an image family on: python packaging/cut_swatches.py FOLDER

250 squares of 140 to 239 px from each of eight photos, scaled to 64 px; the same ones every time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[1] / "resources" / "samples"
NAMES = ("bark", "cobblestone", "fallen_leaves", "mossy_rock", "onyx", "rust", "sandstone_cliff", "stone_bricks")
COUNT, SIDE_PX, SMALLEST_PX, LARGEST_PX = 250, 64, 140, 240


def main(folder: Path) -> None:
    dice = np.random.default_rng(0)
    for name in NAMES:
        (folder / name).mkdir(parents=True, exist_ok=True)
        with Image.open(SAMPLES / f"{name}.jpg") as opened:
            photo = opened.convert("RGB")
        for k in range(COUNT):
            side = int(dice.integers(SMALLEST_PX, LARGEST_PX))
            left, top = int(dice.integers(0, photo.width - side + 1)), int(dice.integers(0, photo.height - side + 1))
            square = photo.crop((left, top, left + side, top + side))
            square.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS).save(folder / name / f"{k:03}.jpg", quality=92)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
