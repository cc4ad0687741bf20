"""The trained models that ship."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from texgen_desktop.engine.source import open_source
from texgen_desktop.families import Look, Region, RenderRequest, discover
from texgen_desktop.resources import model_file

INDEX = json.loads(model_file("index.json").read_text(encoding="utf-8"))
NAMES = [entry["name"] for entry in INDEX]
FAMILIES = discover()


def test_every_model_has_its_place_in_the_index_its_card_and_its_picture() -> None:
    folder = model_file()
    assert sorted(NAMES) == sorted(path.stem for path in folder.glob("*.safetensors"))
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
