"""How good the textures get, and how soon.

Trains each photo for some minutes and prints the share of memorised patches, and for every slider Spearman's correlation with the
property that it stands for (9 positions x 4 seeds). Beside the table it leaves, for looking: ``NAME_minutes.png`` (the photo, then
the texture as it grew), ``NAME_seeds.png`` (seeds 0 to 2, unchosen), ``NAME_sliders.png`` (every slider at -1, 0 and 1),
``NAME_blind_K.png`` (seed K in equalised grey, for a test by eye) and ``photos_blind.png`` (the photos of ``--board``).

usage: python tests/benchmarks/bench_texture.py [--photos NAME|FILE ...] [--preset standard] [--minutes 10] [--out DIR]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.measures import equalised, memorised_share
from texgen_desktop.engine.environment import prepare_environment

prepare_environment()

import torch  # noqa: E402 - only after the environment was prepared

from tests.benchmarks.machine import SAMPLES, Figure, benchmark, note  # noqa: E402
from texgen_desktop.data.photos import default_working_side, load_photo  # noqa: E402
from texgen_desktop.data.style import Style  # noqa: E402
from texgen_desktop.engine.device import use_all_cores  # noqa: E402
from texgen_desktop.engine.messages import Crop  # noqa: E402
from texgen_desktop.families import Family, Look, Model, Region, RenderRequest, Trainer, discover, moved_slider  # noqa: E402
from texgen_desktop.imaging.properties import Picture  # noqa: E402
from texgen_desktop.imaging.read import probe_image  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

READINGS_MIN = (1.0, 3.0, 10.0, 30.0)


def picture(family: Family, model: Model, look: Look, side: int) -> Picture:
    cells = side // model.cell_px
    made = family.render(model, RenderRequest(look, Region(0, 0, side, side), (cells, cells)))
    return made.permute(1, 2, 0).cpu().numpy()


def save(path: Path, *pictures: Picture) -> None:
    height = max(p.shape[0] for p in pictures)
    sheet = np.concatenate([np.pad(p, ((0, height - p.shape[0]), (0, 8), (0, 0)), constant_values=0.1) for p in pictures], 1)
    Image.fromarray((sheet * 255 + 0.5).astype(np.uint8)).save(path)


def train(trainer: Trainer, minutes: float) -> Iterator[float]:
    """Trains, and stops at each reading for a picture; the time for pictures does not count."""
    spent = 0.0
    readings = [m for m in READINGS_MIN if m < minutes] + [minutes]
    while readings:
        began = time.perf_counter()
        while spent + time.perf_counter() - began < readings[0] * 60 and trainer.images_seen < trainer.images_total:
            run_to_end(trainer.step())
        spent += time.perf_counter() - began
        reading = readings.pop(0)
        note(f"{reading:4.1f} min: {trainer.images_seen:6d} of {trainer.images_total} images, {trainer.images_seen / spent:.1f} images/s")
        trainer.take_losses()
        yield reading


def measure(path: Path, family: Family, options: argparse.Namespace) -> list[Figure]:
    header = probe_image(path)
    photo = load_photo(path, Crop(), options.side or default_working_side(header.width_px, header.height_px))
    trainer = run_to_end(family.start(family.presets[options.preset], [photo], options.seed, torch.device("cpu")))
    note(f"{path.stem}, {photo.pixels.shape[1]} x {photo.pixels.shape[0]} px, {options.preset}")
    grown = [photo.pixels[:512, :512]]
    for _ in train(trainer, options.minutes):
        grown.append(picture(family, trainer.model(), Look(), 512))
    model = trainer.model()
    save(options.out / f"{path.stem}_minutes.png", *grown)
    seeds = [picture(family, model, Look(layout_seed=s, detail_seed=s), 512) for s in range(3)]
    save(options.out / f"{path.stem}_seeds.png", *seeds)
    for k, made in enumerate(seeds):
        Image.fromarray(equalised(made)).save(options.out / f"{path.stem}_blind_{k}.png")
    rows = [np.concatenate([picture(family, model, Look().with_value(s.id, v), 256) for v in (-1.0, 0.0, 1.0)], 1) for s in model.sliders]
    save(options.out / f"{path.stem}_sliders.png", np.concatenate(rows))
    memorised = max(memorised_share(made, [photo.pixels, *seeds[:k], *seeds[k + 1 :]]) for k, made in enumerate(seeds))
    style = getattr(model, "style", None)  # a tile has none
    draw = moved_slider(lambda request: family.render(model, request), 256, 256 // model.cell_px)
    found = run_to_end(style.proofs(draw)) if isinstance(style, Style) else {}
    return [
        Figure(f"{path.stem}: images seen", f"{trainer.images_seen} of {trainer.images_total}"),
        Figure(f"{path.stem}: memorised 48 px patches, worst of seeds 0-2", f"{memorised:.1%}", "<= 5 %"),
        *(Figure(f"{path.stem}: slider {name}, Spearman", f"{rho:+.3f}", ">= 0.8 to ship") for name, rho in found.items()),
    ]


def save_blind_photos(path: Path, folder: Path) -> None:
    """All photos of a folder in equalised grey, in the order of their names, 4 in a row."""
    photos = [np.asarray(Image.open(p).convert("RGB"), np.float32) / 255 for p in sorted(folder.glob("*.jpg"))]
    board = Image.new("L", (4 * 264, -(-len(photos) // 4) * 264))
    for k, photo in enumerate(photos):
        board.paste(Image.fromarray(equalised(photo[:512, :512])).resize((256, 256)), (k % 4 * 264, k // 4 * 264))
    board.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", nargs="+", default=["gravel", "rust", "fallen_leaves", "stone_bricks"])
    parser.add_argument("--family", default="texture_gan")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=0, help="working scale in px; 0: the program's own choice")
    parser.add_argument("--board", type=Path, default=SAMPLES, help="folder of the photos among which a viewer looks for the right one")
    parser.add_argument("--out", type=Path, default=Path("bench_texture"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with benchmark(f"Textures after {options.minutes:g} minutes of {options.preset}; look at the pictures in {options.out}") as figures:
        use_all_cores()
        family = discover()[options.family]
        photos = [Path(p) if Path(p).suffix else SAMPLES / f"{p}.jpg" for p in options.photos]
        for path in photos:
            figures += measure(path, family, options)
        save_blind_photos(options.out / "photos_blind.png", options.board)


if __name__ == "__main__":
    main()
