"""Picture files through a chain: what is kept, what fails by itself, and what never happens to the original."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.imaging.textures import grains
from tests.tiny_operators import OPERATORS
from texgen_desktop.engine.chain import Chain, check_steps
from texgen_desktop.engine.messages import Problem
from texgen_desktop.engine.retouch_files import Done, Task, described, fitting_bits, format_of, retouch_file, retouch_files
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import to_uint8, to_uint16
from texgen_desktop.imaging.document import read_document
from texgen_desktop.imaging.formats import batch_path
from texgen_desktop.imaging.icc import srgb_profile
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.operators import Step
from texgen_desktop.slices import run_to_end

TILE = grains(0, 64)


def chain(*steps: Step) -> Chain:
    return Chain(check_steps(steps, OPERATORS), torch.device("cpu"), seed=3)


def saved(folder: Path, name: str, pixels: np.ndarray = TILE, **kept: object) -> Path:
    path = folder / name
    Image.fromarray(to_uint8(pixels)).save(path, **kept)
    return path


def one(made: Chain, task: Task) -> Done:
    return run_to_end(retouch_file(made, task, lambda done, words: None))


def test_a_tile_stays_a_tile_and_the_file_says_what_was_done(tmp_path: Path) -> None:
    source, out = saved(tmp_path, "tile.png"), tmp_path / "large.png"
    told: list[tuple[float, str]] = []
    task = Task(source, out)
    done = run_to_end(retouch_file(chain(Step("enlarge"), Step("darken")), task, lambda done, words: told.append((done, words))))
    assert (done.width_px, done.height_px) == (128, 128)
    assert done.seams_before == done.seams_now == (0, 0)
    assert done.notes == ("Enlarge", "darkened by 0.5")
    assert told[-1] == (1.0, "writing")
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    record = json.loads(read_metadata(out) or "")["texgen_retouch"]
    assert record["steps"] == [{"operator": "enlarge", "settings": {}}, {"operator": "darken", "settings": {}}]
    assert (record["seed"], record["wraps"], record["before"]) == (3, {"rows": True, "columns": True}, [])
    again = tmp_path / "again.png"
    one(chain(Step("turn")), Task(out, again))
    del record["before"]
    assert json.loads(read_metadata(again) or "")["texgen_retouch"]["before"] == [{"texgen_retouch": record}]


def test_depth_transparency_and_profile_are_those_of_the_source(tmp_path: Path) -> None:
    alpha = np.tile(np.linspace(0.2, 1, 64, dtype=np.float32), (64, 1))
    profile = srgb_profile().replace(b"sRGB", b"mine")
    source = tmp_path / "clear.png"
    Image.fromarray(to_uint8(np.dstack([TILE, alpha]))).save(source, icc_profile=profile)
    one(chain(Step("turn")), Task(source, tmp_path / "turned.png"))
    with Image.open(tmp_path / "turned.png") as turned, Image.open(source) as original:
        np.testing.assert_array_equal(np.asarray(turned), np.asarray(original)[::-1])
        assert turned.info["icc_profile"] == profile
    one(chain(Step("turn")), Task(source, tmp_path / "deep.tif", bits=16))
    deep = read_document(tmp_path / "deep.tif")
    assert (deep.bits, deep.pixels.dtype) == (16, np.uint16)
    np.testing.assert_array_equal(deep.pixels, to_uint16(to_uint8(TILE)[::-1].astype(np.float32) / 255))


def test_one_file_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    names = ("a.png", "narrow.png", "missing.png", "b.png", "copy/a.png")
    (tmp_path / "copy").mkdir()
    for name in names:
        if name != "missing.png":
            saved(tmp_path, name, TILE[:, :40] if name == "narrow.png" else TILE)
    out = tmp_path / "out"
    out.mkdir()
    done: list[Done] = []
    failed: list[tuple[Path, Problem]] = []
    words: list[str] = []
    tasks = [Task(tmp_path / name, batch_path(tmp_path / name, out)) for name in names]
    result = run_to_end(retouch_files(chain(Step("fail")), tasks, lambda share, text: words.append(text), done, failed))
    assert result.outcome == "finished"
    assert [each.out.name for each in done] == ["a.png", "b.png"]
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]
    assert [path.name for path, _ in failed] == ["narrow.png", "missing.png", "a.png"]
    assert failed[0][1].message == "A picture of 40 pixels cannot be done."
    assert "would become a.png" in failed[2][1].message
    assert any(text.startswith("b.png, 4 of 5 files: ") for text in words)


def test_the_original_is_never_replaced_and_a_cancelled_file_is_not_there(tmp_path: Path) -> None:
    source = saved(tmp_path, "photo.png")
    before = source.read_bytes()
    (tmp_path / "link.png").symlink_to(source)
    for out in (source, tmp_path / "link.png"):
        with pytest.raises(TexGenError, match="take the place"):
            one(chain(Step("turn")), Task(source, out))
    work = retouch_file(chain(Step("turn")), Task(source, tmp_path / "new.png"), lambda done, words: None)
    while not list(tmp_path.glob(".*")):  # the file that grows
        next(work)
    work.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.png", "photo.png"]
    assert source.read_bytes() == before


def test_a_repair_without_a_mask_or_into_an_unknown_format_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, "photo.png")
    with pytest.raises(TexGenError, match="there is no mask"):
        one(chain(Step("fill")), Task(source, tmp_path / "new.png"))
    with pytest.raises(TexGenError, match="has to end in a suffix"):
        one(chain(Step("turn")), Task(source, tmp_path / "new.bmp"))
    mask = saved(tmp_path, "mask.png", np.pad(np.ones((8, 8, 3), np.float32), ((20, 36), (30, 26), (0, 0))))
    one(chain(Step("fill")), Task(source, tmp_path / "new.png", mask=mask))
    with Image.open(tmp_path / "new.png") as image:
        changed = (np.asarray(image) != to_uint8(TILE)).any(2)
    assert changed[20:28, 30:38].all()
    assert changed.sum() == 64


def test_a_format_without_the_depth_gets_the_next_that_loses_nothing() -> None:
    assert [fitting_bits("exr", 8), fitting_bits("jpeg", 16), fitting_bits("png", 32), fitting_bits("tiff", 16)] == [16, 8, 16, 16]
    assert [fitting_bits(name, 16, is_float=True) for name in ("exr", "tiff", "png")] == [16, 32, 16]
    assert format_of(Path("a/B.TIFF")) == "tiff"
    assert [batch_path(Path(name), Path("out")).name for name in ("a.JPG", "b.bmp", "c.tif")] == ["a.JPG", "b.png", "c.tif"]


def test_the_account_of_many_results_stays_short_and_flat() -> None:
    """The control: nested text doubles with every result."""
    told, nested = "made by hand", "made by hand"
    for _ in range(40):
        told = described(chain(Step("darken")), ["darkened"], "a.png", (True, True), told)
        nested = json.dumps({"before": nested}) if len(nested) < 1 << 20 else nested
    before = json.loads(told)["texgen_retouch"]["before"]
    assert len(before) == 16
    assert all(record["texgen_retouch"]["did"] == ["darkened"] for record in before)
    assert len(told) < 16_000 < len(nested)
