"""The built wheel, installed outside the clone, finds what ships with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

REPORT = """
import json
from texgen_desktop import resources
samples = sorted(path.name for path in resources.resource("samples").glob("*.jpg"))
print(json.dumps({"package": resources.__file__, "samples": samples, "card": resources.model_file("README.md").read_text()}))
"""


@pytest.fixture(scope="module")
def site_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment that holds our wheel and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "site"], check=True)
    python = folder / "site" / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", "--no-deps", *folder.glob("*.whl")], check=True)
    return python


def test_an_installed_wheel_finds_its_resources_and_models(site_python: Path) -> None:
    answer = subprocess.run([site_python, "-c", REPORT], cwd=site_python.parent, capture_output=True, text=True, check=True)
    found = json.loads(answer.stdout)
    assert Path(found["package"]).is_relative_to(site_python.parents[1])
    assert found["samples"] == sorted(path.name for path in (ROOT / "resources" / "samples").glob("*.jpg"))
    assert found["card"] == (ROOT / "models" / "README.md").read_text()


def test_the_wheel_is_typed_and_brings_every_resource(site_python: Path) -> None:
    package = next(site_python.parents[1].glob("lib/python*/site-packages/texgen_desktop"))
    assert (package / "py.typed").exists()
    for top in ("resources", "models"):
        ours = {path.relative_to(ROOT) for path in (ROOT / top).rglob("*") if path.is_file()}
        theirs = {path.relative_to(package / "bundled") for path in (package / "bundled" / top).rglob("*") if path.is_file()}
        assert theirs == ours


def test_our_packaging_folder_does_not_shadow_the_library_of_that_name() -> None:
    answer = subprocess.run([sys.executable, "-c", "import packaging.version"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert not (ROOT / "packaging" / "__init__.py").exists()
