from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from texgen_desktop.engine.lock import LOCK_NAME, FolderLock, LockHeld

REPOSITORY = Path(__file__).parents[2]

HOLD = """
import sys
from pathlib import Path
from texgen_desktop.engine.lock import FolderLock
lock = FolderLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""

RACE = """
import mmap, sys, time
from pathlib import Path
from texgen_desktop.engine.lock import FolderLock, LockHeld

def wait_for(byte):
    while shared[byte] != race + 1:
        time.sleep(0)

class PlainLock:
    '''The control: look whether the file is there, then write it. Both look in the worst moment, right after each other.'''
    def __init__(self, path):
        self.path = path
    @classmethod
    def acquire(cls, folder):
        path = folder / "plain.lock"
        is_held = path.exists()
        shared[1 + me] = race + 1
        wait_for(2 - me)
        if is_held:
            raise LockHeld(None, path)
        path.write_text("mine")
        return cls(path)
    def release(self):
        self.path.unlink(missing_ok=True)

folder, kind = Path(sys.argv[1]), {"FolderLock": FolderLock, "PlainLock": PlainLock}[sys.argv[2]]
me = int(sys.argv[3])
with (folder / "shared").open("r+b") as file:
    shared = mmap.mmap(file.fileno(), 3)  # the race that is on, and the one in which each of the two has looked
print("ready", flush=True)
for race in range(200):
    wait_for(0)
    try:
        lock = kind.acquire(folder)
    except LockHeld:
        lock = None
    print(int(lock is not None), flush=True)
    sys.stdin.readline()
    if lock is not None:
        lock.release()
    print("done", flush=True)
"""


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True)


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def assert_can_be_taken(folder: Path) -> None:
    """It is ours while we hold it, by name and against the next one, and leaves nothing that would block anybody afterwards."""
    lock = FolderLock.acquire(folder)
    assert json.loads((folder / LOCK_NAME).read_bytes())["pid"] == os.getpid()
    with pytest.raises(LockHeld) as caught:
        FolderLock.acquire(folder)
    assert caught.value.owner is not None
    assert (caught.value.owner.pid, caught.value.owner.host) == (os.getpid(), socket.gethostname())
    lock.release()
    assert (folder / LOCK_NAME).read_bytes() == b""


def writers_per_race(folder: Path, kind: str) -> list[int]:
    shared = folder / "shared"
    shared.write_bytes(b"\0\0\0")
    writers = []
    both = [python(RACE, str(folder), kind, me) for me in "01"]
    with both[0], both[1], shared.open("r+b", buffering=0) as flag:
        assert [line(child) for child in both] == ["ready", "ready"]
        for race in range(200):
            flag.seek(0)
            flag.write(bytes([race + 1]))
            writers.append(sum(int(line(child)) for child in both))
            for child in both:
                tell(child)
            assert [line(child) for child in both] == ["done", "done"]
    return writers


def test_of_two_that_open_at_once_exactly_one_writes(tmp_path: Path) -> None:
    assert writers_per_race(tmp_path, "FolderLock") == [1] * 200
    assert writers_per_race(tmp_path, "PlainLock") == [2] * 200


def test_the_second_one_learns_who_holds_it(tmp_path: Path) -> None:
    with python(HOLD, str(tmp_path)) as child:
        assert line(child) == "held"
        with pytest.raises(LockHeld) as caught:
            FolderLock.acquire(tmp_path)
        owner = caught.value.owner
        assert owner is not None
        assert (owner.pid, owner.host) == (child.pid, socket.gethostname())
        assert str(child.pid) in caught.value.message
        child.communicate()


def test_a_lock_dies_with_its_owner(tmp_path: Path) -> None:
    with python(HOLD, str(tmp_path)) as child:
        assert line(child) == "held"
        child.kill()
    assert (tmp_path / LOCK_NAME).read_bytes()  # it still names the dead one
    assert_can_be_taken(tmp_path)


def test_one_process_cannot_take_it_twice(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path)
    with pytest.raises(LockHeld):
        FolderLock.acquire(tmp_path)
    lock.release()
    lock.release()
    assert_can_be_taken(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"{", b"[]", b'{"pid": "many"}', b"x" * 10_000])
def test_a_lock_file_that_says_nothing_blocks_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LOCK_NAME).write_bytes(content)
    assert_can_be_taken(tmp_path)


def test_a_process_id_that_is_used_again_blocks_nobody(tmp_path: Path) -> None:
    owner = {"pid": os.getppid(), "host": socket.gethostname(), "since": "2026-01-01 10:00"}
    (tmp_path / LOCK_NAME).write_text(json.dumps(owner))
    assert_can_be_taken(tmp_path)


def test_the_lock_of_another_computer_holds_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / LOCK_NAME
    text = json.dumps({"pid": 7, "host": "the other one", "since": "2026-01-01 10:00"})
    path.write_text(text)
    with pytest.raises(LockHeld, match="on the computer the other one") as caught:
        FolderLock.acquire(tmp_path)
    assert f"delete {path}" in caught.value.hint
    assert path.read_text() == text
    path.unlink()
    assert_can_be_taken(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="making a link needs no rights only on POSIX")
def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    (tmp_path / LOCK_NAME).symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        FolderLock.acquire(tmp_path)
    assert target.read_bytes() == b"precious"
