"""The real family without a window: the command line as a process that is interrupted, killed and piped."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.engine.desk import Desk
from texgen_desktop.cli import main
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.model_file import ModelFile, load_model

SMALL = {"levels": "2", "width": "8", "critic_width": "8", "batch": "2"}
IMAGES = 96
"""So many that a process can be stopped in the middle."""
FEW_IMAGES = 24
TALKATIVE = """
import sys
from texgen_desktop import cli_console
from texgen_desktop.cli import main
from texgen_desktop.engine.environment import prepare_environment
prepare_environment()
from texgen_desktop.engine import device, progress
from texgen_desktop.imaging import slider_proof
device._PROBE_S, slider_proof._SEEDS = 0.0, 1
cli_console._LINE_INTERVAL_S = 0.0
progress.REPORT_INTERVAL_S = 0.05
sys.exit(main())
"""

pytestmark = pytest.mark.usefixtures("brief_measurements")


def train(project: Path, *photos: Path, images: int = IMAGES) -> list[str]:
    """Arguments of a training that takes seconds."""
    settings = [argument for name, value in SMALL.items() for argument in ("--set", f"{name}={value}")]
    return ["train", *map(str, photos), "--project", str(project), "--images", str(images), "--seed", "7", "--device", "cpu", *settings]


def start(arguments: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", TALKATIVE, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_progress(process: subprocess.Popen[str]) -> None:
    """Until this process has learnt from some images; it has more before it."""
    assert process.stderr is not None
    said, seen = [], []
    for line in process.stderr:
        said.append(line)
        if match := re.search(rf"(\d+)/{IMAGES} images\b", line):
            seen.append(int(match[1]))
            if seen[-1] > seen[0]:
                assert seen[-1] < IMAGES
                return
    pytest.fail("the training never went on:\n" + "".join(said))


def end_with(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def trained(project: Path) -> ModelFile:
    return load_model(project / "runs" / "run-001" / "model.safetensors")


def differences(one: ModelFile, other: ModelFile) -> list[str]:
    """The parts that are not the same to the bit, so that a failure says where to look."""
    headers = [name for name in one.header | other.header if one.header.get(name) != other.header.get(name)]
    tensors = [name for name in dict(one.tensors) | dict(other.tensors) if not torch.equal(one.tensors[name], other.tensors[name])]
    return headers + tensors


def test_a_training_that_is_interrupted_terminated_and_killed_ends_with_the_weights_of_one_that_was_not(
    tiny_photo: Path, tmp_path: Path
) -> None:
    straight, torn = tmp_path / "straight", tmp_path / "torn"
    assert main(train(straight, tiny_photo)) == 0

    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = start(train(torn, tiny_photo))
        wait_for_progress(process)
        returned, said = end_with(process, number)
        assert returned == code
        assert "the run is saved" in said
        assert "Traceback" not in said
    process = start(train(torn))
    wait_for_progress(process)
    assert end_with(process, signal.SIGKILL)[0] == -signal.SIGKILL

    assert main(train(torn)) == 0
    assert differences(trained(torn), trained(straight)) == []
    assert trained(torn).sha256 == trained(straight).sha256


def test_window_and_command_line_make_the_same_bytes(tiny_photo: Path, tmp_path: Path) -> None:
    project = tmp_path / "command line"
    assert main(train(project, tiny_photo, images=FEW_IMAGES)) == 0
    assert main(["sample", str(project), "--out", str(tmp_path / "one.png"), "--size", "300x260", "--seed", "2"]) == 0

    desk = Desk(tmp_path)
    tile = m.Render(m.RenderRequest(m.Look(), m.Region(0, 0, 64, 64)), 1)
    export = m.ExportSettings(tmp_path / "two.png", "png", 16, 300, 260, m.Look(layout_seed=2))
    desk.when(m.JobStarted, tile)
    desk.when(m.JobEnded, tile, m.Export(export))
    desk.when(m.JobEnded, m.Quit(), if_=lambda event: event.job == "export")
    settings = m.TrainSettings(config=tuple((name, int(value)) for name, value in SMALL.items()), images=FEW_IMAGES, seed=7)
    desk.run(m.CreateProject((tiny_photo,)), m.Train(settings))
    assert differences(trained(desk.project.folder), trained(project)) == []
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_reader_that_goes_away_does_not_stop_the_training(tiny_photo: Path, tmp_path: Path) -> None:
    process = start(train(tmp_path / "p", tiny_photo, images=FEW_IMAGES))
    assert process.stderr is not None
    assert process.stdout is not None
    process.stderr.close()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "p" / "runs" / "run-001" / "model.safetensors").is_file()
