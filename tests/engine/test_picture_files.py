"""A picture set on disk: whole, checked, never parsed, and crash-safe while it grows."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data import cifar_files
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.engine.picture_files import PicturesRecord, PictureWriter, contact_sheet, open_pictures, read_pictures_record
from texgen_desktop.errors import TexGenError
from texgen_desktop.slices import run_to_end

PIXELS = cifar_files.pictures(30)
CLASSES = tuple(("owl", "cat", "dog")[number % 3] for number in range(30))


def write(
    folder: Path, pixels: np.ndarray = PIXELS, classes: tuple[str, ...] = CLASSES, before: PictureSet | None = None
) -> PicturesRecord:
    with PictureWriter(folder, pixels.shape[1]) as writer:
        if before is not None:
            run_to_end(writer.add_all(before))
        writer.add(pixels, classes)
        return writer.commit(folder, run_to_end(writer.finish()))


def opened(folder: Path) -> PictureSet:
    return run_to_end(open_pictures(folder))


def test_what_was_written_is_there_again_as_a_read_only_map(tmp_path: Path) -> None:
    record = write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures.json", "pictures.npy"]
    assert read_pictures_record(tmp_path) == record
    pictures = opened(tmp_path)
    assert isinstance(pictures.pixels, np.memmap)
    assert np.array_equal(pictures.pixels, PIXELS)
    assert [pictures.classes[label] for label in pictures.labels] == list(CLASSES)
    assert record.info().classes == (("cat", 10), ("dog", 10), ("owl", 10))
    with pytest.raises(ValueError, match="read-only"):
        pictures.pixels[0] = 0
    assert np.array_equal(np.load(tmp_path / "pictures.npy", allow_pickle=False), PIXELS), "it is an ordinary .npy"


def test_a_set_grows_into_a_new_file_and_the_old_one_goes(tmp_path: Path) -> None:
    write(tmp_path)
    record = write(tmp_path, PIXELS[:2] // 2, ("owl", "ant"), opened(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures-2.npy", "pictures.json"]
    assert record.info().classes == (("ant", 1), ("cat", 10), ("dog", 10), ("owl", 11))
    pictures = opened(tmp_path)
    assert np.array_equal(pictures.pixels, np.concatenate([PIXELS, PIXELS[:2] // 2]))
    assert [pictures.classes[label] for label in pictures.labels] == [*CLASSES, "owl", "ant"]


def test_a_program_that_dies_between_the_two_files_leaves_the_old_set_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("texgen_desktop.engine.picture_files.write_json", die)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, PIXELS[:2] // 2, ("owl", "ant"), opened(tmp_path))
    monkeypatch.undo()
    assert np.array_equal(opened(tmp_path).pixels, PIXELS)
    write(tmp_path, PIXELS[:3], CLASSES[:3])
    assert len(opened(tmp_path)) == 3
    assert len(list(tmp_path.iterdir())) == 2


def test_a_writer_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    with PictureWriter(tmp_path, 32) as writer:
        writer.add(PIXELS, CLASSES)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_set(small_disk: Path) -> None:
    write(small_disk, PIXELS[:5], CLASSES[:5])
    many = cifar_files.pictures(100)
    with pytest.raises(OSError, match="No space left"):
        write(small_disk, many, ("cat",) * 100)
    assert np.array_equal(opened(small_disk).pixels, PIXELS[:5])
    assert len(list(small_disk.iterdir())) == 2


@pytest.mark.parametrize("at", [3, 20, 200, -1])
def test_a_changed_byte_is_noticed_before_a_picture_is_used(tmp_path: Path, at: int) -> None:
    write(tmp_path)
    data = bytearray((tmp_path / "pictures.npy").read_bytes())
    data[at] ^= 1
    (tmp_path / "pictures.npy").write_bytes(data)
    with pytest.raises(TexGenError, match="damaged") as caught:
        opened(tmp_path)
    assert "Add the pictures again" in caught.value.hint


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    write(tmp_path)
    np.save(tmp_path / "pictures.npy", np.array([Trap()], object), allow_pickle=True)
    with pytest.raises(TexGenError, match="not as long as it was"):
        opened(tmp_path)
    assert not (tmp_path / "ran").exists()
    np.load(tmp_path / "pictures.npy", allow_pickle=True)
    assert (tmp_path / "ran").exists(), "the control: numpy runs it when it is allowed to"


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"version": 2},
        {"version": "1"},
        {"unknown": 1},
        {"file": "../pictures.npy"},
        {"file": "photos/a.png"},
        {"file": "pictures-3.npy"},
        {"sha256": "x"},
        {"side_px": 64},
        {"side_px": 0},
        {"side_px": 10**9},
        {"labels": []},
        {"labels": [3] * 30},
        {"labels": [-1] * 30},
        {"labels": [0] * 29},
        {"classes": []},
    ],
)
def test_a_hostile_record_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    write(tmp_path)
    path = tmp_path / "pictures.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(TexGenError) as caught:
        read_pictures_record(tmp_path)
    assert caught.value.hint
    assert ("newer version" in caught.value.message) is (changes == {"version": 2})


def test_a_record_with_bytes_changed_at_random_opens_or_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "pictures.json"
    good = path.read_bytes()
    dice = random.Random(6)
    refused = 0
    for _ in range(200):
        damaged = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            damaged[dice.randrange(len(good))] = dice.choice(b'0e-{}[]",:\\n\x00\xff')
        path.write_bytes(damaged)
        try:
            opened(tmp_path)
        except TexGenError:
            refused += 1
    assert refused > 60


def test_no_set_is_none_and_an_empty_one_is_not_written(tmp_path: Path) -> None:
    assert read_pictures_record(tmp_path) is None
    with pytest.raises(TexGenError, match="no picture set"):
        opened(tmp_path)
    with pytest.raises(TexGenError, match="no picture"), PictureWriter(tmp_path, 32) as writer:
        run_to_end(writer.finish())


@pytest.mark.parametrize(
    ("pixels", "classes", "note"),
    [
        (PIXELS, CLASSES, ""),
        (PIXELS[:1], ("owl",), "a single picture, which would be learnt by heart"),
        (PIXELS[:5], ("owl", "cat", "owl", "owl", "owl"), "The class cat has a single picture"),
        (PIXELS[:5], ("a", "b", "c", "d", "e"), "5 classes have a single picture each (a, b, c …)"),
        (PIXELS[[0, 0, 0]], ("owl",) * 3, "All 3 pictures are the same one"),
        (PIXELS[[0, 1, 0]], ("owl",) * 3, "One picture is a copy of another"),
        (PIXELS[[0, 1, 0, 1]], ("owl",) * 4, "2 pictures are copies of another"),
    ],
)
def test_what_is_odd_about_a_set_is_said(tmp_path: Path, pixels: np.ndarray, classes: tuple[str, ...], note: str) -> None:
    notes = write(tmp_path, pixels, classes).notes
    assert (note in " ".join(notes)) if note else not notes
    assert read_pictures_record(tmp_path).info().notes == notes


def test_the_contact_sheet_shows_every_class(tmp_path: Path) -> None:
    pixels = np.zeros((100, 32, 32, 3), np.uint8)
    pixels[:97, ..., 0], pixels[97, ..., 1], pixels[98:, ..., 2] = 255, 255, 255
    record = write(tmp_path, pixels, ("red",) * 97 + ("green",) + ("blue",) * 2)
    sheet = contact_sheet(tmp_path, record)
    assert sheet.shape == (6 * 36 - 4, 8 * 36 - 4, 3)
    firsts = [tuple(sheet[0, place * 36]) for place in range(4)]
    assert firsts == [(0, 0, 255), (0, 0, 255), (0, 255, 0), (255, 0, 0)]
    few = contact_sheet(tmp_path, write(tmp_path, PIXELS[:3], CLASSES[:3]))
    assert few.shape == (32, 3 * 36 - 4, 3)
