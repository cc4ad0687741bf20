"""What every benchmark prints: the machine, measured in the same run, and its figures beside their bars."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "resources" / "samples"
BARS_HOLD_FROM_GFLOPS = 80
_PACKAGES = ("torch", "PySide6-Essentials", "numpy", "openimageio", "safetensors")

# In a process of its own: what is measured must not find torch loaded, nor inherit its memory.
_PROBE = """
import json
from texgen_desktop.engine.environment import prepare_environment
prepare_environment()
import torch
from texgen_desktop.engine.device import conv_gflops, describe, choose_device, use_all_cores
from texgen_desktop.slices import run_to_end
use_all_cores()
device = choose_device().device
print(json.dumps([describe(device), sorted(run_to_end(conv_gflops(device)) for _ in range(3))[1]]))
"""


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``bar`` is empty where nothing is asked for, as for a baseline."""

    name: str
    value: str
    bar: str = ""


@contextmanager
def benchmark(title: str) -> Iterator[list[Figure]]:
    """Print the machine, then the figures that the block has put into the list, then the machine's speed once more."""
    print("\n".join([title, *described()]), flush=True)
    figures: list[Figure] = []
    yield figures
    print_table(figures)
    print(afterwards())


def described() -> list[str]:
    """When, on what and with what it is measured, and how fast that is now: three lines."""
    began = datetime.now().astimezone()
    device, gflops = _measured()
    return [
        f"{began:%Y-%m-%d %H:%M %Z}, {platform.platform()}, {_cores()} cores, load {_load()}",
        ", ".join([f"Python {platform.python_version()}", *_versions()]),
        f"{device}: {gflops:.0f} GFLOP/s of 3 x 3 convolutions (the bars hold from {BARS_HOLD_FROM_GFLOPS})",
    ]


def afterwards() -> str:
    """The machine's speed once more: a benchmark is only as good as the quiet around it."""
    return f"afterwards: {_measured()[1]:.0f} GFLOP/s, load {_load()}"


def print_table(figures: Iterable[Figure]) -> None:
    rows = [("figure", "measured", "bar"), *((figure.name, figure.value, figure.bar) for figure in figures)]
    name_width, value_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    print()
    for index, (name, value, bar) in enumerate(rows):
        print(f"{name:<{name_width}}   {value:<{value_width}}   {bar}".rstrip())
        if index == 0:
            print("-" * (name_width + value_width + 16))
    print(flush=True)


def note(text: str) -> None:
    """Tell how far a long benchmark has come, outside its table."""
    print(f"  {text}", file=sys.stderr, flush=True)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many per cent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-percent * len(ordered) // 100) - 1)]


def _measured() -> tuple[str, float]:
    probe = subprocess.run([sys.executable, "-c", _PROBE], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    device, gflops = json.loads(probe.stdout)
    return device, gflops


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _versions() -> Iterator[str]:
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} missing"
