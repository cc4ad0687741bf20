"""What the readings of the instrument mean, in words."""

from __future__ import annotations

from texgen_desktop.ui.formatting import number

USUAL_COPIES = 0.1


def judged_in_words(images_seen: int | None, is_other_look: bool) -> str:
    """What the readings are of. While a run trains they are soon of an older texture; ``images_seen`` is None for a finished one."""
    when = "" if images_seen is None else f"Judged after {number(images_seen)} images."
    look = "Of the sliders and seeds as they were when it was judged." if is_other_look else ""
    return " ".join(filter(None, (when, look)))


def structure_in_words(structure: float) -> str:
    """0 is another crop of the photo, 1 noise of the same spectrum."""
    for limit, meaning in (
        (0.15, "hardly to be told from the photo"),
        (0.4, "close to the photo"),
        (0.7, "the shapes are there, not their finish"),
    ):
        if structure <= limit:
            return f"{structure:.2f}: {meaning}"
    return f"{structure:.2f}: little more than noise yet"


def copies_in_words(share: float) -> str:
    """Some 5 % is what two parts of one photo have in common."""
    meaning = "no more than parts of the photo have in common" if share <= USUAL_COPIES else "parts of the photo come back; look where"
    return f"{100 * share:.0f} %: {meaning}"


def seam_in_words(seam: float) -> str:
    """0 where the step across the edge is as usual as any other."""
    return "none" if seam == 0 else f"visible: a step {1 + seam:.1f} times the usual one"


def memory_in_words(by_heart: float) -> str:
    """Of a critic: 0 where it thinks as well of pictures that it never saw as of those it learns from, 1 where it takes them for made."""
    if by_heart < 0.25:
        return "pictures it has never seen are as real to it as those it learns from: it does not overfit"
    if by_heart < 0.6:
        return "it begins to know its pictures by heart; more of them would help"
    return "it knows its pictures by heart: stop here, or add more of them"
