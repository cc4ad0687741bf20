"""The one error that is meant for the person in front of the screen."""


class TexGenError(Exception):
    """Something the user can act on: what went wrong in one sentence, and a way out.

    Raised where a bad value is used. ``engine.errors.explain`` turns every other exception into one of these.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NonFiniteLoss(TexGenError):  # noqa: N818 - the loss is what is not finite
    """``what``, a loss or a tensor, is no longer a finite number: the run cannot go on from here."""

    def __init__(self, what: str, images_seen: int | None = None) -> None:
        after = "" if images_seen is None else f" after {images_seen} images"
        super().__init__(
            f"The training became unstable: {what} is no longer a finite number{after}.",
            "The last good checkpoint is kept. Start a new run with another seed, or with a lower learning rate.",
        )
