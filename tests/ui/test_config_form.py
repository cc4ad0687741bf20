"""The form that is built from a family's fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox
from pytestqt.qtbot import QtBot

from tests.ui.driver import child
from texgen_desktop.engine.messages import FieldInfo
from texgen_desktop.ui.config_form import EDITORS, ConfigForm
from texgen_desktop.ui.widgets.file_field import FileField

FIELDS = (
    FieldInfo("crop_px", "int", 64, "Side of a training crop", "px", 32, 256),
    FieldInfo("learning_rate", "float", 0.0005, "Step of the optimiser", "", 1e-6, 0.1),
    FieldInfo("use_rotation", "bool", True, "Turn the crops"),
    FieldInfo("loss", "choice", "hinge", "The critic's loss", choices=("hinge", "relativistic")),
    FieldInfo("model", "file", "", "What it learnt before"),
)


@pytest.fixture
def form(qtbot: QtBot) -> ConfigForm:
    form = ConfigForm()
    qtbot.addWidget(form)
    form.set_fields(FIELDS)
    return form


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("crop_px", lambda form: child(form, QSpinBox, "config_crop_px").setValue(96), 96),
        ("learning_rate", lambda form: child(form, QDoubleSpinBox, "config_learning_rate").setValue(0.00025), 0.00025),
        ("use_rotation", lambda form: child(form, QCheckBox, "config_use_rotation").setChecked(False), False),
        ("loss", lambda form: child(form, QComboBox, "config_loss").setCurrentText("relativistic"), "relativistic"),
        ("model", lambda form: child(form, FileField, "config_model").set_text("mine.safetensors"), "mine.safetensors"),
    ],
)
def test_a_value_of_every_kind_comes_back_as_it_was_entered(
    form: ConfigForm, qtbot: QtBot, name: str, change: Callable[[ConfigForm], None], expected: Any
) -> None:
    assert form.overrides() == ()
    with qtbot.waitSignal(form.values_changed):
        change(form)
    assert form.overrides() == ((name, expected),)


def test_there_is_an_editor_for_every_kind_a_field_can_have() -> None:
    assert set(get_args(get_type_hints(FieldInfo)["kind"])) == set(EDITORS)


def test_a_value_out_of_range_is_brought_into_it(form: ConfigForm) -> None:
    child(form, QSpinBox, "config_crop_px").setValue(10_000)
    assert dict(form.overrides()) == {"crop_px": 256}


def test_a_limit_that_is_not_allowed_itself_is_named_so(form: ConfigForm) -> None:
    assert "32 to 256" in child(form, QSpinBox, "config_crop_px").toolTip()
    form.set_fields((FieldInfo("rate", "float", 0.5, "Step", "", 0.0, 1.0, is_above_minimum=True),))
    box = child(form, QDoubleSpinBox, "config_rate")
    assert "Above 0, up to 1" in box.toolTip()
    box.setValue(0.0)
    assert dict(form.overrides())["rate"] == pytest.approx(1e-7)


def test_a_small_number_is_shown_without_padding_and_without_rounding(form: ConfigForm) -> None:
    box = child(form, QDoubleSpinBox, "config_learning_rate")
    assert box.text() == "0.0005"
    form.set_values({"learning_rate": 0.0000123}, {})
    assert box.value() == pytest.approx(0.0000123)
    assert form.overrides() == (), "a preset's own value is no override"


def test_reset_is_offered_only_where_a_value_differs_and_goes_back_to_the_preset(form: ConfigForm, qtbot: QtBot) -> None:
    form.set_values({"crop_px": 48}, {"crop_px": 80})
    reset = child(form, QAbstractButton, "config_crop_px_reset")
    assert reset.isEnabled()
    assert not child(form, QAbstractButton, "config_loss_reset").isEnabled()
    with qtbot.waitSignal(form.values_changed):
        reset.click()
    assert child(form, QSpinBox, "config_crop_px").value() == 48
    assert not reset.isEnabled()


@pytest.mark.parametrize(
    "overrides",
    [
        {"crop_px": "96"},
        {"crop_px": 2**40},
        {"crop_px": None},
        {"learning_rate": "fast"},
        {"use_rotation": 7},
        {"loss": "gone"},
        {"loss": []},
    ],
)
def test_a_value_that_no_editor_can_hold_is_passed_over(form: ConfigForm, overrides: dict[str, object]) -> None:
    form.set_values({}, overrides)
    assert form.overrides() == ()


def test_showing_values_reports_no_change(form: ConfigForm, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.values_changed):
        form.set_values({"crop_px": 48}, {"use_rotation": False})
    assert form.overrides() == (("use_rotation", False),)


def test_another_family_replaces_the_rows(form: ConfigForm, qtbot: QtBot) -> None:
    form.set_fields((FieldInfo("cells", "int", 3, "How many"),))
    form.set_values({}, {"cells": 5, "crop_px": 80})
    assert form.overrides() == (("cells", 5),)


def test_the_wheel_over_an_editor_scrolls_the_panel_and_changes_nothing(form: ConfigForm, qtbot: QtBot) -> None:
    def turn_wheel(box: QSpinBox) -> None:
        middle = QPointF(box.rect().center())
        down = QPoint(0, -120)
        none = Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(middle, middle, down, down, Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False)
        QCoreApplication.sendEvent(box, event)

    form.show()
    guarded = child(form, QSpinBox, "config_crop_px")
    control = QSpinBox(value=50)
    qtbot.addWidget(control)
    turn_wheel(guarded)
    turn_wheel(control)
    assert guarded.value() == 64
    assert control.value() != 50, "a plain spin box takes the wheel"
