"""Picture sets come into a project through the real engine, and each kind of family learns from what is meant for it."""

from __future__ import annotations

import dataclasses
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests import tiny_family
from tests.data import cifar_files
from tests.engine.desk import Desk
from tests.imaging.pictures import gradient, save_8_bit
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.project import Project

IMAGES = m.TrainSettings("tiny_images", images=8)
TEXTURES = m.TrainSettings("tiny", images=8)


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Two tiny families, one for textures and one for images; what each run was started with."""
    learnt: list[object] = []

    def start(config, photos, seed, device):  # type: ignore[no-untyped-def]
        learnt.append(photos)
        return tiny_family.start(config, photos, seed, device)

    texture = dataclasses.replace(tiny_family.FAMILY, start=start)
    image = dataclasses.replace(texture, id="tiny_images", title="Tiny images", makes="images")
    tiny_family.install(monkeypatch)
    monkeypatch.setattr("texgen_desktop.families.discover", lambda: {family.id: family for family in (texture, image)})
    return learnt


@pytest.fixture
def desk(tmp_path: Path, learnt: list[object]) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    return cifar_files.python_folder(tmp_path / "cifar-10-batches-py")


def class_folders(root: Path, counts: dict[str, int]) -> Path:
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            save_8_bit(root / name / f"{number}.png", gradient(64, 64) * (1 - number / 400))
    return root


def test_a_cifar_folder_becomes_a_project_that_an_image_family_learns(desk: Desk, cifar: Path, learnt: list[object]) -> None:
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((cifar,)), m.Train(IMAGES))
    assert desk.only(m.JobEnded).outcome == "finished"
    pictures = desk.project.pictures
    assert pictures is not None
    assert (pictures.count, pictures.side_px) == (40, 32)
    assert pictures.classes == tuple((name, 4) for name in sorted(cifar_files.CIFAR_10))
    assert (desk.project.name, desk.project.photos) == ("cifar-10-batches-py", ())
    (given,) = learnt
    assert isinstance(given, PictureSet)
    assert np.array_equal(given.pixels[:20], cifar_files.pictures(20, 1))
    assert desk.only(m.ContactSheet).image.shape[2] == 3
    assert desk.all(m.PicturesProgress)[-1] == m.PicturesProgress(4, 4)
    assert [file.name for file in desk.project.skipped] == ["The part for validation and test (1 file)"]


def test_the_set_is_there_after_reopening_and_after_save_as(desk: Desk, cifar: Path, tmp_path: Path) -> None:
    desk.when(m.ContactSheet, m.SaveProjectAs(tmp_path / "saved"))
    desk.when(m.ProjectChanged, m.Quit(), if_=lambda event: event.project.folder == tmp_path / "saved")
    desk.run(m.CreateProject((cifar,)))
    before = desk.project.pictures
    desk.when(m.ContactSheet, m.Quit())
    desk.run(m.OpenProject(tmp_path / "saved"))
    assert desk.project.pictures == before
    assert list((tmp_path / "projects").iterdir()) == []


def test_a_texture_family_on_a_picture_set_says_what_to_do(desk: Desk, cifar: Path) -> None:
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((cifar,)), m.Train(TEXTURES))
    problem = desk.only(m.JobEnded).problem
    assert problem is not None
    assert "holds separate pictures" in problem.message
    assert "add photos" in problem.hint
    assert desk.project.runs == ()


def test_each_family_takes_what_is_meant_for_it(desk: Desk, cifar: Path, tiny_photo: Path, learnt: list[object]) -> None:
    desk.when(m.JobEnded, m.Train(IMAGES))
    desk.when(m.JobEnded, m.AddPhotos((cifar,)), m.Train(TEXTURES))
    desk.when(m.JobEnded, m.Train(IMAGES))
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(TEXTURES))
    assert [type(photos).__name__ for photos in learnt] == ["list", "list", "list", "PictureSet"]
    assert [job.outcome for job in desk.all(m.JobEnded)] == ["finished"] * 4


def test_photos_from_folders_remember_them_through_framing_and_reopening(desk: Desk, tmp_path: Path, learnt: list[object]) -> None:
    folder = class_folders(tmp_path / "walls", {"moss": 2, "stone": 1})
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((folder,)), m.FramePhoto("0.png", m.Crop(0, 0, 0.75, 1), 64), m.Train(IMAGES))
    assert [photo.group for photo in desk.project.photos] == ["moss", "moss", "stone"]
    with_project = Project.open(desk.project.folder, to_write=False)
    assert [photo.group for photo in with_project.photos] == ["moss", "moss", "stone"]
    (photos,) = learnt
    assert isinstance(photos, list)
    assert all(isinstance(photo, Photo) for photo in photos)
    assert PictureSet.of(photos, 32).classes == ("moss", "stone")


@pytest.mark.parametrize(
    ("settings", "count", "message"),
    [
        (IMAGES, 11, "Only the 10 largest of the 11 classes get a mixing slider; pictures are learnt from all."),
        (IMAGES, 10, ""),
        (TEXTURES, 7, "Of 7 folders of photos none gets a mixing slider: the texture is a mixture of all."),
        (TEXTURES, 6, ""),
    ],
)
def test_what_is_too_much_for_mixing_sliders_is_told_with_a_way_out(
    desk: Desk, tmp_path: Path, settings: m.TrainSettings, count: int, message: str
) -> None:
    folder = class_folders(tmp_path / "kinds", {f"kind {number}": 1 for number in range(count)})
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((folder,)), m.Train(settings))
    told = [notice for notice in desk.all(m.Notice) if "mixing slider" in notice.message]
    assert [notice.message for notice in told] == [message] * bool(message)
    assert all(f"at most {count - 1}" in notice.hint for notice in told)


def test_a_set_grows_and_a_run_that_goes_on_says_so(desk: Desk, cifar: Path, tmp_path: Path) -> None:
    more = class_folders(tmp_path / "more" / "train", {"ship": 2, "owl": 3}).parent
    desk.when(m.JobEnded, m.AddPhotos((more,)), m.Resume(), if_=lambda event: event.outcome == "stopped")
    desk.when(m.JobEnded, m.Quit())
    desk.when(m.TrainingProgress, m.Stop())
    desk.run(m.CreateProject((cifar,)), m.Train(dataclasses.replace(IMAGES, images=40)))
    pictures = desk.project.pictures
    assert pictures is not None
    assert (pictures.count, pictures.side_px) == (45, 32)
    assert (dict(pictures.classes)["ship"], dict(pictures.classes)["owl"]) == (6, 3)
    assert any("picture set" in notice.message for notice in desk.all(m.Notice))


def test_many_photos_are_a_set_with_what_is_odd_said(desk: Desk, tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "many", {"a": 200, "lonely": 1})
    (folder / "a" / "broken.png").write_bytes(b"x")
    (folder / "a" / "0 copy.png").write_bytes((folder / "a" / "1.png").read_bytes())
    desk.when(m.Notice, m.Quit(), if_=lambda event: "was skipped" in event.message)
    desk.run(m.CreateProject((folder,)))
    pictures = desk.project.pictures
    assert pictures is not None
    assert (pictures.side_px, pictures.classes) == (64, (("a", 201), ("lonely", 1)))
    assert len(pictures.notes) == 2
    assert {notice.message for notice in desk.all(m.Notice)} >= set(pictures.notes)
    assert [file.name for file in desk.project.skipped] == ["broken.png"]
    assert desk.only(m.ContactSheet).allows == frozenset(), "all of them are lit from one side"


def test_a_set_that_looks_as_natural_mirrored_allows_it(desk: Desk, tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "many", {"a": 201})
    for path in list((folder / "a").iterdir())[::2]:
        save_8_bit(path, np.ascontiguousarray(gradient(64, 64)[:, ::-1]))
    desk.when(m.ContactSheet, m.Quit(), if_=lambda event: bool(event.allows))
    desk.run(m.CreateProject((folder,)))
    at_once, measured = desk.all(m.ContactSheet)
    assert (at_once.allows, measured.allows) == (frozenset(), {"mirror"})


def hostile_archive(path: Path) -> Path:
    """Good pictures, and at the end one that leads outside."""
    with tarfile.open(path, "w:gz") as archive:
        for number in range(5):
            data = io.BytesIO()
            save_8_bit(path.with_name("x.png"), gradient(64, 64))
            data = io.BytesIO(path.with_name("x.png").read_bytes())
            info = tarfile.TarInfo(f"set/{number}.png")
            info.size = len(data.getvalue())
            archive.addfile(info, data)
        archive.addfile(tarfile.TarInfo("../../outside.png"))
    return path


def test_what_cannot_be_used_changes_nothing(desk: Desk, cifar: Path, tmp_path: Path, tiny_photo: Path) -> None:
    truncated = tmp_path / "truncated" / "test_batch"
    truncated.parent.mkdir()
    truncated.write_bytes((cifar / "test_batch").read_bytes()[:3000])
    (tmp_path / "empty.zip").write_bytes(b"PK\5\6" + bytes(18))
    sources = (truncated.parent, hostile_archive(tmp_path / "a.tar.gz"), tmp_path / "empty.zip")
    commands = [m.CreateProject((source,)) for source in sources] + [m.AddPhotos((source,)) for source in sources]
    desk.when(m.PhotoLoaded, commands[0])
    for command in [*commands[1:], m.RenameProject("still here")]:
        desk.when(m.CommandFailed, command)
    desk.when(m.ProjectChanged, m.Quit(), if_=lambda event: event.project is not None and event.project.name == "still here")
    desk.run(m.CreateProject((tiny_photo,)))
    problems = [event.problem for event in desk.all(m.CommandFailed)]
    words = ("ends too early", "leads outside", "holds no picture") * 2
    for problem, word in zip(problems, words, strict=True):
        assert word in problem.message
        assert problem.hint
        assert not problem.detail
    assert (desk.project.name, desk.project.pictures, len(desk.project.photos)) == ("still here", None, 1)
    assert not list((tmp_path / "projects").rglob("*.tmp"))
    assert len(list((tmp_path / "projects").iterdir())) == 1


def test_a_damaged_set_does_not_keep_the_project_from_opening(desk: Desk, cifar: Path) -> None:
    desk.when(m.ContactSheet, m.Quit())
    desk.run(m.CreateProject((cifar,)))
    folder = desk.project.folder
    (folder / "pictures.json").write_bytes(b"{")
    desk.when(m.ProjectChanged, m.Quit())
    desk.run(m.OpenProject(folder))
    assert desk.project.pictures is None
    assert desk.project.skipped[0].name == "pictures.json"
    desk.when(m.ContactSheet, m.Quit())
    desk.run(m.OpenProject(folder), m.AddPhotos((cifar,)))
    assert desk.project.pictures is not None
    assert desk.project.pictures.count == 40


def test_reading_can_be_cancelled_and_nothing_of_it_stays(desk: Desk, tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "many", {"a": 250})
    desk.when(m.PicturesProgress, m.CancelIntake(), m.Quit())
    desk.run(m.CreateProject((folder,)))
    assert not desk.all(m.ProjectChanged)
    assert desk.all(m.PicturesProgress)[-1].total == 0
    assert list((tmp_path / "projects").iterdir()) == []


def test_who_waits_for_pictures_that_are_cancelled_is_told(desk: Desk, tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "many", {"a": 250})
    desk.when(m.PicturesProgress, m.Train(m.TrainSettings("tiny")), m.CancelIntake())
    desk.when(m.CommandFailed, m.Quit())
    desk.run(m.CreateProject((folder,)))
    assert desk.only(m.CommandFailed).problem.message == "What was waiting for the pictures was given up with them."
    assert not desk.all(m.JobStarted)


def test_quitting_in_the_middle_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "many", {"a": 250})
    desk.when(m.PicturesProgress, m.Quit())
    desk.run(m.CreateProject((folder,)))
    assert list((tmp_path / "projects").iterdir()) == []
