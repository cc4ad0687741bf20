"""What each shipped restoration network is for: its shape and its lesson."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from texgen_desktop.nn.degradations import blurring, compression, impoverishing, noise, shrinking
from texgen_desktop.nn.restoration import NetShape
from texgen_desktop.nn.restoration_training import Lesson


@dataclass(frozen=True)
class Task:
    shape: NetShape
    lesson: Lesson


_NEAR = (1,) * 8
_WIDE = (1, 2, 2, 3, 3, 2, 2, 1)  # dilations: noise and blur are told from texture by more of the surroundings

TASKS: Mapping[str, Task] = {
    "sr2": Task(NetShape(2, 48, _NEAR), Lesson(shrinking(2))),
    "sr4": Task(NetShape(4, 48, _NEAR), Lesson(shrinking(4))),
    "denoise": Task(NetShape(1, 48, _WIDE, has_level=True), Lesson(noise(), side=56, learning_rate=1e-3)),
    "jpeg": Task(NetShape(1, 48, _WIDE), Lesson(compression(), side=56, learning_rate=7e-4)),
    "deblur": Task(NetShape(1, 48, _WIDE), Lesson(blurring(), side=56, learning_rate=5e-4)),
    "enrich": Task(NetShape(1, 48, _WIDE), Lesson(impoverishing(), side=56, learning_rate=5e-4, adversarial=0.02)),
}
