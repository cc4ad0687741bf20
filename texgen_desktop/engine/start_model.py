"""The model that a run begins with, by a name that holds in every copy of its project: no record leads out of it."""

from __future__ import annotations

from pathlib import Path

from texgen_desktop.engine.photo_files import is_safe_name
from texgen_desktop.resources import model_file

MODEL_NAME = "model.safetensors"
_SUFFIX = ".safetensors"


def start_name(text: str, runs_folder: Path) -> str:
    """What a record calls the model that ``text`` names or is the absolute path of.

    A run of the project by its id, a model that ships by its name, any other by the name of its file, by which nobody finds it again.
    """
    path = Path(text)
    if path.name == MODEL_NAME and path.parent.parent == runs_folder:
        return path.parent.name
    return path.stem if path.suffix == _SUFFIX and path.parent == model_file() else path.name


def start_file(name: str, runs_folder: Path) -> Path | None:
    """The model of this name; None where there is none, or none any more."""
    if not is_safe_name(name):
        return None
    places = (runs_folder / name / MODEL_NAME, model_file(f"{name}{_SUFFIX}"))
    return next((path for path in places if path.is_file()), None)
