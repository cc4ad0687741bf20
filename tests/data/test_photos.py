"""Folders are searched, photos come to their working scale, and everything passed over says why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.imaging.pictures import bytes_of, gradient, save_8_bit, save_deep
from texgen_desktop.data.photos import default_working_side, find_images, load_photo, thumbnail
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.recognise import ImageError


@dataclass(frozen=True)
class Part:
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0


WHOLE = Part()


def photo(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return save_8_bit(folder / name, gradient())


def test_folders_are_searched_to_the_bottom_in_natural_order(tmp_path: Path) -> None:
    names = ["stone10.png", "Stone2.png", "stone1.png", "b/deep/x.jpg", "b/a.tif"]
    for name in names:
        photo((tmp_path / name).parent, Path(name).name)
    found = find_images([tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == [
        "stone1.png",
        "Stone2.png",
        "stone10.png",
        "b/a.tif",
        "b/deep/x.jpg",
    ]
    assert found.skipped == ()


def test_links_that_loop_end_and_nothing_is_found_twice(tmp_path: Path) -> None:
    photo(tmp_path / "a", "x.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a", target_is_directory=True)
    assert find_images([tmp_path, tmp_path / "a"]).files == (tmp_path / "a" / "x.png",)
    control = list(islice(os.walk(tmp_path, followlinks=True), 100))
    assert len(control) == 100  # goes round and round: there are two folders


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    photo(tmp_path, "a.png")
    photo(tmp_path, "._a.png")
    photo(tmp_path / ".thumbnails", "b.png")
    assert find_images([tmp_path]).files == (tmp_path / "a.png",)


def test_what_is_passed_over_is_listed_with_its_reason_and_a_way_out(tmp_path: Path) -> None:
    photo(tmp_path, "a.png")
    (tmp_path / "b.heic").write_bytes(b"x")
    (tmp_path / "c.txt").write_bytes(b"x")
    (tmp_path / "d.nef").write_bytes(b"x")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "itself.png").symlink_to("itself.png")
    os.mkfifo(tmp_path / "pipe.png")
    found = find_images([tmp_path])
    assert found.files == (tmp_path / "a.png",)
    reasons = {skipped.name: skipped.reason for skipped in found.skipped}
    assert list(reasons) == ["b.heic", "c.txt", "d.nef", "dangling.png", "itself.png", "pipe.png"]
    assert "HEIC" in reasons["b.heic"]
    assert "camera raw" in reasons["d.nef"]
    assert "ordinary" in reasons["pipe.png"]
    assert all(skipped.hint for skipped in found.skipped)


def test_a_file_that_was_named_is_looked_into(tmp_path: Path) -> None:
    good = photo(tmp_path, "a.png").rename(tmp_path / "no suffix")
    (tmp_path / "page.png").write_bytes(b"<html>")
    found = find_images([good, tmp_path / "page.png", tmp_path / "gone.png"])
    assert found.files == (good,)
    assert [skipped.name for skipped in found.skipped] == ["page.png", "gone.png"]


def test_no_photo_at_all_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(TexGenError, match="holds no photo") as caught:
        find_images([tmp_path])
    assert caught.value.hint
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(TexGenError, match=r"a\.heic: HEIC photos cannot be read"):
        find_images([tmp_path / "a.heic"])


def test_ten_thousand_files_are_listed_without_opening_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10_000):
        os.mknod(tmp_path / f"{number}.jpg")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    files = find_images([tmp_path]).files
    monkeypatch.undo()
    assert [int(path.stem) for path in files] == list(range(10_000))


@pytest.fixture
def deep_folder(tmp_path: Path) -> Iterator[Path]:
    """Folders in folders, deeper than Python's stack; taken away again, for pytest's own clearing up would drown in them."""
    folder = tmp_path
    for _ in range(1500):  # as many as Python has stack frames, and half as many again
        folder = folder / "d"
        folder.mkdir()
    yield tmp_path
    while folder != tmp_path:
        folder.rmdir()
        folder = folder.parent


def test_folders_may_lie_as_deep_as_names_allow(deep_folder: Path) -> None:
    assert find_images([photo(deep_folder, "a.png"), deep_folder]).files == (deep_folder / "a.png",)
    with pytest.raises(TexGenError, match="cannot be read"):
        find_images([deep_folder / ("x" * 300)])


def test_names_of_every_kind_are_found(tmp_path: Path) -> None:
    names = ["<b>x</b>".replace("/", "∕") + ".png", "🪨.png", "line\nbreak.png", "b\udcffd.png"]
    for name in names:
        photo(tmp_path, "plain.png").rename(tmp_path / name)
    files = find_images([tmp_path]).files
    assert sorted(path.name for path in files) == sorted(names)
    assert {load_photo(path, WHOLE, 40).name for path in files} == set(names)


@pytest.mark.parametrize(
    ("size", "expected"), [((512, 700), 512), ((640, 640), 640), ((4000, 6000), 768), ((12_000, 9_000), 768), ((100, 3000), 100)]
)
def test_the_default_working_side_is_never_an_enlargement(size: tuple[int, int], expected: int) -> None:
    assert default_working_side(*size) == expected


def test_the_default_working_side_grows_with_the_photo_and_stays_in_its_range() -> None:
    sides = [default_working_side(short, 2 * short) for short in range(32, 6000, 50)]
    assert sides == sorted(sides)
    assert max(sides) == 768
    assert all(side >= 640 for side, short in zip(sides, range(32, 6000, 50), strict=True) if short >= 640)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "deep.tif"])
def test_a_photo_comes_to_its_working_scale(tmp_path: Path, name: str) -> None:
    pixels = gradient(600, 900)
    path = save_deep(tmp_path / name, pixels) if name == "deep.tif" else save_8_bit(tmp_path / name, pixels)
    loaded = load_photo(path, WHOLE, 100)
    assert loaded.pixels.shape == (100, 150, 3)
    assert loaded.pixels.dtype == np.float32
    assert (loaded.full_width_px, loaded.full_height_px, loaded.name) == (900, 600, name)
    expected = pixels.reshape(100, 6, 150, 6, 3).mean((1, 3))
    assert np.abs(loaded.pixels - expected)[4:-4, 4:70].max() < 0.02


@pytest.mark.parametrize("working_side_px", [450, 599, 310, 333, 151])
def test_reading_reduced_never_leaves_less_than_the_working_scale(tmp_path: Path, working_side_px: int) -> None:
    for name in ("a.jpg", "a.png"):
        path = save_8_bit(tmp_path / name, gradient(600, 900))
        assert min(load_photo(path, WHOLE, working_side_px).pixels.shape[:2]) == working_side_px


def test_16_bits_are_kept_through_the_scaling(tmp_path: Path) -> None:
    faint = 0.5 + gradient(200, 300) / 512  # all within half a code value of 8 bits
    deep = load_photo(save_deep(tmp_path / "a.png", faint), WHOLE, 100).pixels
    shallow = load_photo(save_8_bit(tmp_path / "b.png", faint), WHOLE, 100).pixels
    assert len(np.unique(deep[50, :, 0])) > 100
    assert len(np.unique(np.round(shallow[50, :, 0], 4))) < 20  # the control


def test_a_small_photo_is_not_enlarged(tmp_path: Path) -> None:
    assert load_photo(photo(tmp_path, "a.png"), WHOLE, 512).pixels.shape == gradient().shape


def test_only_the_crop_is_taken_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # stored lying on its side
    upright = gradient(240, 160)
    Image.fromarray(bytes_of(np.rot90(upright).copy())).save(tmp_path / "a.png", exif=exif)
    loaded = load_photo(tmp_path / "a.png", Part(0.5, 0.25, 0.5, 0.5), 1000)
    assert loaded.pixels.shape == (120, 80, 3)
    assert np.abs(loaded.pixels - upright[60:180, 80:]).max() < 0.51 / 255
    assert (loaded.full_width_px, loaded.full_height_px) == (160, 240)


def test_a_crop_that_is_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TexGenError, match=r"a\.png: the part to learn is smaller than 32 pixels") as caught:
        load_photo(photo(tmp_path, "a.png"), Part(0, 0, 0.5, 1), 512)
    assert caught.value.hint


def test_a_damaged_photo_says_so_when_it_is_loaded(tmp_path: Path) -> None:
    path = photo(tmp_path, "a.png")
    path.write_bytes(path.read_bytes()[:-40])
    assert find_images([tmp_path]).files == (path,)
    with pytest.raises(ImageError, match="damaged"):
        load_photo(path, WHOLE, 512)


def test_a_thumbnail_has_the_photos_shape(tmp_path: Path) -> None:
    small = thumbnail(save_8_bit(tmp_path / "a.jpg", gradient(600, 900), quality=95), 90)
    assert small.shape == (60, 90, 3)
    assert small.dtype == np.uint8
    assert np.abs(small.astype(float) / 255 - gradient(60, 90))[..., :2].max() < 0.03
    assert thumbnail(photo(tmp_path, "b.png"), 256).shape == gradient().shape
