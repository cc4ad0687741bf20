"""Schedules that end when the time does: a run that is broken off never anneals, and says little about its family."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from texgen_desktop.families import Trainer
from texgen_desktop.slices import run_to_end

_PROBE_S = 10.0
_RESERVE = 0.97
_LEAST_IMAGES = 64


def fitting(config: msgspec.Struct, start: Callable[[msgspec.Struct], Trainer], limit_s: float) -> msgspec.Struct:
    """``config`` with as many images as this machine trains in ``limit_s``, and no more than it had. Ten seconds of a run of it tell."""
    probe = start(config)
    for _ in probe.step():  # loads code and claims memory
        pass
    begun_images, began_s = probe.images_seen, time.perf_counter()
    while time.perf_counter() - began_s < _PROBE_S and probe.images_seen < probe.images_total:
        run_to_end(probe.step())
    images_per_s = (probe.images_seen - begun_images) / (time.perf_counter() - began_s)
    values = msgspec.to_builtins(config)
    images = min(values["images"], max(_LEAST_IMAGES, int(_RESERVE * limit_s * images_per_s)))
    return msgspec.convert(values | {"images": images}, type(config))
