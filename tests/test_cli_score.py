"""texgen score: a table, JSON, and one line when something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.textures import grains
from texgen_desktop.cli import main
from texgen_desktop.imaging.colour import to_uint8
from texgen_desktop.imaging.read import read_image
from texgen_desktop.imaging.score import INSTRUMENT, Judge

Capture = pytest.CaptureFixture[str]


def saved(path: Path, seed: int, side_px: int = 96) -> Path:
    Image.fromarray(to_uint8(grains(seed, side_px))).save(path)
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return saved(tmp_path / "photo.png", seed=0)


@pytest.fixture
def tiles(tmp_path: Path) -> list[Path]:
    return [saved(tmp_path / f"tile {seed}.png", seed) for seed in (1, 2)]


def test_every_tile_gets_a_line_and_several_their_diversity_and_json_comes_last(photo: Path, tiles: list[Path], capsys: Capture) -> None:
    assert main(["score", str(photo), *map(str, tiles)]) == 0
    heading, *rows, varied, empty, last = capsys.readouterr().out.splitlines()
    assert heading.split() == ["tile", "structure", "palette", "spectrum", "dB", "seam", "x", "seam", "y", "copy"]
    for tile, row in zip(tiles, rows, strict=True):
        assert row.startswith(str(tile))
        assert len(row) == len(heading)
        assert row.endswith("%")
    assert varied.startswith("diversity: ")
    assert (empty, len(json.loads(last)["tiles"])) == ("", len(tiles))


def test_json_holds_what_the_instrument_read(photo: Path, tiles: list[Path], capsys: Capture) -> None:
    assert main(["score", str(photo), str(tiles[0]), "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    score = Judge.of(read_image(photo).pixels).score(read_image(tiles[0]).pixels)
    assert read == {"instrument": INSTRUMENT, "tiles": [{"tile": str(tiles[0]), **score.to_json()}], "diversity": None}


def test_the_photo_is_brought_to_the_scale_of_the_tiles(tmp_path: Path, tiles: list[Path], capsys: Capture) -> None:
    large = tmp_path / "large.png"
    Image.fromarray(to_uint8(grains(0, 96).repeat(3, 0).repeat(3, 1))).save(large)
    readings = []
    for options in ([], ["--side", "96"]):
        assert main(["score", str(large), str(tiles[0]), "--json", *options]) == 0
        readings.append(json.loads(capsys.readouterr().out)["tiles"][0]["spectrum"])
    assert readings[1] < readings[0] - 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.png", None, "gone.png: the file does not exist."),
        ("words.png", b"these are words", "words.png"),
        ("small.png", 24, "small.png"),
    ],
)
def test_what_cannot_be_judged_says_why_on_one_line(
    photo: Path, tmp_path: Path, capsys: Capture, name: str, content: bytes | int | None, says: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        saved(path, 1, content)
    for arguments in ([str(photo), str(path)], [str(path), str(photo)]):
        assert main(["score", *arguments]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        assert line.startswith(f"texgen: {says}")


def test_a_photo_that_is_too_small_to_judge_by_says_so(tmp_path: Path, capsys: Capture) -> None:
    assert main(["score", str(saved(tmp_path / "small.png", 0, 40)), str(saved(tmp_path / "tile.png", 1))]) == 1
    assert "texgen: A photo of less than 64 pixels a side is too small to judge by." in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["score"], ["score", "photo.png"], ["score", "photo.png", "tile.png", "--side", "0"]])
def test_a_wrong_command_line_exits_with_two(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage: texgen score" in capsys.readouterr().err


def test_it_needs_neither_torch_nor_qt(photo: Path, tiles: list[Path]) -> None:
    code = (
        "import sys; from texgen_desktop.cli import main\n"
        f"assert main({['score', str(photo), str(tiles[0])]!r}) == 0\n"
        "assert not {'torch', 'PySide6'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_help_says_what_the_numbers_mean(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    out = capsys.readouterr().out
    assert out.isascii()
    assert "0 another crop of the photo" in out
