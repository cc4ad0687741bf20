"""Work beside the engine's thread: what comes back, what is left when nobody waits for it, and that the engine answers meanwhile."""

from __future__ import annotations

import gc
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import tiny_family
from tests.engine.desk import Desk
from texgen_desktop.engine import folders, project, starting, training, workspace
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.checkpoint import load_newest
from texgen_desktop.engine.engine import Engine
from texgen_desktop.engine.project import Project
from texgen_desktop.imaging.write import ImageWriter
from texgen_desktop.slices import run_to_end

SETTINGS = m.TrainSettings("tiny", images=40)
ENDLESS = m.TrainSettings("tiny", images=100_000)


# ------------------------------------------------------------------------------------------------- by itself


def test_what_the_work_returns_comes_out_and_it_ran_in_another_thread() -> None:
    assert run_to_end(in_background(threading.current_thread)) is not threading.current_thread()
    assert run_to_end(in_background(lambda: 6 * 7)) == 42


def test_what_the_work_raises_comes_out_where_it_was_asked_for() -> None:
    def fail() -> None:
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError, match="gone"):
        run_to_end(in_background(fail))


def test_it_says_that_it_waits_until_the_work_is_done() -> None:
    gate = threading.Event()
    work = in_background(gate.wait)
    assert [next(work) for _ in range(3)] == ["waiting"] * 3
    gate.set()
    assert run_to_end(work) is True


def test_closed_it_waits_for_work_that_writes_and_leaves_the_other_to_itself() -> None:
    gate, ended = threading.Event(), []

    def slow() -> None:
        gate.wait()
        ended.append(True)

    reading = in_background(slow)
    next(reading)
    reading.close()
    assert ended == []
    writing = in_background(slow, writes=True)
    next(writing)
    threading.Timer(0.02, gate.set).start()
    writing.close()
    assert ended


@pytest.fixture
def no_collector() -> Iterator[None]:
    """As in the program, where cycles wait for the window to have time."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_nothing_of_work_that_failed_stays_in_memory() -> None:
    kept: list[weakref.ref[Any]] = []

    def fail() -> None:
        photo = np.zeros(10)
        kept.append(weakref.ref(photo))
        raise ValueError(len(photo))

    with suppress(ValueError):
        run_to_end(in_background(fail))
    assert [reference() for reference in kept] == [None]


# --------------------------------------------------------------------------------------- the engine meanwhile


@pytest.fixture(autouse=True)
def quick_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def tile(ticket: int) -> m.Render:
    return m.Render(m.RenderRequest(m.Look(), m.Region(0, 0, 32, 32), (4, 4)), ticket)


def is_(ticket: int) -> Callable[[m.Rendered], bool]:
    return lambda event: event.ticket == ticket


def after_images(count: int) -> Callable[[m.TrainingProgress], bool]:
    return lambda event: event.images_seen >= count


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unsaved project with two runs of 40 images, of which the last is shown."""
    folder = tmp_path_factory.mktemp("trained")
    desk = Desk(folder)
    Image.fromarray(np.random.default_rng(7).integers(0, 256, (96, 96, 3), np.uint8)).save(folder / "photo.png")
    desk.when(m.JobEnded, m.Train(SETTINGS))
    desk.when(m.JobEnded, m.Quit())
    with pytest.MonkeyPatch.context() as monkeypatch:
        tiny_family.install(monkeypatch)
        desk.run(m.CreateProject((folder / "photo.png",)), m.Train(SETTINGS))
    return desk.project.folder


@pytest.fixture
def folder(desk: Desk, trained: Path) -> Path:
    """A copy of that project, not yet opened."""
    shutil.copytree(trained, desk.projects / "photo")
    return desk.projects / "photo"


class Slow:
    """The next call of a function takes until ``let_go``, or until our patience ends; ``began`` is called first, in that thread."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, began: Callable[[], object], patience_s: float = 5.0
    ) -> None:
        work: Callable[..., Any] = getattr(owner, name)
        gate = threading.Event()
        self.let_go = gate.set
        self._outcome: Future[bool] = Future()

        def slow(*args: Any, **options: Any) -> Any:
            monkeypatch.setattr(owner, name, work)
            began()
            self._outcome.set_result(gate.wait(patience_s))
            return work(*args, **options)

        monkeypatch.setattr(owner, name, slow)

    @property
    def was_let_go(self) -> bool:
        return self._outcome.result(timeout=10.0)


@pytest.fixture(params=[True, False], ids=["beside", "instead"])
def is_beside(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether slow work is done beside the engine's thread; the control does it there."""
    if not request.param:

        def instead(work: Callable[[], Any], *, writes: bool = False) -> Iterator[None]:
            yield None
            return work()

        for module in ("exporting", "folders", "project", "starting", "training", "workspace"):
            monkeypatch.setattr(f"texgen_desktop.engine.{module}.in_background", instead)
    return bool(request.param)


@pytest.mark.parametrize(
    ("owner", "name", "commands"),
    [
        (workspace, "thumbnail", ()),
        (workspace, "find_images", (m.AddPhotos((Path("tiny photo.png"),)),)),
        (project, "copy_file", (m.AddPhotos((Path("tiny photo.png"),)),)),
        (starting, "load_photo", (m.Train(SETTINGS),)),
        (training, "write_checkpoint", (m.Train(SETTINGS),)),
        (folders, "copy_file", (m.SaveProjectAs(Path("copy")),)),
        (shutil, "rmtree", (m.DeleteRun("run-001"),)),
        (ImageWriter, "code", (m.Export(m.ExportSettings(Path("tile.webp"), "webp", 8, 32, 32, m.Look())),)),
        (ImageWriter, "settle", (m.Export(m.ExportSettings(Path("tile.png"), "png", 8, 32, 32, m.Look())),)),
    ],
    ids=[
        "a photo is shown",
        "photos are looked for",
        "a photo is copied",
        "photos are learnt from",
        "a checkpoint is written",
        "a project is copied",
        "a run is deleted",
        "a WebP is coded",
        "a file is brought to the disk",
    ],
)
def test_a_picture_is_drawn_while_files_take_their_time(
    desk: Desk,
    folder: Path,
    tiny_photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_beside: bool,
    owner: object,
    name: str,
    commands: tuple[m.Command, ...],
) -> None:
    monkeypatch.chdir(tiny_photo.parent)
    slow = Slow(monkeypatch, owner, name, lambda: desk.post(tile(7)), patience_s=5.0 if is_beside else 0.05)
    desk.when(m.Rendered, slow.let_go, m.Quit(), if_=is_(7))
    desk.run(m.OpenProject(folder), *commands)
    assert slow.was_let_go is is_beside
    assert not desk.all(m.CommandFailed)


@pytest.mark.parametrize("does_sleep", [True, False])
def test_an_engine_that_only_waits_sleeps(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch, does_sleep: bool) -> None:
    turns: list[int] = []
    turn = Engine._turn

    def counted(engine: Engine) -> None:
        turns.append(1)
        turn(engine)

    monkeypatch.setattr(Engine, "_turn", counted)
    if not does_sleep:
        monkeypatch.setattr("texgen_desktop.engine.engine.WAIT_S", 0.0)
    Slow(monkeypatch, workspace, "thumbnail", lambda: None, patience_s=0.2)
    desk.when(m.PhotoLoaded, m.Quit())
    desk.run(m.OpenProject(folder))
    assert (len(turns) < 100) is does_sleep


# ------------------------------------------------------------------------------------- a project that moves


@pytest.mark.parametrize("does_stand_still", [True, False])
def test_while_its_project_moves_a_run_stands_still(
    desk: Desk, tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does_stand_still: bool
) -> None:
    seen: list[int] = []

    def note() -> None:
        seen.append(desk.all(m.TrainingProgress)[-1].images_seen)

    if not does_stand_still:
        monkeypatch.setattr(Engine, "_stands_still", lambda engine, name: False)
        monkeypatch.setattr(training.Training, "moving", lambda run: nullcontext())
    slow = Slow(monkeypatch, folders, "copy_file", lambda: (note(), desk.post(tile(7))))
    for ticket in range(7, 27):  # by then there were turns for a step or two
        desk.when(m.Rendered, tile(ticket + 1), if_=is_(ticket))
    desk.when(m.Rendered, note, slow.let_go, if_=is_(27))
    desk.when(m.TrainingProgress, m.SaveProjectAs(tmp_path / "copy"), if_=after_images(8))
    desk.when(m.ProjectChanged, m.Stop(), if_=lambda event: event.project is not None and event.project.folder == tmp_path / "copy")
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,)), m.Train(ENDLESS))
    assert (seen[0] == seen[1]) is does_stand_still


@pytest.mark.parametrize("does_wait", [True, False])
def test_a_project_moves_only_when_the_checkpoint_in_writing_is_whole(
    desk: Desk, tiny_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does_wait: bool
) -> None:
    if not does_wait:
        monkeypatch.setattr(Engine, "_files_let_go", lambda engine: iter(()))
    copy_folder = project.copy_folder

    def copying(*args: Any) -> None:
        writing.let_go()
        copy_folder(*args)

    writing = Slow(monkeypatch, training, "write_checkpoint", lambda: desk.post(m.SaveProjectAs(tmp_path / "copy")), patience_s=0.2)
    monkeypatch.setattr(project, "copy_folder", copying)
    desk.when(m.ProjectChanged, m.Quit(), if_=lambda event: event.project is not None and event.project.folder == tmp_path / "copy")
    desk.when(m.JobEnded)
    desk.run(m.CreateProject((tiny_photo,)), m.Train(SETTINGS))
    assert writing.was_let_go is not does_wait
    if does_wait:
        assert load_newest(tmp_path / "copy" / "runs" / "run-001" / "checkpoints") is not None


def test_quit_lets_a_copy_come_to_its_end(desk: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Slow(monkeypatch, folders, "copy_file", lambda: desk.post(m.Quit()), patience_s=0.05)
    desk.run(m.OpenProject(folder), m.SaveProjectAs(tmp_path / "copy"))
    copied = Project.open(tmp_path / "copy", to_write=False)
    assert copied.runs()[0].info().has_model
    assert not folder.exists()  # it was unsaved
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_discarded_project_is_gone_at_once_and_its_files_soon_after(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    still_there: list[str] = []
    desk.when(m.ProjectChanged, lambda: slow.let_go(), m.Quit(), if_=lambda event: event.project is None)
    slow = Slow(monkeypatch, shutil, "rmtree", lambda: still_there.extend(path.name for path in desk.projects.iterdir()))
    desk.run(m.OpenProject(folder), m.DiscardProject())
    assert folder.name not in still_there
    assert len(still_there) == 1
    assert list(desk.projects.iterdir()) == []


@pytest.mark.parametrize("does_tidy_up", [True, False])
def test_quit_while_the_first_photo_is_copied_leaves_no_project(
    desk: Desk, tiny_photo: Path, monkeypatch: pytest.MonkeyPatch, does_tidy_up: bool
) -> None:
    if not does_tidy_up:
        monkeypatch.setattr(workspace.Workspace, "_unmake", lambda self: None)
    Slow(monkeypatch, project, "copy_file", lambda: desk.post(m.Quit()), patience_s=0.05)
    desk.run(m.CreateProject((tiny_photo,)))
    assert any(desk.projects.iterdir()) is not does_tidy_up


# ---------------------------------------------------------------------------------------------- a cancelled export


def test_a_webp_that_is_cancelled_while_it_is_coded_ends_at_once_and_leaves_no_file(
    desk: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "tiles" / "tile.webp"
    target.parent.mkdir()
    slow = Slow(monkeypatch, ImageWriter, "code", lambda: desk.post(m.Cancel("export")))
    desk.when(m.JobEnded, slow.let_go, m.Quit())
    desk.run(m.OpenProject(folder), m.Export(m.ExportSettings(target, "webp", 8, 64, 64, m.Look())))
    assert (desk.only(m.JobEnded).outcome, desk.only(m.JobEnded).files) == ("stopped", ())
    assert list(target.parent.iterdir()) == []
