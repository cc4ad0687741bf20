"""The bootstrap script: what it decides, without installing anything."""

from __future__ import annotations

import ast
import builtins
import importlib.metadata
import importlib.util
import os
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "packaging" / "bootstrap.py"


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def too_new_for_python_36(source: str) -> list[str]:
    """Why Python 3.6 could not run ``source`` up to its version check."""
    try:
        tree = ast.parse(source, feature_version=(3, 6))
    except SyntaxError as error:
        return [str(error)]
    faults = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="__future__"):
                faults.append("a __future__ import that 3.6 does not know")
            case ast.Subscript(value=ast.Name(id=name)) if isinstance(getattr(builtins, name, None), type):
                faults.append(f"{name}[…] is evaluated when the function is defined")
    return faults


def test_the_script_runs_on_python_36_far_enough_to_ask_for_another() -> None:
    assert too_new_for_python_36(SCRIPT.read_text()) == []


@pytest.mark.parametrize(
    "source", ["match x:\n  case 1: pass", "if (x := 1): pass", "def f(x: list[str]): pass", "from __future__ import annotations"]
)
def test_the_check_for_python_36_sees_what_is_too_new(source: str) -> None:
    assert too_new_for_python_36(source) != []


def put_on_path(folder: Path, name: str, exit_code: int) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    program.chmod(0o755)
    return program


def test_an_old_python_without_a_newer_one_beside_it_says_what_to_install(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer[^$]*apt-get install python3\.11 python3\.11-venv"):
        bootstrap.use_a_suitable_python()


def test_an_old_python_hands_over_to_the_first_newer_one_that_starts(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, "python3.11", exit_code=127)  # a version manager's shim for a version that is not chosen
    newer = put_on_path(tmp_path, "python3.12", exit_code=0)
    started: list[list[str]] = []
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "demo"])
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")

    def execv(_path: str, command: list[str]) -> None:
        started.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(SystemExit):
        bootstrap.use_a_suitable_python()
    assert started == [[str(newer), "bootstrap.py", "demo"]]


def test_a_library_counts_as_missing_when_it_cannot_be_loaded(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "QT_LIBRARIES", {"libc.so.6": "libc6", "libnowhere.so.7": "libnowhere7"})
    monkeypatch.setattr(bootstrap, "DISPLAY_LIBRARIES", {"libwindow.so.1": "libwindow1"})
    assert bootstrap.missing_packages(for_a_window=False) == ["libnowhere7"]
    assert bootstrap.missing_packages(for_a_window=True) == ["libnowhere7", "libwindow1"]


@pytest.fixture
def missing_on_debian(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Two packages are missing, and an apt-get that cannot install anything."""
    put_on_path(tmp_path, "apt-get", exit_code=100)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(bootstrap, "missing_packages", lambda for_a_window: ["libegl1", "libgl1"])
    return ["libegl1", "libgl1"]


def test_without_root_the_one_command_to_run_is_printed_and_nothing_is_installed(
    bootstrap: ModuleType, missing_on_debian: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert bootstrap.install_system_packages(for_a_window=False) == missing_on_debian
    assert capsys.readouterr().out.endswith("sudo apt-get install -y --no-install-recommends libegl1 libgl1\n")


def test_as_root_the_command_is_printed_first_and_a_failure_is_told(
    bootstrap: ModuleType, missing_on_debian: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert bootstrap.install_system_packages(for_a_window=False) == missing_on_debian
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == "  apt-get update && apt-get install -y --no-install-recommends libegl1 libgl1"
    assert printed[-1] == "Still missing: libegl1 libgl1"


def test_a_display_that_is_not_there_is_found_out_without_dying(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":9876")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert not bootstrap.has_usable_display(sys.executable)


def test_the_offscreen_platform_is_no_display(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":9876")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert not bootstrap.has_usable_display(sys.executable)


@pytest.mark.parametrize(
    ("version", "requires", "platform", "build"),
    [
        ("2.13.0+cpu", [], "linux", "CPU"),
        ("2.13.0+cu130", [], "win32", "CUDA"),
        ("2.13.0", ["filelock", 'nvidia-cudnn-cu13==9.1; platform_system == "Linux"'], "linux", "CUDA"),
        ("2.13.0", ["filelock", 'cuda-toolkit[nvrtc]==13.0; platform_system == "Linux"'], "linux", "CUDA"),
        ("2.13.0", ["filelock", 'nvidia-cudnn-cu13==9.1; platform_system == "Linux"'], "darwin", "CPU"),
        ("2.13.0", ["filelock"], "linux", "CPU"),
    ],
)
def test_the_build_of_torch_that_pip_would_take_is_recognised(
    bootstrap: ModuleType, version: str, requires: list[str], platform: str, build: str
) -> None:
    assert bootstrap.build_of({"name": "torch", "version": version, "requires_dist": requires}, platform) == build


def test_an_installed_torch_of_another_build_or_version_does_not_count(bootstrap: ModuleType) -> None:
    version = importlib.metadata.version("torch").partition("+")[0]
    build = "CUDA" if bootstrap.is_installed(sys.executable, f"torch=={version}", "CUDA") else "CPU"
    other = {"CUDA": "CPU", "CPU": "CUDA"}[build]
    assert bootstrap.is_installed(sys.executable, f"torch=={version}", build)
    assert not bootstrap.is_installed(sys.executable, f"torch=={version}", other)
    assert not bootstrap.is_installed(sys.executable, "torch==2.0.0", build)


@pytest.mark.parametrize(
    ("nvidia_smi_says", "tag"),
    [
        ("| NVIDIA-SMI 535.183.01   Driver Version: 535.183.01   CUDA Version: 12.2     |", "cu126"),
        ("| NVIDIA-SMI 580.65.06    Driver Version: 580.65.06    CUDA Version: 13.0     |", "cu130"),
        ("", "cu130"),
    ],
)
def test_an_older_driver_gets_the_cuda_12_build(bootstrap: ModuleType, nvidia_smi_says: str, tag: str) -> None:
    assert bootstrap.cuda_tag(nvidia_smi_says) == tag


def test_the_environment_is_made_anew_only_when_something_that_matters_changed(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("torch==2.13.0\n")
    monkeypatch.setattr(bootstrap, "CONSTRAINTS", constraints)
    before = bootstrap.fingerprint()
    assert bootstrap.fingerprint() == before
    constraints.write_text("torch==2.13.1\n")
    after_an_update = bootstrap.fingerprint()
    monkeypatch.setenv("TEXGEN_TORCH_INDEX", "file:///wheels")
    assert len({before, after_an_update, bootstrap.fingerprint()}) == 3


def test_every_package_we_ask_for_is_pinned_at_what_is_tested_here(bootstrap: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked_for = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    pinned = {normal(name): version for name, version in pins.items()}
    for requirement in asked_for:
        name = re.split("[<>=;[ ]", requirement)[0]
        assert pinned[normal(name)] == importlib.metadata.version(name).partition("+")[0]
    assert bootstrap.torch_requirement((ROOT / "constraints.txt").read_text()) == f"torch=={pinned['torch']}"


def test_every_check_runs_and_the_tests_get_a_fresh_folder_of_their_own(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def call(command: list[str]) -> int:
        if "--basetemp" in command:
            folders.append(Path(command[command.index("--basetemp") + 1]))
            assert folders[-1].parent.is_dir()
            assert not folders[-1].exists()
            assert command[-2:] == ["-k", "seam"]
        return int("mypy" in command)

    monkeypatch.setattr(bootstrap, "call", call)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert bootstrap.test("python3", ["-k", "seam"]) == 1
    assert bootstrap.test("python3", ["-k", "seam"]) == 1
    assert len(set(folders)) == 2
    assert not any(folder.parent.exists() for folder in folders)


def test_photos_are_those_that_the_caller_sees(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    commands: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "call", lambda command: commands.append(command) or 0)
    monkeypatch.setattr(bootstrap, "set_up", lambda: "python3")
    monkeypatch.setattr(bootstrap, "install_system_packages", lambda for_a_window: [])
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "run", "photo.jpg", "--gone"])
    monkeypatch.chdir(tmp_path)
    assert bootstrap.main() == 0
    assert commands == [["python3", "-m", "texgen_desktop", str(tmp_path / "photo.jpg"), "--gone"]]


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()
