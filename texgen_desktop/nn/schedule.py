"""How the step size falls over a run."""

from __future__ import annotations

import math


def cosine(progress: float, least: float, hold: float = 0.0) -> float:
    """The share of the full rate when ``progress`` of the run is done: 1 until ``hold``, from there on a cosine down to ``least``."""
    return least + (1 - least) * (0.5 + 0.5 * math.cos(math.pi * max(0.0, (progress - hold) / (1 - hold))))
