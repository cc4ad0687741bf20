"""What the training panel says in words."""

from __future__ import annotations

from texgen_desktop.engine.messages import FamilyInfo, PresetInfo
from texgen_desktop.ui.training_words import advice_on


def family(*seconds: float | None) -> FamilyInfo:
    names = ("draft", "standard", "high")
    presets = tuple(PresetInfo(name, name.capitalize(), 100, time, ()) for name, time in zip(names, seconds, strict=True))
    return FamilyInfo("tiny", "Tiny", "", (), presets)


def test_a_preset_that_takes_hours_is_warned_of_and_the_best_quick_one_is_named() -> None:
    slow = family(120.0, 900.0, 9000.0)
    assert (
        advice_on(slow, slow.presets[2]).replace("\N{NO-BREAK SPACE}", " ")
        == "On this computer that takes 2 h 30 min. Standard takes about 15 min."
    )


def test_where_all_is_slow_only_the_time_is_told() -> None:
    slow = family(4000.0, 8000.0, 90000.0)
    assert advice_on(slow, slow.presets[0]).replace("\N{NO-BREAK SPACE}", " ") == "On this computer that takes 67 min."


def test_nothing_is_said_of_what_is_quick_or_not_known() -> None:
    quick = family(60.0, 600.0, None)
    assert [advice_on(quick, preset) for preset in quick.presets] == ["", "", ""]
