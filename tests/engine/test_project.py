from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from texgen_desktop.engine.checkpoint import load_newest, save_checkpoint
from texgen_desktop.engine.files import is_temporary, temporary_beside
from texgen_desktop.engine.folders import delete_remains
from texgen_desktop.engine.lock import LOCK_NAME
from texgen_desktop.engine.messages import Crop, SkippedFile, TrainSettings
from texgen_desktop.engine.model_file import save_model
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.run import Run
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Look
from texgen_desktop.paths import is_project
from texgen_desktop.resources import model_file
from texgen_desktop.slices import run_to_end

PHOTO_BYTES = bytes(range(256)) * 10
SETTINGS = TrainSettings(preset="draft", config=(("width", 8), ("rate", 0.5)), images=1000, seed=4)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "gravel.jpg"
    path.write_bytes(PHOTO_BYTES)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path / "project", "Gravel")
    yield project
    project.close()


def add(project: Project, photo: Path) -> str:
    return run_to_end(project.add_photo(photo, 4000, 3000, Crop(), 512)).name


def new_run(project: Project) -> Run:
    sha256 = {photo.name: "ab" * 32 for photo in project.photos}
    return project.new_run(SETTINGS, {"width": 8}, 1000, {"device": "cpu", "threads": 2}, sha256)


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rewrite(project: Project, **changes: Any) -> Path:
    path = project.folder / "project.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


def test_all_that_an_artist_sets_is_there_after_reopening(project: Project, photo: Path) -> None:
    name = add(project, photo)
    project.frame_photo(name, Crop(0.25, 0, 0.5, 1), 640)
    look = Look((("scale", 0.5),), layout_seed=7, detail_seed=8, detail_strength=0.5)
    project.set_look(look)
    project.rename("  Gravel from the yard ")
    run = new_run(project)
    before = project.info()
    again = reopened(project)
    try:
        assert again.info() == before
        assert (again.name, again.look, again.run_id) == ("Gravel from the yard", look, run.id)
        assert again.photos[0].crop == Crop(0.25, 0, 0.5, 1)
        assert again.run(run.id) == run
        assert (run.settings, run.config, run.machine) == (SETTINGS, {"width": 8}, {"device": "cpu", "threads": 2})
        assert run.photos == again.photos
    finally:
        again.close()


def test_photos_are_copied_byte_for_byte_under_names_of_their_own(project: Project, tmp_path: Path, photo: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    odd = other / "<b>odd<b>\n\U0001f600.png"
    odd.write_bytes(b"odd")
    (other / "GRAVEL.JPG").write_bytes(b"second")
    names = [add(project, path) for path in (photo, other / "GRAVEL.JPG", odd)]
    assert names == ["gravel.jpg", "GRAVEL (2).JPG", "_b_odd_b__\U0001f600.png"]
    photo.unlink()
    assert [project.photo_path(name).read_bytes() for name in names] == [PHOTO_BYTES, b"second", b"odd"]


def test_a_photo_that_a_run_learnt_stays_on_the_disk(project: Project, photo: Path) -> None:
    name = add(project, photo)
    run = new_run(project)
    second = add(project, photo)
    project.remove_photo(name)
    project.remove_photo(second)
    assert project.photos == ()
    assert project.photo_path(run.photos[0].name).read_bytes() == PHOTO_BYTES
    with pytest.raises(TexGenError, match="is missing"):
        project.photo_path(second)
    assert add(project, photo) != name


@pytest.mark.parametrize("change", [{"version": 2}, {"settings": None}])
def test_a_photo_stays_on_the_disk_while_a_run_cannot_be_read(project: Project, photo: Path, change: dict[str, Any]) -> None:
    name = add(project, photo)
    path = new_run(project).folder / "config.json"
    readable = path.read_text()
    path.write_text(json.dumps(json.loads(readable) | change))
    project.remove_photo(name)
    path.write_text(readable)  # as a newer version, or a copy that is put back, would read it
    assert project.photo_path(project.runs()[0].photos[0].name).read_bytes() == PHOTO_BYTES


@pytest.mark.parametrize("name", ["../project.json", "/etc/passwd", "", "none.png", "a\0b"])
def test_a_photo_outside_the_project_is_not_found(project: Project, name: str) -> None:
    with pytest.raises(TexGenError, match="is missing"):
        project.photo_path(name)
    with pytest.raises(TexGenError, match="no photo"):
        project.remove_photo(name)


def test_a_run_tells_how_far_it_is(project: Project) -> None:
    run = new_run(project)
    assert {path.name for path in run.folder.iterdir()} == {"config.json", "checkpoints"}
    assert (run.id, run.info().can_resume, run.info().has_model, run.info().images_seen) == ("run-001", True, False, 0)
    save_checkpoint(run.checkpoints_folder, {"x": torch.zeros(1)}, {"images_seen": 640})
    run.model_path.write_bytes(b"")
    assert (run.info().images_seen, run.info().can_resume, run.info().has_model) == (640, True, True)
    save_checkpoint(run.checkpoints_folder, {"x": torch.zeros(1)}, {"images_seen": 1000})
    assert run.info().can_resume  # broken off before the model was written
    for recipe, can_resume in (({"is_final": False}, True), ({"is_final": True}, False), ({"images_seen": 1000}, False)):
        save_model(run.model_path, "tiny", {}, {"x": torch.zeros(1)}, recipe)
        assert run.info().can_resume is can_resume


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ("", ""),
        ("run-001", "run-001"),
        ("{project}/runs/run-001/model.safetensors", "run-001"),
        ("{project}/runs/run-002/model.safetensors", ""),  # it has no model
        ("/home/anna/unsaved/runs/run-001/model.safetensors", ""),
        ("C:\\anna\\runs\\run-001\\model.safetensors", ""),
        ("gravel", "gravel"),
        ("{models}/gravel.safetensors", "gravel"),
        ("/etc/passwd", ""),
        ("../../run-001", "run-001"),
        ("..", ""),
        ("a\0b", ""),
        ("\ud800", ""),
    ],
)
def test_a_run_tells_what_it_began_with_as_long_as_that_is_found_in_the_project_or_ships(
    project: Project, recorded: str, told: str
) -> None:
    new_run(project).model_path.write_bytes(b"")
    path = new_run(project).folder / "config.json"
    record = json.loads(path.read_text())
    record["settings"]["start_from"] = recorded.format(project=project.folder, models=model_file())
    path.write_text(json.dumps(record))
    assert project.info().runs[1].settings.start_from == told
    assert project.info().skipped == ()


def test_runs_are_listed_oldest_first_and_deleted_whole(project: Project) -> None:
    runs = [new_run(project) for _ in range(3)]
    assert [run.id for run in project.runs()] == ["run-001", "run-002", "run-003"]
    shutil.rmtree(project.put_run_aside("run-003"))
    assert project.run_id is None
    assert not runs[2].folder.exists()
    assert [path.name for path in sorted((project.folder / "runs").iterdir())] == ["run-001", "run-002"]


@pytest.mark.parametrize("run_id", ["run-009", "..", "../..", "run-001/../../..", "", "photos"])
def test_a_run_that_is_not_there_is_not_opened_nor_deleted(project: Project, run_id: str) -> None:
    new_run(project)
    before = contents(project.folder)
    for action in (project.run, project.put_run_aside, project.select_run):
        with pytest.raises(TexGenError, match="no run"):
            action(run_id)
    assert contents(project.folder) == before


def test_a_damaged_run_is_listed_with_its_reason_and_spoils_nothing(project: Project) -> None:
    new_run(project)
    (new_run(project).folder / "config.json").write_bytes(b"{")
    info = project.info((SkippedFile("x.heic", "not read", "convert it"),))
    assert [run.id for run in info.runs] == ["run-001"]
    assert [file.name for file in info.skipped] == ["x.heic", "runs/run-002"]
    shutil.rmtree(project.put_run_aside("run-002"))
    assert project.info().skipped == ()


def test_a_run_of_a_newer_version_is_refused(project: Project) -> None:
    path = new_run(project).folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))
    with pytest.raises(TexGenError, match="newer version"):
        project.run("run-001")


def test_the_second_opener_only_looks(project: Project, photo: Path) -> None:
    add(project, photo)
    before = contents(project.folder)
    second = Project.open(project.folder)
    assert str(os.getpid()) in second.read_only_reason
    assert second.photos == project.photos
    assert second.info().read_only_reason == second.read_only_reason
    actions = [
        lambda: add(second, photo),
        lambda: second.remove_photo("gravel.jpg"),
        lambda: second.frame_photo("gravel.jpg", Crop(), 512),
        lambda: second.rename("Mine"),
        lambda: second.set_look(Look(layout_seed=1)),
        lambda: new_run(second),
        lambda: second.put_run_aside("run-001"),
        second.put_aside,
    ]
    for action in actions:
        with pytest.raises(TexGenError, match="open in another TexGen"):
            action()
    second.close()
    assert contents(project.folder) == before


def test_a_project_on_a_disk_that_cannot_be_written_is_only_looked_at(small_disk: Path) -> None:
    Project.create(small_disk / "project", "Gravel").close()
    (small_disk / "project" / LOCK_NAME).unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    project = Project.open(small_disk / "project")
    assert "may not write" in project.read_only_reason
    assert project.name == "Gravel"


def test_opening_clears_up_after_a_killed_program(project: Project, photo: Path) -> None:
    add(project, photo)
    run = new_run(project)
    before = contents(project.folder)
    for path in (project.folder / "x", project.folder / "photos" / "x", run.checkpoints_folder / "x", run.folder / "x"):
        temporary_beside(path).write_bytes(b"half")
    temporary_beside(run.folder).mkdir()
    again = reopened(project)
    assert {name: data for name, data in contents(again.folder).items() if name != LOCK_NAME} == {
        name: data for name, data in before.items() if name != LOCK_NAME
    }
    assert [path.name for path in (again.folder / "runs").iterdir()] == [run.id]
    again.close()


def test_save_as_makes_a_whole_copy_and_goes_on_there(project: Project, photo: Path, tmp_path: Path) -> None:
    add(project, photo)
    run = new_run(project)
    save_checkpoint(run.checkpoints_folder, {"x": torch.ones(5)}, {"images_seen": 8})
    old = project.folder
    run_to_end(project.save_as(tmp_path / "Moss.texgen"))
    assert (project.name, project.folder, project.is_unsaved) == ("Moss", tmp_path / "Moss.texgen", False)
    assert project.photo_path("gravel.jpg").read_bytes() == PHOTO_BYTES
    loaded = load_newest(project.run(run.id).checkpoints_folder)
    assert loaded is not None
    assert loaded.images_seen == 8
    assert is_project(old)
    Project.open(old).close()
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_an_unsaved_project_that_was_saved_is_no_longer_needed_in_its_old_place(tmp_path: Path, photo: Path) -> None:
    project = Project.create(tmp_path / "data" / "unsaved-1", "gravel", is_unsaved=True)
    add(project, photo)
    left = run_to_end(project.save_as(tmp_path / "Gravel"))
    assert left == tmp_path / "data" / "unsaved-1"
    assert run_to_end(project.save_as(tmp_path / "Copy")) is None
    again = reopened(project)
    assert (again.is_unsaved, again.name, len(again.photos)) == (False, "Copy", 1)
    again.close()


def test_save_as_never_writes_over_anything(project: Project, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "precious").write_bytes(b"precious")
    for folder in (full, full / "precious", project.folder, project.folder / "inside", tmp_path):
        with pytest.raises(TexGenError):
            run_to_end(project.save_as(folder))
    assert contents(full) == {"precious": b"precious"}
    project.rename("still here")


def test_save_as_to_a_full_disk_leaves_nothing_there_and_all_here(project: Project, small_disk: Path, tmp_path: Path) -> None:
    for number in range(3):
        photo = tmp_path / f"{number}.jpg"
        photo.write_bytes(os.urandom(100_000))
        add(project, photo)
    before = project.info()
    with pytest.raises(OSError, match="No space left"):
        run_to_end(project.save_as(small_disk / "copy"))
    assert list(small_disk.iterdir()) == []
    assert project.info() == before
    project.rename("still here")


def test_a_read_only_project_can_be_saved_elsewhere(project: Project, photo: Path, tmp_path: Path) -> None:
    add(project, photo)
    second = Project.open(project.folder)
    run_to_end(second.save_as(tmp_path / "mine"))
    assert (second.read_only_reason, second.name) == ("", "mine")
    second.rename("really mine")
    assert project.name == "Gravel"
    second.close()


def test_discarding_takes_an_unsaved_project_away_and_no_other(project: Project, tmp_path: Path) -> None:
    with pytest.raises(TexGenError, match="never saved"):
        project.put_aside()
    unsaved = Project.create(tmp_path / "data" / "unsaved-1", "x", is_unsaved=True)
    remains = unsaved.put_aside()
    assert list((tmp_path / "data").iterdir()) == [remains]
    assert is_temporary(remains.name)
    run_to_end(delete_remains(remains))
    assert list((tmp_path / "data").iterdir()) == []


def test_a_project_is_not_made_where_something_is(tmp_path: Path, photo: Path) -> None:
    for folder in (tmp_path, photo):
        with pytest.raises(TexGenError, match="not empty"):
            Project.create(folder, "x")
    for name in ("", "   ", "x" * 201):
        with pytest.raises(TexGenError, match="name"):
            Project.create(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


def test_a_newer_project_is_refused_and_not_touched(project: Project) -> None:
    project.close()
    rewrite(project, version=2, palettes=[1, 2, 3])
    (project.folder / LOCK_NAME).unlink()
    temporary_beside(project.folder / "theirs").write_bytes(b"half")
    before = contents(project.folder)
    with pytest.raises(TexGenError, match="newer version of TexGen") as caught:
        Project.open(project.folder)
    assert "Update" in caught.value.hint
    assert contents(project.folder) == before


@pytest.mark.parametrize("folder", ["", "missing", "gravel.jpg"])
def test_what_is_no_project_is_refused(tmp_path: Path, photo: Path, folder: str) -> None:
    with pytest.raises(TexGenError, match="no TexGen project"):
        Project.open(tmp_path / folder)


PHOTO = {"name": "a.png", "width_px": 10, "height_px": 10, "crop": {}, "working_side_px": 512}


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"version": "1"},
        {"version": None},
        {"unknown": 1},
        {"name": ""},
        {"name": ["x"]},
        {"is_unsaved": 1},
        {"run_id": "../../x"},
        {"photos": {}},
        {"photos": [{"photo": PHOTO}]},
        *({"photos": [{"photo": {**PHOTO, "name": name}, "original": ""}]} for name in ("../a.png", "/a", "", "a\\b", "a\0", "a\ud800")),
        {"photos": [{"photo": PHOTO, "original": ""}] * 2},
        {"photos": [{"photo": {**PHOTO, "width_px": -1}, "original": ""}]},
        {"photos": [{"photo": {**PHOTO, "working_side_px": 10**9}, "original": ""}]},
        {"photos": [{"photo": {**PHOTO, "crop": {"x": 0.9}}, "original": ""}]},
        {"photos": [{"photo": {**PHOTO, "_target_": "os.system"}, "original": "", "_target_": "os.system"}]},
        {"look": None},
        {"look": {"style": [["scale", 2]]}},
        {"look": {"style": [["scale"]]}},
        {"look": {"layout_seed": 2**70}},
        {"look": {"layout_strength": -1}},
    ],
)
def test_a_hostile_project_is_refused_and_not_touched(project: Project, changes: dict[str, Any]) -> None:
    project.close()
    rewrite(project, **changes)
    before = contents(project.folder)
    with pytest.raises(TexGenError) as caught:
        Project.open(project.folder)
    assert caught.value.message
    assert contents(project.folder) == before


def test_a_project_file_with_bytes_changed_at_random_opens_or_is_refused(project: Project, photo: Path) -> None:
    add(project, photo)
    project.close()
    path = project.folder / "project.json"
    good = path.read_bytes()
    moments = random.Random(6)
    refused = 0
    for _ in range(300):
        damaged = bytearray(good)
        for _ in range(moments.randrange(1, 4)):
            damaged[moments.randrange(len(good))] = moments.choice(b'0e-{}[]",:\\n\x00\xff')
        path.write_bytes(damaged)
        try:
            Project.open(project.folder).close()
        except TexGenError:
            refused += 1
    assert refused > 100


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
@pytest.mark.timeout(20)  # opened like any other file, a pipe that nobody writes into is waited for without end
@pytest.mark.parametrize("pipe", ["project.json", "photos/a.png", "runs/run-001/config.json"])
def test_a_project_that_holds_a_pipe_is_refused(project: Project, pipe: str) -> None:
    path = project.folder / pipe
    project.close()
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(TexGenError, match=r"no ordinary file|no project"):
        Project.open(project.folder)


@pytest.mark.skipif(os.name != "posix", reason="making a link needs no rights only on POSIX")
@pytest.mark.parametrize("link", ["photos/a.png", "runs/run-001", "runs/loop", "exports"])
def test_a_project_that_holds_a_link_is_refused(project: Project, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    temporary_beside(outside / "x").write_bytes(b"not ours")
    (project.folder / link).symlink_to(project.folder if "loop" in link else outside)
    project.close()
    before = contents(outside)
    with pytest.raises(TexGenError, match="holds a link"):
        Project.open(project.folder)
    assert contents(outside) == before


CREATE_AND_SAVE_AS = """
import sys
from pathlib import Path
from texgen_desktop.engine.project import Project
from texgen_desktop.slices import run_to_end
project = Project.open(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    run_to_end(project.save_as(Path(sys.argv[2]) / f"copy-{number:04d}"))
    print(number, flush=True)
"""


def test_a_program_that_is_killed_while_it_saves_a_copy_leaves_whole_copies_only(project: Project, tmp_path: Path) -> None:
    for number in range(4):
        photo = tmp_path / f"{number}.jpg"
        photo.write_bytes(PHOTO_BYTES)
        add(project, photo)
    project.close()
    copies = tmp_path / "copies"
    copies.mkdir()
    program = [sys.executable, "-c", CREATE_AND_SAVE_AS, str(project.folder), str(copies)]
    with subprocess.Popen(program, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(5):
            child.stdout.readline()
        child.kill()
    for path in copies.glob("copy-*"):
        copy = Project.open(path)
        assert [copy.photo_path(photo.name).read_bytes() for photo in copy.photos] == [PHOTO_BYTES] * 4
        copy.close()
