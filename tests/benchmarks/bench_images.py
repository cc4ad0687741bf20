"""How good pictures get in a given time: the modern image GAN beside the classic one, and any other family that makes pictures.

Trains each preset on the same pictures for the same wall time and prints the Frechet distance of random features (mean of three
fixed random networks, see texgen_desktop/nn/picture_features.py) from as many new pictures to the real ones; the floor is the distance
of one half of the real pictures to the other. Beside the table it leaves ``NAME.png``, the first 64 cells of the contact sheet of seed 0,
unchosen, and ``real.png``. A preset's schedule is cut to what the machine does in that time, measured by its first steps.

usage: python tests/benchmarks/bench_images.py FOLDER [--side 64] [--minutes 10] [--presets image_gan:standard ...] [--out DIR]

FOLDER holds pictures, or one folder of pictures for each class, or the binary layout of CIFAR-10 (*.bin).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from texgen_desktop.engine.environment import prepare_environment

prepare_environment()

import torch  # noqa: E402 - only after the environment was prepared

from tests.benchmarks.machine import Figure, benchmark, note  # noqa: E402
from tests.benchmarks.time_limit import fitting  # noqa: E402
from texgen_desktop.data.pictures import PictureSet  # noqa: E402
from texgen_desktop.engine.device import use_all_cores  # noqa: E402
from texgen_desktop.families import Family, Look, Model, Region, RenderRequest, Trainer, discover  # noqa: E402
from texgen_desktop.nn.picture_features import FrechetDistance  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

CPU = torch.device("cpu")
_MORE_THAN_FIT = 1_000_000
_NETWORKS = range(3)
"""Not the one by which a run chooses its best moment."""


def read_pictures(folder: Path, side: int) -> PictureSet:
    """Raises SystemExit where there are none."""
    pixels: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    classes: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".bin":  # a byte of label, then red, green and blue, 32 x 32 each
            rows = np.fromfile(path, np.uint8).reshape(-1, 3073)
            pixels += list(rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
            labels += rows[:, 0].tolist()
            classes = [str(k) for k in range(10)]
        elif path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            pixels.append(np.asarray(Image.open(path).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)))
            if path.parent.name not in classes:
                classes.append(path.parent.name)
            labels.append(classes.index(path.parent.name))
    if not pixels:
        raise SystemExit(f"{folder} holds no pictures.")
    return PictureSet.of(PictureSet(np.stack(pixels), np.array(labels, np.int64), tuple(classes)), side)


def sheet(family: Family, model: Model, rows: int, columns: int) -> torch.Tensor:
    """(3, H, W) in [0, 1] of seed 0."""
    side = model.cell_px
    strips = [family.render(model, RenderRequest(Look(), Region(r * side, 0, side, columns * side))) for r in range(rows)]
    return torch.cat(strips, 1)


def cut(picture: torch.Tensor, side: int) -> torch.Tensor:
    """(3, H, W) in [0, 1] -> (N, 3, side, side) in [-1, 1]."""
    return picture.unfold(1, side, side).unfold(2, side, side).flatten(1, 2).transpose(0, 1) * 2 - 1


def distance_to(real: torch.Tensor) -> Callable[[torch.Tensor], float]:
    """The Frechet distance of random features to these pictures; all (N, 3, S, S) in [-1, 1]."""
    distance = run_to_end(FrechetDistance.prepared(real, _NETWORKS))
    return lambda made: run_to_end(distance.to(made))


def save(path: Path, picture: torch.Tensor) -> None:
    Image.fromarray((picture.permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)).save(path)


def trained(family: Family, preset: str, pictures: PictureSet, options: argparse.Namespace) -> tuple[Model, int, float]:
    """The model after the time, the pictures it has seen and the seconds that they took."""
    values = msgspec.to_builtins(family.presets[preset]) | {"side": str(options.side), "images": _MORE_THAN_FIT}

    def start(config: msgspec.Struct) -> Trainer:
        trainer: Trainer = run_to_end(family.start(config, pictures, options.seed, CPU))
        return trainer

    trainer = start(fitting(msgspec.convert(values, family.config), start, options.minutes * 60))
    began = time.perf_counter()
    while trainer.images_seen < trainer.images_total and time.perf_counter() - began < options.minutes * 60:
        run_to_end(trainer.step())
    seconds = time.perf_counter() - began
    note(f"{family.id} {preset}: {trainer.images_seen} pictures in {seconds:.0f} s, {trainer.take_losses()}")
    return trainer.model(), trainer.images_seen, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, choices=(32, 64, 128), default=64)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--presets", nargs="+", default=["image_gan:standard", "image_gan:classic"], metavar="FAMILY:PRESET")
    parser.add_argument("--out", type=Path, default=Path("bench_images"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with benchmark(f"Pictures after {options.minutes:g} minutes at {options.side} px; look at the sheets in {options.out}") as figures:
        use_all_cores()
        pictures = read_pictures(options.folder, options.side)
        real = pictures.batch(np.random.default_rng(0).permutation(len(pictures)))
        distance, halves = distance_to(real), distance_to(real[::2])(real[1::2])
        figures.append(Figure(f"{len(real)} pictures, one half to the other", f"{halves:.2f}"))
        whole = real[: len(real) // 8 * 8][:64].unflatten(0, (-1, 8)).permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2)
        save(options.out / "real.png", (whole + 1) / 2)
        found: dict[str, float] = {}
        for name in options.presets:
            family_id, _, preset = name.partition(":")
            family = discover()[family_id]
            model, seen, seconds = trained(family, preset, pictures, options)
            save(options.out / f"{family_id}_{preset}.png", sheet(family, model, 8, 8))
            made = cut(sheet(family, model, -(-len(real) // 16), 16), options.side)[: len(real)]
            found[name] = distance(made)
            bar = "< classic" if name == "image_gan:standard" else ""
            figures.append(Figure(f"{name}: {seen} pictures seen in {seconds:.0f} s", f"{found[name]:.2f}", bar))


if __name__ == "__main__":
    main()
