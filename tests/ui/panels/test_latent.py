"""The style panel: sliders, seeds, locks, and one undo step for a drag."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QDoubleSpinBox, QLabel, QSpinBox
from pytestqt.qtbot import QtBot

from tests.studio.builders import MODEL, READY, SLIDERS, WITH_RUN
from tests.ui.driver import Session, child
from texgen_desktop.engine.messages import Look, ModelChanged, ProjectChanged
from texgen_desktop.ui.panels.latent import LatentPanel
from texgen_desktop.ui.widgets.slider import FloatSlider


@pytest.fixture
def panel(session: Session) -> LatentPanel:
    panel = session.show(LatentPanel)
    session.say(READY, ProjectChanged(WITH_RUN), ModelChanged(MODEL))
    return panel


def test_without_a_model_the_panel_says_how_to_get_one(session: Session, panel: LatentPanel) -> None:
    seed = child(panel, QSpinBox, "layout_seed")
    assert seed.isVisible()
    session.say(ModelChanged(None))
    assert not seed.isVisible()
    assert any("press Train" in label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def test_a_slider_sets_its_own_axis(session: Session, panel: LatentPanel) -> None:
    child(panel, FloatSlider, "latent_slider_1").setValue(0.5)
    child(panel, QDoubleSpinBox, "latent_field_0").setValue(-0.25)
    assert dict(session.studio.state.look.style) == pytest.approx({"contrast": 0.5, "scale": -0.25}, abs=1e-3)
    assert child(panel, QDoubleSpinBox, "latent_field_1").value() == 0.5


def test_a_drag_is_one_step_to_undo(session: Session, panel: LatentPanel, qtbot: QtBot) -> None:
    slider = child(panel, FloatSlider, "latent_slider_0")
    middle = slider.rect().center()
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    for step in range(1, 8):
        qtbot.mouseMove(slider, middle + QPoint(2 * step, 0))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle + QPoint(14, 0))
    assert session.studio.state.look.value("scale") > 0.0
    session.studio.undo()
    assert session.studio.state.look == Look()
    assert not session.studio.state.can_undo
    assert slider.value() == 0.0


def test_seeds_are_typed_rolled_and_locked(session: Session, panel: LatentPanel) -> None:
    child(panel, QSpinBox, "layout_seed").setValue(42)
    child(panel, QSpinBox, "detail_seed").setValue(43)
    child(panel, FloatSlider, "latent_slider_0").setValue(0.5)
    session.studio.toggle_lock("layout_seed")
    child(panel, QAbstractButton, "reroll_all").click()
    look = session.studio.state.look
    assert look.layout_seed == 42
    assert look.detail_seed != 43
    assert look.value("scale") == pytest.approx(0.5, abs=1e-3)
    assert child(panel, QSpinBox, "detail_seed").value() == look.detail_seed


def test_a_strength_is_set_beside_its_seed(session: Session, panel: LatentPanel) -> None:
    child(panel, FloatSlider, "layout_strength").setValue(0.5)
    child(panel, FloatSlider, "detail_strength").setValue(1.25)
    look = session.studio.state.look
    assert (look.layout_strength, look.detail_strength) == pytest.approx((0.5, 1.25), abs=1e-3)


def test_reset_all_is_one_step_and_leaves_what_is_locked(session: Session, panel: LatentPanel) -> None:
    reset = child(panel, QAbstractButton, "reset_all")
    assert not reset.isEnabled()
    child(panel, FloatSlider, "latent_slider_0").setValue(0.5)
    child(panel, FloatSlider, "latent_slider_1").setValue(0.5)
    child(panel, QSpinBox, "layout_seed").setValue(42)
    session.studio.toggle_lock("scale")
    before = session.studio.state.look
    reset.click()
    assert session.studio.state.look == Look(style=tuple(pair for pair in before.style if pair[0] == "scale"))
    session.studio.undo()
    assert session.studio.state.look == before


def test_rows_are_built_anew_only_for_other_sliders(session: Session, panel: LatentPanel) -> None:
    slider = child(panel, FloatSlider, "latent_slider_0")
    session.say(ModelChanged(replace(MODEL, sha256="another snapshot")))
    assert child(panel, FloatSlider, "latent_slider_0") is slider
    session.say(ModelChanged(replace(MODEL, sliders=SLIDERS[1:])))
    assert child(panel, FloatSlider, "latent_slider_0").accessibleName() == "Contrast"
