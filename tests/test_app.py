"""The composition root: arguments, uncaught errors, and the end of the process by a signal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication

from tests import tiny_family
from texgen_desktop import __version__
from texgen_desktop import app as program
from texgen_desktop.engine import messages as m
from texgen_desktop.ui.main_window import MainWindow

REPOSITORY = Path(__file__).parents[1]

# The whole program with the tests' family; it says "training" when a run is under way.
TRAINING_PROGRAM = """
import sys
import pytest
from tests import tiny_family
from texgen_desktop import app
from texgen_desktop.engine.messages import TrainSettings
tiny_family.install(pytest.MonkeyPatch())
class Window(app.MainWindow):
    def __init__(self, studio, settings, end_engine):
        super().__init__(studio, settings, end_engine)
        studio.set_train_settings(TrainSettings(family="tiny", config=(("images", 100_000),)))
        studio.losses_added.connect(lambda progress: print("training", flush=True))
app.MainWindow = Window
sys.exit(app.main(sys.argv))
"""

Create = Callable[..., MainWindow]


@pytest.fixture
def create(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Create]:
    tiny_family.install(monkeypatch)
    windows: list[MainWindow] = []

    def create(*argv: object) -> MainWindow:
        app, window = program.create([str(argument) for argument in argv], tmp_path)
        assert app is qapp
        windows.append(window)
        return window

    yield create
    for window in windows:
        window.close()
        shiboken6.delete(window)


@pytest.mark.parametrize("name", [(), ("texgen-desktop",), ("/usr/bin/texgen-desktop",), ("C:/texgen-desktop.exe",), ("run.py",)])
def test_the_name_of_the_program_in_front_may_be_left_out(create: Create, tiny_photo: Path, name: tuple[str, ...], qtbot) -> None:
    window = create(*name, tiny_photo)
    qtbot.waitUntil(lambda: window.studio.state.project is not None and bool(window.studio.state.project.photos), timeout=30_000)
    assert [photo.name for photo in window.studio.state.project.photos] == [tiny_photo.name]


def test_without_anything_to_open_the_window_is_empty(create: Create) -> None:
    window = create("texgen-desktop")
    assert window.isVisible()
    assert window.studio.state.project is None


def test_an_uncaught_error_is_shown_in_the_bar_and_nothing_ends(create: Create) -> None:
    window = create()
    window.findChild(program.Program).on_uncaught("ValueError: boom", "Traceback …")
    assert window.studio.state.problem == m.Problem(
        "Something unforeseen happened: ValueError: boom",
        "Your project is safe on disk. If the window behaves oddly, close it and start again.",
        "Traceback …",
    )


def test_the_version_is_told(capsys: pytest.CaptureFixture[str], qapp: QApplication, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        program.create(["texgen-desktop", "--version"], tmp_path)
    assert end.value.code == 0
    assert capsys.readouterr().out == f"TexGen Desktop {__version__}\n"


@contextmanager
def training(photo: Path, folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The whole program in a process of its own, in the middle of a run; its projects lie in ``folder``."""
    places = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data")}
    command = [sys.executable, "-c", TRAINING_PROGRAM, str(photo), "--train"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, **places, **environment}, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "training\n"
        yield process


def assert_saved(folder: Path) -> None:
    [project] = (folder / "data" / "texgen-desktop" / "projects").iterdir()
    assert json.loads((project / "project.json").read_text())
    assert list(project.glob("runs/*/model.safetensors"))
    assert list(project.glob("runs/*/checkpoints/*.safetensors"))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="signals and folders as on Linux")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_the_run_without_a_question(tiny_photo: Path, tmp_path: Path, number: signal.Signals, exit_code: int) -> None:
    with training(tiny_photo, tmp_path) as process:
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == exit_code
    assert "Traceback" not in errors
    assert "QThread" not in errors
    assert_saved(tmp_path)


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs an X server that may die")
def test_a_run_is_saved_when_the_display_dies_under_the_window(tiny_photo: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server, os.fdopen(reader) as number:
        os.close(writer)
        display = f":{number.readline().strip()}"
        with training(tiny_photo, tmp_path, DISPLAY=display, QT_QPA_PLATFORM="xcb") as process:
            server.kill()
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The X11 connection broke" in errors
    assert "Traceback" not in errors
    assert "did not end" not in errors
    assert_saved(tmp_path)
