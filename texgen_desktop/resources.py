"""Where the files that ship with the program lie: in a clone at its top, in an installed wheel inside the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "bundled"  # made by the build (pyproject.toml), absent in a clone
_TOP = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent


def resource(*parts: str) -> Path:
    """A file or folder below ``resources/``, for example ``resource("samples", "gravel.jpg")``."""
    return _TOP.joinpath("resources", *parts)


def model_file(*parts: str) -> Path:
    """A file or folder below ``models/``: the trained weights that ship with the program."""
    return _TOP.joinpath("models", *parts)
