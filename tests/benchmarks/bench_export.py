"""Time and memory of large 16-bit tiles: python tests/benchmarks/bench_export.py [--quick] [--large] [--model FILE]"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813 – the name that its documentation uses
from numpy.typing import NDArray

from tests.benchmarks.machine import ROOT, SAMPLES, Figure, benchmark, note

FEWEST_IMAGES = 16
"""A run this short still makes the preset's whole network; rendering costs the same whatever the weights."""
_ROWS_AT_ONCE = 64
BARS_S = {4096: "≤ 60 s"}
BARS_GB = {4096: "≤ 1.2 GB", 16384: "≤ 1.2 GB"}


@dataclass(frozen=True)
class Cost:
    seconds: float
    peak_bytes: int


def texgen(*arguments: object) -> Cost:
    """Run the command line in a process of its own. The peak is that process's resident memory, Python and torch included."""
    began_s = time.monotonic()
    command = [sys.executable, "-m", "texgen_desktop.cli", *map(str, arguments)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"texgen {' '.join(map(str, arguments))} ended with {child.returncode}:\n{said}")
    return Cost(time.monotonic() - began_s, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


class Seam:
    """How much a picture jumps from its last row to its first, and from its last column to its first.

    In units of the jump between neighbours inside: 1 is no seam. The control compares edges that do not belong together.
    """

    def __init__(self, path: Path) -> None:
        picture = oiio.ImageInput.open(str(path))
        if picture is None:
            sys.exit(f"{path.name} cannot be opened again: {oiio.geterror()}")
        spec = picture.spec()
        self.size = (spec.width, spec.height)
        self.bits = 8 * spec.format.size()
        first = middle = last = np.empty(0)
        inside_rows, inside_columns, around_columns = [], [], []
        for top in range(0, spec.height, _ROWS_AT_ONCE):
            rows = self._rows(picture, top, min(top + _ROWS_AT_ONCE, spec.height))
            if top == 0:
                first = rows[0]
            if top <= spec.height // 2:
                middle = rows[-1]
            last = rows[-1]
            inside_rows.append(_jump(rows[1:], rows[:-1]))
            inside_columns.append(_jump(rows[:, 1:], rows[:, :-1]))
            around_columns.append(_jump(rows[:, 0], rows[:, -1]))
        picture.close()
        self.rows = _jump(first, last) / float(np.mean(inside_rows))
        self.columns = float(np.mean(around_columns) / np.mean(inside_columns))
        self.control = _jump(first, middle) / float(np.mean(inside_rows))

    @staticmethod
    def _rows(picture: oiio.ImageInput, first: int, last: int) -> NDArray[np.float32]:
        """(last - first, W, 3)"""
        pixels = picture.read_scanlines(first, last, 0, 0, 3, "uint16")
        if pixels is None:
            sys.exit(f"rows {first} to {last - 1} cannot be read again: {picture.geterror()}")
        return pixels.reshape(last - first, -1, 3).astype(np.float32)

    def __str__(self) -> str:
        return f"{self.rows:.2f}, {self.columns:.2f} (control {self.control:.2f})"


def _jump(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).mean())


def measure(model: Path, side_px: int, folder: Path) -> list[Figure]:
    path = folder / f"tile-{side_px}.png"
    note(f"{side_px} x {side_px}")
    cost = texgen("sample", model, "--out", path, "--size", side_px, "--bits", 16, "--device", "cpu")
    seam = Seam(path)
    megabytes = path.stat().st_size / 1e6
    path.unlink()
    what = f"{side_px}² PNG"
    return [
        Figure(f"{what}: texgen sample, start included", f"{cost.seconds:.1f} s", BARS_S.get(side_px, "")),
        Figure(f"{what}: peak resident memory of that process", f"{cost.peak_bytes / 1e9:.2f} GB", BARS_GB.get(side_px, "")),
        Figure(f"{what}: read again", f"{seam.size[0]} x {seam.size[1]}, {seam.bits} bits, {megabytes:.0f} MB", f"{side_px}, 16 bits"),
        Figure(f"{what}: jump at the edge, rows and columns, of the one inside", str(seam), "1"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only 1024²")
    parser.add_argument("--large", action="store_true", help="16384² too: many minutes")
    parser.add_argument("--model", type=Path, help="a model.safetensors; without it, one of the standard preset is made")
    options = parser.parse_args()
    sides_px = (1024,) if options.quick else (4096, 8192, 16384) if options.large else (4096, 8192)
    with benchmark("Export of 16-bit tiles") as figures, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = options.model.resolve() if options.model else folder / "project"
        if options.model is None:
            texgen("train", SAMPLES / "gravel.jpg", "--project", model, "--images", FEWEST_IMAGES, "--device", "cpu")
        opened = texgen("info", model)
        figures.append(Figure("texgen info: start, model opened (baseline)", f"{opened.seconds:.1f} s, {opened.peak_bytes / 1e9:.2f} GB"))
        for side_px in sides_px:
            figures += measure(model, side_px, folder)


if __name__ == "__main__":
    main()
