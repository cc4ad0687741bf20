"""What a run is read by: textures by their photo, pictures by their set."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.engine import messages as m
from texgen_desktop.engine import quality
from texgen_desktop.engine.instruments import LEAST_PICTURES, MOST_PHOTOS, MOST_PICTURES, Instrument, instrument_for, looked_at
from texgen_desktop.engine.source import Source
from texgen_desktop.slices import run_to_end

SIDE_PX = 32
TEXTURES = tiny_family.FAMILY
IMAGES = replace(TEXTURES, makes="images")
MODEL = tiny_family.TinyModel({}, cell_px=SIDE_PX)


def two_classes(count: int = 100, side_px: int = SIDE_PX) -> PictureSet:
    random = np.random.default_rng(0)
    pixels = np.concatenate([random.integers(low, low + 60, (count, side_px, side_px, 3), np.uint8) for low in (20, 180)])
    return PictureSet(pixels, np.repeat(np.arange(2), count), ("dark", "light"))


def sheet(folder: Path, light: float) -> Source:
    """Pictures of which this share is of the second class."""

    def render(_: object, request: m.RenderRequest) -> torch.Tensor:
        region = request.region
        columns = (torch.arange(region.x, region.x + region.width) // SIDE_PX) % 16
        low = torch.where(columns >= 16 * (1 - light), 180, 20)
        seed = region.y * 10_000 + region.x
        return (low + 60 * torch.rand(3, region.height, region.width, generator=torch.Generator().manual_seed(seed))) / 255

    return Source(folder, replace(IMAGES, render=render), tiny_family.TinyModel({}))


def saved(pictures: PictureSet, folder: Path) -> Path:
    """As one folder for each class."""
    for number, pixels in enumerate(pictures.pixels):
        path = folder / pictures.classes[pictures.labels[number]] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


def worth(instrument: Instrument | None, source: Source) -> float:
    assert instrument is not None
    return run_to_end(instrument.read(lambda: source)).worth


def chosen(pictures: PictureSet) -> PictureSet:
    found = run_to_end(looked_at(IMAGES, MODEL, pictures))
    assert isinstance(found, PictureSet)
    return found


def test_a_texture_is_read_by_the_first_of_its_photos() -> None:
    photos = [Photo(str(k), np.zeros((96, 96, 3), np.float32), 96, 96) for k in range(6)]
    assert run_to_end(looked_at(TEXTURES, MODEL, photos)) == photos[:MOST_PHOTOS]


def test_pictures_are_read_by_some_of_all_classes_as_large_as_they_are_made() -> None:
    found = chosen(two_classes(count=1000, side_px=40))
    assert len(found) == MOST_PICTURES
    assert found.side_px == SIDE_PX
    assert np.bincount(found.labels).tolist() == [len(found) / 2] * 2


def test_photos_of_any_size_are_cut_to_pictures() -> None:
    photos = [Photo(str(k), np.full((90, 200, 3), k / 20, np.float32), 200, 90) for k in range(20)]
    found = run_to_end(looked_at(IMAGES, MODEL, photos))
    assert [photo.pixels.shape for photo in found] == [(SIDE_PX, SIDE_PX, 3)] * 20


def test_a_sheet_of_all_classes_is_nearer_than_one_of_only_one(tmp_path: Path) -> None:
    instrument = instrument_for(chosen(two_classes()))
    both, first, second = (worth(instrument, sheet(tmp_path, light)) for light in (0.5, 0.0, 1.0))
    assert both < min(first, second) - 1


def test_pictures_that_are_half_of_one_class_and_half_of_another_are_far_though_every_part_is_right(tmp_path: Path) -> None:
    def render(_: object, request: m.RenderRequest) -> torch.Tensor:
        region = request.region
        is_light = torch.arange(region.x, region.x + region.width) % SIDE_PX >= SIDE_PX / 2
        noise = torch.rand(3, region.height, region.width, generator=torch.Generator().manual_seed(0))
        return (torch.where(is_light, 180, 20) + 60 * noise) / 255

    instrument = instrument_for(chosen(two_classes()))
    chimeras = Source(tmp_path, replace(IMAGES, render=render), tiny_family.TinyModel({}))
    assert worth(instrument, sheet(tmp_path, 0.5)) < worth(instrument, chimeras) - 1


def test_of_pictures_a_distance_is_plotted_and_its_logarithm_is_what_is_waited_for(tmp_path: Path) -> None:
    instrument = instrument_for(chosen(two_classes()))
    assert instrument is not None
    assert not instrument.is_ready
    source = sheet(tmp_path, 0.25)
    curves = run_to_end(instrument.read(lambda: source)).curves
    assert instrument.is_ready
    assert curves.keys() == {"picture distance"}
    assert worth(instrument, source) == pytest.approx(2 * math.log(curves["picture distance"]))


def test_too_few_pictures_and_too_small_photos_have_no_instrument() -> None:
    assert instrument_for(two_classes()[: LEAST_PICTURES - 1]) is None
    assert instrument_for(two_classes()[:LEAST_PICTURES]) is not None
    assert len(two_classes()) > LEAST_PICTURES
    assert instrument_for([Photo("small", np.zeros((40, 96, 3), np.float32), 96, 40)]) is None


def test_a_run_on_pictures_plots_their_distance_beside_its_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "EARLY_FROM_S", 0.0)
    monkeypatch.setattr(quality, "EARLY_SHARE", 1e9)
    pictures = two_classes(count=LEAST_PICTURES // 2)
    desk = Desk(tmp_path)
    desk.when(m.TrainingProgress, m.Stop(), if_=lambda event: "picture distance" in dict(event.losses))
    desk.when(m.JobEnded, m.Quit())
    config = (("side", "32"), ("width", 4), ("code", 8), ("batch", 4))
    desk.run(m.CreateProject((saved(pictures, tmp_path / "set"),)), m.Train(m.TrainSettings("image_cnn", images=100_000, config=config)))
    readings = [
        dict(event.losses)["picture distance"] for event in desk.all(m.TrainingProgress) if "picture distance" in dict(event.losses)
    ]
    assert readings
    assert readings[0] > 0


def test_a_run_on_pictures_that_comes_no_nearer_to_its_set_ends_by_itself_with_a_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_family.install(monkeypatch)
    noise = torch.rand(3, 512, 512, generator=torch.Generator().manual_seed(0))

    def render(_: object, request: m.RenderRequest) -> torch.Tensor:
        region = request.region
        return noise[:, region.y : region.y + region.height, region.x : region.x + region.width]

    family = replace(IMAGES, render=render)
    monkeypatch.setattr("texgen_desktop.families.discover", lambda: {family.id: family})
    monkeypatch.setattr("texgen_desktop.engine.training.LEAST_IMAGES", 400)
    pictures = two_classes(count=LEAST_PICTURES // 2)
    desk = Desk(tmp_path)
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((saved(pictures, tmp_path / "set"),)), m.Train(m.TrainSettings(family.id, images=400)))
    assert any("ended by itself" in notice.message for notice in desk.all(m.Notice))
    (run,) = desk.project.runs
    assert 300 < run.images_seen < 400
    (header,) = [json.loads(path.read_text())["header"] for path in (desk.project.folder / "runs" / run.id / "checkpoints").glob("*.json")]
    assert header["scored_by"] == "pictures 1"
    assert header["score"] > 0
