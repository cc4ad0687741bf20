"""How well the texture VAE draws crops again that it never saw, beside block PCA with at least as many coefficients.

The left three quarters of each photo are learnt from, by both. The right quarter is cut into crops of 96 px; the error is that of all
their pixels. Block PCA (the Karhunen-Loève transform of 8 x 8 blocks of 3 colours) has as many coefficients for a block as the VAE has
numbers for it, those of the whole crop counted in and rounded up. ``sharp`` is what the program shows, with the detail that the
decoder makes up; ``mean`` is the mean of what a code may stand for. The structure (``imaging/score.py``) is read on that quarter drawn
again, sharp, and on samples of its size. The schedule is cut to what fits into the minutes. Leaves ``NAME_reconstruction.png`` for
looking: held-out crops, block PCA, mean, sharp.

usage: python tests/benchmarks/bench_reconstruction.py [--photos NAME|FILE ...] [--preset standard] [--minutes 10] [--out DIR]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from texgen_desktop.engine.environment import prepare_environment

prepare_environment()

import msgspec  # noqa: E402
import torch  # noqa: E402 - only after the environment was prepared

from tests.benchmarks.machine import SAMPLES, Figure, benchmark, note  # noqa: E402
from tests.benchmarks.time_limit import fitting  # noqa: E402
from texgen_desktop.data.photos import default_working_side, load_photo  # noqa: E402
from texgen_desktop.engine.device import use_all_cores  # noqa: E402
from texgen_desktop.engine.messages import Crop  # noqa: E402
from texgen_desktop.families import Look, Region, RenderRequest, Trainer  # noqa: E402
from texgen_desktop.families.texture_vae import FAMILY, TextureVae, TextureVaeConfig, reconstructed  # noqa: E402
from texgen_desktop.imaging.read import probe_image  # noqa: E402
from texgen_desktop.imaging.score import Judge  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

_CROP_PX, _BLOCK_PX = 96, 8
_LEARNT = 0.75
_SEEDS = range(4)

Floats = NDArray[np.float32]


def blocks(picture: Floats) -> NDArray[np.float64]:
    """(H, W, 3) -> (blocks, 192)."""
    height, width = (n // _BLOCK_PX for n in picture.shape[:2])
    cut = picture[: height * _BLOCK_PX, : width * _BLOCK_PX].reshape(height, _BLOCK_PX, width, _BLOCK_PX, 3)
    return cut.transpose(0, 2, 1, 3, 4).reshape(height * width, -1).astype(np.float64)


def whole(found: NDArray[np.float64], height: int, width: int) -> Floats:
    """The way back."""
    cut = found.reshape(height // _BLOCK_PX, width // _BLOCK_PX, _BLOCK_PX, _BLOCK_PX, 3)
    return cut.transpose(0, 2, 1, 3, 4).reshape(height, width, 3).clip(0, 1).astype(np.float32)


class BlockPca:
    """Learnt from every block of a picture, at four offsets."""

    def __init__(self, picture: Floats, coefficients: int) -> None:
        half = _BLOCK_PX // 2
        seen = np.concatenate([blocks(picture[y:, x:]) for y in (0, half) for x in (0, half)])
        self._mean = seen.mean(0)
        self._axes = np.linalg.svd(np.cov((seen - self._mean).T))[0][:, :coefficients]

    def reconstructed(self, picture: Floats) -> Floats:
        centred = blocks(picture) - self._mean
        return whole(centred @ self._axes @ self._axes.T + self._mean, *picture.shape[:2])


def psnr_db(pictures: list[Floats], likes: list[Floats]) -> float:
    error = np.mean([np.mean((a - b) ** 2) for a, b in zip(pictures, likes, strict=True)])
    return -10 * math.log10(float(error))


def sample(model: TextureVae, seed: int, height: int, width: int) -> torch.Tensor:
    return FAMILY.render(model, RenderRequest(Look(layout_seed=seed, detail_seed=seed), Region(0, 0, height, width)))


def structure(judge: Judge, picture: torch.Tensor) -> float:
    return run_to_end(judge.structure_of(picture.permute(1, 2, 0).cpu().numpy()))


def measure(path: Path, options: argparse.Namespace) -> list[Figure]:
    header = probe_image(path)
    photo = load_photo(path, Crop(), default_working_side(header.width_px, header.height_px))
    border = int(photo.pixels.shape[1] * _LEARNT) // _BLOCK_PX * _BLOCK_PX
    learnt, held_out = photo.pixels[:, :border], photo.pixels[:, border:]

    def start(config: msgspec.Struct) -> Trainer:
        trainer: Trainer = run_to_end(FAMILY.start(config, [replace(photo, pixels=learnt)], options.seed, torch.device("cpu")))
        return trainer

    config = fitting(FAMILY.presets[options.preset], start, options.minutes * 60)
    assert isinstance(config, TextureVaeConfig)
    run = start(config)
    began = time.perf_counter()
    while run.images_seen < run.images_total and time.perf_counter() - began < options.minutes * 60:
        run_to_end(run.step())
    note(f"{path.stem}: {run.images_seen} of {run.images_total} images in {(time.perf_counter() - began) / 60:.1f} minutes")
    model = run.model()

    height, width = (n // _CROP_PX * _CROP_PX for n in held_out.shape[:2])
    crops = [held_out[y : y + _CROP_PX, x : x + _CROP_PX] for y in range(0, height, _CROP_PX) for x in range(0, width, _CROP_PX)]
    per_block = config.local + config.whole / (_CROP_PX / _BLOCK_PX) ** 2
    pca = BlockPca(learnt, math.ceil(per_block))
    stack = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
    drawn = {"block PCA": [pca.reconstructed(crop) for crop in crops]}
    for name, strength in (("mean", 0.0), ("sharp", 1.0)):
        drawn[name] = list(reconstructed(model, stack, strength).permute(0, 2, 3, 1).cpu().numpy())
    judge, strip = Judge.of(photo.pixels), held_out[:height, :width]
    again = reconstructed(model, torch.from_numpy(strip).permute(2, 0, 1)[None], 1.0)[0]
    likeness = structure(judge, again)
    samples = [structure(judge, sample(model, seed, *strip.shape[:2])) for seed in _SEEDS]
    rows = [crops, *drawn.values()]
    sheet = np.concatenate([np.concatenate(row[:6], 1) for row in rows])
    Image.fromarray((sheet * 255 + 0.5).astype(np.uint8)).save(options.out / f"{path.stem}_reconstruction.png")
    found = {name: psnr_db(pictures, crops) for name, pictures in drawn.items()}
    return [
        Figure(f"{path.stem}: images seen", f"{run.images_seen} of {run.images_total}"),
        Figure(f"{path.stem}: VAE, mean, {per_block:.2f} numbers for a block", f"{found['mean']:.2f} dB", f"> {found['block PCA']:.2f} dB"),
        Figure(f"{path.stem}: VAE, sharp", f"{found['sharp']:.2f} dB"),
        Figure(f"{path.stem}: block PCA, {math.ceil(per_block)} coefficients", f"{found['block PCA']:.2f} dB"),
        Figure(f"{path.stem}: structure of the held-out part, sharp", f"{likeness:.2f}"),
        Figure(f"{path.stem}: structure of samples as large, seeds 0 to 3", f"{mean(samples):.2f}", f"≤ {1.5 * likeness:.2f}"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", nargs="+", default=["gravel", "rust", "fallen_leaves"])
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("bench_reconstruction"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with benchmark(f"Held-out crops drawn again after {options.minutes:g} minutes of {options.preset}") as figures:
        use_all_cores()
        for path in [Path(p) if Path(p).suffix else SAMPLES / f"{p}.jpg" for p in options.photos]:
            figures += measure(path, options)


if __name__ == "__main__":
    main()
