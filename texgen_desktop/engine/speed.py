"""How fast this machine trains, which is what every estimate of a time stands on."""

from __future__ import annotations

from texgen_desktop.families import Family

SHORTEST_S = 9.0
"""The first steps are slower than the rest: a shorter sitting tells nothing."""


class TrainingSpeed:
    """Guessed from the machine's convolutions at first; a family that has been trained here is known better."""

    def __init__(self, conv_gflops: float) -> None:
        self._conv_gflops = conv_gflops
        self._measured: dict[str, float] = {}

    def learn(self, family: Family, gflop: float, seconds: float) -> None:
        """Take note that so much work, of all parts of a schedule, took so many seconds."""
        if seconds >= SHORTEST_S and gflop > 0:
            self._measured[family.id] = gflop / seconds

    def gflops(self, family: Family) -> float:
        """Training work per second in GFLOP/s; 0 where it is not known."""
        return self._measured.get(family.id, self._conv_gflops * family.efficiency)
