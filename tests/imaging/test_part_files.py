from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from texgen_desktop.imaging.part_files import LONGEST_LIFE_S, SUFFIX, part_beside, sweep_parts

KILLED_EXPORT = """
import os, signal, sys
from pathlib import Path
import numpy as np
from texgen_desktop.imaging.write import open_writer
with open_writer(Path(sys.argv[1]), "png", 8, 64, 64, {}) as writer:
    writer.write_rows(np.zeros((8, 64, 3), np.float32))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(SUFFIX)]


def test_what_a_killed_export_left_is_swept_and_what_another_still_writes_is_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED_EXPORT, str(tmp_path / "tile.png")], cwd=Path(__file__).parents[2], check=False)
    assert len(hidden(tmp_path)) == 1, "the killed process could not tidy up"
    living = part_beside(tmp_path / "tile.png")
    living.touch()
    assert sweep_parts(tmp_path) == 1
    assert hidden(tmp_path) == [living.name]


def test_a_part_of_another_computer_is_swept_only_when_it_is_a_day_old(tmp_path: Path) -> None:
    young, old = (tmp_path / f".00000000-1-{number:012x}{SUFFIX}" for number in range(2))
    for path in (young, old):
        path.touch()
    long_ago = time.time() - LONGEST_LIFE_S - 60
    os.utime(old, (long_ago, long_ago))
    sweep_parts(tmp_path)
    assert hidden(tmp_path) == [young.name]


def test_files_of_the_user_are_never_swept(tmp_path: Path) -> None:
    names = {"tile.png", ".hidden.png", f"mine{SUFFIX}", f".mine{SUFFIX}", SUFFIX}
    for name in names:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    assert sweep_parts(tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_folder_that_cannot_be_listed_is_left_alone(tmp_path: Path) -> None:
    assert sweep_parts(tmp_path / "missing") == 0
