"""How soon a folder of many pictures is listed: python tests/benchmarks/bench_files.py [--files N]

Empty files in ten class folders, on the disk of the temporary folder. The bare walk of the folder is the baseline.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.machine import Figure, benchmark
from texgen_desktop.data.picture_survey import survey


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    with benchmark("Listing a folder of pictures") as figures, tempfile.TemporaryDirectory() as name:
        for number in range(options.files):
            folder = Path(name) / f"class {number % 10}"
            folder.mkdir(exist_ok=True)
            (folder / f"{number}.jpg").touch()
        began = time.perf_counter()
        count = sum(len(files) for _, _, files in os.walk(name))
        bare_s = time.perf_counter() - began
        slices_s, began, work = [], time.perf_counter(), survey([Path(name)])
        while True:
            slice_began = time.perf_counter()
            try:
                next(work)
            except StopIteration:
                break
            finally:
                slices_s.append(time.perf_counter() - slice_began)
        figures.append(Figure(f"{count} files listed", f"{time.perf_counter() - began:.2f} s", "<= 1 s"))
        figures.append(Figure("  longest slice", f"{max(slices_s) * 1000:.0f} ms", "<= 150 ms"))
        figures.append(Figure("  a bare walk (baseline)", f"{bare_s:.2f} s"))


if __name__ == "__main__":
    main()
