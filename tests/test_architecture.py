"""The direction of the imports: what loads with what, and that the contracts of pyproject.toml catch a stray import."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "texgen_desktop"
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def modules_after(statements: str) -> set[str]:
    """The top-level names in ``sys.modules`` after ``statements`` ran in a fresh interpreter."""
    program = f"{statements}\nimport sys, json\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


QT = {"PySide6", "shiboken6", "pyqtgraph"}


def test_the_engine_that_describes_its_families_and_the_command_line_load_no_qt_and_no_compiler() -> None:
    """torch's compiler takes more than a second to import; a start has no use for it."""
    loaded = modules_after(
        "import sys, texgen_desktop.cli, texgen_desktop.engine.engine\n"
        "from texgen_desktop.engine.family_info import describe_family\n"
        "from texgen_desktop.families import discover\n"
        "assert [describe_family(family, gflops=80.0) for family in discover().values()]\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    assert not loaded & QT
    assert "torch" in loaded, "the probe sees what a family loads"


def packages() -> list[str]:
    return [".".join(init.parent.relative_to(ROOT).parts) for init in sorted(PACKAGE.rglob("__init__.py"))]


def test_the_messages_and_every_package_come_without_torch() -> None:
    names = ", ".join([*packages(), "texgen_desktop.engine.messages", "texgen_desktop.errors"])
    assert not modules_after(f"import {names}") & {"torch", "pyqtgraph"}


def test_the_window_is_built_before_torch_numpy_and_the_plots_are_loaded(tmp_path: Path) -> None:
    """Together they take seconds to import: the window paints first."""
    build = f"""
from pathlib import Path
from texgen_desktop import app
application, window = app.create(["texgen-desktop"], settings_dir=Path({str(tmp_path)!r}))
import sys
loaded = set(sys.modules)
window.close()
assert not loaded & {{"torch", "numpy", "pyqtgraph"}}
"""
    assert "PySide6" in modules_after(build)


def qt_modules_of(source: str) -> set[str]:
    """The modules of PySide6 that ``source`` imports, such as ``QtCore``."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="PySide6", names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module)) if module.startswith("PySide6."):
                found.add(module.split(".")[1])
            case ast.Import(names=names):
                found |= {name.name.split(".")[1] for name in names if name.name.startswith("PySide6.")}
    return found


def test_of_qt_the_studio_uses_the_core_alone() -> None:
    """import-linter cannot look inside an external package."""
    used = {path.name: qt_modules_of(path.read_text()) - {"QtCore"} for path in (PACKAGE / "studio").rglob("*.py")}
    assert used
    assert {name: modules for name, modules in used.items() if modules} == {}


@pytest.mark.parametrize("source", ["from PySide6.QtGui import QImage", "from PySide6 import QtGui", "import PySide6.QtGui"])
def test_the_look_into_qt_imports_sees_every_form(source: str) -> None:
    assert qt_modules_of(source) == {"QtGui"}


STRAYS = {
    "no-qt": ("nn/__init__.py", "import PySide6"),
    "imaging": ("imaging/__init__.py", "import torch"),
    "messages-only": ("ui/parts.py", "import torch"),
    "layers": ("studio/state.py", "import texgen_desktop.ui.theme"),
    "headless-cli": ("cli.py", "import texgen_desktop.studio.state"),
    "families": ("families/stray_one.py", "import texgen_desktop.families.stray_two"),
    "operators": ("operators/stray_one.py", "import texgen_desktop.operators.stray_two"),
    "panels": ("ui/panels/log.py", "import texgen_desktop.ui.panels.data"),
}


COMES_ALONG = {"shiboken6", "_typeshed"}
"""With PySide6, and with the type checker."""
OPTIONAL = {"spandrel"}
"""Of the extra ``community``; imported only where it is asked for."""
MODULES = {"pillow": "PIL", "openimageio": "OpenImageIO", "pyside6-essentials": "PySide6"}
"""What a package is imported as, where that is not its name."""


def test_every_dependency_is_imported_by_the_program_and_no_other_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {re.split(r"[<>=;\s]", text)[0].lower() for text in project["dependencies"]}
    imported = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    imported |= {name.name.partition(".")[0] for name in names}
                case ast.ImportFrom(module=str(module)):
                    imported.add(module.partition(".")[0])
    assert imported - sys.stdlib_module_names - {PACKAGE.name, *COMES_ALONG, *OPTIONAL} == {MODULES.get(name, name) for name in named}


@pytest.fixture
def copy_of_the_package(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "texgen_desktop", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "texgen_desktop" / "families" / "stray_two.py").touch()
    (tmp_path / "texgen_desktop" / "operators" / "stray_two.py").touch()
    return tmp_path / "texgen_desktop"


def verdict(package: Path) -> str:
    """The line of import-linter's report that counts the contracts."""
    answer = subprocess.run([LINT_IMPORTS, "--no-cache", "--no-logo"], cwd=package.parent, capture_output=True, text=True)
    return next(line for line in answer.stdout.splitlines() if line.startswith("Contracts: "))


def test_the_contracts_hold_and_each_catches_its_stray_import(copy_of_the_package: Path) -> None:
    assert verdict(copy_of_the_package) == f"Contracts: {len(STRAYS)} kept, 0 broken."
    for file, statement in STRAYS.values():
        with (copy_of_the_package / file).open("a") as module:
            module.write(f"\n{statement}\n")
    assert verdict(copy_of_the_package) == f"Contracts: 0 kept, {len(STRAYS)} broken."
