"""What a dropped path means."""

from __future__ import annotations

from pathlib import Path

import pytest

from texgen_desktop.engine.messages import CreateProject, OpenModel, OpenProject, ReadRecipe
from texgen_desktop.studio.opening import command_for


def test_a_project_is_known_by_its_file_and_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text("{}")
    assert command_for([tmp_path]) == OpenProject(tmp_path)
    assert command_for([tmp_path / "project.json"]) == OpenProject(tmp_path)


def test_a_model_is_opened_by_itself() -> None:
    assert command_for([Path("model.SAFETENSORS")]) == OpenModel(Path("model.SAFETENSORS"))


def test_a_single_picture_is_asked_for_its_recipe_first() -> None:
    assert command_for([Path("gravel.jpg")]) == ReadRecipe(Path("gravel.jpg"))


def test_several_pictures_or_a_folder_start_a_project(tmp_path: Path) -> None:
    photos = (Path("a.jpg"), Path("b.jpg"))
    assert command_for(photos) == CreateProject(photos)
    assert command_for([tmp_path]) == CreateProject((tmp_path,))


def test_a_name_that_is_too_long_goes_to_the_engine_which_says_so(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 300)
    with pytest.raises(OSError, match="too long"):
        (path / "project.json").is_file()
    assert command_for([path]) == ReadRecipe(path)


def test_nothing_is_nothing() -> None:
    assert command_for([]) is None
