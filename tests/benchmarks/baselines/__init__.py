"""Published methods, written again from their papers, to be measured beside the families. They are no part of the program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from texgen_desktop.imaging.colour import Floats

SIDE_PX = 256
Pictures = Callable[[int], Floats]
"""A seed -> a picture of 256 x 256 pixels, (H, W, 3) sRGB-encoded in [0, 1]."""


@dataclass(frozen=True)
class Baseline:
    """``grow(photo, readings in minutes, seed)`` hands out what it can make after each of them.

    A network is trained once and read on its way; pictures take no training time. A method without training makes every picture from
    nothing, within the minutes of the reading.
    """

    id: str
    title: str
    config: str
    grow: Callable[[Floats, Sequence[float], int], Iterator[Pictures]]
    needs_gpu: bool = False
    """On a CPU it would not come to anything within minutes: there it runs only where it is named."""

    def picture(self, photo: Floats, minutes: float, seed: int) -> Floats:
        """What one who has that long would get."""
        (pictures,) = self.grow(photo, (minutes,), seed)
        return pictures(seed)


class Stopwatch:
    """Seconds of work, without what is looked at in between."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def work_until(self, seconds: float, step: Callable[[], None], is_done: Callable[[], bool] = lambda: False) -> None:
        began_s = time.perf_counter() - self.seconds
        while self.seconds < seconds and not is_done():
            step()
            self.seconds = time.perf_counter() - began_s


def all_baselines() -> dict[str, Baseline]:
    """By id. Imports torch."""
    from tests.benchmarks.baselines import dcgan, gpdm, psgan, quilting, references

    baselines = references.CROP, gpdm.BASELINE, dcgan.BASELINE, psgan.BASELINE, psgan.PUBLISHED, quilting.BASELINE, references.NOISE
    return {baseline.id: baseline for baseline in baselines}
