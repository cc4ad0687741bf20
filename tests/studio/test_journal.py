from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from texgen_desktop.engine import messages as m
from texgen_desktop.studio import journal


def test_a_picture_made_during_training_is_not_said_to_be_of_another_model() -> None:
    recipe = m.Recipe(m.Look(), "tiny", "ab" * 32, 64, 64, True, True, "0.1.0")
    assert "another model" in journal.missing_model(Path("tile.png"), recipe).message
    assert "still being trained, after 4,000 images" in journal.missing_model(Path("tile.png"), replace(recipe, images_seen=4000)).message
