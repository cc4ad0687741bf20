"""One training of so many images, in the window or without it: python -m tests.benchmarks.training_speed window|headless IMAGES

Prints JSON: images per second and threads. The first tenth is left out: it contains what is imported and allocated only once.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.machine import SAMPLES
from texgen_desktop.engine.environment import prepare_environment
from texgen_desktop.engine.messages import CreateProject, Event, JobEnded, Quit, Train, TrainingProgress, TrainSettings

PHOTO = SAMPLES / "gravel.jpg"
_WARM_UP = 0.1


class Stopwatch:
    """Times a run by its progress."""

    def __init__(self) -> None:
        self._readings: list[tuple[float, int]] = []  # (seconds, images)

    def note(self, progress: TrainingProgress) -> None:
        if progress.images_seen >= _WARM_UP * progress.images_total:
            self._readings.append((time.monotonic(), progress.images_seen))

    @property
    def images_per_s(self) -> float:
        (first_s, first), (last_s, last) = self._readings[0], self._readings[-1]
        return (last - first) / (last_s - first_s)


def headless(settings: TrainSettings, folder: Path) -> float:
    prepare_environment()
    from texgen_desktop.engine.engine import Engine

    watch = Stopwatch()

    def on_event(event: Event) -> None:
        match event:
            case TrainingProgress():
                watch.note(event)
            case JobEnded(outcome=outcome, problem=problem):
                engine.post(Quit())
                if outcome != "finished":
                    sys.exit(f"the training has {outcome}: {problem}")

    engine = Engine(on_event, folder)
    engine.post(CreateProject((PHOTO,)))
    engine.post(Train(settings))
    engine.run()
    return watch.images_per_s


def in_window(settings: TrainSettings, folder: Path) -> float:
    from tests.benchmarks.window_driver import open_window, wait_until

    watch = Stopwatch()
    window = open_window(PHOTO, folder)
    studio = window.studio
    studio.losses_added.connect(watch.note)
    wait_until(lambda: studio.state.can_train)
    studio.set_train_settings(settings)
    studio.train()
    wait_until(lambda: studio.state.training == "idle", math.inf, look_again_s=0.5)
    if studio.state.problem or not studio.state.progress or studio.state.progress.images_seen < studio.state.progress.images_total:
        sys.exit(f"the training did not end: {studio.state.problem}")
    window.close()
    return watch.images_per_s


def main() -> None:
    where, images = sys.argv[1], int(sys.argv[2])
    measure = {"window": in_window, "headless": headless}[where]
    with tempfile.TemporaryDirectory() as name:
        images_per_s = measure(TrainSettings(images=images, seed=0), Path(name))
    import torch

    print(json.dumps([images_per_s, torch.get_num_threads()]))


if __name__ == "__main__":
    main()
