"""What is dropped is looked through: pictures, classes, and whether it is a picture set at all."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from tests.data import cifar_files
from tests.imaging.pictures import gradient, save_8_bit
from texgen_desktop.data.picture_reading import PictureReader
from texgen_desktop.data.picture_survey import Survey, class_of_each, groups_of, read_words, survey
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.recognise import ImageError, open_regular
from texgen_desktop.slices import run_to_end


def look(*paths: Path) -> Survey:
    return run_to_end(survey(paths))


def read(found: Survey, side_px: int | None = None) -> tuple[np.ndarray, list[str], PictureReader]:
    """(pixels, class of each, the reader)."""
    reader = PictureReader(found, side_px or found.side_px())
    blocks = list(reader.blocks())
    return np.concatenate([block.pixels for block in blocks]), [name for block in blocks for name in block.classes], reader


def picture(path: Path, side: int = 40, shade: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_8_bit(path, gradient(side, side) * shade)


def imagenet(folder: Path) -> Path:
    for split, count in (("train", 3), ("val", 1)):
        for wnid in ("n01440764", "n01443537"):
            for number in range(count):
                picture(folder / split / wnid / f"{wnid}_{number}.png")
    (folder / "words.txt").write_text("n01440764\ttench, Tinca tinca\nn01443537\tgoldfish\n")
    return folder


def packed(folder: Path, target: Path) -> Path:
    """``folder`` as an archive of the kind that the target's name says."""
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder.parent))
    else:
        with tarfile.open(target, "w:gz") as archive:
            archive.add(folder, folder.name)
    return target


# ------------------------------------------------------------------------------------------------------ classes


@pytest.mark.parametrize(
    ("places", "classes"),
    [
        (["set/cat/a", "set/dog/a"], ["cat", "dog"]),
        (["set/a", "set/b"], ["set", "set"]),
        (["cat/a", "dog/a"], ["cat", "dog"]),
        (["set/animals/cat/a", "set/animals/dog/b", "set/tools/saw/c"], ["animals/cat", "animals/dog", "tools/saw"]),
        (["z.zip/set/cat/a", "z.zip/set/dog/a"], ["cat", "dog"]),
        (["set/a", "set/dog/a"], ["set", "dog"]),
        (["set/n01443537/images/a", "set/n01440764/images/a"], ["goldfish", "n01440764"]),
    ],
)
def test_the_folders_that_differ_are_the_classes(places: list[str], classes: list[str]) -> None:
    found, held_out = class_of_each([tuple(place.split("/")) for place in places], {"n01443537": "goldfish"})
    assert found == classes
    assert not any(held_out)


def test_validation_and_test_beside_training_are_held_out() -> None:
    places = ["set/train/cat/a", "set/Val/cat/a", "set/test/b", "set/train/dog/a"]
    assert class_of_each([tuple(place.split("/")) for place in places], {}) == (["cat", "cat", "set", "dog"], [False, True, True, False])


@pytest.mark.parametrize("places", [["set/train/a", "set/car/b"], ["set/val/cat/a", "set/test/dog/a"]])
def test_a_class_may_be_called_train_and_validation_may_come_alone(places: list[str]) -> None:
    _, held_out = class_of_each([tuple(place.split("/")) for place in places], {})
    assert not any(held_out)


def test_word_lists_of_both_kinds_are_understood() -> None:
    assert read_words("n01440764\ttench, Tinca tinca\nn01443537 goldfish, Carassius\nnonsense\n") == {
        "n01440764": "tench",
        "n01443537": "goldfish",
    }


# -------------------------------------------------------------------------------------------------------- what it is


def test_few_photos_in_folders_are_photos_and_remember_their_folder(tmp_path: Path) -> None:
    moss, stone = picture(tmp_path / "set" / "moss" / "a.png"), picture(tmp_path / "set" / "stone" / "b.png")
    found = look(tmp_path / "set")
    assert not found.is_picture_set
    assert groups_of(found) == {moss: "moss", stone: "stone"}
    assert groups_of(look(tmp_path / "set" / "moss")) == {}
    assert groups_of(look(moss, stone)) == {moss: "moss", stone: "stone"}


def test_many_photos_an_archive_cifar_and_imagenet_are_picture_sets(tmp_path: Path) -> None:
    for number in range(201):
        os.mknod(tmp_path / f"{number}.jpg")
    assert look(tmp_path).is_picture_set
    assert not look(*sorted(tmp_path.glob("*.jpg"))[1:]).is_picture_set
    folder = tmp_path / "one"
    picture(folder / "a.png")
    assert not look(folder).is_picture_set
    assert look(packed(folder, tmp_path / "one.zip")).is_picture_set
    assert look(cifar_files.python_folder(tmp_path / "cifar")).is_picture_set
    assert look(imagenet(tmp_path / "imagenet")).is_picture_set


def test_a_large_folder_is_listed_in_slices(tmp_path: Path) -> None:
    for name in range(10):
        (tmp_path / f"class {name}").mkdir()
        for number in range(200):
            os.mknod(tmp_path / f"class {name}" / f"{number}.jpg")
    work, slices = survey([tmp_path]), 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Survey = end.value
            break
        slices += 1
    assert len(found.found) == 2000
    assert slices >= 10


@pytest.mark.parametrize(("side", "count", "expected"), [(32, 3, 32), (50, 3, 32), (64, 3, 64), (100, 3, 64), (128, 3, 128), (300, 3, 128)])
def test_the_side_follows_most_of_the_pictures(tmp_path: Path, side: int, count: int, expected: int) -> None:
    for number in range(count):
        picture(tmp_path / "set" / f"{number}.png", side)
    picture(tmp_path / "set" / "other.png", 500)
    assert look(tmp_path / "set").side_px() == expected
    assert look(packed(tmp_path / "set", tmp_path / "set.zip")).side_px() == expected


def test_very_many_pictures_are_kept_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("texgen_desktop.data.picture_survey._MANY_PICTURES", 2)
    for number in range(3):
        picture(tmp_path / f"{number}.png", 300)
    assert look(tmp_path).side_px() == 64


# ------------------------------------------------------------------------------------------------------- what is read


@pytest.mark.parametrize("kind", ["folder", "set.zip", "set.tar.gz"])
def test_imagenet_is_read_alike_from_a_folder_and_an_archive(tmp_path: Path, kind: str) -> None:
    folder = imagenet(tmp_path / "set")
    path = folder if kind == "folder" else packed(folder, tmp_path / kind)
    pixels, classes, reader = read(look(path), 40)
    assert sorted(classes) == ["goldfish"] * 3 + ["tench"] * 3
    assert np.array_equal(pixels, np.stack([np.asarray(Image.open(folder / "train" / "n01440764" / "n01440764_0.png"))] * 6))
    assert [skipped.name for skipped in reader.skipped] == ["The part for validation and test (2 files)"]
    assert reader.done == reader.total == 8


@pytest.mark.parametrize("kind", ["folder", "cifar.zip", "cifar.tar.gz"])
def test_cifar_is_read_alike_from_a_folder_and_an_archive(tmp_path: Path, kind: str) -> None:
    folder = cifar_files.python_folder(tmp_path / "cifar-10-batches-py")
    path = folder if kind == "folder" else packed(folder, tmp_path / kind)
    found = look(path)
    assert found.side_px() == 32
    pixels, classes, reader = read(found)
    assert np.array_equal(pixels, np.concatenate([cifar_files.pictures(20, 1), cifar_files.pictures(20, 2)]))
    assert classes == list(cifar_files.CIFAR_10) * 4
    assert len(reader.skipped) == 1
    assert not found.skipped
    assert reader.done == reader.total


def test_cifar_at_the_side_of_another_set_is_resized(tmp_path: Path) -> None:
    pixels, _, _ = read(look(cifar_files.python_folder(tmp_path / "cifar", 1, 3)), 64)
    assert pixels.shape == (3, 64, 64, 3)


def test_a_test_batch_by_itself_is_read(tmp_path: Path) -> None:
    folder = cifar_files.python_folder(tmp_path / "cifar")
    _, classes, _ = read(look(folder / "test_batch"))
    assert len(classes) == 20


def test_what_cannot_be_read_is_skipped_with_its_reason_and_the_rest_comes_in_order(tmp_path: Path) -> None:
    for number in range(12):
        picture(tmp_path / "set" / f"{number}.png", shade=number / 12)
    (tmp_path / "set" / "3.png").write_bytes(b"<html>")
    (tmp_path / "set" / "5.png").write_bytes((tmp_path / "set" / "5.png").read_bytes()[:-60])
    (tmp_path / "set" / "notes.txt").write_text("x")
    (tmp_path / "set" / "more.zip").write_bytes(b"x")
    found = look(tmp_path / "set")
    pixels, _, reader = read(found, 40)
    assert [skipped.name for skipped in reader.skipped] == ["3.png", "5.png"]
    assert all(skipped.reason and skipped.hint for skipped in [*reader.skipped, *found.skipped])
    assert [skipped.name for skipped in found.skipped] == ["more.zip", "notes.txt"]
    brightness = pixels.mean((1, 2, 3))
    assert len(brightness) == 10
    assert list(brightness) == sorted(brightness)


def test_a_batch_that_is_cut_off_does_not_spoil_the_others(tmp_path: Path) -> None:
    folder = cifar_files.python_folder(tmp_path / "cifar")
    (folder / "data_batch_1").write_bytes((folder / "data_batch_1").read_bytes()[:5000])
    _, classes, reader = read(look(folder))
    assert len(classes) == 20
    assert "ends too early" in reader.skipped[-1].reason


def test_an_archive_that_changes_while_it_is_read_is_left(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png")
    found = look(packed(tmp_path / "a", tmp_path / "x.zip"))
    (tmp_path / "a" / "1.png").rename(tmp_path / "a" / "2.png")
    packed(tmp_path / "a", tmp_path / "x.zip")
    with pytest.raises(TexGenError, match="has changed while it was read"):
        read(found)


def test_an_archive_in_an_archive_is_passed_over(tmp_path: Path) -> None:
    picture(tmp_path / "set" / "a.png")
    (tmp_path / "set" / "n01440764.tar").write_bytes(b"x")
    found = look(packed(tmp_path / "set", tmp_path / "set.tar.gz"))
    assert [skipped.name for skipped in found.skipped] == ["n01440764.tar"]
    assert len(found.found) == 1


def test_reading_that_is_given_up_leaves_no_thread_and_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    for number in range(100):
        picture(tmp_path / "set" / f"{number}.png")
    blocks = PictureReader(look(packed(tmp_path / "set", tmp_path / "set.zip")), 64).blocks()
    next(blocks)
    blocks.close()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_word_list_that_cannot_be_read_is_listed_and_the_pictures_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("n01440764", "n01443537"):
        picture(tmp_path / "set" / name / "1.png", 64)
    (tmp_path / "set" / "words.txt").write_text("n01440764\ttench")

    def refused(path: Path) -> BinaryIO:
        if path.name == "words.txt":
            raise ImageError(path.name, "it cannot be opened.", "Look at its permissions.")
        return open_regular(path)

    monkeypatch.setattr("texgen_desktop.data.picture_survey.open_regular", refused)
    found = look(tmp_path / "set")
    assert len(found.found) == 2
    assert [skipped.name for skipped in found.skipped] == ["words.txt"]
