"""The trained models that ship: of textures, which the window lists, and those of the enhancing operators."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from texgen_desktop.engine.model_file import load_model
from texgen_desktop.engine.source import open_source
from texgen_desktop.families import Look, Region, RenderRequest, discover
from texgen_desktop.nn.restoration import shape_of
from texgen_desktop.nn.restoration_tasks import TASKS
from texgen_desktop.operators import discover as discover_operators
from texgen_desktop.resources import model_file

INDEX = json.loads(model_file("index.json").read_text(encoding="utf-8"))
NAMES = [entry["name"] for entry in INDEX]
FAMILIES = discover()


def test_every_model_has_its_place_in_the_index_its_card_and_its_picture() -> None:
    folder = model_file()
    assert sorted([*NAMES, *TASKS]) == sorted(path.stem for path in folder.glob("*.safetensors"))
    for entry in INDEX:
        card = (folder / f"{entry['name']}.md").read_text(encoding="utf-8")
        assert all(word in card for word in (entry["title"], "CC0", "texgen train", "SHA-256"))
        assert (folder / f"{entry['name']}.jpg").is_file()


def test_together_they_stay_below_60_megabytes() -> None:
    assert sum(path.stat().st_size for path in Path(model_file()).iterdir()) < 60e6


@pytest.mark.parametrize("entry", INDEX, ids=NAMES)
def test_a_model_opens_as_what_its_card_says_and_makes_a_picture(entry: dict[str, str]) -> None:
    source = open_source(model_file(f"{entry['name']}.safetensors"), FAMILIES, torch.device("cpu"))
    assert source.family.id == entry["family"]
    assert source.sha256 in model_file(f"{entry['name']}.md").read_text(encoding="utf-8")
    picture = source.render(RenderRequest(Look(), Region(0, 0, 64, 64)))
    assert picture.shape == (64, 64, 3)
    assert np.isfinite(picture).all()
    assert picture.std() > 0.02


@pytest.mark.parametrize("task", sorted(TASKS))
def test_an_enhancing_model_is_what_its_operator_and_its_card_say_and_learnt_from_the_listed_pictures(task: str) -> None:
    model = load_model(model_file(f"{task}.safetensors"))
    assert model.family == "restoration"
    assert model.header["task"] == task
    assert shape_of(model.header) == TASKS[task].shape
    assert model.recipe["data"] == hashlib.sha256(model_file("restoration_data.json").read_bytes()).hexdigest()
    card = model_file(f"{task}.md").read_text(encoding="utf-8")
    assert all(word in card for word in (discover_operators()[task].title, "CC0", model.recipe["command"], model.sha256))


def test_no_picture_that_an_enhancing_model_is_measured_on_was_learnt_from_under_any_name() -> None:
    parts = json.loads(model_file("restoration_data.json").read_text(encoding="utf-8"))
    files = [(name, sha256) for part in ("train", "validation", "test") for name, sha256 in parts[part].items()]
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for _, sha256 in files)
    assert len({name for name, _ in files}) == len({sha256 for _, sha256 in files}) == len(files)
    # The same photo in another size has another hash: slate_roof.jpg and slate_roof_2k.jpg stay on one side.
    stems = {part: {Path(name).stem.removesuffix("_2k") for name in parts[part]} for part in ("train", "validation", "test")}
    assert not stems["test"] & (stems["train"] | stems["validation"])
    assert "slate_roof" in stems["train"], "the probe knows the name of one that is there in three sizes"
