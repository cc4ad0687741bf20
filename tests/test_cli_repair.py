"""texgen repair and make-tile: a file that says how it was made, or one line that says why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.imaging.textures import grains
from texgen_desktop.cli import main
from texgen_desktop.imaging.colour import to_uint8
from texgen_desktop.imaging.read import read_image
from texgen_desktop.imaging.recipe_text import read_metadata

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(to_uint8(grains(0, 96))).save(path)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    white = np.zeros((96, 96), np.uint8)
    white[40:52, 40:52] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(white).save(path)
    return path


def test_a_masked_part_is_replaced_and_the_file_names_the_method(photo: Path, mask: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "whole.png"
    assert main(["repair", str(photo), "--mask", str(mask), "--out", str(out), "--wrap", "xy", "--seed", "3"]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    before, now = read_image(photo).pixels, read_image(out).pixels
    changed = np.abs(before - now).max(2) > 1 / 512
    assert changed[40:52, 40:52].any()
    changed[40:52, 40:52] = False
    assert not changed.any()
    record = json.loads(read_metadata(out) or "")["texgen_repair"]
    assert (record["method"], record["seed"], record["wraps"]) == ("patch", 3, [True, True])


def test_a_photo_becomes_a_tile_and_both_seams_are_told(photo: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "tile.tif"
    assert main(["make-tile", str(photo), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}\n"
    assert "seam before: " in said.err
    assert "seam now: 0.00 between rows, 0.00 between columns" in said.err


def test_what_cannot_be_done_ends_in_one_line_and_leaves_no_file(photo: Path, mask: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "whole.png"
    clear = tmp_path / "clear.png"
    Image.fromarray(np.dstack([to_uint8(grains(0, 96)), np.full((96, 96), 99, np.uint8)])).save(clear)
    small = tmp_path / "small.png"
    Image.new("L", (48, 48), 255).save(small)
    for image, white, words in (
        (clear, mask, "transparent in places"),
        (photo, small, "of another size"),
        (photo, tmp_path / "missing.png", "missing.png"),
    ):
        assert main(["repair", str(image), "--mask", str(white), "--out", str(out)]) == 1
        line = capsys.readouterr().err
        assert words in line
        assert line.count("\n") == 1
        assert not out.exists()
    with pytest.raises(SystemExit, match="2"):
        main(["make-tile", str(photo), "--out", str(tmp_path / "tile.bmp")])
