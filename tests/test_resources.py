"""The files that ship: sample photos that a tile can be learnt from, and the models folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from texgen_desktop.resources import model_file, resource

SAMPLES = json.loads(resource("samples", "index.json").read_text())


def wrap_seam(pixels: NDArray[np.float64]) -> float:
    """How much larger the step across the wrapped edges is than the step between neighbours; 1 when the picture tiles. The lower axis."""
    ratios = []
    for axis in (0, 1):
        steps = np.abs(pixels - np.roll(pixels, 1, axis)).mean(axis=(1 - axis, 2))
        ratios.append(steps[0] / steps[1:].mean())
    return float(min(ratios))


def test_every_sample_photo_is_listed_titled_and_credited() -> None:
    files = {path.name for path in resource("samples").glob("*.jpg")}
    credits = resource("samples", "CREDITS.md").read_text()
    assert 8 <= len(files) <= 12
    assert files == {sample["file"] for sample in SAMPLES}
    assert all(sample["title"] for sample in SAMPLES)
    assert all(f"`{name}`" in credits for name in files)


def test_no_sample_photo_tiles_already() -> None:
    tiled = np.random.default_rng(0).normal(size=(64, 64, 3))
    assert wrap_seam(tiled) < 1.2, "the measure calls a picture that wraps by construction a tile"
    for sample in SAMPLES:
        with Image.open(resource("samples", sample["file"])) as photo:
            assert wrap_seam(np.asarray(photo, dtype=float)) > 1.2, sample["file"]


def test_the_models_folder_ships_with_its_card() -> None:
    assert model_file("README.md").is_file()


def test_a_path_of_several_parts_is_joined() -> None:
    assert resource("samples", "gravel.jpg") == Path(resource("samples")) / "gravel.jpg"
