"""What a dropped or opened path means: a project, a model, or photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from texgen_desktop.engine.messages import CreateProject, OpenModel, OpenProject, ReadRecipe
from texgen_desktop.paths import is_folder, is_project


def command_for(paths: Sequence[Path]) -> CreateProject | OpenModel | OpenProject | ReadRecipe | None:
    """The command that opens ``paths``; the first project or model among them wins over photos. None for no paths.

    A single file may be a picture that this program exported, so its recipe is looked for first.
    """
    for path in paths:
        if path.name == "project.json":
            return OpenProject(path.parent)
        if is_project(path):
            return OpenProject(path)
        if path.suffix.lower() == ".safetensors":
            return OpenModel(path)
    if len(paths) == 1 and not is_folder(paths[0]):
        return ReadRecipe(paths[0])
    return CreateProject(tuple(paths)) if paths else None
