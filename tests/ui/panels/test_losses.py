"""The losses panel: what the studio tells goes to the plot, and its options are remembered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.studio.builders import OTHER_PROJECT, READY, WITH_RUN, progress
from tests.ui.driver import Session, child
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.panels.losses import LossesPanel
from texgen_desktop.ui.widgets.plot import DEFAULT_SMOOTHING, LossPlot


def test_the_losses_of_a_run_are_there_when_it_is_opened_and_go_on_when_it_does(session: Session) -> None:
    plot = child(session.show(LossesPanel), LossPlot, "loss_plot")
    loaded = m.LossesLoaded("run-1", np.array([40.0, 80.0]), (("critic", np.array([0.7, 0.6])),))
    session.say(READY, m.ProjectChanged(WITH_RUN), loaded, m.JobStarted("train"), progress(100))
    assert plot.history is not None
    assert list(plot.history.images_seen) == [40, 80, 100]
    assert list(plot.history.values("critic")) == [0.7, 0.6, 0.5]
    session.say(m.ProjectChanged(OTHER_PROJECT))
    assert plot.history is None


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
