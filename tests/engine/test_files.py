"""Every fault is real: a full disk, a size limit, a killed process. Beside each stands the plain writer, which fails the same test."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import stat
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.engine.plain_writer import write_plainly
from texgen_desktop.engine.files import parse_json, read_json, sha256_of, sweep, temporary_beside, write_atomically, write_json
from texgen_desktop.errors import TexGenError

OLD = b"old" * 20_000
REPOSITORY = Path(__file__).parents[2]


def test_what_was_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    digest = write_atomically(path, lambda file: [file.write(b"one"), file.write(b"two")])
    assert path.read_bytes() == b"onetwo"
    assert digest == hashlib.sha256(b"onetwo").hexdigest() == sha256_of(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no umask")
def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    old_umask = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", lambda file: file.write(b"x"))
    finally:
        os.umask(old_umask)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def fail_after_half(file: BinaryIO) -> None:
    file.write(b"new" * 10)
    raise KeyboardInterrupt


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path, control = tmp_path / "file", tmp_path / "control"
    for target, writer in ((path, write_atomically), (control, write_plainly)):
        target.write_bytes(OLD)
        with pytest.raises(KeyboardInterrupt):
            writer(target, fail_after_half)
    assert path.read_bytes() == OLD
    assert control.read_bytes() != OLD
    assert sorted(tmp_path.iterdir()) == [control, path]


def test_a_full_disk_costs_neither_the_old_file_nor_any_space(small_disk: Path) -> None:
    outcomes = {}
    for size in range(20_000, 400_001, 20_000):
        path = small_disk / "file"
        path.write_bytes(OLD)
        new = os.urandom(size)
        outcomes[size] = saved(path, new)
        assert path.read_bytes() == (new if outcomes[size] else OLD)
        assert [entry.name for entry in small_disk.iterdir()] == ["file"]
        path.unlink()
    assert set(outcomes.values()) == {True, False}

    control = small_disk / "control"
    control.write_bytes(OLD)
    with pytest.raises(OSError, match="No space left"):
        write_plainly(control, lambda file: file.write(os.urandom(400_000)))
    assert control.read_bytes() != OLD


def saved(path: Path, data: bytes) -> bool:
    """Whether there was space; every other trouble is an error."""
    try:
        write_atomically(path, lambda file: file.write(data))
    except OSError as exc:
        if (exc.errno, exc.filename) != (errno.ENOSPC, str(path)):
            raise
        return False
    return True


WRITE_UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
from tests.engine.plain_writer import write_plainly
from texgen_desktop.engine.files import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    {writer}(Path(sys.argv[1]), lambda file: file.write(b"new" * 30_000))
except OSError as exc:
    print(exc.errno)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_size_limit_costs_nothing(tmp_path: Path) -> None:
    left = {}
    for writer in ("write_atomically", "write_plainly"):
        path = tmp_path / writer
        path.write_bytes(OLD)
        program = [sys.executable, "-c", WRITE_UNDER_A_LIMIT.format(writer=writer), str(path)]
        run = subprocess.run(program, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == str(errno.EFBIG)
        left[writer] = path.read_bytes() == OLD
    assert left == {"write_atomically": True, "write_plainly": False}
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_late_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    path = tmp_path / "file"
    path.write_bytes(OLD)
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match=r"Input/output error.*file"):
        write_atomically(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_read_back_differently_is_not_kept(tmp_path: Path) -> None:
    def write_and_change(file: BinaryIO) -> None:
        file.write(b"good")
        file.seek(0)
        os.write(file.fileno(), b"evil")

    with pytest.raises(OSError, match="read back"):
        write_atomically(tmp_path / "file", write_and_change)
    assert list(tmp_path.iterdir()) == []


SAVE_FOR_EVER = """
import sys
from pathlib import Path
from tests.engine.plain_writer import write_plainly
from texgen_desktop.engine.files import write_atomically
number = 0
while True:
    number = (number + 1) % 256
    {writer}(Path(sys.argv[1]), lambda file: [file.write(bytes([number]) * 100_000) for _ in range(10)])
    sys.stdout.write("x")
    sys.stdout.flush()
"""


def torn_files_after_kills(path: Path, writer: str, kills: int) -> int:
    """Kill a process while it saves, ``kills`` times; count how often the file was not one whole save."""
    torn = 0
    moments = random.Random(1)
    for _ in range(kills):
        program = [sys.executable, "-c", SAVE_FOR_EVER.format(writer=writer), str(path)]
        with subprocess.Popen(program, cwd=REPOSITORY, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.read(moments.randrange(1, 8))
            child.kill()
        data = path.read_bytes()
        torn += len(data) != 1_000_000 or len(set(data)) != 1
    return torn


def test_a_program_that_is_killed_while_it_saves_loses_nothing(tmp_path: Path) -> None:
    assert torn_files_after_kills(tmp_path / "file", "write_atomically", kills=20) == 0
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert torn_files_after_kills(tmp_path / "control", "write_plainly", kills=20) > 0


def test_the_sweep_removes_orphans_and_nothing_else(tmp_path: Path) -> None:
    temporary_beside(tmp_path / "a").write_bytes(b"half")
    folder = temporary_beside(tmp_path / "b")
    folder.mkdir()
    (folder / "inside").write_bytes(b"half")
    (tmp_path / ".texgen.lock").write_bytes(b"")
    (tmp_path / "photo.tmp").write_bytes(b"")
    assert sweep(tmp_path) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [".texgen.lock", "photo.tmp"]
    assert sweep(tmp_path / "missing") == 0


def test_the_sweep_leaves_what_is_younger_than_asked(tmp_path: Path) -> None:
    young, old = temporary_beside(tmp_path / "a"), temporary_beside(tmp_path / "b")
    for path in (young, old):
        path.mkdir()
    os.utime(old, (0, 0))
    assert sweep(tmp_path, min_age_s=3600.0) == 1
    assert list(tmp_path.iterdir()) == [young]


def test_json_comes_back_as_it_was(tmp_path: Path) -> None:
    value = {"name": "Kies \U0001f600\n", "undecodable": "\udcff", "numbers": [1, -0.1, 1e-300, 2**63], "none": None}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"loss": float("nan")})
    assert read_json(tmp_path / "x.json") == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"{",
        b'{"a": NaN}',
        b"[1e999]",
        b"[-Infinity]",
        b'"\xff"',
        b"[" * 100_000,
        b"[" * 40 + b"]" * 40,
        b"9" * 5000,
        b"\0" * 9,
    ],
)
def test_damaged_json_is_one_clear_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "project.json"
    path.write_bytes(data)
    with pytest.raises(TexGenError, match=r"project\.json is damaged"):
        read_json(path)


def test_a_json_file_without_end_is_not_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    path.write_bytes(b"[" + b"0," * 1000)
    with pytest.raises(TexGenError, match="too large"):
        read_json(path, max_bytes=1000)


def test_nesting_counts_values_not_brackets() -> None:
    assert parse_json(b'["' + b"[" * 1000 + b'"]') == ["[" * 1000]
