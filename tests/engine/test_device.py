from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from texgen_desktop.engine.device import choose_device, conv_gflops, core_count, describe
from texgen_desktop.engine.environment import prepare_environment
from texgen_desktop.errors import TexGenError
from texgen_desktop.slices import run_to_end


def topology(folder: Path, *siblings: str) -> Path:
    for cpu, text in enumerate(siblings):
        path = folder / f"cpu{cpu}" / "topology"
        path.mkdir(parents=True)
        (path / "thread_siblings_list").write_text(f"{text}\n")
    return folder


@pytest.mark.parametrize(
    ("siblings", "allowed", "cores"),
    [
        (["0", "1"], {0, 1}, 2),
        (["0-1", "0-1"], {0, 1}, 2),
        (["0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"], set(range(8)), 4),
        (["0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"], {0, 1, 4}, 2),
        ([], {3, 5, 9}, 3),
        ([], {3}, 1),
    ],
)
def test_there_is_one_thread_per_core_that_we_may_use(tmp_path: Path, siblings: list[str], allowed: set[int], cores: int) -> None:
    assert core_count(allowed, topology(tmp_path, *siblings)) == cores


def test_the_cpu_is_there_and_described() -> None:
    choice = choose_device("cpu")
    assert (choice.device, choice.notice) == (torch.device("cpu"), "")
    assert describe(choice.device).startswith("CPU, ")


@pytest.mark.parametrize("name", ["tpu", "", "meta", "cpu:x", "gpu"])
def test_an_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(TexGenError) as caught:
        choose_device(name)
    assert caught.value.hint


@pytest.mark.skipif(torch.cuda.is_available(), reason="this computer has CUDA")
def test_a_missing_device_is_refused_when_asked_for_and_not_missed_otherwise() -> None:
    with pytest.raises(TexGenError, match="offers no device cuda"):
        choose_device("cuda")
    assert choose_device().notice == ""


@pytest.mark.skipif(torch.cuda.is_available(), reason="this computer has CUDA")
def test_a_graphics_card_that_does_not_work_is_passed_over_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # as an old driver says it
    choice = choose_device()
    assert choice.device == torch.device("cpu")
    assert "the CPU is used" in choice.notice
    with pytest.raises(TexGenError, match="does not work"):
        choose_device("cuda")


def test_the_probe_yields_between_slices_and_returns_a_speed() -> None:
    probe = conv_gflops(torch.device("cpu"))
    slices = 0
    while True:
        try:
            next(probe)
        except StopIteration as end:
            speed = end.value
            break
        slices += 1
    assert slices >= 2
    assert speed > 0.01


def test_a_busy_machine_is_not_taken_for_a_slow_one() -> None:
    """Of all readings only one was not held up by something else."""
    took_s = iter([0.5, 0.5, 0.01] + [0.5] * 50)
    moment_s, is_begun = 0.0, False

    def clock() -> float:
        nonlocal moment_s, is_begun
        moment_s += next(took_s) if is_begun else 0.0
        is_begun = not is_begun
        return moment_s

    speed = run_to_end(conv_gflops(torch.device("cpu"), clock))
    assert speed == pytest.approx(2 * 32 * 32 * 9 * 128 * 128 / 0.01 / 1e9)


def test_the_environment_is_prepared_without_torch_and_keeps_what_the_user_set() -> None:
    environ = {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "7"}
    prepare_environment(environ)
    assert environ == {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "7"}
    program = (
        "import os, sys; os.environ.pop('OMP_WAIT_POLICY', None); os.environ.pop('GOMP_SPINCOUNT', None)\n"
        "from texgen_desktop.engine.environment import prepare_environment\n"
        "prepare_environment(); print(os.environ['OMP_WAIT_POLICY'], os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["PASSIVE", "2000", "False"]
