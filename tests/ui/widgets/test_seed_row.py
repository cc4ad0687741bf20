from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from tests.ui.widgets.conftest import Shown
from texgen_desktop.engine.messages import LARGEST_SEED
from texgen_desktop.ui.widgets.seed_row import SeedRow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def row(shown: Shown) -> SeedRow:
    row = SeedRow("Layout seed", tip="Where the large forms lie")
    shown(row, 360, 70)
    return row


@pytest.fixture
def said(row: SeedRow) -> list[object]:
    said: list[object] = []
    row.value_changed.connect(said.append)
    row.rerolled.connect(lambda: said.append("rerolled"))
    row.lock_toggled.connect(lambda locked: said.append(("locked", locked)))
    row.strength_changed.connect(lambda value: said.append(("strength", value)))
    row.strength_reset.connect(lambda: said.append("strength reset"))
    return said


def click(row: SeedRow, name: str) -> None:
    QTest.mouseClick(next(button for button in row.findChildren(QToolButton) if button.accessibleName() == name), LEFT)


def test_what_code_sets_is_shown_and_not_reported(row: SeedRow, said: list[object]) -> None:
    row.set_value(LARGEST_SEED)
    row.set_strength(0.5)
    row.set_locked(True)
    assert (row.field.value(), row.strength.value) == (2**31 - 1, 0.5)
    assert said == []


@pytest.mark.parametrize(("seed", "shown_seed"), [(2**31, LARGEST_SEED), (2**40, LARGEST_SEED), (-(2**40), 0)])
def test_a_seed_that_the_field_cannot_hold_is_shown_as_the_nearest(row: SeedRow, said: list[object], seed: int, shown_seed: int) -> None:
    with pytest.raises(OverflowError):
        row.field.setValue(seed)
    row.set_value(seed)
    assert row.field.value() == shown_seed
    assert said == []


def test_seed_dice_lock_and_strength_each_say_what_the_hand_did(row: SeedRow, said: list[object]) -> None:
    row.field.setFocus()
    row.field.selectAll()
    QTest.keyClicks(row.field, "42")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    click(row, "Re-roll Layout seed")
    click(row, "Lock Layout seed")
    QTest.keyClick(row.strength.slider, Qt.Key.Key_Home)
    click(row, "Reset Strength")
    assert said == [42, "rerolled", ("locked", True), ("strength", 0.0), "strength reset"]
