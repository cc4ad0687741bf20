"""Trains a model that enhances pictures into models/, with its card: python packaging/train_restoration.py sr2 --data DIR --minutes 18

DIR is the folder of the development data. Its files have to be those of models/restoration_data.json. The average weights that do best on
the validation files are kept; the card says how they do on the test files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository comes first
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torch import Tensor  # noqa: E402

from texgen_desktop.engine.model_file import load_model, save_model  # noqa: E402
from texgen_desktop.imaging.colour import Floats  # noqa: E402
from texgen_desktop.imaging.raster import ArrayRaster  # noqa: E402
from texgen_desktop.imaging.read import read_image  # noqa: E402
from texgen_desktop.nn.layers import frozen  # noqa: E402
from texgen_desktop.nn.noise import stream  # noqa: E402
from texgen_desktop.nn.restoration import RestorationNet, shape_of  # noqa: E402
from texgen_desktop.nn.restoration_tasks import TASKS, Task  # noqa: E402
from texgen_desktop.nn.restoration_training import luma, spoilt, teach  # noqa: E402
from texgen_desktop.nn.warm_start import take_over  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

MODELS = ROOT / "models"
FAMILY = "restoration"
SMALLER = (1.0, 0.7, 0.5)  # what a photo is also learnt in: a smaller picture is a sharper one
SMALLEST_PX = 300
PHOTOS_COUNT = 4  # photos are few: each is drawn as often as so many
VALIDATE_EVERY_S = 60.0
VALIDATION_PX = 256
BEST_ERROR = 1e-5  # 50 dB: what is left alone would count as much as one likes


@dataclass(frozen=True)
class Files:
    """The pictures by what they are for."""

    train: list[ArrayRaster]
    validation: dict[str, ArrayRaster]
    test: dict[str, ArrayRaster]


@dataclass
class Best:
    """The best weights so far and how they did: mean gain of Y-PSNR on the validation files, in dB."""

    gain: float = -np.inf
    steps: int = 0
    tensors: dict[str, Tensor] = field(default_factory=dict)


def open_files(data: Path) -> Files:
    """SystemExit where a file is not the one of the manifest."""
    manifest = json.loads((MODELS / "restoration_data.json").read_text(encoding="utf-8"))
    for names in (manifest["train"], manifest["validation"], manifest["test"]):
        for name, sha256 in names.items():
            if not (data / name).is_file() or hashlib.sha256((data / name).read_bytes()).hexdigest() != sha256:
                sys.exit(f"{name} in {data} is not the file of models/restoration_data.json.")
    train: list[ArrayRaster] = []
    for name in manifest["train"]:
        sizes = [ArrayRaster(pixels, (False, False)) for pixels in smaller_ones(read_image(data / name).pixels)]
        train += sizes * (PHOTOS_COUNT if "/photos/" in name else 1)
    validation, test = (
        {name: ArrayRaster(read_image(data / name).pixels, (False, False)) for name in manifest[part]} for part in ("validation", "test")
    )
    return Files(train, validation, test)


def smaller_ones(pixels: Floats) -> list[Floats]:
    found = []
    for factor in SMALLER:
        height, width = (round(factor * side) for side in pixels.shape[:2])
        if factor == 1.0:
            found.append(pixels)
        elif min(height, width) >= SMALLEST_PX:
            bands = [Image.fromarray(pixels[..., band]).resize((width, height), Image.Resampling.BICUBIC) for band in range(3)]
            found.append(np.clip(np.stack([np.asarray(band) for band in bands], 2), 0, 1))
    return found


@torch.no_grad()
def gain(net: RestorationNet, task: Task, picture: ArrayRaster, seed: int, side: int) -> tuple[float, float]:
    """Y-PSNR in dB (of the poor picture, or of its bicubic enlargement; of what the network makes) on the middle ``side``² pixels."""
    shape = net.shape
    height, width = (min(side, size) // shape.scale * shape.scale for size in (picture.height_px, picture.width_px))
    edge = shape.scale * shape.halo + task.lesson.degradation.margin
    y, x = (picture.height_px - height) // 2 - edge, (picture.width_px - width) // 2 - edge
    clean = torch.from_numpy(picture.read(y, x, height + 2 * edge, width + 2 * edge)).permute(2, 0, 1)[None]
    poor, level, wanted = spoilt(clean, task.lesson.degradation, net, stream(seed, 0, 1))
    return psnr(net.base(poor), wanted), psnr(net(poor, level), wanted)


def psnr(made: Tensor, wanted: Tensor) -> float:
    error = (luma(made.clamp(0, 1)) - luma(wanted)).square().mean()
    return float(-10 * torch.log10(error.clamp_min(BEST_ERROR)))


def mean_gain(net: RestorationNet, task: Task, pictures: Sequence[ArrayRaster], seeds: Sequence[int], side: int) -> float:
    pairs = [gain(net, task, picture, seed, side) for picture in pictures for seed in seeds]
    return float(np.mean([after - before for before, after in pairs]))


def train(options: argparse.Namespace, task: Task, files: Files) -> tuple[Best, int]:
    """The best weights, and after how many steps it ended."""
    torch.manual_seed(0)
    net = RestorationNet(task.shape)
    if options.start:
        take_over(net, load_model(MODELS / f"{options.start}.safetensors").tensors)
    best, began, due, steps_done = Best(), time.monotonic(), 0.0, 0

    def told(steps: int, loss: float, average: RestorationNet) -> None:
        nonlocal due, steps_done
        steps_done = steps
        elapsed = time.monotonic() - began
        if elapsed < due:
            return
        due = elapsed + VALIDATE_EVERY_S
        judge(average, steps, loss)

    def judge(average: RestorationNet, steps: int, loss: float) -> None:
        found = mean_gain(average, task, list(files.validation.values()), range(3), VALIDATION_PX)
        print(f"{(time.monotonic() - began) / 60:5.1f} min, step {steps}, loss {loss:.5f}, validation {found:+.3f} dB", flush=True)
        if found > best.gain:
            best.gain, best.steps = found, steps
            best.tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in average.state_dict().items()}
            write(options, task, best)

    average = run_to_end(
        teach(
            net,
            task.lesson,
            files.train,
            seed=0,
            progress=lambda _: (time.monotonic() - began) / (60 * options.minutes),
            told=told,
        )
    )
    judge(average, steps_done, float("nan"))
    return best, steps_done


def write(options: argparse.Namespace, task: Task, best: Best) -> str:
    recipe = {
        "command": command(options),
        "images_seen": best.steps * task.lesson.batch,
        "minutes": options.minutes,
        "data": hashlib.sha256((MODELS / "restoration_data.json").read_bytes()).hexdigest(),
    }
    header = {"task": options.name, "shape": task.shape.header()}
    return save_model(MODELS / f"{options.name}.safetensors", FAMILY, header, best.tensors, recipe)


def command(options: argparse.Namespace) -> str:
    start = f" --start {options.start}" if options.start else ""
    return f"python packaging/train_restoration.py {options.name} --data DIR --minutes {options.minutes:g}{start}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=sorted(TASKS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--start", help="the name of another model to begin with")
    parser.add_argument("--machine", default="one core of a shared server")
    options = parser.parse_args()
    task = TASKS[options.name]
    files = open_files(options.data)
    best, steps = train(options, task, files)
    print(f"kept step {best.steps} of {steps}")


if __name__ == "__main__":
    main()
