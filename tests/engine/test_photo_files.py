from __future__ import annotations

from pathlib import Path

import pytest

from texgen_desktop.engine.messages import Crop, PhotoInfo
from texgen_desktop.engine.photo_files import check_crop, check_photo, is_safe_name, safe_name
from texgen_desktop.errors import TexGenError

ODD_NAMES = [
    "gravel.jpg",
    "Größe 漢字 \U0001f600.png",
    "<b>bold</b>.png",
    "two\nlines.png",
    "a\u202egnp.exe",
    "..",
    ".",
    "",
    " . ",
    ".hidden",
    "../../etc/passwd",
    "C:\\Windows\\system.ini",
    "/etc/passwd",
    "CON.png",
    "lpt1",
    "undecodable \udcff.png",
    "lonely \ud800.png",
    "nul\0byte.png",
    "x" * 300 + ".png",
    "\U0001f600" * 80 + ".jpeg",
    "name." + "x" * 300,
    "trailing. . .",
]


@pytest.mark.parametrize("original", ODD_NAMES)
def test_every_name_becomes_one_that_every_system_takes(tmp_path: Path, original: str) -> None:
    name = safe_name(original)
    assert is_safe_name(name)
    path = tmp_path / name
    path.write_bytes(b"x")
    assert list(tmp_path.iterdir()) == [path]
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["gravel.jpg", "Größe 漢字 \U0001f600.png", "two words (1).tiff"])
def test_a_good_name_stays(name: str) -> None:
    assert safe_name(name) == name


def test_a_name_that_is_taken_gets_a_number_whatever_its_case() -> None:
    assert safe_name("Moss.png", ["moss.PNG", "Moss (2).png"]) == "Moss (3).png"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "../a", "/a", "C:a", "a\0", "a\n", " a", "a.", "x" * 300, "\ud800"])
def test_a_name_that_could_leave_its_folder_is_not_safe(name: str) -> None:
    assert not is_safe_name(name)


@pytest.mark.parametrize(
    "crop",
    [
        Crop(-0.1, 0, 1, 1),
        Crop(0, 0, 0, 1),
        Crop(0, 0, 1, -1),
        Crop(0.5, 0, 0.6, 1),
        Crop(0, float("nan"), 1, 1),
        Crop(0, 0, float("inf"), 1),
    ],
)
def test_a_crop_outside_its_photo_is_refused(crop: Crop) -> None:
    with pytest.raises(TexGenError, match="crop"):
        check_crop(crop)


def test_a_crop_may_touch_the_edges_within_rounding() -> None:
    check_crop(Crop(0.1 + 0.2, 0, 0.7, 1))


def test_a_photo_of_impossible_size_is_refused() -> None:
    with pytest.raises(TexGenError, match="impossible size"):
        check_photo(PhotoInfo("a.png", 0, 10, Crop(), 512))
