"""Process start to painted window, in seconds, of several starts: ``python -m tests.benchmarks.bench_start``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

STARTS = 7
START = """
import pathlib, sys, time
from texgen_desktop import app
qt, window = app.create(["texgen-desktop"], pathlib.Path(sys.argv[1]))
window.painted.connect(lambda: (print(time.monotonic(), flush=True), window.close()))
qt.exec()
"""


def main() -> None:
    seconds = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            began_s = time.monotonic()
            run = subprocess.run([sys.executable, "-c", START, folder], stdout=subprocess.PIPE, text=True, check=True)
            seconds.append(float(run.stdout) - began_s)
    print(f"process start to window painted: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s of {STARTS}")


if __name__ == "__main__":
    main()
