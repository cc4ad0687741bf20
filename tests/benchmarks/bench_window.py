"""How lively the real window stays while it trains: python tests/benchmarks/bench_window.py [--quick] [--minutes M] [--xvfb]

One window with the real engine loads a photo, is told to train, is left alone, has its sliders moved and is paused. Before that, trainings
in the window and without it take turns. Each figure ends when the paint has ended that shows it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QAbstractButton, QSlider

from tests.benchmarks.display import some_display
from tests.benchmarks.machine import ROOT, Figure, benchmark, note, percentile
from tests.benchmarks.training_speed import PHOTO
from tests.benchmarks.window_driver import CanvasWatch, Heartbeat, open_window, wait, wait_until, widget
from texgen_desktop.engine.messages import TrainSettings
from texgen_desktop.ui.main_window import MainWindow
from texgen_desktop.ui.samples import models

VIEW_PX = 256
SETTINGS = TrainSettings(images=40_000)
"""The standard preset, somewhat longer, so that ten minutes see its early and its late part and not its end."""

_BARE_HEARTBEAT = """
import json, sys
from PySide6.QtCore import QCoreApplication, QTimer
from tests.benchmarks.window_driver import Heartbeat
qt = QCoreApplication([])
heartbeat = Heartbeat()
heartbeat.start()
QTimer.singleShot(round(float(sys.argv[1]) * 1000), qt.quit)
qt.exec()
print(json.dumps(heartbeat.lateness_ms))
"""


# ----------------------------------------------------------------------------------------------- images per second


def compare_speed(rounds: int, images: int) -> Iterator[Figure]:
    """Window, headless, window, headless …: the machine's own drift meets both alike."""
    speeds: dict[str, list[float]] = {"window": [], "headless": []}
    threads = set()
    for index in range(rounds):
        for where in ("window", "headless") if index % 2 == 0 else ("headless", "window"):
            command = [sys.executable, "-m", "tests.benchmarks.training_speed", where, str(images)]
            child = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            speed, thread_count = json.loads(child.stdout)
            speeds[where].append(speed)
            threads.add(thread_count)
            note(f"{where}: {speed:.2f} images/s of {images}, {thread_count} threads")
    window, headless = statistics.median(speeds["window"]), statistics.median(speeds["headless"])
    ratios = [one / other for one, other in zip(speeds["window"], speeds["headless"], strict=True)]
    each = ", ".join(f"{ratio:.0%}" for ratio in ratios)
    where = f"{images} images, seed 0, {'/'.join(map(str, sorted(threads)))} threads"
    yield Figure(f"training, window against headless ({where})", f"{window / headless:.1%} (pairs: {each})", "≥ 95 %")
    yield Figure("  images per second, medians", f"{window:.1f} in the window, {headless:.1f} headless")


# ---------------------------------------------------------------------------------------------------- live samples


class PreviewClock:
    """The seconds that the engine's thread spends on pictures: the copy of the weights, and the drawing."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        from texgen_desktop.engine.stage import Stage
        from texgen_desktop.families.texture_gan import Training

        with ExitStack() as stack:
            for owner, name in ((Stage, "advance"), (Training, "model")):
                stack.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, self._timed(getattr(owner, name)))
            yield

    def _timed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: object) -> object:
            began_s = time.perf_counter()
            try:
                return work(*args)
            finally:
                self.seconds += time.perf_counter() - began_s

        return timed


def train_and_watch(window: MainWindow, watch: CanvasWatch, seconds: float) -> Iterator[Figure]:
    """Press Train, then leave the window alone. The heartbeat runs from engine-ready on."""
    studio, heartbeat, previews = window.studio, Heartbeat(window), PreviewClock()
    wait_until(lambda: studio.state.engine_ready)
    heartbeat.start()
    command = [sys.executable, "-c", _BARE_HEARTBEAT, str(seconds)]
    bare = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: studio.state.can_train)
    studio.set_train_settings(SETTINGS)
    began_s = time.monotonic()
    widget(window, QAbstractButton, "train_button").click()
    with previews.running():
        wait_until(lambda: time.monotonic() - began_s >= seconds or studio.state.training == "idle", math.inf, look_again_s=0.5)
        took_s = time.monotonic() - began_s
    heartbeat.stop()
    times_s = [shown_s for shown_s, picture in watch.shown if picture.images_seen is not None]
    gaps_s = [later - earlier for earlier, later in pairwise(times_s)]
    if not gaps_s:
        sys.exit("fewer than two samples came; give it more minutes")
    beats = lateness(heartbeat.lateness_ms)
    yield Figure("Train pressed → first sample on the canvas", f"{times_s[0] - began_s:.1f} s", "≤ 5 s")
    spread = f"median {statistics.median(gaps_s):.2f}, p95 {percentile(gaps_s, 95):.2f}, worst {max(gaps_s):.2f} s"
    yield Figure(f"from sample to sample (n = {len(gaps_s)})", spread, "≤ 3 s")
    sizes = Counter(f"{picture.image.shape[1]} x {picture.image.shape[0]}" for _, picture in watch.shown)
    yield Figure("  their sizes in pixels", ", ".join(f"{count} of {size}" for size, count in sizes.items()))
    yield Figure("share of the time spent on them", f"{previews.seconds / took_s:.1%}", "≤ 4 %")
    yield Figure(f"heartbeat lateness, {took_s / 60:.1f} min", beats, "p99 ≤ 50, worst ≤ 250 ms")
    yield Figure("  the worst beat came after", f"{heartbeat.worst_at_s:.1f} s")
    yield Figure("  a bare Qt loop beside it (baseline)", lateness(json.loads(bare.communicate()[0])))


def lateness(beats_ms: list[float]) -> str:
    return ", ".join(f"p{percent} {percentile(beats_ms, percent):.1f}" for percent in (50, 95, 99)) + f", worst {max(beats_ms):.1f} ms"


# --------------------------------------------------------------------------------------------------------- sliders


def move_slider(window: MainWindow, watch: CanvasWatch, moves: int, is_drag: bool) -> str:
    """From the slider's new value to the end of the paint that shows it; in a drag the level below is shown, after it all pixels."""
    studio, slider = window.studio, widget(window, QSlider, "latent_slider_0")
    chance, times_ms = random.Random(moves), []
    slider.setSliderDown(is_drag)
    for _ in range(moves):
        wait(chance.uniform(0.05, 0.25))  # at any moment of a training step
        watch.shown.clear()
        began_s = time.monotonic()
        slider.setValue(chance.uniform(-1, 1))
        look = studio.state.look
        wait_until(lambda look=look: any(picture.request.look == look for _, picture in watch.shown))
        shown_s, picture = next((at, picture) for at, picture in watch.shown if picture.request.look == look)
        side_px = VIEW_PX >> (1 if is_drag else 0)
        if picture.image.shape != (side_px, side_px, 3):
            sys.exit(f"the canvas got {picture.image.shape}, not {side_px} x {side_px}")
        times_ms.append((shown_s - began_s) * 1000)
    slider.setSliderDown(False)
    return f"p50 {percentile(times_ms, 50):.0f}, p95 {percentile(times_ms, 95):.0f}, worst {max(times_ms):.0f} ms"


def move_sliders(window: MainWindow, watch: CanvasWatch, moves: int) -> Iterator[Figure]:
    """While it trains, then paused."""
    studio = window.studio
    if studio.state.training == "idle":  # a fast machine has come to the end of the run
        widget(window, QAbstractButton, "train_button").click()
    cells = VIEW_PX // studio.state.model.cell_px
    studio.set_view(tile_cells=(cells, cells))
    wait_until(lambda: watch.shown and watch.shown[-1][1].request.region.height == VIEW_PX)
    bars = {"running": "p95 ≤ 400 ms", "paused": "p95 ≤ 100 ms"}
    for state in ("running", "paused"):
        if state == "paused":
            widget(window, QAbstractButton, "pause_button").click()
        wait_until(lambda state=state: studio.state.training == state)
        wait(1)
        name = "while training" if state == "running" else "paused"
        yield Figure(f"slider moved → {VIEW_PX}² new pixels, {name} (n = {moves})", move_slider(window, watch, moves, False), bars[state])
        yield Figure(f"  in a drag: {VIEW_PX // 2}², shown as large", move_slider(window, watch, moves, True))


def open_shipped_models(window: MainWindow, watch: CanvasWatch) -> Iterator[Figure]:
    """From the click on each to the end of the paint that shows its texture, whole."""
    studio, times_ms = window.studio, []
    for model in models():
        watch.shown.clear()
        began_s = time.monotonic()
        studio.open_paths([model.path])
        wait_until(lambda model=model: studio.state.model is not None and studio.state.model.source == model.path and watch.shown)
        times_ms.append((watch.shown[0][0] - began_s) * 1000)
    spread = f"median {statistics.median(times_ms):.0f}, worst {max(times_ms):.0f} ms"
    yield Figure(f"a shipped model chosen → its texture on the canvas (n = {len(times_ms)})", spread, "≤ 1 s")


def measure_window(seconds: float, moves: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        window = open_window(PHOTO, Path(name))
        watch = CanvasWatch(window)
        yield from train_and_watch(window, watch, seconds)
        note("sliders")
        yield from move_sliders(window, watch, moves)
        note("shipped models")
        yield from open_shipped_models(window, watch)
        window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1 minute, 15 moves, shorter trainings")
    parser.add_argument("--minutes", type=float, help="of training beside the heartbeat (default: 10)")
    parser.add_argument("--rounds", type=int, help="trainings in the window and as many without (default: 4)")
    parser.add_argument("--xvfb", action="store_true", help="on the desktop's display or Xvfb instead of offscreen")
    options = parser.parse_args()
    minutes = options.minutes or (1.0 if options.quick else 10.0)
    rounds = options.rounds if options.rounds is not None else 2 if options.quick else 4
    with benchmark("The window while it trains") as figures, some_display(options.xvfb) as (display, environment):
        os.environ.update(environment)
        print(f"display: {display}; photo: {PHOTO.name}; preset: standard", flush=True)
        if rounds:
            figures += compare_speed(rounds, 300 if options.quick else 1500)
        note(f"window, {minutes:g} minutes")
        figures += measure_window(minutes * 60, 15 if options.quick else 50)


if __name__ == "__main__":
    main()
