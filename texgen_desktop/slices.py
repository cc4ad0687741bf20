"""Work that is cut into slices, so that whoever does it can do something else in between; or does it at once where nothing else waits."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Literal, TypeAlias, TypeVar, cast

T = TypeVar("T")
WAIT_S = 0.005
"""How long to sleep before work that waits is asked again, when there is nothing else to do."""

Slices: TypeAlias = Generator[Literal["waiting"] | None, None, T]
"""Work in slices of at most some 150 ms. It yields "waiting" when the slice found only that work in the background is not done yet."""


def run_to_end(work: Slices[T]) -> T:
    """All slices one after the other; what the work returns."""
    while True:
        try:
            if next(work) == "waiting":
                time.sleep(WAIT_S)
        except StopIteration as end:
            return cast(T, end.value)
