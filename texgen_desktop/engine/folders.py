"""Whole folders: made and taken away in one move, copied file by file with every byte checked, refused where they hold links."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.files import sync_folder, temporary_beside, write_atomically
from texgen_desktop.errors import TexGenError
from texgen_desktop.slices import Slices


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Fill a hidden folder inside the block; at its end it becomes ``folder`` (new or empty), and when the block fails it is gone."""
    unfinished = temporary_beside(folder)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def copy_file(source: Path, target: Path) -> None:
    """Copy the bytes; ``target`` is whole or not there."""
    with source.open("rb") as reader:
        write_atomically(target, lambda writer: shutil.copyfileobj(reader, writer))


def copy_folder(source: Path, target: Path, is_left_out: Callable[[str], bool]) -> None:
    """Copy what is in a folder into another, without what has a name that is left out."""
    target.mkdir(exist_ok=True)
    for path in source.iterdir():
        if is_left_out(path.name):
            continue
        if path.is_dir():
            copy_folder(path, target / path.name, is_left_out)
        else:
            copy_file(path, target / path.name)


def put_aside(folder: Path) -> Path:
    """Take a folder away in one move, to be deleted where it lies then: killed half-way, it must not look like a damaged one."""
    remains = temporary_beside(folder)
    folder.rename(remains)
    return remains


def delete_remains(remains: Path) -> Slices[None]:
    """Delete what was put aside, in the background: it may be gigabytes."""
    yield from in_background(partial(shutil.rmtree, remains), writes=True)


def check_free(folder: Path) -> None:
    """TexGenError unless ``folder`` is new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TexGenError(f"{folder} is already there and not empty.", "Choose a new or an empty folder.")


def refuse_links_and_pipes(folder: Path) -> None:
    """TexGenError when there is anything but files and folders in ``folder``: if it comes from elsewhere, a link in it could make us write
    anywhere, and a pipe wait without end."""
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise TexGenError(f"{folder.name} holds a link, {path.relative_to(folder)}. TexGen does not follow links.", "Remove the link.")
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise TexGenError(f"{folder.name} holds {path.relative_to(folder)}, which is no ordinary file.", "Remove it.")
