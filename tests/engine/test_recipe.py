from __future__ import annotations

import json

import pytest

from texgen_desktop.engine.messages import Look, Recipe
from texgen_desktop.engine.recipe import recipe_from_json, recipe_to_json
from texgen_desktop.errors import TexGenError

RECIPE = Recipe(Look((("warmth", 0.25),), 7, 8, 0.5, 1.5), "tiny", "ab" * 32, 2048, 1024, True, False, "0.1.0")


def changed(**fields: object) -> str:
    document = json.loads(recipe_to_json(RECIPE))
    document["recipe"] |= fields
    return json.dumps(document)


def test_a_recipe_survives_the_way_through_a_file() -> None:
    assert recipe_from_json(recipe_to_json(RECIPE)) == RECIPE


@pytest.mark.parametrize(
    "text", ["", "Photo by Anna", "[1, 2]", '{"format": "other", "format_version": 1, "recipe": {}}', "{" * 50_000, "x" * 10**6]
)
def test_text_of_other_programs_is_no_recipe(text: str) -> None:
    assert recipe_from_json(text) is None


def test_a_recipe_of_a_newer_version_says_so() -> None:
    document = json.loads(recipe_to_json(RECIPE)) | {"format_version": 2}
    with pytest.raises(TexGenError, match="newer version"):
        recipe_from_json(json.dumps(document))


@pytest.mark.parametrize(
    "text",
    [
        changed(width_px="wide"),
        changed(width_px=-1),
        changed(look={"layout_strength": 1e300}),
        changed(look={"style": [["warmth", "very"]]}),
        changed(look={"layout_seed": 1.5}),
        changed(look={"layout_strength": -1.0}),
        changed(look={"style": [["warmth", 3.0]]}),
        changed(look={"layout_seed": 2**63}),
        changed(look={"detail_seed": 2**31}),
    ],
)
def test_a_tampered_recipe_is_refused(text: str) -> None:
    json.loads(text)  # the control: as JSON there is nothing wrong with it
    with pytest.raises(TexGenError, match="damaged"):
        recipe_from_json(text)
