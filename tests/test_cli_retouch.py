"""texgen repair, make-tile, enhance and learn: files that say how they were made, or one line that says why not."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import tiny_operators
from tests.imaging.textures import grains
from texgen_desktop import operators
from texgen_desktop.cli import main
from texgen_desktop.cli_retouch import parse_steps
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import to_uint8
from texgen_desktop.imaging.read import read_image
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.operators import Operator, Step

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(to_uint8(grains(0, 112)[:, :106])).save(path)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    white = np.zeros((112, 106), np.uint8)
    white[40:52, 40:52] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(white).save(path)
    return path


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Operator]:
    """Quick operators instead of the real ones."""
    monkeypatch.setattr(operators, "discover", lambda: tiny_operators.OPERATORS)
    return tiny_operators.OPERATORS


def test_a_masked_part_is_replaced_and_the_file_names_the_method(photo: Path, mask: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "whole.png"
    line = ["repair", str(photo), "--mask", str(mask), "--out", str(out), "--method", "patch", "--wrap", "y", "--seed", "3"]
    assert main(line) == 0
    assert capsys.readouterr().out == f"{out}\n"
    before, now = read_image(photo).pixels, read_image(out).pixels
    changed = (before != now).any(2)
    assert changed[40:52, 40:52].any()
    changed[40:52, 40:52] = False
    assert not changed.any()
    record = json.loads(read_metadata(out) or "")["texgen_retouch"]
    assert record["steps"] == [{"operator": "repair", "settings": {"method": "patch"}}]
    assert (record["did"], record["seed"], record["mask"]) == (["patch"], 3, "mask.png")
    assert record["wraps"] == {"rows": True, "columns": False}


def test_a_photo_becomes_a_tile_and_both_seams_are_told(photo: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "tile.tif"
    assert main(["make-tile", str(photo), "--out", str(out), "--method", "repair"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}\n"
    assert "seam before: " in said.err
    assert "seam now: 0.00 between rows, 0.00 between columns" in said.err
    assert main(["info", str(out)]) == 0
    assert json.loads(capsys.readouterr().out)["texgen_retouch"]["steps"][0]["operator"] == "make_tile"
    assert main(["info", str(photo)]) == 1
    assert "photo.png does not say how it was made." in capsys.readouterr().err


def test_steps_are_applied_to_every_file_and_failures_are_told_at_the_end(
    photo: Path, tmp_path: Path, capsys: Capture, tiny: object
) -> None:
    out = tmp_path / "new" / "out"
    missing = tmp_path / "missing.png"
    assert main(["enhance", str(missing), str(photo), "--steps", "enlarge,darken:amount=0.25", "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert said.out == f"{out / 'photo.png'}\n"
    with Image.open(out / "photo.png") as image:
        assert image.size == (212, 224)
    assert said.err.splitlines()[-1].startswith(f"texgen: {missing}: ")
    assert "photo.png: 212 × 224 pixels; Enlarge; darkened by 0.25" in said.err


def test_steps_come_from_the_line_or_from_a_file(tmp_path: Path) -> None:
    assert parse_steps("sr2, denoise:sigma=25:model=a.safetensors") == [
        Step("sr2"),
        Step("denoise", {"sigma": "25", "model": "a.safetensors"}),
    ]
    saved = tmp_path / "mine.json"
    named = "denoise:model=C:\\my, best\\a, 2.safetensors:sigma=5, sr2"
    assert parse_steps(named) == [Step("denoise", {"model": "C:\\my, best\\a, 2.safetensors", "sigma": "5"}), Step("sr2")]
    saved.write_text('[{"operator": "sr2"}, {"operator": "denoise", "is_on": false}]')
    assert parse_steps(str(saved)) == [Step("sr2")]
    saved.write_text('{"a": 1}')
    for text in (str(saved), "sr2,", "sr2:sigma", ":sigma=3"):
        with pytest.raises(TexGenError):
            parse_steps(text)


def test_a_step_learns_from_pictures(photo: Path, tmp_path: Path, capsys: Capture, tiny: object) -> None:
    out = tmp_path / "mine.safetensors"
    assert main(["learn", "darken", str(photo), "--minutes", "1", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert out.exists()


def test_what_cannot_be_done_ends_in_one_line_and_leaves_no_file(photo: Path, mask: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "whole.png"
    small = tmp_path / "small.png"
    Image.new("L", (48, 48), 255).save(small)
    for line, words in (
        (["repair", str(photo), "--mask", str(small), "--out", str(out)], "of another size"),
        (["repair", str(photo), "--mask", str(tmp_path / "missing.png"), "--out", str(out)], "missing.png"),
        (["repair", str(photo), "--mask", str(mask), "--out", str(photo)], "take the place"),
        (["enhance", str(photo), "--steps", "sharpest", "--out", str(tmp_path / "out")], "no step named sharpest"),
        (["enhance", str(photo), "--steps", "repair", "--out", str(photo)], "is a file"),
        (["learn", "repairs", str(photo), "--out", str(tmp_path / "m.safetensors")], "no step named repairs that learns"),
    ):
        assert main(line) == 1
        said = capsys.readouterr().err
        assert words in said
        assert said.count("\n") == 1
        assert not out.exists()
    with pytest.raises(SystemExit, match="2"):
        main(["make-tile", str(photo), "--out", str(tmp_path / "tile.bmp")])


def test_an_interrupt_leaves_nothing_half_written(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Mapping[str, Operator]
) -> None:
    out = tmp_path / "out"

    def interrupt(settings: object, raster: object, workshop: object) -> object:
        yield None
        os.kill(os.getpid(), signal.SIGTERM)
        yield None

    stopped = Operator("stop", "Stop", "Is interrupted.", tiny_operators.NoSettings, interrupt)  # type: ignore[arg-type]
    monkeypatch.setattr(operators, "discover", lambda: {"stop": stopped})
    before = signal.getsignal(signal.SIGTERM)
    assert main(["enhance", str(photo), "--steps", "stop", "--out", str(out)]) == 128 + signal.SIGTERM
    assert list(out.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before
