"""An audit of the package's source: nothing that we open is unpickled (but for one file) or evaluated, no shell, no network."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "texgen_desktop"

FORBIDDEN_MODULES = {
    **dict.fromkeys(["pickle", "_pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"], "unpickling runs code"),
    **dict.fromkeys(["yaml", "code", "codeop", "runpy"], "data must stay data"),
    **dict.fromkeys(["socket", "socketserver", "ssl", "ftplib", "smtplib", "xmlrpc", "http", "urllib.request"], "the program is offline"),
    **dict.fromkeys(["requests", "httpx", "aiohttp", "urllib3", "torch.hub", "PySide6.QtNetwork"], "the program is offline"),
    **dict.fromkeys(["PySide6.QtWebEngineCore", "PySide6.QtWebEngineWidgets", "PySide6.QtQml"], "the program shows no documents that run"),
}
FORBIDDEN_NAMES = {
    **dict.fromkeys(["eval", "exec", "compile", "__import__"], "data must stay data"),
    **dict.fromkeys(["torch.load", "torch.jit.load", "torch.package", "torch.export.load"], "unpickling runs code"),
    **dict.fromkeys(["os.system", "os.popen", "os.startfile", "subprocess.getoutput", "subprocess.getstatusoutput"], "no shell"),
    **dict.fromkeys(["shutil.unpack_archive", "tempfile.mktemp"], "writes where the file says"),
}
FORBIDDEN_ARGUMENTS = {
    "shell": "no shell",
    "allow_pickle": "unpickling runs code",
    "weights_only": "torch.load in disguise",
}
FORBIDDEN_METHODS = {
    "extractall": "writes where the archive says",
    "setOpenExternalLinks": "texts come from file names",
}
# Which file may, what, and why.
ALLOWED = {
    ("families/__init__.py", "importlib.import_module"): "scans its own folder",
    ("operators/__init__.py", "importlib.import_module"): "scans its own folder",
    ("ui/panel.py", "importlib.import_module"): "scans its own folder",
    ("engine/lock.py", "socket"): "",
    ("engine/lock.py", "socket.gethostname"): "a lock file says on which machine its owner runs",
    ("hooks.py", "socket"): "",
    ("hooks.py", "socket.socketpair"): "a signal wakes Qt's loop through it; it leads nowhere else",
}
# The one file that unpickles, and all of ``pickle`` that it may touch: names of instructions, the error, and the class that it narrows.
UNPICKLES = "data/cifar.py"
OF_PICKLE = re.compile(r"pickle(\.(_Unpickler(\.dispatch)?|UnpicklingError|[A-Z][A-Z0-9_]+))?")


def _is_allowed(file: str, name: str) -> bool:
    return (file, name) in ALLOWED or (file == UNPICKLES and OF_PICKLE.fullmatch(name) is not None)


def findings(source: str, file: str = "<source>") -> Iterator[str]:
    """Everything in ``source`` that is forbidden, with its line; aliases (``import torch as t``) are followed."""
    tree = ast.parse(source)
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        for imported, alias in _imports(node):
            aliases[alias] = imported
            if (why := _forbidden_module(imported)) and not _is_allowed(file, imported):
                yield f"{file}:{node.lineno}: {imported}: {why}"
    for node in ast.walk(tree):
        for name, why in _forbidden_uses(node, aliases):
            if not _is_allowed(file, name):
                yield f"{file}:{node.lineno}: {name}: {why}"


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(what is imported, the name it gets here)."""
    match node:
        case ast.Import(names=names):
            for name in names:
                yield name.name, name.asname or name.name.partition(".")[0]
        case ast.ImportFrom(module=str(module), names=names):
            for name in names:
                yield f"{module}.{name.name}", name.asname or name.name


def _forbidden_module(name: str) -> str | None:
    parts = name.split(".")
    return next((why for count in range(1, len(parts) + 1) if (why := FORBIDDEN_MODULES.get(".".join(parts[:count])))), None)


def _forbidden_uses(node: ast.AST, aliases: dict[str, str]) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Name() | ast.Attribute():
            name = _dotted(node, aliases)
            if why := FORBIDDEN_NAMES.get(name) or _forbidden_module(name):
                yield name, why
            if name == "importlib.import_module":
                yield name, "a name from a file must not become a module"
            if isinstance(node, ast.Attribute) and (why := FORBIDDEN_METHODS.get(node.attr)):
                yield node.attr, why
        case ast.keyword(arg=str(argument)) if argument in FORBIDDEN_ARGUMENTS:
            if not (isinstance(node.value, ast.Constant) and node.value.value is False and argument != "weights_only"):
                yield f"{argument}=", FORBIDDEN_ARGUMENTS[argument]


def _dotted(node: ast.AST, aliases: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return aliases.get(name, name if name in FORBIDDEN_NAMES else "?")  # a local variable may be called what it likes
        case ast.Attribute(value=value, attr=attr):
            return f"{_dotted(value, aliases)}.{attr}"
        case _:
            return "?"


def test_nothing_in_the_package_unpickles_evaluates_or_calls_out() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert files
    found = [line for path in files for line in findings(path.read_text(), path.relative_to(PACKAGE).as_posix())]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads as harmless",
        "import torch as t; t.load('model.pt')",
        "from torch import load as read; read('model.pt')",
        "import torch.hub",
        "import torch; torch.hub.load('a/b', 'c')",
        "eval('1 + 1')",
        "run = exec",
        "__import__('os')",
        "import importlib; importlib.import_module(name)",
        "import os; os.system('ls')",
        "import subprocess; subprocess.run('ls', shell=True)",
        "import subprocess; subprocess.run('ls', shell=flag)",
        "import numpy as np; np.load('a.npy', allow_pickle=True)",
        "import yaml",
        "import socket",
        "from urllib import request",
        "import urllib.request",
        "import http.client",
        "import requests",
        "from PySide6 import QtNetwork",
        "import tarfile; tarfile.open('a.tar').extractall()",
        "label.setOpenExternalLinks(True)",
    ],
)
def test_the_audit_sees(source: str) -> None:
    assert list(findings(source)) != []


@pytest.mark.parametrize("use", ["pickle.load(file)", "pickle.loads(data)", "pickle.Unpickler(file)", "pickle._loads(data)"])
def test_the_one_file_that_unpickles_does_it_in_no_other_way(use: str) -> None:
    assert list(findings(f"import pickle; {use}", UNPICKLES)) != []


def test_the_exception_for_pickles_is_that_of_one_file() -> None:
    narrowed = "import pickle; pickle._Unpickler(file)"
    assert list(findings(narrowed, UNPICKLES)) == []
    assert len(list(findings(narrowed, "data/photos.py"))) >= 2
    using = [path for path in PACKAGE.rglob("*.py") if list(findings(path.read_text()))]
    assert (PACKAGE / UNPICKLES) in using
    assert {path.relative_to(PACKAGE).as_posix() for path in using} == {file for file, _ in ALLOWED} | {UNPICKLES}


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "import json; json.load(file)",
        "import safetensors.torch; safetensors.torch.load_file(path)",
        "import numpy as np; np.load('a.npy', allow_pickle=False)",
        "import re; re.compile('a')",
        "from urllib.parse import quote",
        "dialog.exec()",
        "code = 1; print(code)",
    ],
)
def test_the_audit_lets_pass(source: str) -> None:
    assert list(findings(source)) == []
