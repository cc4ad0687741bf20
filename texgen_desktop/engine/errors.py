"""From an exception to a sentence and a way out. Free of torch, so that it can also explain why torch did not load."""

from __future__ import annotations

from texgen_desktop.engine.messages import Problem
from texgen_desktop.errors import TexGenError


class NonFiniteLoss(TexGenError):
    """A loss or a weight is no longer a finite number: the run cannot go on from here."""

    def __init__(self, name: str, images_seen: int) -> None:
        super().__init__(
            f"The training became unstable: {name} is no longer a number after {images_seen} images.",
            "The last good weights are kept. Start a new run with another seed or a lower learning rate.",
        )


def explain(exc: BaseException) -> Problem:
    """Say what happened, and let go of everything that the traceback held (its frames keep whole batches of tensors alive)."""
    raise NotImplementedError
