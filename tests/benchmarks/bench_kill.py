"""kill -9 in the middle of a training, again and again: python tests/benchmarks/bench_kill.py [--quick] [--kills N]

The same run is started, killed at a random moment and started again. What it says to have saved before the kill must be there after it.
The control does the same to a writer that saves in place.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

from tests.benchmarks.machine import ROOT, SAMPLES, Figure, benchmark, note
from texgen_desktop.engine.files import is_temporary

LATEST_KILL_S = 4.0
LONGEST_START_S = 300.0
RUN = "run-001"

# The real session of `texgen train`, which says aloud what it has; saving takes half of its time instead of a twentieth once a minute.
TRAIN = """
import sys
from pathlib import Path
from texgen_desktop.cli_console import Console
from texgen_desktop.cli_sessions import TrainSession
from texgen_desktop.engine.environment import prepare_environment
from texgen_desktop.engine.messages import CheckpointSaved, TrainingProgress, TrainSettings
prepare_environment()
from texgen_desktop.engine import training
training.CHECKPOINT_INTERVAL_S, training.CHECKPOINT_SHARE = 0.0, 1.0
class Session(TrainSession):
    def on_event(self, event):
        match event:
            case TrainingProgress():
                print("at", event.images_seen, flush=True)
            case CheckpointSaved():
                print("saved", event.images_seen, flush=True)
        super().on_event(event)
photo, folder = map(Path, sys.argv[1:])
sys.exit(Session(Console(), "cpu", (photo,), folder, TrainSettings(images=1_000_000)).run())
"""
# As many bytes, written for as large a share of the time.
NAIVE = """
import sys, time
from pathlib import Path
import torch
path, size = Path(sys.argv[1]), int(sys.argv[2])
count = torch.load(path, weights_only=True)["count"] if path.exists() else 0
print("at", count, flush=True)
state = {"weights": torch.zeros(size // 4)}
while True:
    began = time.monotonic()
    count += 1
    torch.save(state | {"count": count}, path)
    print("saved", count, flush=True)
    time.sleep(time.monotonic() - began)
"""


@dataclass
class Tally:
    """What 20 kills have done. A count is images for the program, saves for the control."""

    kills: int = 0
    lost: int = 0
    set_back: int = 0
    """Kills after which less was there than had been announced as saved."""
    in_a_write: int = 0
    repeated: list[int] = field(default_factory=list)
    """Counts that had been reached, but not saved, when the process was killed."""


class Victim:
    """A process that prints "at N" for what it has reached and "saved N" for what is on the disk."""

    def __init__(self, program: str, *arguments: object) -> None:
        command = [sys.executable, "-c", program, *map(str, arguments)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._first: Queue[int | None] = Queue()
        self.at = self.saved = -1
        self._readers = [threading.Thread(target=self._listen), threading.Thread(target=self._read_errors)]
        self._errors = ""
        for reader in self._readers:
            reader.start()

    def wait_for_start(self) -> int | None:
        """Where it goes on; None when it ended instead."""
        return self._first.get(timeout=LONGEST_START_S)

    def kill(self) -> None:
        self._process.kill()
        for reader in self._readers:
            reader.join()
        self._process.wait()

    @property
    def last_words(self) -> str:
        return self._errors.strip().rpartition("\n")[2]

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, count = line.partition(" ")
            if word == "saved":
                self.saved = int(count)
            elif word == "at":
                self.at = int(count)
                self._first.put(self.at)
        self._first.put(None)

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors = self._process.stderr.read()


def kill_program(kills: int, folder: Path, chance: random.Random) -> Tally:
    tally = Tally()
    run = folder / "runs" / RUN
    before: Victim | None = None
    while True:
        victim = Victim(TRAIN, SAMPLES / "gravel.jpg", folder)
        count_after(tally, before, victim, len(list(folder.glob("runs/*"))) > 1)
        if tally.kills == kills:
            victim.kill()
            return tally
        time.sleep(chance.uniform(0, LATEST_KILL_S))
        victim.kill()
        tally.kills += 1
        tally.in_a_write += any(is_temporary(path.name) for path in run.rglob("*"))
        note(f"kill {tally.kills}: at {victim.at} images, saved at {victim.saved}")
        before = victim


def kill_naive(kills: int, folder: Path, size_bytes: int, chance: random.Random) -> Tally:
    tally = Tally()
    path = folder / "checkpoint.pt"
    before: Victim | None = None
    while True:
        victim = Victim(NAIVE, path, size_bytes)
        if not count_after(tally, before, victim, False):
            path.unlink()
            victim.kill()
            before, victim = None, Victim(NAIVE, path, size_bytes)
            victim.wait_for_start()
        if tally.kills == kills:
            victim.kill()
            return tally
        time.sleep(chance.uniform(0, LATEST_KILL_S / 4))
        victim.kill()
        tally.kills += 1
        before = victim


def count_after(tally: Tally, before: Victim | None, victim: Victim, is_another_run: bool) -> bool:
    """Compare where ``victim`` goes on with what ``before`` had said when it was killed; False when all is lost."""
    start = victim.wait_for_start()
    if before is None:
        if start is None:
            sys.exit(f"It does not even start: {victim.last_words}")
        return True
    if start is None or is_another_run:
        tally.lost += 1
        note(f"lost: {victim.last_words}")
        return False
    if start < before.saved:
        tally.set_back += 1
        note(f"set back: {before.saved} had been saved, {start} is there")
    tally.repeated.append(max(0, before.at - start))
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="3 kills instead of 20")
    parser.add_argument("--kills", type=int, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    kills = options.kills or (3 if options.quick else 20)
    chance = random.Random(options.seed)
    with benchmark("kill -9 while training and saving") as figures, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tally = kill_program(kills, folder / "project", chance)
        largest = max((path.stat().st_size for path in folder.rglob("checkpoints/*.safetensors")), default=0)
        naive = kill_naive(kills, folder, largest, chance)
        figures += [
            Figure(f"kills, at most {LATEST_KILL_S:g} s after the first step; saving half of the time", str(tally.kills), "20"),
            Figure("  of which in the middle of writing a file", str(tally.in_a_write)),
            Figure("runs lost", str(tally.lost), "0"),
            Figure("kills after which a checkpoint said to be saved was not there", str(tally.set_back), "0"),
            Figure("  images done again, most", str(max(tally.repeated, default=0))),
            Figure(f"control, torch.save in place ({largest / 1e6:.1f} MB as well): files lost", f"{naive.lost} of {naive.kills}"),
        ]


if __name__ == "__main__":
    main()
