"""The losses panel: what the studio tells goes to the plot, and its options are remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.driver import Session, child
from texgen_desktop.ui.panels.losses import DEFAULT_SMOOTHING, LossesPanel
from texgen_desktop.ui.widgets.plot import LossPlot


def test_the_options_of_the_plot_come_back_in_the_next_session(session: Session, tmp_path: Path) -> None:
    plot = child(session.show(LossesPanel), LossPlot, "loss_plot")
    assert plot.smoothing == pytest.approx(DEFAULT_SMOOTHING, abs=1e-3)
    plot.set_smoothing(0.5)
    plot.set_log_scale(True)
    plot.set_last_images(10_000)
    plot.options_changed.emit()
    session.settings.sync()

    later = Session(tmp_path)
    again = child(later.show(LossesPanel), LossPlot, "loss_plot")
    assert again.smoothing == pytest.approx(0.5, abs=1e-3)
    assert (again.log_scale, again.last_images) == (True, 10_000)
    later.close()
