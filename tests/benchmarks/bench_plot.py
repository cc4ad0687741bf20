"""How long one redraw of the loss plot takes, painting included: python tests/benchmarks/bench_plot.py [points]"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from tests.benchmarks.machine import Figure, benchmark, percentile
from texgen_desktop.ui import theme
from texgen_desktop.ui.widgets.plot import LossPlot

REDRAWS = 60


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    app = QApplication([])
    theme.apply(app)
    noise = np.random.default_rng(0).normal(size=points)
    with benchmark(f"One redraw of the loss plot of {points:,} points") as figures:
        for curve_count in (1, 4):
            plot = LossPlot()
            plot.resize(480, 300)
            plot.show()
            for index in range(points):
                plot.append(8 * index, {f"loss_{curve}": float(curve + noise[index]) for curve in range(curve_count)})
            times_ms = []
            for index in range(REDRAWS):
                start = time.perf_counter()
                plot.append(8 * (points + index), {f"loss_{curve}": 0.0 for curve in range(curve_count)})
                plot.redraw()
                plot.canvas.grab()
                times_ms.append(1000 * (time.perf_counter() - start))
            spread = f"median {statistics.median(times_ms):.1f} ms, p95 {percentile(times_ms, 95):.1f} ms"
            figures.append(Figure(f"{curve_count} curve(s)", spread, "<= 16 ms"))
            plot.close()


if __name__ == "__main__":
    main()
