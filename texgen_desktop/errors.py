"""The one error that is meant for the person in front of the screen."""


class TexGenError(Exception):
    """Something the user can act on: what went wrong in one sentence, and a way out.

    Raised where a bad value is used. ``engine.errors.explain`` turns every other exception into one of these.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
