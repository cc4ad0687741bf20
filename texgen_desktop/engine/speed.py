"""How fast this machine trains, which is what every estimate of a time stands on."""

from __future__ import annotations

# Share of the probe's convolution speed that whole training steps reach: they also normalise, sum and update.
TRAINING_EFFICIENCY = 0.55
SHORTEST_S = 9.0
"""The first steps are slower than the rest: a shorter sitting tells nothing."""


class TrainingSpeed:
    """Guessed from the machine's convolutions at first; a family that has been trained here is known better."""

    def __init__(self, conv_gflops: float) -> None:
        self._guess = conv_gflops * TRAINING_EFFICIENCY
        self._measured: dict[str, float] = {}

    def learn(self, family_id: str, gflop: float, seconds: float) -> None:
        """Take note that a sitting of training did so much work in so many seconds."""
        if seconds >= SHORTEST_S and gflop > 0:
            self._measured[family_id] = gflop / seconds

    def gflops(self, family_id: str) -> float:
        """Training work per second in GFLOP/s; 0 where it is not known."""
        return self._measured.get(family_id, self._guess)
