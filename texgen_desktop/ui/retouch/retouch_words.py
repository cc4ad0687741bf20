"""What the retouching window says in words."""

from __future__ import annotations

from pathlib import Path

from texgen_desktop.engine.messages import PictureInfo, Problem, ResultShown, RetouchProgress
from texgen_desktop.studio.retouching import RetouchState
from texgen_desktop.ui.formatting import duration, one_line

_MOST_FAILURES = 8


def picture_words(state: RetouchState) -> str:
    """The name of what lies on the desk; Qt puts its mark of unsaved changes in place of [*]."""
    return f"{one_line(state.picture.name)}[*]" if state.picture else "Nothing open[*]"


def busy_words(progress: RetouchProgress | None) -> str:
    if progress is None:
        return "Working…"
    left = f", {duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{progress.words}{left}"


def done_words(state: RetouchState) -> str:
    """What the last job has come to; nothing where its result is seen."""
    if state.outcome == "stopped":
        return "Cancelled. The picture is as it was."
    if len(state.written) == 1:
        return f"Written: {state.written[0]}"
    return f"{len(state.written)} files written to {state.written[0].parent}" if state.written else ""


def failure_words(failures: tuple[tuple[Path, str], ...]) -> Problem | None:
    """The files that could not be done, the first few in the sentence and all in the details."""
    if not failures:
        return None
    names = ", ".join(one_line(path.name) for path, _ in failures[:_MOST_FAILURES])
    more = f" and {len(failures) - _MOST_FAILURES} more" if len(failures) > _MOST_FAILURES else ""
    count = "One file" if len(failures) == 1 else f"{len(failures)} files"
    return Problem(f"{count} could not be done: {names}{more}.", failures[0][1], "\n".join(f"{path}: {why}" for path, why in failures))


def seam_words(result: ResultShown, picture: PictureInfo | None) -> str:
    """Whether its edges fit, before and now; nothing for a picture that neither was a tile nor has become one."""
    if result.seam is None or picture is None:
        return ""
    before, now = (max(each) for each in result.seam)
    if now == 0:
        return "Its edges fit: no seam." if before == 0 else "Its edges fit now: no seam."
    if not any(picture.wraps):
        return ""
    return f"Seam: {now:.2f} (before {before:.2f}; 0 is none)."
