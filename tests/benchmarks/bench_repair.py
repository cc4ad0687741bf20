"""How well masked textures are repaired, beside OpenCV's Telea and Navier-Stokes and scikit-image's biharmonic.

From the middle of each photo, reduced by a whole factor to about 512 px, a square is cut; a mask in the manner of LaMa is made for it, by a
seed that is the photo's place in the list. Nothing is chosen. Figures of the filled area, lower is better but for the PSNR:

* structure (``imaging/score.py``) of windows of 128 px around the filled area, judged by the whole reduced photo; 0 is another crop of it
  (windows of 64 px have too few scales: in them the smooth fills of the baselines read better than what was there on some photos);
* patch distance: root mean squared difference of the filled 7 x 7 patches to the nearest patch of what was not masked;
* PSNR of the filled pixels to what was there, and seconds of one core.

Leaves ``repair.png`` (a row for each photo: damaged, the methods, what was there; at 100 %), ``repair.md`` and ``repair.json``.

usage: python tests/benchmarks/bench_repair.py --photos DIR|FILE ... [--masks thin medium thick] [--side 256] [--out DIR]
       [--methods patch cnn gan] [--minutes 15]
needs the ``bench`` extra: pip install texgen-desktop[bench]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
from skimage.restoration import inpaint_biharmonic

from tests.benchmarks.machine import Figure, benchmark, note
from tests.benchmarks.repair_masks import KINDS, made_mask
from texgen_desktop.engine.chain import open_weights
from texgen_desktop.engine.device import choose_device
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import ArrayRaster, read_whole
from texgen_desktop.imaging.read import read_image
from texgen_desktop.imaging.score import Judge
from texgen_desktop.operators import Workshop
from texgen_desktop.operators.repair import OPERATORS, RepairSettings
from texgen_desktop.slices import run_to_end

Method = Callable[[Floats, Floats], Floats]
"""(damaged picture, mask) -> repaired. What lies under the mask is white."""

_PHOTO_PX, _WINDOW_PX, _WINDOWS = 512, 128, 3
_PATCH_PX, _SAMPLES = 7, 1000
_SUFFIXES = {".jpg", ".png", ".webp"}


def _opencv(flag: int) -> Method:
    def repaired(damaged: Floats, mask: Floats) -> Floats:
        codes = (damaged * 255 + 0.5).astype(np.uint8)
        return cv2.inpaint(codes, (mask * 255).astype(np.uint8), 5, flag).astype(np.float32) / 255

    return repaired


BASELINES: dict[str, Method] = {
    "telea": _opencv(cv2.INPAINT_TELEA),
    "navier-stokes": _opencv(cv2.INPAINT_NS),
    "biharmonic": lambda damaged, mask: inpaint_biharmonic(damaged, mask > 0, channel_axis=2).astype(np.float32),
}
METHODS = ("patch", "cnn", "gan")


def _by(method: str, minutes: float) -> Method:
    """As the program does it."""

    def repaired(damaged: Floats, mask: Floats) -> Floats:
        workshop = Workshop(choose_device("cpu").device, 0, mask, open_weights, lambda done, words: None, lambda picture: None, note)
        settings = RepairSettings(method=method, minutes=minutes)  # type: ignore[arg-type]
        (operator,) = OPERATORS
        return run_to_end(read_whole(run_to_end(operator.apply(settings, ArrayRaster(damaged, (False, False)), workshop))))

    return repaired


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, nargs="+", required=True)
    parser.add_argument("--masks", nargs="+", choices=list(KINDS), default=["medium"])
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["patch"])
    parser.add_argument("--minutes", type=float, default=15.0, help="how long cnn and gan learn from each photo")
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    methods = {**{name: _by(name, options.minutes) for name in options.methods}, **BASELINES}
    with benchmark(f"Repair of {options.side} px crops") as figures:
        rows, sheet = [], []
        for kind in options.masks:
            for seed, path in enumerate(_files(options.photos)):
                found, strip = _measured(path, kind, seed, options.side, methods)
                rows.append({"photo": path.name, "masks": kind, "methods": found})
                sheet.append(strip)
                note(f"{path.name}: " + ", ".join(f"{name} {values['structure']:.2f}" for name, values in found.items()))
            figures += _figures([row for row in rows if row["masks"] == kind], kind, options.methods)
    options.out.mkdir(parents=True, exist_ok=True)
    Image.fromarray((np.concatenate(sheet).clip(0, 1) * 255 + 0.5).astype(np.uint8)).save(options.out / "repair.png")
    (options.out / "repair.json").write_text(json.dumps(rows, indent=1) + "\n")
    (options.out / "repair.md").write_text(_table(rows))


def _files(places: list[Path]) -> Iterator[Path]:
    for place in places:
        yield from sorted(file for file in place.iterdir() if file.suffix in _SUFFIXES) if place.is_dir() else [place]


def _measured(path: Path, kind: str, seed: int, side_px: int, methods: dict[str, Method]) -> tuple[dict[str, dict[str, float]], Floats]:
    """The figures of each method and of what was there, and the strip of pictures."""
    photo = _reduced(read_image(path).pixels, side_px)
    top, left = ((side - side_px) // 2 for side in photo.shape[:2])
    truth = photo[top : top + side_px, left : left + side_px]
    mask = made_mask(kind, side_px, seed)
    damaged = np.where(mask[..., None] > 0, np.float32(1), truth)
    judge, windows = Judge.of(photo), _windows(mask)
    found, pictures = {}, [damaged]
    for name, method in {**methods, "truth": lambda _damaged, _mask: truth}.items():
        before = time.process_time()
        picture = method(damaged.copy(), mask)
        seconds = time.process_time() - before
        pictures.append(picture)
        error = float(np.square(picture - truth)[mask > 0].mean())
        found[name] = {
            "structure": mean(run_to_end(judge.structure_of(np.ascontiguousarray(picture[window]))) for window in windows),
            "patch_distance": _patch_distance(picture, truth, mask),
            "psnr": -10 * float(np.log10(max(error, 1e-10))),
            "seconds": seconds,
        }
    return found, np.concatenate(pictures, axis=1)


def _reduced(photo: Floats, side_px: int) -> Floats:
    """By a whole factor, to the middle of about 512 px."""
    factor = max(1, min(photo.shape[:2]) // max(_PHOTO_PX, side_px))
    height, width = (min(side // factor, max(_PHOTO_PX, side_px)) for side in photo.shape[:2])
    return photo[: height * factor, : width * factor].reshape(height, factor, width, factor, 3).mean((1, 3))


def _windows(mask: Floats) -> list[tuple[slice, slice]]:
    """Those with most of the mask, each time without what was seen before, as long as a fifth of it is masked."""
    left, side, found = mask.copy(), _WINDOW_PX, []
    while len(found) < _WINDOWS:
        sums = np.pad(left, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        counts = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
        y, x = np.unravel_index(int(counts.argmax()), counts.shape)
        if found and counts[y, x] < side * side / 5:
            break
        found.append((slice(int(y), int(y) + side), slice(int(x), int(x) + side)))
        left[found[-1]] = 0
    return found


def _patch_distance(picture: Floats, truth: Floats, mask: Floats) -> float:
    """Of filled patches, sampled, to the nearest of those that touch no mask."""
    size = (_PATCH_PX, _PATCH_PX)
    masked = np.lib.stride_tricks.sliding_window_view(mask, size)
    filled, known = np.argwhere(masked[..., 3, 3] > 0), np.argwhere(masked.max((2, 3)) == 0)
    chosen = filled[np.random.default_rng(0).permutation(len(filled))[:_SAMPLES]]

    def patches(values: Floats, places: np.ndarray) -> Floats:
        return np.lib.stride_tricks.sliding_window_view(values, size, (0, 1))[places[:, 0], places[:, 1]].reshape(len(places), -1)

    here, nearest = patches(picture, chosen), np.full(len(chosen), np.inf)
    for start in range(0, len(known), 8192):
        there = patches(truth, known[start : start + 8192])
        apart = np.square(here).sum(1)[:, None] - 2 * here @ there.T + np.square(there).sum(1)
        nearest = np.minimum(nearest, apart.min(1))
    return float(np.sqrt(np.maximum(nearest, 0) / here.shape[1]).mean())


def _figures(rows: list[dict], kind: str, methods: list[str]) -> Iterator[Figure]:
    names = list(rows[0]["methods"])
    for name in names:
        values = {key: mean(row["methods"][name][key] for row in rows) for key in ("structure", "patch_distance", "psnr", "seconds")}
        line = f"structure {values['structure']:.3f}, patch distance {values['patch_distance']:.4f}"
        if name != "truth":
            line += f", PSNR {values['psnr']:.1f} dB, {values['seconds']:.1f} s"
        yield Figure(f"{kind}: {name}", line)
    for name in methods:
        for key in ("structure", "patch_distance"):
            better = [all(row["methods"][name][key] < row["methods"][other][key] for other in BASELINES) for row in rows]
            yield Figure(f"{kind}: {name} has the better {key}", f"{sum(better)} of {len(rows)} photos", ">= 90 %")
        nearer = [_is_nearest(row["methods"], name) for row in rows]
        yield Figure(f"{kind}: structure of {name} is nearest to what was there", f"{sum(nearer)} of {len(rows)} photos")
        behind = mean(max(row["methods"][other]["psnr"] for other in BASELINES) - row["methods"][name]["psnr"] for row in rows)
        yield Figure(f"{kind}: PSNR of {name} below the best of the three", f"{behind:.1f} dB", "<= 4 dB")


def _is_nearest(found: dict[str, dict[str, float]], name: str) -> bool:
    """Whether the structure differs less from that of what was there than the baselines' do: something too smooth may lie below it."""
    apart = {other: abs(values["structure"] - found["truth"]["structure"]) for other, values in found.items()}
    return all(apart[name] < apart[other] for other in BASELINES)


def _table(rows: list[dict]) -> str:
    lines = ["| photo | masks | method | structure | patch distance | PSNR | s |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        for name, values in row["methods"].items():
            numbers = f"{values['structure']:.3f} | {values['patch_distance']:.4f} | {values['psnr']:.1f} | {values['seconds']:.2f}"
            lines.append(f"| {row['photo']} | {row['masks']} | {name} | {numbers} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
