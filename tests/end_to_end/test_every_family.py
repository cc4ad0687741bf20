"""Every family that is found, as small as its config allows: trained once through the real window, and once by the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtWidgets import QComboBox, QSlider, QSpinBox

from tests.end_to_end.person import Person
from tests.families.conftest import disc_pictures
from texgen_desktop.cli import main
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.family_info import describe_fields
from texgen_desktop.engine.model_file import load_model
from texgen_desktop.families import Family, discover
from texgen_desktop.ui.config_form import ConfigForm

FAMILIES = discover()
ENOUGH_IMAGES = 8
"""So many teach each network of a family something."""
TILE_PX = 64

pytestmark = pytest.mark.usefixtures("brief_measurements")


@pytest.fixture(params=list(FAMILIES.values()), ids=list(FAMILIES))
def family(request: pytest.FixtureRequest) -> Family:
    return request.param


@pytest.fixture
def material(family: Family, tiny_photo: Path, tmp_path: Path) -> Path:
    """What the family learns from: a photo, or pictures in two folders."""
    if family.makes == "textures":
        return tiny_photo
    pictures = disc_pictures()
    for number, (pixels, label) in enumerate(zip(pictures.pixels, pictures.labels, strict=True)):
        path = tmp_path / "discs" / pictures.classes[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "discs"


def choose_smallest(person: Person) -> None:
    """In the form of all settings, by its own limits; the length of the run stays as the preset has it."""
    form = person.widget(ConfigForm, "")
    for box in form.findChildren(QSpinBox):
        if box.objectName() != "config_images":
            box.setValue(box.minimum())
    for box in form.findChildren(QComboBox):
        if smallest := smallest_number([box.itemText(row) for row in range(box.count())]):
            box.setCurrentText(smallest)


def smallest_number(choices: Sequence[str]) -> str | None:
    """None where the choices are no numbers: then they say what kind of network it is, and the preset's counts."""
    return min(choices, key=int) if all(choice.isdigit() for choice in choices) else None


def differ(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """By more than a code value: the blocks that a picture is drawn in follow the machine's speed, and decide its last bits."""
    return bool(np.abs(one.astype(int) - other).max() > 1)


def test_a_family_trains_in_the_window_and_each_of_its_sliders_changes_the_picture(
    start: Callable[..., Person], family: Family, material: Path
) -> None:
    person = start(material)
    studio = person.studio
    person.waits_until(lambda: studio.state.can_train)
    families = person.widget(QComboBox, "family")
    families.setCurrentIndex(families.findData(family.id))
    choose_smallest(person)
    person.presses("train_button")
    person.waits_until(lambda: studio.state.progress and studio.state.progress.images_seen >= ENOUGH_IMAGES)
    assert person.waits_for_a_picture().images_seen
    person.presses("pause_button")
    person.waits_until(lambda: studio.state.training == "paused")
    cells = max(1, TILE_PX // studio.state.model.cell_px)
    studio.set_view(tile_cells=(cells, cells))

    def picture_of(look: m.Look) -> NDArray[np.uint8]:
        """Of the weights at the pause: a live picture tells after how many images it was made."""
        return person.waits_for_a_picture(
            lambda made: made.images_seen is None and made.request.look == look and made.request.cells == (cells, cells)
        ).image

    untouched = picture_of(m.Look())
    assert differ(untouched, untouched[:1, :1])
    sliders = studio.state.model.sliders
    assert len(sliders) >= 3
    for index, slider in enumerate(sliders):
        handle = person.widget(QSlider, f"latent_slider_{index}")
        handle.setValue(1.0)
        assert differ(picture_of(m.Look().with_value(slider.id, 1.0)), untouched), slider.title
        handle.setValue(0.0)
    person.pictures.clear()
    person.widget(QSlider, "latent_slider_0").setValue(0.5)
    person.widget(QSlider, "latent_slider_0").setValue(0.0)
    assert not differ(picture_of(m.Look()), untouched)  # the control: it is the sliders that change it

    project = studio.state.project
    written = load_model(project.folder / "runs" / project.run_id / "model.safetensors")
    assert written.family == family.id
    assert written.recipe["images_seen"] == studio.state.progress.images_seen


def smallest_settings(family: Family) -> list[str]:
    """Arguments of the command line; the shortest schedule that the config allows is among them."""
    values = {field.name: field.minimum for field in describe_fields(family) if field.kind == "int"}
    values |= {field.name: smallest_number(field.choices) for field in describe_fields(family) if field.kind == "choice"}
    return [argument for name, value in values.items() if value is not None for argument in ("--set", f"{name}={value}")]


def test_a_family_trains_to_the_end_and_samples_by_the_command_line(family: Family, material: Path, tmp_path: Path) -> None:
    project, tile = tmp_path / "project", tmp_path / "tile.png"
    train = ["train", str(material), "--project", str(project), "--family", family.id.replace("_", "-"), "--device", "cpu"]
    assert main([*train, *smallest_settings(family)]) == 0
    written = load_model(project / "runs" / "run-001" / "model.safetensors")
    assert written.family == family.id
    assert written.recipe["images_seen"] == written.recipe["images_total"]
    assert main(["sample", str(project), "--out", str(tile), "--size", "96x64", "--bits", "8", "--device", "cpu"]) == 0
    with Image.open(tile) as image:
        assert image.size == (96, 64)
        assert any(low < high for low, high in image.getextrema())
