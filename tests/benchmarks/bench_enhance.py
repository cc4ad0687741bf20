"""How much better the shipped enhancing models make pictures that none of them learnt from, beside bicubic and non-local means.

The pictures are the test files of models/restoration_data.json (their hashes are checked), and any others that are named. Each is made
poor, kept as 8 bits, enhanced as the program does it, rounded to 8 bits again, and compared with itself by the PSNR of its luma (BT.601);
the middle of at most 512 px is used. Bicubic is Pillow's. Non-local means are those of scikit-image and of OpenCV, each with the strength
that does best on average over all pictures (they need the ``bench`` packages scikit-image and opencv-python-headless).

--learn lets the ×2 model learn the left half of every fourth test texture for so many minutes and measures the right half.
--full enlarges a 4096² tile ×4 and tells the time and the memory. --sheet writes crops before and after, unchosen: the middle of files.

usage: python tests/benchmarks/bench_enhance.py --data DIR [PICTURE ...] [--learn 5] [--full] [--sheet]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import resource as process_resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from texgen_desktop.engine.environment import prepare_environment

prepare_environment()

import msgspec  # noqa: E402
import torch  # noqa: E402 - only after the environment was prepared

from tests.benchmarks.machine import ROOT, Figure, benchmark, note  # noqa: E402
from texgen_desktop.engine.device import use_all_cores  # noqa: E402
from texgen_desktop.engine.model_file import load_model  # noqa: E402
from texgen_desktop.imaging.raster import ArrayRaster, Raster, pieces, read_whole  # noqa: E402
from texgen_desktop.imaging.read import read_image  # noqa: E402
from texgen_desktop.operators import Operator, Weights, Workshop  # noqa: E402
from texgen_desktop.operators.enhance import OPERATORS  # noqa: E402
from texgen_desktop.resources import model_file  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Filter = Callable[[Bytes], Bytes]
_SIDE_PX = 512
_LEARN_EVERY = 4  # of the textures: each takes minutes
_SHEET = ROOT / "resources" / "readme" / "enhance.jpg"
_CELL_PX = 192
_OPERATORS: Mapping[str, Operator] = {operator.id: operator for operator in OPERATORS}


@dataclass(frozen=True)
class Test:
    name: str
    kind: str
    picture: Bytes


def workshop(learned: Weights | None = None) -> Workshop:
    def open_weights(name: str) -> Weights:
        return learned if learned is not None else load_model(model_file(f"{name}.safetensors"))

    return Workshop(torch.device("cpu"), 0, None, open_weights, tell=lambda _done, _words: None, show=lambda _: None, note=lambda _: None)


def enhance(name: str, poor: Raster, learned: Weights | None = None, **settings: Any) -> Raster:
    operator = _OPERATORS[name]
    return run_to_end(operator.apply(msgspec.convert(settings, operator.settings), poor, workshop(learned)))


def enhanced(name: str, poor: Bytes, learned: Weights | None = None, **settings: Any) -> Bytes:
    raster = enhance(name, ArrayRaster(floats(poor), (False, False)), learned, **settings)
    return to_bytes(run_to_end(read_whole(raster)))


# ------------------------------------------------------------------------------------------------- pictures


def held_out_files(data: Path) -> Iterator[Test]:
    manifest = json.loads(model_file("restoration_data.json").read_text(encoding="utf-8"))
    for name, sha256 in manifest["test"].items():
        if hashlib.sha256((data / name).read_bytes()).hexdigest() != sha256:
            sys.exit(f"{name} is not the file of restoration_data.json.")
        yield Test(name, "photos" if "/photos/" in name else "textures", middle(data / name))


def middle(path: Path, side: int = _SIDE_PX) -> Bytes:
    """Its sides are whole multiples of 4."""
    pixels = to_bytes(read_image(path).pixels)
    height, width = (min(side, n) // 4 * 4 for n in pixels.shape[:2])
    y, x = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[y : y + height, x : x + width]


def floats(picture: Bytes) -> Floats:
    return picture.astype(np.float32) / 255


def to_bytes(pixels: Floats) -> Bytes:
    return (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)


def psnr(made: Bytes, wanted: Bytes, shave: int = 4) -> float:
    """Of BT.601 luma in [0, 255] without rounding, the outermost ``shave`` pixels left out, as the tables of the literature do."""
    difference = (made.astype(np.float64) - wanted) @ np.array([0.299, 0.587, 0.114])
    error = np.square(difference[shave:-shave, shave:-shave]).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-3)))


def resized(picture: Bytes, factor: float) -> Bytes:
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def noisy(picture: Bytes, sigma: float) -> Bytes:
    return to_bytes(floats(picture) + np.random.default_rng(7).normal(0, sigma / 255, picture.shape).astype(np.float32))


def compressed(picture: Bytes, quality: int) -> Bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def blurred(picture: Bytes, sigma: float) -> Bytes:
    """Gaussian, mirrored at the edges, without the rounding of Pillow's box approximation."""
    offsets = np.arange(-8, 9)
    line = np.exp(-(offsets**2) / (2 * sigma**2))
    soft = floats(picture)
    for axis in (0, 1):
        padded = np.pad(soft, [(8, 8) if a == axis else (0, 0) for a in range(3)], mode="symmetric")
        soft = np.apply_along_axis(lambda row: np.convolve(row, line / line.sum(), "valid"), axis, padded)
    return to_bytes(soft.astype(np.float32))


# -------------------------------------------------------------------------------------------------- measures


def gains(tests: Sequence[Test], poor: Filter, before: Filter, after: Filter) -> dict[str, list[float]]:
    """By the kind of picture: how much higher the PSNR is after than before, in dB."""
    found: dict[str, list[float]] = {}
    for test in tests:
        given = poor(test.picture)
        found.setdefault(test.kind, []).append(psnr(after(given), test.picture) - psnr(before(given), test.picture))
    return found


def gain_figures(name: str, found: Mapping[str, list[float]], bars: Mapping[str, str]) -> list[Figure]:
    return [
        Figure(f"{name}, {kind} ({len(values)})", f"{mean(values):+.2f} dB ({min(values):+.2f} to {max(values):+.2f})", bars.get(kind, ""))
        for kind, values in found.items()
    ]


def denoise_figures(tests: Sequence[Test], sigma: int = 25) -> list[Figure]:
    """Mean PSNR of each way; the bar counts from the better of the two non-local means."""
    figures = []
    for kind in dict.fromkeys(test.kind for test in tests):
        pairs = [(noisy(test.picture, sigma), test.picture) for test in tests if test.kind == kind]
        rivals = {
            f"{way} h {h:g}": mean(psnr(f(given, sigma, h), wanted) for given, wanted in pairs)
            for way, f, hs in non_local_means()
            for h in hs
        }
        best = max(rivals, key=lambda each: rivals[each])
        known, unknown = (mean(psnr(enhanced("denoise", given, sigma=s), wanted) for given, wanted in pairs) for s in (sigma, 0))
        bar = f">= {rivals[best] + 0.8:.2f} dB"
        figures += [
            Figure(f"denoise σ {sigma}, {kind} ({len(pairs)}): best non-local means ({best} σ)", f"{rivals[best]:.2f} dB"),
            Figure(f"denoise σ {sigma}, {kind}: σ known", f"{known:.2f} dB ({known - rivals[best]:+.2f})", bar),
            Figure(f"denoise σ {sigma}, {kind}: σ unknown", f"{unknown:.2f} dB ({unknown - rivals[best]:+.2f})"),
        ]
    return figures


def non_local_means() -> list[tuple[str, Callable[[Bytes, float, float], Bytes], tuple[float, ...]]]:
    """(name, filter of (noisy, sigma, h in sigmas), the h to try)."""
    import cv2
    from skimage.restoration import denoise_nl_means

    def by_skimage(given: Bytes, sigma: float, h: float) -> Bytes:
        s = sigma / 255
        return to_bytes(
            denoise_nl_means(floats(given), patch_size=5, patch_distance=6, h=h * s, sigma=s, fast_mode=True, channel_axis=2).astype(
                np.float32
            )
        )

    def by_opencv(given: Bytes, sigma: float, h: float) -> Bytes:
        return np.asarray(cv2.fastNlMeansDenoisingColored(given, None, h * sigma, h * sigma, 7, 21))

    return [("scikit-image", by_skimage, (0.3, 0.4, 0.5, 0.6)), ("OpenCV", by_opencv, (0.4, 0.6, 0.8, 1.0))]


def learn_figures(tests: Sequence[Test], minutes: float, data: Path) -> list[Figure]:
    """The right half of each texture, enlarged ×2, before and after the left half was learnt."""
    operator, found = _OPERATORS["sr2"], []
    assert operator.learn is not None
    for test in [test for test in tests if test.kind == "textures"][::_LEARN_EVERY]:
        whole = to_bytes(read_image(data / test.name).pixels)
        half = whole.shape[1] // 2
        left, right = whole[:, :half], whole[: whole.shape[0] // 2 * 2, half : half + half // 2 * 2]
        learned = run_to_end(operator.learn((ArrayRaster(floats(left), (False, False)),), minutes, workshop()))
        small = resized(right, 0.5)
        scores = [psnr(made, right) for made in (resized(small, 2), enhanced("sr2", small), enhanced("sr2", small, learned))]
        found.append(scores[2] - scores[1])
        note(f"{test.name}: bicubic {scores[0]:.2f}, shipped {scores[1]:.2f}, learnt {scores[2]:.2f} dB")
    return [
        Figure(
            f"sr2 after {minutes:g} minutes on the texture's left half, over the shipped one, right half ({len(found)})",
            f"{mean(found):+.2f} dB ({min(found):+.2f} to {max(found):+.2f})",
            ">= +0.30 dB",
        )
    ]


def time_figure(side: int, bar: str, with_memory: bool = False) -> Figure:
    """A tile of noise ×4, block by block as a file is written."""
    tile = np.random.default_rng(0).random((side, side, 3), np.float32)
    raster = enhance("sr4", ArrayRaster(tile, (True, True)))
    began = time.perf_counter()
    for piece in pieces(raster, 512):
        raster.read(*piece)
    took = time.perf_counter() - began
    peak = process_resource.getrusage(process_resource.RUSAGE_SELF).ru_maxrss / 1e6
    return Figure(f"sr4 of {side}² to {4 * side}²", f"{took:.1f} s" + (f", peak {peak:.2f} GB" if with_memory else ""), bar)


# ----------------------------------------------------------------------------------------------------- sheet


def sheet(data: Path) -> None:
    """Rows: the poor picture (enlarged by Pillow's bicubic where it is smaller), what the program makes of it, the original."""
    rows = [
        row("dev/photos/cat.png", data, lambda x: resized(x, 0.5), lambda x: resized(x, 2), lambda x: enhanced("sr2", x)),
        row("demo/fallen_leaves.jpg", data, lambda x: resized(x, 0.25), lambda x: resized(x, 4), lambda x: enhanced("sr4", x)),
        row("dev/photos/coffee.png", data, lambda x: noisy(x, 25), lambda x: x, lambda x: enhanced("denoise", x, sigma=25.0)),
        row("demo/stone_bricks.jpg", data, lambda x: blurred(x, 1.4), lambda x: x, lambda x: enhanced("deblur", x)),
        row("dev/photos/coffee.png", data, lambda x: compressed(x, 20), lambda x: x, lambda x: enhanced("jpeg", x)),
        row("demo/sand.jpg", data, lambda x: resized(resized(x, 0.5), 2), lambda x: x, lambda x: enhanced("enrich", x)),
    ]
    Image.fromarray(np.concatenate(rows)).save(_SHEET, quality=86)
    note(f"{_SHEET}: {_SHEET.stat().st_size / 1000:.0f} kB")


def row(name: str, data: Path, *ways: Filter) -> Bytes:
    wanted = middle(data / name, 2 * _CELL_PX)
    poor, shown, made = ways
    given = poor(wanted)
    gap = np.full((_CELL_PX, 4, 3), 255, np.uint8)
    cells = [
        picture[_CELL_PX // 2 : _CELL_PX // 2 + _CELL_PX, _CELL_PX // 2 : _CELL_PX // 2 + _CELL_PX]
        for picture in (shown(given), made(given), wanted)
    ]
    line = np.concatenate([cells[0], gap, cells[1], gap, cells[2]], 1)
    return np.concatenate([line, np.full((4, line.shape[1], 3), 255, np.uint8)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pictures", nargs="*", type=Path, help="others to measure on")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--learn", type=float, metavar="MINUTES")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--sheet", action="store_true")
    parser.add_argument("--only", nargs="+", choices=sorted(_OPERATORS), default=sorted(_OPERATORS), help="these operators alone")
    options = parser.parse_args()
    use_all_cores()
    if options.sheet:
        sheet(options.data)
        return
    tests = [*held_out_files(options.data), *(Test(path.name, "pictures named", middle(path)) for path in options.pictures)]
    with benchmark("enhancement, on pictures that no model learnt from") as figures:
        for name in options.only:
            figures += operator_figures(name, tests)
        if options.learn:
            figures += learn_figures(tests, options.learn, options.data)
        if "sr4" in options.only:
            figures.append(time_figure(1024, "<= 90 s"))
        if options.full:
            figures.append(time_figure(4096, "<= 1200 s, <= 1.5 GB", with_memory=True))


def operator_figures(name: str, tests: Sequence[Test]) -> list[Figure]:
    if name in ("sr2", "sr4"):
        factor = _OPERATORS[name].scale
        bars = {"photos": ">= +1.0 dB", "textures": ">= +0.4 dB"} if name == "sr2" else {}
        found = gains(tests, lambda x: resized(x, 1 / factor), lambda x: resized(x, factor), lambda x: enhanced(name, x))
        return gain_figures(f"{name} over bicubic", found, bars)
    if name == "denoise":
        return denoise_figures(tests)
    ways: dict[str, Filter] = {
        "jpeg": {f"quality {quality}": partial(compressed, quality=quality) for quality in (10, 30, 60)},
        "deblur": {f"Gaussian {sigma}": partial(blurred, sigma=sigma) for sigma in (0.8, 1.5)},
        "enrich": {"half the resolution and back": lambda x: resized(resized(x, 0.5), 2)},
    }[name]
    return [
        figure
        for way, poor in ways.items()
        for figure in gain_figures(f"{name}, {way}", gains(tests, poor, lambda x: x, lambda x: enhanced(name, x)), {})
    ]


if __name__ == "__main__":
    main()
