from __future__ import annotations

import json
from math import inf, nan
from pathlib import Path

import msgspec
import pytest

from texgen_desktop.engine.look import LARGEST_SEED, LARGEST_STRENGTH, check_look
from texgen_desktop.engine.messages import Recipe
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.recipe import recipe_from_json, recipe_to_json
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Look

AT_THE_LIMITS = [
    Look(),
    Look((("warmth", -1.0), ("contrast", 1.0)), LARGEST_SEED, LARGEST_SEED, LARGEST_STRENGTH, LARGEST_STRENGTH),
    Look(layout_strength=0.0, detail_strength=0.0),
]
BEYOND = [
    Look((("warmth", 1.01),)),
    Look((("warmth", nan),)),
    Look(layout_seed=-1),
    Look(detail_seed=LARGEST_SEED + 1),
    Look(layout_strength=-0.01),
    Look(detail_strength=LARGEST_STRENGTH + 0.01),
    Look(layout_strength=inf),
    Look(detail_strength=nan),
]


@pytest.mark.parametrize("look", AT_THE_LIMITS)
def test_every_look_that_a_recipe_gives_can_be_kept_in_a_project(tmp_path: Path, look: Look) -> None:
    recipe = recipe_from_json(recipe_to_json(Recipe(look, "tiny", "", 64, 64, True, True, "0.1.0")))
    assert recipe is not None
    project = Project.create(tmp_path / "project", "Gravel")
    project.set_look(recipe.look)
    project.close()
    assert Project.open(project.folder, to_write=False).look == look


@pytest.mark.parametrize("look", BEYOND)
def test_a_look_beyond_the_limits_is_refused_by_recipe_project_and_check(tmp_path: Path, look: Look) -> None:
    with pytest.raises(TexGenError, match="cannot"):
        check_look(look)
    with pytest.raises(TexGenError, match="damaged"):
        recipe_from_json(recipe_to_json(Recipe(look, "tiny", "", 64, 64, True, True, "0.1.0")))
    project = Project.create(tmp_path / "project", "Gravel")
    with pytest.raises(TexGenError, match="cannot"):
        project.set_look(look)
    project.close()
    path = project.folder / "project.json"
    path.write_bytes(msgspec.json.encode(json.loads(path.read_bytes()) | {"look": look}))
    with pytest.raises(TexGenError, match="is damaged"):
        Project.open(project.folder)
