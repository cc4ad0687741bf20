"""How much of a training step is spent outside torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from texgen_desktop.families import Trainer
from texgen_desktop.slices import run_to_end

_TINY_OPERATORS, _ROUNDS = 5000, 5


def share_outside_torch(trainer: Trainer, steps: int = 50) -> float:
    """Of the wall time of so many steps the share during which torch does nothing, in [0, 1].

    The profiler notes when each operator (``aten::...``) and each node of autograd's way back (``autograd::...``) begins and ends, on
    every thread. What no such span covers is Python, numpy (which sorts for some losses), and torch where it gives memory back after an
    operator. A span holds its dispatch, some microseconds: small operators that Python strings together cost more than this shows.

    Noting takes time too, and lies around the span that is noted: inside the span of the operator that called it, or else outside of all.
    What it takes is measured on tiny operators in the same process, and taken off at both places.
    """
    noting_us = _noting_us()
    events, wall_us = _profiled(lambda: _run(trainer, steps))
    covered_us, outermost = _covered(events)
    within_us = covered_us - noting_us * (len(events) - outermost)
    return 1 - within_us / (wall_us - noting_us * len(events))


def _run(trainer: Trainer, steps: int) -> None:
    for _ in range(steps):
        run_to_end(trainer.step())


def _profiled(work: Callable[[], None]) -> tuple[list[FunctionEvent], float]:
    """The spans, and the wall time in microseconds."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        began_s = time.perf_counter()
        work()
        wall_us = (time.perf_counter() - began_s) * 1e6
    return [event for event in profiled.events() or [] if event.name.startswith(("aten::", "autograd::"))], wall_us


def _noting_us() -> float:
    """What it takes the profiler to note one operator."""
    value = torch.zeros(1)

    def work() -> None:
        for _ in range(_TINY_OPERATORS):
            value.neg_()

    plain_us, noted_us = [], []
    for _ in range(_ROUNDS):
        began_s = time.perf_counter()
        work()
        plain_us.append((time.perf_counter() - began_s) * 1e6)
        noted_us.append(_profiled(work)[1])
    return max(0.0, median(noted_us) - median(plain_us)) / _TINY_OPERATORS


def _covered(events: Sequence[FunctionEvent]) -> tuple[float, int]:
    """The length of the union of all spans in microseconds, and how many of them lie in no other."""
    covered, outermost, reached = 0.0, 0, float("-inf")
    for start, end in sorted((event.time_range.start, event.time_range.end) for event in events):
        outermost += start >= reached
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered, outermost
