"""Process start to painted window: python tests/benchmarks/bench_start.py [--quick]"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.benchmarks.display import some_display
from tests.benchmarks.machine import ROOT, Figure, benchmark

LATE = ("torch", "pyqtgraph", "OpenImageIO")
"""Too slow to be imported before the first paint."""

_WATCH = """
import json, os, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
class Watch(QObject):
    # A timer of 0 ms fires when the first paint, of the window and of all in it, has ended and was handed to the screen.
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self.tell)
        return False
    def tell(self):
        now_s = time.monotonic()
        print(json.dumps([now_s, sorted(name for name in sys.modules if "." not in name)]), flush=True)
        os._exit(0)
watch = Watch()
"""
PROGRAM = f"""
import pathlib, sys
from texgen_desktop import app
qt, window = app.create(["texgen-desktop"], pathlib.Path(sys.argv[1]))
{_WATCH}
window.installEventFilter(watch)
qt.exec()
"""
EMPTY_WINDOW = f"""
from PySide6.QtWidgets import QApplication, QMainWindow
qt = QApplication([])
window = QMainWindow()
window.show()
{_WATCH}
window.installEventFilter(watch)
qt.exec()
"""


def start(program: str, environment: dict[str, str]) -> tuple[float, set[str]]:
    """Seconds from just before the process is made to the end of the first paint, and the modules that are loaded by then."""
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.monotonic()  # one clock for all processes
        command = [sys.executable, "-c", program, folder]
        run = subprocess.run(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True)
    painted_s, modules = json.loads(run.stdout)
    return painted_s - began_s, set(modules)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 starts instead of 10")
    starts = 3 if parser.parse_args().quick else 10
    with benchmark("Start of the window") as figures, some_display() as (display, environment):
        _, modules = start(PROGRAM, environment)  # the first one reads from the disk and compiles
        start(EMPTY_WINDOW, environment)
        program, empty = [], []
        for _ in range(starts):
            empty.append(start(EMPTY_WINDOW, environment)[0])
            program.append(start(PROGRAM, environment)[0])
        early = [name for name in LATE if name in modules]
        where = f"{display}, n = {starts}"
        figures += [
            Figure(f"process start to window painted, median ({where})", f"{statistics.median(program):.2f} s", "≤ 1.0 s"),
            Figure("  fastest, slowest", f"{min(program):.2f} s, {max(program):.2f} s"),
            Figure("  an empty QMainWindow in the same way, median (baseline)", f"{statistics.median(empty):.2f} s"),
            Figure(f"  imported by then, of {', '.join(LATE)}", ", ".join(early) or "none", "none"),
            Figure("  numpy imported by then", "yes" if "numpy" in modules else "no"),
        ]


if __name__ == "__main__":
    main()
