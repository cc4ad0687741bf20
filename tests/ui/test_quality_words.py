"""What the readings mean in words."""

from __future__ import annotations

from texgen_desktop.ui.quality_words import copies_in_words, memory_in_words, seam_in_words, structure_in_words


def test_structure_is_told_with_its_number_from_good_to_bad() -> None:
    told = [structure_in_words(value) for value in (0.05, 0.3, 0.6, 1.1)]
    assert [text[:4] for text in told] == ["0.05", "0.30", "0.60", "1.10"]
    assert len({text[4:] for text in told}) == 4


def test_copies_above_what_is_usual_are_warned_of() -> None:
    assert copies_in_words(0.04).startswith("4 %: no more than")
    assert copies_in_words(0.4).startswith("40 %: parts of the photo come back")


def test_a_seam_is_none_or_told_in_steps() -> None:
    assert seam_in_words(0.0) == "none"
    assert seam_in_words(1.5) == "visible: a step 2.5 times the usual one"


def test_overfitting_is_told_in_three_degrees() -> None:
    assert len({memory_in_words(reading) for reading in (-0.2, 0.1, 0.4, 0.9)}) == 3
