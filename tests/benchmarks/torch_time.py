"""How much of a training step is spent outside torch."""

from __future__ import annotations

from collections.abc import Iterable

from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from texgen_desktop.families import Trainer


def share_outside_torch(trainer: Trainer, steps: int = 50) -> float:
    """Of the wall time of so many steps the share during which no torch operator runs, in [0, 1].

    The profiler notes when each operator (``aten::...``) begins and ends, in forward and backward and on every thread. What no such
    span covers is Python, numpy, and torch's own work between operators. An operator's span holds its dispatch too, some microseconds;
    on the other side the profiler's own work falls between the spans and counts as outside. So it is an upper bound for what Python
    costs, but not the last word on how well the kernels use the machine.
    """
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(steps):
            for _ in trainer.step():
                pass
    events = profiled.events() or []
    began_us = min(event.time_range.start for event in events)
    ended_us = max(event.time_range.end for event in events)
    return 1 - _covered_us(events) / (ended_us - began_us)


def _covered_us(events: Iterable[FunctionEvent]) -> float:
    """The length of the union of all operators' spans."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted((event.time_range.start, event.time_range.end) for event in events if event.name.startswith("aten::")):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
