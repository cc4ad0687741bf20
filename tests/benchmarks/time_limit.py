"""Schedules that end when the time does: a run that is broken off never anneals, and says little about its family."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from texgen_desktop.engine.rehearsal import predicted_s
from texgen_desktop.families import Trainer
from texgen_desktop.slices import run_to_end

_PROBE_S = 12.0
_RESERVE = 0.97
_LEAST_IMAGES = 64


def fitting(config: msgspec.Struct, start: Callable[[msgspec.Struct], Trainer], limit_s: float) -> msgspec.Struct:
    """``config`` with as many images as this machine trains in ``limit_s``, and no more than it had. Seconds of a run of it tell."""
    probe = start(config)
    whole_s = run_to_end(predicted_s(probe, _PROBE_S, time.perf_counter))
    values = msgspec.to_builtins(config)
    images = values["images"]
    if whole_s is not None and whole_s > _RESERVE * limit_s:
        images = max(_LEAST_IMAGES, int(images * _RESERVE * limit_s / whole_s))
    return msgspec.convert(values | {"images": images}, type(config))
