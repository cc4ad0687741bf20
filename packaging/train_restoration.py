"""Trains a model that enhances pictures into models/, with its card: python packaging/train_restoration.py sr2 --data DIR --minutes 18

DIR is the folder of the development data. Its files have to be those of models/restoration_data.json. The average weights that do best on
the validation files are kept; the card says how they do on the test files. Without --minutes the model that is there gets a new card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

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
from texgen_desktop.nn.noise import stream  # noqa: E402
from texgen_desktop.nn.restoration import RestorationNet  # noqa: E402
from texgen_desktop.nn.restoration_tasks import TASKS, Task  # noqa: E402
from texgen_desktop.nn.restoration_training import luma, recoloured, spoilt, teach  # noqa: E402
from texgen_desktop.nn.warm_start import take_over  # noqa: E402
from texgen_desktop.operators import discover  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

MODELS = ROOT / "models"
FAMILY = "restoration"
SMALLER = (1.0, 0.7, 0.5)  # what a photo is also learnt in: a smaller picture is a sharper one
SMALLEST_PX = 300
PHOTOS_COUNT = 6  # photos are few: each is drawn as often as so many
EXACT_SHARE = 0.2
SELECT_FROM = 0.8  # of the time: what was there before the rate fell is no choice
VALIDATE_EVERY_S = 60.0
VALIDATION_PX = TEST_PX = 256
BEST_ERROR = 1e-5  # 50 dB: what is left alone would count as much as one likes
GOOD_PSNR = 45.0  # from there on nobody sees that a picture is not as it was
DRAWS = 8


@dataclass(frozen=True)
class Files:
    """The pictures by what they are for."""

    train: list[ArrayRaster]
    train_count: int
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
    return Files(train, len(manifest["train"]), validation, test)


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
def gain(net: RestorationNet, task: Task, picture: ArrayRaster, seed: int, side: int, recolours: bool = False) -> tuple[float, float]:
    """Y-PSNR in dB (of the poor picture, or of its bicubic enlargement; of what the network makes) on the middle ``side``² pixels."""
    shape = net.shape
    height, width = (min(side, size) // shape.scale * shape.scale for size in (picture.height_px, picture.width_px))
    edge = shape.scale * shape.halo + task.lesson.degradation.margin
    y, x = (picture.height_px - height) // 2 - edge, (picture.width_px - width) // 2 - edge
    clean = torch.from_numpy(picture.read(y, x, height + 2 * edge, width + 2 * edge)).permute(2, 0, 1)[None]
    if recolours:
        clean = recoloured(clean, stream(seed, 0, 3))
    poor, level, wanted = spoilt(clean, task.lesson.degradation, net, stream(seed, 0, 1))
    return psnr(net.base(poor), wanted), psnr(net(poor, level), wanted)


def psnr(made: Tensor, wanted: Tensor) -> float:
    error = (luma(made.clamp(0, 1)) - luma(wanted)).square().mean()
    return float(-10 * torch.log10(error.clamp_min(BEST_ERROR)))


def mean_gain(net: RestorationNet, task: Task, pictures: Sequence[ArrayRaster], seeds: Sequence[int], side: int) -> float:
    pairs = [gain(net, task, picture, seed, side, recolours=True) for picture in pictures for seed in seeds]
    return float(np.mean([after - before for before, after in pairs]))


@torch.no_grad()
def begin_with(net: RestorationNet, tensors: Mapping[str, Tensor]) -> None:
    """Takes over what fits; of a first convolution that is told the level too, the rest of its weights."""
    take_over(net, tensors)
    if net.head.weight.shape != tensors["head.weight"].shape:
        net.head.weight.copy_(tensors["head.weight"][:, : net.head.weight.shape[1]])
        net.head.bias.copy_(tensors["head.bias"])  # type: ignore[union-attr]  # it has one


def train(options: argparse.Namespace, task: Task, files: Files) -> tuple[Best, int]:
    """The best weights, and after how many steps it ended."""
    torch.manual_seed(0)
    net = RestorationNet(task.shape)
    if options.start:
        begin_with(net, load_model(MODELS / f"{options.start}.safetensors").tensors)
    net.is_coarse = options.coarse
    best, began, due, steps_done = Best(), time.monotonic(), 0.0, 0

    def elapsed_share() -> float:
        return float((time.monotonic() - began) / (60 * options.minutes))

    def told(steps: int, loss: float, average: RestorationNet) -> None:
        nonlocal due, steps_done
        steps_done = steps
        elapsed = time.monotonic() - began
        if elapsed > (1 - EXACT_SHARE) * 60 * options.minutes:
            net.is_coarse = False
        if elapsed < due:
            return
        due = elapsed + VALIDATE_EVERY_S
        judge(average, steps, loss)

    def judge(average: RestorationNet, steps: int, loss: float) -> None:
        found = mean_gain(average, task, list(files.validation.values()), range(4), VALIDATION_PX)
        print(f"{(time.monotonic() - began) / 60:5.1f} min, step {steps}, loss {loss:.5f}, validation {found:+.3f} dB", flush=True)
        is_annealed = elapsed_share() > SELECT_FROM
        if not is_annealed or found > best.gain or task.lesson.adversarial > 0:  # what a critic asks for costs PSNR: then the last is kept
            best.gain, best.steps = found if is_annealed else -np.inf, steps
            best.tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in average.state_dict().items()}
            write(options, task, best)

    average = run_to_end(
        teach(
            net,
            task.lesson,
            files.train,
            seed=0,
            progress=lambda _: elapsed_share(),
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
    start = (f" --start {options.start}" if options.start else "") + (" --coarse" if options.coarse else "")
    return f"python packaging/train_restoration.py {options.name} --data DIR --minutes {options.minutes:g}{start}"


def card(options: argparse.Namespace, task: Task, files: Files) -> str:
    """What the model is, where it comes from, and how it does on pictures that it never saw."""
    model, operator = load_model(MODELS / f"{options.name}.safetensors"), discover()[options.name]
    with torch.device("meta"):
        net = RestorationNet(task.shape)
    net.load_state_dict(model.tensors, assign=True)
    learnt = f"{files.train_count} pictures and smaller copies of them"
    lines = [
        f"# {operator.title}",
        "",
        f"{operator.description}.",
        "",
        f"* **Learnt from** {learnt}, all CC0 1.0 (textures, most of ambientCG and Poly Haven, and",
        "  photos); names and SHA-256 in [restoration_data.json](restoration_data.json), split by picture.",
        "  The model is CC0 1.0 itself.",
        f"* **Command** `{model.recipe['command']}`",
        f"* **Trained** {options.date} on {options.machine}, {model.recipe['minutes']:g} minutes; {model.recipe['images_seen']:,} crops.",
        f"* **Network** scale {task.shape.scale}, {task.shape.width} channels, {len(task.shape.dilations) + 2} convolutions, "
        f"{sum(tensor.numel() for tensor in model.tensors.values()):,} weights;",
        f"  it sees {task.shape.halo} px to each side of a pixel.",
        f"* **SHA-256** of the weights `{model.sha256}`.",
        "",
        "Y-PSNR in dB on the test files, the middle 256 px of each, each made poor eight times as in training (before: as it was given, or",
        "enlarged by bicubic interpolation):",
        "",
        "| pictures | before | after | gain | least |",
        "|---|---|---|---|---|",
    ]
    good: list[float] = []  # what became of pictures that were left as they were
    for kind in ("textures", "photos"):
        pairs = [
            gain(net, task, picture, seed, TEST_PX)
            for name, picture in files.test.items()
            if ("/photos/" in name) == (kind == "photos")
            for seed in range(DRAWS)
        ]
        good += [after for before, after in pairs if before >= GOOD_PSNR]
        poor = [(before, after) for before, after in pairs if before < GOOD_PSNR]
        before, after = (float(np.mean(column)) for column in zip(*poor, strict=True))
        least = min(made - given for given, made in poor)
        lines.append(f"| {kind} ({len(pairs) // DRAWS}) | {before:.2f} | {after:.2f} | {after - before:+.2f} | {least:+.2f} |")
    if good:
        lines += [
            "",
            f"Of these draws, {len(good)} were good already, as some are in training, and do not count above: they come back at",
            f"{np.mean(good):.1f} dB, the worst at {min(good):.1f} dB.",
        ]
    if task.lesson.adversarial > 0:
        lines += ["", "Of detail that is made up PSNR says little: it is judged by looking at it."]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=sorted(TASKS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--start", help="the name of another model to begin with")
    parser.add_argument("--coarse", action="store_true", help="convolutions in bfloat16 until the last fifth of the time")
    parser.add_argument("--machine", default="one core of a shared server")
    parser.add_argument("--date", default=date.today().isoformat())
    options = parser.parse_args()
    task = TASKS[options.name]
    files = open_files(options.data)
    if options.minutes is not None:
        best, steps = train(options, task, files)
        print(f"kept step {best.steps} of {steps}")
    (MODELS / f"{options.name}.md").write_text(card(options, task, files), encoding="utf-8")


if __name__ == "__main__":
    main()
