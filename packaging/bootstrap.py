"""Sets the program up in .venv and starts it: python3 packaging/bootstrap.py demo | test | run | setup.

Standard library only, and it runs on Python 3.6 far enough to say which Python is needed.
"""

import argparse
import ctypes
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "texgen-setup.sha256"
CONSTRAINTS = ROOT / "constraints.txt"

MINIMUM_PYTHON = (3, 11)
OTHER_PYTHONS = ("python3.11", "python3.12", "python3.13")

# What Qt's wheels load from the system: soname -> Debian package.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
}
DISPLAY_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

PYTORCH_INDEX = "https://download.pytorch.org/whl/"
DEMO_PHOTO = ROOT / "resources" / "samples" / "gravel.jpg"

DISPLAY_PROBE = """
import sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
sys.exit(0 if app.primaryScreen() and app.platformName() not in ("offscreen", "minimal") else 1)
"""

TORCH_PROBE = """
import importlib.metadata, json
torch = importlib.metadata.distribution("torch")
print(json.dumps({"version": torch.version, "requires_dist": torch.requires}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Sets TexGen Desktop up in .venv and starts it.")
    parser.add_argument("command", choices=["demo", "test", "run", "setup"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for run: photos, or a project; for test: pytest's own")
    chosen = parser.parse_args()
    use_a_suitable_python()
    # What is there from where the caller stands is meant, and not what the same name would mean in our own folder.
    arguments = [str(Path.cwd() / each) if Path(each).exists() else each for each in chosen.arguments]
    os.chdir(str(ROOT))
    missing = install_system_packages(for_a_window=has_display_server() and chosen.command != "test")
    if missing and chosen.command in ("test", "run"):
        return 1
    python = set_up()
    if chosen.command == "demo":
        return demo(python)
    if chosen.command == "test":
        return test(python, chosen.arguments)
    if chosen.command == "run":
        return call([python, "-m", "texgen_desktop", *arguments])
    return 0


# ------------------------------------------------------------------------------------------------ Python and the system


def use_a_suitable_python() -> None:
    """Go on under another Python of this machine when this one is too old, or say what to install."""
    if sys.version_info[:2] >= MINIMUM_PYTHON:
        return
    for name in OTHER_PYTHONS:
        path = shutil.which(name)
        # A version manager may leave a name on the PATH that does not start.
        if path and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(path, [path, *sys.argv])
    needed = ".".join(map(str, MINIMUM_PYTHON))
    raise SystemExit(
        f"TexGen Desktop needs Python {needed} or newer; this is {sys.version.split()[0]}.\n"
        f"Install it beside the old one, for example: sudo apt-get install python{needed} python{needed}-venv"
    )


def install_system_packages(for_a_window: bool) -> List[str]:
    """Install what Qt and venv lack here when that can be done, else print the command. Returns what is still missing."""
    missing = missing_packages(for_a_window)
    if not missing:
        return []
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if shutil.which("apt-get") is None:
        print("System libraries are missing. On Debian they are called: " + " ".join(missing))
    elif os.geteuid() != 0:
        print("System packages are missing. Run this once, then start again:\n  sudo " + shlex.join(install))
    else:
        print("System packages are missing:\n  apt-get update && " + shlex.join(install), flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.call(["apt-get", "-q", "update"], env=environment)
        subprocess.call(install, env=environment)
        missing = missing_packages(for_a_window)
        if missing:
            print("Still missing: " + " ".join(missing))
    if any(package.endswith("-venv") for package in missing):
        raise SystemExit("This Python cannot make virtual environments until that is installed.")
    return missing


def missing_packages(for_a_window: bool) -> List[str]:
    packages = []
    if importlib.util.find_spec("ensurepip") is None:
        packages.append("python{}.{}-venv".format(*sys.version_info))
    if sys.platform == "linux":
        libraries = {**QT_LIBRARIES, **(DISPLAY_LIBRARIES if for_a_window else {})}
        packages += [package for soname, package in libraries.items() if not can_load(soname)]
    return packages


def can_load(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def has_display_server() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# ------------------------------------------------------------------------------------------------- the environment


def set_up() -> str:
    """Make .venv hold what pyproject.toml and constraints.txt ask for. Returns its Python."""
    python = str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted and Path(python).exists():
        return python
    started_s = time.monotonic()
    if not is_usable(python):
        print(f"Making {VENV} with Python {sys.version.split()[0]} …", flush=True)
        check([sys.executable, "-m", "venv", "--clear", str(VENV)])
    install_torch(python)
    print("Installing TexGen Desktop …", flush=True)
    check(pip_install(python, "--constraint", str(CONSTRAINTS), "--editable", f"{ROOT}[dev]"))
    STAMP.write_text(wanted)
    print(f"Set up in {time.monotonic() - started_s:.0f} s.", flush=True)
    return python


def fingerprint() -> str:
    """Changes whenever the environment would come out differently."""
    digest = hashlib.sha256()
    for part in (sys.version, str(ROOT), wanted_build(), os.environ.get("TEXGEN_TORCH_INDEX", "")):
        digest.update(part.encode() + b"\0")
    for path in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_usable(python: str) -> bool:
    """Whether .venv works and is of this very Python version."""
    if not Path(python).exists():
        return False
    question = [python, "-c", "import sys, pip; print(sys.version)"]
    answer = subprocess.run(question, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return answer.returncode == 0 and answer.stdout.strip() == sys.version.strip()


def pip_install(python: str, *arguments: str) -> List[str]:
    quiet = [] if sys.stdout.isatty() else ["--quiet", "--quiet"]  # no progress bars in a log
    return [python, "-m", "pip", "install", "--disable-pip-version-check", *quiet, *arguments]


# ----------------------------------------------------------------------------------------------------------- torch


def install_torch(python: str) -> None:
    """Install the tested torch in the build for this machine: from pip's own configuration where that offers it, else PyTorch's index.

    Dependencies are left to the installation of the program itself, so that PyTorch's index is asked for torch alone.
    """
    requirement = torch_requirement(CONSTRAINTS.read_text())
    wanted = wanted_build()
    # To pip another build of the same version is the same thing, hence --force-reinstall.
    install = pip_install(python, "--no-deps", "--force-reinstall")
    print(f"Installing {requirement}, {wanted} build …", flush=True)
    if os.environ.get("TEXGEN_TORCH_INDEX"):
        check([*install, "--index-url", os.environ["TEXGEN_TORCH_INDEX"], requirement])
        return
    if is_installed(python, requirement, wanted):
        return
    offered = offered_build([*install, requirement])
    if offered != wanted:
        tag = cuda_tag(nvidia_smi()) if wanted == "CUDA" else "cpu"
        index = PYTORCH_INDEX + tag
        # The build is named, for pip goes on looking into the places of its own configuration.
        if call([*install, "--index-url", index, "--retries", "1", "--timeout", "30", f"{requirement}+{tag}"]) == 0:
            return
        if offered is None:
            raise SystemExit(f"{requirement} could not be had. Set TEXGEN_TORCH_INDEX to an index that holds it.")
        print(f"{index} cannot be used: installing the {offered} build. TEXGEN_TORCH_INDEX names another index.", flush=True)
    check([*install, requirement])


def torch_requirement(constraints: str) -> str:
    return next(line for line in constraints.splitlines() if line.startswith("torch=="))


def wanted_build() -> str:
    has_driver = shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia/version").exists()
    return "CUDA" if has_driver else "CPU"


def is_installed(python: str, requirement: str, build: str) -> bool:
    answer = subprocess.run([python, "-c", TORCH_PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if answer.returncode != 0:
        return False
    metadata = json.loads(answer.stdout)
    return metadata["version"].partition("+")[0] == requirement.partition("==")[2] and build_of(metadata, sys.platform) == build


def offered_build(install: List[str]) -> Optional[str]:
    """Which build the pip command ``install`` would take, or None when it finds none."""
    command = [*install, "--quiet", "--dry-run", "--report", "-"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return build_of(json.loads(answer.stdout)["install"][0]["metadata"], sys.platform) if answer.returncode == 0 else None


def build_of(metadata: Dict[str, Any], platform: str) -> str:
    """A CUDA build says so in its version, or asks for NVIDIA's libraries (its metadata lists them on every platform)."""
    local_version = metadata["version"].partition("+")[2]
    if local_version:
        return "CUDA" if local_version.startswith("cu") else "CPU"
    needs_nvidia = any(re.match("(nvidia|cuda)-", needed) for needed in metadata.get("requires_dist") or [])
    return "CUDA" if needs_nvidia and platform == "linux" else "CPU"


def nvidia_smi() -> str:
    if shutil.which("nvidia-smi") is None:
        return ""
    return subprocess.run(["nvidia-smi"], stdout=subprocess.PIPE, text=True).stdout


def cuda_tag(nvidia_smi_says: str) -> str:
    """The folder of PyTorch's index for this driver: CUDA 12 where the driver is too old for 13."""
    version = re.search(r"CUDA.* Version:\s*(\d+)\.", nvidia_smi_says)
    return "cu126" if version and int(version.group(1)) < 13 else "cu130"


# --------------------------------------------------------------------------------------------------------- commands


def demo(python: str) -> int:
    """The main job on a sample photo: in the window where there is a display, else on the command line."""
    if has_usable_display(python):
        return call([python, "-m", "texgen_desktop", "--train", str(DEMO_PHOTO)])
    folder = ROOT / "demo-output" / time.strftime("%Y-%m-%d_%H-%M-%S")
    tile = folder / "tile.png"
    print(f"No display here: learning {DEMO_PHOTO.name} on the command line for two minutes.", flush=True)
    texgen = str(Path(python).with_name("texgen"))
    train = [texgen, "train", str(DEMO_PHOTO), "--preset", "draft", "--minutes", "2", "--project", str(folder)]
    sample = [texgen, "sample", str(folder), "--out", str(tile), "--size", "1024x1024", "--bits", "16"]
    code = call(train) or call(sample)
    if code == 0:
        print(f"A seamless tile, 1024 × 1024 pixels with 16 bits a channel, of what two minutes have taught:\n  {tile}")
        print(f"The rest of the run makes it sharper: {texgen} train --project {shlex.quote(str(folder))}")
    return code


def has_usable_display(python: str) -> bool:
    """Ask in a child process: a missing xcb library makes Qt abort."""
    if not has_display_server():
        return False
    answer = subprocess.run([python, "-c", DISPLAY_PROBE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return answer.returncode == 0


def test(python: str, pytest_arguments: List[str]) -> int:
    """Every check, on Qt's offscreen platform."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # A folder of their own: what an earlier, killed run left in the shared one (a mounted disk, say) would fail pytest's clearing up.
    with tempfile.TemporaryDirectory(prefix="texgen-tests-", ignore_cleanup_errors=True) as folder:
        return run_checks(python, ["--basetemp", str(Path(folder, "pytest")), *pytest_arguments])


def run_checks(python: str, pytest_arguments: List[str]) -> int:
    """Run every check, also when an earlier one failed, and say at the end which did."""
    ruff, lint_imports = (str(Path(python).with_name(name)) for name in ("ruff", "lint-imports"))
    checks = {
        "lint": [ruff, "check", "."],
        "format": [ruff, "format", "--check", "."],
        "types": [python, "-m", "mypy"],
        "imports": [lint_imports, "--no-logo"],
        "tests": [python, "-m", "pytest", *pytest_arguments],
    }
    failed = []
    for name, command in checks.items():
        print(f"\n== {name}: {shlex.join(command[1:])}", flush=True)
        if call(command) != 0:
            failed.append(name)
    print("\nFailed: " + ", ".join(failed) if failed else "\nAll checks passed.")
    return 1 if failed else 0


def call(command: List[str]) -> int:
    return subprocess.call(command)


def check(command: List[str]) -> None:
    if call(command) != 0:
        raise SystemExit(f"This did not succeed: {shlex.join(command)}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
