from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox
from pytestqt.qtbot import QtBot

from tests.ui.widgets.conftest import Grab, Shown
from texgen_desktop.ui.widgets.plot import LossPlot


@pytest.fixture
def plot(shown: Shown) -> LossPlot:
    plot = LossPlot()
    shown(plot, 480, 320)
    return plot


def drawn(plot: LossPlot) -> dict[str, np.ndarray]:
    """The smoothed values that are painted, by the curve's name."""
    return {name: smooth.getData()[1] for name, (_, smooth) in plot.canvas._lines.items()}


def test_the_first_paint_costs_no_import_of_pyqtgraph() -> None:
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from texgen_desktop.ui.widgets.plot import LossPlot; plot = LossPlot(); plot.show(); app.processEvents();"
        "assert not {'pyqtgraph', 'torch'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_plot_gets_ready_by_itself_after_the_first_paint(plot: LossPlot, qtbot: QtBot) -> None:
    assert plot.canvas is None
    qtbot.waitUntil(lambda: plot.canvas is not None)


def test_every_loss_becomes_a_curve_with_a_toggle(plot: LossPlot) -> None:
    for images in range(0, 800, 8):
        plot.append(images, {"critic": 1.0, "gradient_penalty": 0.1})
    plot.redraw()
    assert set(drawn(plot)) == {"critic", "gradient penalty"}
    toggles = plot.findChildren(QCheckBox)
    next(toggle for toggle in toggles if toggle.text() == "critic").click()
    assert set(drawn(plot)) == {"gradient penalty"}


def test_a_nan_is_a_gap_and_not_the_end_of_the_curve(plot: LossPlot) -> None:
    for images in range(100):
        plot.append(images, {"critic": math.nan if 40 <= images < 50 else 2.0})
    plot.redraw()
    values = drawn(plot)["critic"]
    assert np.isnan(values[40:50]).all()
    np.testing.assert_allclose(values[50:], 2.0)


def test_a_hundred_thousand_points_are_painted_as_a_few_hundred(plot: LossPlot, grab: Grab) -> None:
    for images in range(100_000):
        plot.append(images, {"critic": 5.0 if images == 54_321 else 0.0})
    plot.set_smoothing(0.0)
    values = drawn(plot)["critic"]
    assert len(values) < 2000
    assert values.max() == 5.0, "the one spike is seen"
    grab(plot)


class PaintCount(QObject):
    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.paints = 0
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.paints += event.type() == QEvent.Type.Paint
        return False


def test_new_points_are_painted_once(plot: LossPlot, qtbot: QtBot) -> None:
    """Left alone, pyqtgraph ranges its axes during the paint and asks for another: twice as many paints as redraws."""
    redraws, count = 8, None
    for sitting in range(3 + redraws):  # the first ones lay out the axes
        if sitting == 3:
            count = PaintCount(plot.canvas.viewport())
        for images in range(100):
            plot.append(100 * sitting + images, {"critic": float(images % (7 + sitting))})
        plot.redraw()
        qtbot.wait(50)
    assert count is not None
    assert count.paints < 1.5 * redraws


def test_a_log_scale_leaves_gaps_at_zero_and_below_and_says_nothing(plot: LossPlot, grab: Grab) -> None:
    for images, value in enumerate([100.0, 10.0, 0.0, -3.0, 1.0]):
        plot.append(images, {"critic": value})
    plot.set_smoothing(0.0)
    plot.set_log_scale(True)
    np.testing.assert_array_equal(drawn(plot)["critic"], [2.0, 1.0, np.nan, np.nan, 0.0])
    grab(plot)


def test_a_range_shows_the_last_images(plot: LossPlot) -> None:
    for images in range(0, 10_000, 10):
        plot.append(images, {"critic": float(images)})
    plot.set_smoothing(0.0)
    plot.set_last_images(1000)
    assert drawn(plot)["critic"].min() >= 8990
    plot.set_last_images(0)
    assert drawn(plot)["critic"].min() == 0


def test_options_set_by_code_are_not_reported_and_those_of_the_hand_are(plot: LossPlot, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(plot.options_changed):
        plot.set_smoothing(0.5)
        plot.set_log_scale(True)
        plot.set_last_images(5000)
    assert (plot.smoothing, plot.log_scale, plot.last_images) == (pytest.approx(0.5, abs=1e-3), True, 5000)
    with qtbot.waitSignal(plot.options_changed):
        next(box for box in plot.findChildren(QCheckBox) if box.text() == "Log").click()


def test_the_readout_tells_the_values_under_the_pointer_and_by_keyboard(plot: LossPlot) -> None:
    for images in range(0, 2000, 10):
        plot.append(images, {"critic": 3.0, "style": 0.25})
    plot.redraw()
    QApplication.processEvents()
    QTest.mouseMove(plot.canvas.viewport(), QPoint(200, 80))
    QApplication.processEvents()
    plot.canvas.read_at(1000)
    assert plot.canvas.readout == "1,000 images\ncritic  3\nstyle  0.25"
    QTest.keyClick(plot.canvas, Qt.Key.Key_Right)
    assert plot.canvas.readout.startswith(("1,020", "1,030"))
    QTest.keyClick(plot.canvas, Qt.Key.Key_Escape)
    assert plot.canvas.readout == ""


def test_clear_starts_over_with_other_losses(plot: LossPlot) -> None:
    plot.append(8, {"critic": 1.0})
    plot.redraw()
    plot.clear()
    plot.append(8, {"style": 1.0})
    plot.redraw()
    assert set(drawn(plot)) == {"style"}


def test_loading_another_run_shows_its_curves_alone_and_training_goes_on_from_there(plot: LossPlot) -> None:
    plot.append(8, {"style": 1.0})
    plot.load(np.array([8.0, 16.0]), {"critic": np.array([1.0, 2.0])})
    plot.append(24, {"critic": 3.0})
    plot.set_smoothing(0.0)
    assert {name: list(values) for name, values in drawn(plot).items()} == {"critic": [1.0, 2.0, 3.0]}
    plot.load(np.empty(0), {})
    assert drawn(plot) == {}
