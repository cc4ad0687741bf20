"""The command line in this process, with the real engine and a tiny family; signals and pipes are in end_to_end."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import tiny_family
from tests.conftest import save_tiny_photo
from tests.data import cifar_files
from tests.engine.desk import Desk
from texgen_desktop.cli import main
from texgen_desktop.cli_console import Console, duration
from texgen_desktop.cli_sessions import SampleSession
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.messages import Problem
from texgen_desktop.engine.model_file import load_model
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.quality import QualityMeter
from texgen_desktop.engine.source import Source
from texgen_desktop.slices import Slices

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def tiny_family_only(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_family.install(monkeypatch)


@pytest.fixture(scope="module")
def trained_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained to the end, once; each test gets a copy."""
    folder = tmp_path_factory.mktemp("trained")
    command = ["train", str(save_tiny_photo(folder)), "--family", "tiny", "--images", "20", "--project", str(folder / "project")]
    with pytest.MonkeyPatch.context() as patch:
        tiny_family.install(patch)
        assert main([*command, "--device", "cpu"]) == 0
    return folder / "project"


@pytest.fixture
def project(trained_project: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained_project, tmp_path / "project")


def error_line(capsys: Capture) -> str:
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("texgen: ")]
    assert len(lines) == 1, captured.err
    assert "Traceback" not in captured.err
    return lines[0]


def test_train_prints_where_the_model_is(tiny_photo: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["train", str(tiny_photo), "--family", "tiny", "--images", "8", "--project", str(tmp_path / "p")]) == 0
    captured = capsys.readouterr()
    assert Path(captured.out.strip()) == tmp_path / "p" / "runs" / "run-001" / "model.safetensors"
    assert "Device: CPU" in captured.err
    assert "100%  8/8 images" in captured.err


@pytest.mark.parametrize("long_s", [0.0, 3600.0])
def test_train_warns_once_of_a_training_that_takes_long(
    tiny_photo: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, long_s: float
) -> None:
    monkeypatch.setattr("texgen_desktop.cli_sessions.LONG_S", long_s)
    assert main(["train", str(tiny_photo), "--family", "tiny", "--images", "8", "--project", str(tmp_path / "p")]) == 0
    assert capsys.readouterr().err.count("This training takes about") == (long_s == 0)


def test_train_goes_on_with_an_unfinished_run(tiny_photo: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = str(tmp_path / "p")
    first = ["train", str(tiny_photo), "--family", "tiny", "--minutes", "1e-9", "--set", "images=40", "--project", folder]
    assert main(first) == 0
    assert main(["train", "--project", folder]) == 0  # without the limit of the first sitting
    said = capsys.readouterr().err
    assert "Going on with run-001" in said
    assert "not used" not in said
    assert main(["info", folder]) == 0
    assert "40 of 40 images, finished" in capsys.readouterr().out
    assert not (tmp_path / "p" / "runs" / "run-002").exists()


def test_info_tells_of_a_better_checkpoint_and_best_makes_the_model_of_it(
    tiny_photo: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, desk = tmp_path / "p", Desk(tmp_path)
    scores = iter((0.1, 0.5))

    def score(_meter: QualityMeter, _source: Source) -> Slices[float]:
        yield None
        return next(scores)

    monkeypatch.setattr(QualityMeter, "score", score)
    desk.when(m.TrainingProgress, m.Pause(), if_=lambda event: event.images_seen == 2)
    desk.when(m.JobEnded, m.Resume())
    desk.when(m.JobEnded, m.Quit())
    desk.run(m.CreateProject((tiny_photo,), folder), m.Train(m.TrainSettings("tiny", images=8)))
    assert main(["info", str(folder)]) == 0
    best = desk.all(m.CheckpointSaved)[0].images_seen
    assert f"best: run-001 was nearer to the photo after {best} images: texgen best DIR" in capsys.readouterr().out
    assert main(["best", str(folder)]) == 0
    captured = capsys.readouterr()
    model = folder / "runs" / "run-001" / "model.safetensors"
    assert Path(captured.out.strip()) == model
    assert f"after {best} images" in captured.err
    assert load_model(model).recipe["images_seen"] == best < 8
    assert main(["info", str(folder)]) == 0
    assert "best:" not in capsys.readouterr().out
    assert main(["best", str(tmp_path / "gone")]) == 1
    assert "is no TexGen project" in error_line(capsys)


def test_train_on_a_finished_project_starts_another_run_on_its_photos(project: Path, tiny_photo: Path, capsys: Capture) -> None:
    other_photo = tiny_photo.with_name("other.png")
    other_photo.write_bytes(tiny_photo.read_bytes())
    for photo, is_noted in ((tiny_photo, False), (other_photo, True)):
        assert main(["train", str(photo), "--family", "tiny", "--images", "8", "--seed", "5", "--project", str(project)]) == 0
        assert ("has its photos already" in capsys.readouterr().err) is is_noted
        assert [path.name for path in (project / "photos").iterdir()] == [tiny_photo.name]
    assert (project / "runs" / "run-003" / "model.safetensors").is_file()


def test_train_adds_photos_to_a_project_that_has_none(tiny_photo: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "p"
    Project.create(folder, "empty").close()
    assert main(["train", "--project", str(folder), "--family", "tiny", "--images", "8"]) == 1
    assert main(["train", str(tiny_photo), "--project", str(folder), "--family", "tiny", "--images", "8"]) == 0
    assert [path.name for path in (folder / "photos").iterdir()] == [tiny_photo.name]


def test_train_takes_a_picture_set_and_info_tells_of_it(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    images = dataclasses.replace(tiny_family.FAMILY, makes="images")
    monkeypatch.setattr("texgen_desktop.families.discover", lambda: {"tiny": images})
    cifar = cifar_files.python_folder(tmp_path / "cifar", 1)
    command = ["train", str(cifar), "--family", "tiny", "--images", "8", "--project", str(tmp_path / "p")]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "files read" in said
    assert "not added" not in said
    assert main(["info", str(tmp_path / "p")]) == 0
    assert "pictures: 20, 32 x 32, 10 classes" in capsys.readouterr().out.splitlines()
    assert main([*command[:-1], str(tmp_path / "p")]) == 0
    assert "has its pictures already" in capsys.readouterr().err


def test_train_says_what_is_wrong_with_a_truncated_download(tmp_path: Path, capsys: Capture) -> None:
    cifar = cifar_files.python_folder(tmp_path / "cifar", 1)
    (tmp_path / "truncated").mkdir()
    (tmp_path / "truncated" / "test_batch").write_bytes((cifar / "test_batch").read_bytes()[:3000])
    assert main(["train", str(tmp_path / "truncated"), "--family", "tiny", "--project", str(tmp_path / "p")]) == 1
    line = error_line(capsys)
    assert line == "texgen: test_batch cannot be used: the file ends too early: its download was not finished. Download the data set again."
    assert not (tmp_path / "p").exists()


def test_train_names_the_way_out_where_a_texture_family_meets_a_picture_set(tmp_path: Path, capsys: Capture) -> None:
    cifar = cifar_files.python_folder(tmp_path / "cifar", 1)
    assert main(["train", str(cifar), "--family", "tiny", "--project", str(tmp_path / "p")]) == 1
    assert "Choose a model that makes images" in error_line(capsys)


def test_a_setting_given_as_text_is_told_as_the_value_that_was_used(tiny_photo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    settings = ["--set", "images=8", "--set", "learning-rate=0.05"]
    assert main(["train", str(tiny_photo), "--family", "tiny", "--project", str(folder), *settings]) == 0
    (run,) = Project.open(folder, to_write=False).info().runs
    assert run.settings.config == (("images", 8), ("learning_rate", 0.05))


def test_going_on_names_what_it_does_not_use(tiny_photo: Path, tmp_path: Path, capsys: Capture) -> None:
    first = ["train", str(tiny_photo), "--family", "tiny", "--minutes", "1e-9", "--project", str(tmp_path / "p")]
    first += ["--set", "images=40", "--set", "learning-rate=2e-2"]
    assert main(first) == 0
    assert main(first) == 0
    assert "not used" not in capsys.readouterr().err
    other_photo = tiny_photo.with_name("other.png")
    other_photo.write_bytes(tiny_photo.read_bytes())
    other = ["--images", "8", "--seed", "3", "--set", "batch=4", "--start-from", str(tmp_path / "model.safetensors")]
    assert main(["train", str(other_photo), "--project", str(tmp_path / "p"), *other]) == 0
    said = capsys.readouterr().err
    assert "It keeps the settings that it was started with; not used: --images, --seed, --start-from, --set batch=4." in said
    assert "the ones named here are not added" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--family", "gone"], "no model family named gone"),
        (["--set", "depth=3"], "no setting named depth"),
        (["--set", "batch=99"], "batch cannot be used"),
    ],
)
def test_a_training_that_cannot_start_says_why_on_one_line(
    tiny_photo: Path, tmp_path: Path, capsys: Capture, arguments: list[str], says: str
) -> None:
    assert main(["train", str(tiny_photo), "--family", "tiny", "--project", str(tmp_path / "p"), *arguments]) == 1
    assert says in error_line(capsys)


@pytest.mark.parametrize(
    "arguments", [["train", "photo.png", "--project", "{long}"], ["sample", "{long}", "--out", "tile.png"], ["info", "{long}"]]
)
def test_a_name_that_is_too_long_is_told_on_one_line(tmp_path: Path, capsys: Capture, arguments: list[str]) -> None:
    long = str(tmp_path / ("a" * 300))
    assert main([argument.format(long=long) for argument in arguments]) == 1
    error_line(capsys)


def test_a_torch_that_does_not_load_is_told_on_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "texgen_desktop.engine.engine", None)
    assert main(["info", str(tmp_path)]) == 1
    assert "A part of TexGen cannot be loaded" in error_line(capsys)


def test_a_photo_with_a_newline_in_its_name_stays_on_one_line(tmp_path: Path, capsys: Capture) -> None:
    photo = tmp_path / "not\na <b>photo.png"
    photo.write_bytes(b"nothing")
    assert main(["train", str(photo), "--project", str(tmp_path / "p")]) == 1
    assert r"not\na <b>photo.png" in error_line(capsys)


def test_sample_writes_a_tile_with_sliders_seeds_and_size(project: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "tile.png"
    arguments = [
        "sample",
        str(project),
        "--out",
        str(out),
        "--size",
        "96x64",
        "--seed",
        "3",
        "--style",
        "warmth=0.5,contrast=-1",
        "--bits",
        "8",
    ]
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip() == str(out)
    plain = tmp_path / "plain.png"
    assert main(["sample", str(project), "--out", str(plain), "--size", "96x64", "--seed", "3", "--bits", "8"]) == 0
    styled, neutral = (np.asarray(Image.open(path)) for path in (out, plain))
    assert styled.shape == neutral.shape == (64, 96, 3)
    assert styled[..., 0].mean() > neutral[..., 0].mean()


def test_sample_writes_a_batch_from_a_model_file_alone(project: Path, tmp_path: Path, capsys: Capture) -> None:
    model = (project / "runs" / "run-001" / "model.safetensors").rename(tmp_path / "model.safetensors")
    assert main(["sample", str(model), "--out", str(tmp_path / "tile.jpg"), "--size", "48", "--count", "3"]) == 0
    assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == ["tile-1.jpg", "tile-2.jpg", "tile-3.jpg"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--style", "warmth=0.1,shine=1"], "no slider named shine. Its sliders are: warmth, contrast."),
        (["--bits", "32"], "PNG cannot hold 32 bits"),
    ],
)
def test_a_tile_that_cannot_be_made_says_why_on_one_line(
    project: Path, tmp_path: Path, capsys: Capture, arguments: list[str], says: str
) -> None:
    assert main(["sample", str(project), "--out", str(tmp_path / "tile.png"), *arguments]) == 1
    assert says in error_line(capsys)
    assert not list(tmp_path.glob("tile*"))


def test_a_batch_that_fails_lists_what_it_has_written(project: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "tile-2.png").mkdir()
    assert main(["sample", str(project), "--out", str(tmp_path / "tile.png"), "--size", "48", "--count", "3"]) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [str(tmp_path / "tile-1.png")]
    assert "texgen: " in captured.err


def test_a_batch_that_is_interrupted_lists_what_it_has_written(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def interrupt(session: SampleSession, event: m.Event) -> None:
        on_event(session, event)
        if (tmp_path / "tile-1.png").is_file() and not interrupted:
            interrupted.append(event)
            signal.raise_signal(signal.SIGINT)

    interrupted: list[m.Event] = []
    on_event = SampleSession.on_event
    monkeypatch.setattr("texgen_desktop.engine.exporting._PROGRESS_INTERVAL_S", 0.0)
    monkeypatch.setattr(SampleSession, "on_event", interrupt)
    assert main(["sample", str(project), "--out", str(tmp_path / "tile.png"), "--size", "48x512", "--count", "3"]) == 130
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [str(tmp_path / "tile-1.png")]
    assert "Stopped; 1 of 3 files are written." in captured.err


def test_a_project_without_a_model_cannot_be_sampled(tiny_photo: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "p"
    assert main(["train", str(tiny_photo), "--family", "gone", "--project", str(folder)]) == 1
    capsys.readouterr()
    assert main(["sample", str(folder), "--out", str(tmp_path / "tile.png")]) == 1
    assert "no trained model yet" in error_line(capsys)


def test_going_on_with_the_same_command_uses_the_model_to_start_from(
    project: Path, tiny_photo: Path, tmp_path: Path, capsys: Capture
) -> None:
    start = ["--start-from", str(project / "runs" / "run-001" / "model.safetensors")]
    command = ["train", str(tiny_photo), "--family", "tiny", "--minutes", "1e-9", "--project", str(tmp_path / "q"), *start]
    assert main(command) == 0
    assert main(command) == 0
    assert "not used" not in capsys.readouterr().err


def test_a_project_whose_selected_run_is_gone_is_sampled_by_its_newest_model(
    project: Path, tiny_photo: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["train", str(tiny_photo), "--family", "tiny", "--images", "16", "--seed", "1", "--project", str(project)]) == 0
    opened = Project.open(project)
    opened.put_run_aside("run-002")
    opened.close()
    assert main(["sample", str(project), "--out", str(tmp_path / "tile.png"), "--size", "48"]) == 0
    assert (tmp_path / "tile.png").is_file()


def test_info_lists_runs_sliders_and_the_hash(project: Path, capsys: Capture) -> None:
    assert main(["info", str(project)]) == 0
    out = capsys.readouterr().out
    assert "run: run-001, tiny, standard, seed 0, 20 of 20 images, finished" in out
    assert "slider: warmth" in out
    assert "sha256: " in out


def test_who_only_looks_keeps_nobody_from_writing(project: Path, tmp_path: Path, capsys: Capture) -> None:
    writer = Project.open(project)
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    assert main(["info", str(project)]) == 0
    assert main(["sample", str(project), "--out", str(tmp_path / "tile.png"), "--size", "48"]) == 0
    captured = capsys.readouterr()
    assert "looked at" not in captured.out + captured.err
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before
    writer.close()


def test_a_window_that_opens_while_a_tile_is_written_may_write(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reasons = []

    def look_in(session: SampleSession, event: m.Event) -> None:
        if isinstance(event, m.ModelChanged):
            other = Project.open(project)
            reasons.append(other.read_only_reason)
            other.close()
        on_event(session, event)

    on_event = SampleSession.on_event
    monkeypatch.setattr(SampleSession, "on_event", look_in)
    assert main(["sample", str(project), "--out", str(tmp_path / "tile.png"), "--size", "48"]) == 0
    assert reasons == [""]


def test_info_on_something_else_fails_with_one_line(tiny_photo: Path, tmp_path: Path, capsys: Capture) -> None:
    for path in (tiny_photo, tmp_path, tmp_path / "gone"):
        assert main(["info", str(path)]) == 1
        error_line(capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["train", "--project", "p"],
        ["train", "photo.png"],
        ["train", "photo.png", "--project", "p", "--minutes", "3", "--images", "5"],
        ["train", "photo.png", "--project", "p", "--minutes", "nan"],
        ["sample", "p"],
        ["sample", "p", "--out", "tile.txt"],
        ["sample", "p", "--out", "tile.png", "--size", "wide"],
        ["sample", "p", "--out", "tile.png", "--size", "64x0"],
        ["sample", "p", "--out", "tile.png", "--style", "warmth=7"],
        ["sample", "p", "--out", "tile.png", "--style", "warmth"],
        ["sample", "p", "--out", "tile.png", "--seed", "-1"],
    ],
)
def test_a_wrong_command_line_exits_with_two(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage: texgen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "photo.png", "--project", "p", "--minutes", "soon"], "texgen train: error: argument --minutes: 'soon' is not a number"),
        (["train", "--project", "p"], "texgen train: error: name at least one photo"),
        (["sample", "p", "--out", "tile.png", "--size", "10by10"], "'10by10' is not a whole number"),
        (["sample", "p", "--out", "tile.png", "--style", "warmth=hot"], "'hot' is not a number"),
        (["sample", "p", "--out", "tile.bmp"], "texgen sample: error: --out: the name has to end in one of .png"),
    ],
)
def test_a_wrong_command_line_is_told_in_the_words_of_the_user(arguments: list[str], says: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["train"], ["sample"], ["info"]])
def test_the_help_can_be_printed_on_any_terminal(command: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    assert capsys.readouterr().out.isascii()


def test_help_documents_the_exit_codes(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    out = capsys.readouterr().out
    assert all(code in out for code in ("130", "143"))


def test_help_needs_neither_torch_nor_qt() -> None:
    code = (
        "import sys; from texgen_desktop.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'PySide6'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_pipe_gets_few_plain_lines(capsys: Capture) -> None:
    console = Console()
    for step in range(101):
        console.progress(step / 100, f"{step}/100 images")
    assert capsys.readouterr().err.splitlines() == ["  0%  0/100 images", "100%  100/100 images"]


def test_an_error_names_what_happened_and_the_way_out(capsys: Capture) -> None:
    Console().error(Problem("This file is not there: a.png", "Choose another."))
    assert capsys.readouterr().err == "texgen: This file is not there: a.png. Choose another.\n"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (75.4, "1:15"), (3700, "1:01:40")])
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text
