"""What holds for every test: offscreen Qt, modest threads, and nothing left behind."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: spinning threads starve whatever runs beside them
os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
import pytest
from PIL import Image

from tests.guards import Leaks, collected_qt_messages
from tests.qt_messages import EXPECTED

pytest_plugins = ["pytester"]


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("pytest-qt"):
        for text in EXPECTED:
            config.addinivalue_line("qt_log_ignore", f"^{re.escape(text)}$")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """pytest-qt listens to Qt until the test's body ends; what closing the windows says would go unheard."""
    if "PySide6.QtCore" not in sys.modules:
        return (yield)
    with collected_qt_messages(EXPECTED) as messages:
        result = yield
    if messages:
        pytest.fail("Qt said during the teardown:\n  " + "\n  ".join(messages), pytrace=False)
    return result


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fail a test that leaves a window, a thread or a timer behind, and say which."""
    with Leaks().watching() as leaks:
        yield
        if left_over := leaks.left_over():
            pytest.fail("The test left behind:\n  " + "\n  ".join(left_over), pytrace=False)


@pytest.fixture
def tiny_photo(tmp_path: Path) -> Path:
    return save_tiny_photo(tmp_path)


def save_tiny_photo(folder: Path) -> Path:
    """A made-up stony texture, 96 × 96 pixels, as a PNG file."""
    random = np.random.default_rng(7)
    relief = np.zeros((96, 96))
    for cell_px in (4, 8, 16):
        cells = random.normal(size=(96 // cell_px, 96 // cell_px))
        relief += np.kron(cells, np.ones((cell_px, cell_px)))
    grey = 128 + 36 * relief / relief.std() + random.normal(scale=6, size=relief.shape)
    tint = np.array([1.0, 0.92, 0.8])
    pixels = np.clip(grey[..., None] * tint, 0, 255).astype(np.uint8)
    path = folder / "tiny photo.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def brief_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is measured by the fewest convolutions and sliders by one seed: for tests that need no exact figures, seconds each."""
    monkeypatch.setattr("texgen_desktop.engine.device._PROBE_S", 0.0)
    monkeypatch.setattr("texgen_desktop.imaging.slider_proof._SEEDS", 1)
