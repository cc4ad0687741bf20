"""What was dropped, looked through before anything is read: which pictures there are, their classes, and whether they are a picture set.

Folders, class folders (also those of ImageNet: train/, val/, word-net ids), CIFAR folders and archives of all these.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from texgen_desktop.data import cifar
from texgen_desktop.data.archives import Member, is_archive, open_archive
from texgen_desktop.data.photos import Skipped, explain_suffix, holds, walk
from texgen_desktop.data.waiting import in_pool
from texgen_desktop.imaging.read import probe_image
from texgen_desktop.imaging.recognise import SUFFIXES, ImageError, open_regular
from texgen_desktop.slices import Slices

MAX_PHOTOS = 200
"""More are a picture set. With its pyramid a photo takes 7 to 28 MB of a run's memory, and so there may be room for fewer
(``data.photo_room``)."""
MAX_PICTURES = 200_000
_SMALL_SIDE_PX, _SIDE_PX, _LARGE_SIDE_PX = 32, 64, 128
_MANY_PICTURES = 20_000
_PROBES = 200
_MEMBER_PROBES = 50
_SLICE_FILES = 256
_TRAINING = frozenset({"train", "training"})
_HELD_OUT = frozenset({"val", "valid", "validation", "test", "testing"})
_WORD_LISTS = ("words.txt", "LOC_synset_mapping.txt")
_WORD_NET_ID = re.compile(r"n\d{8}")
_COMPANIONS = frozenset({*_WORD_LISTS, "readme.html", "readme.txt", "readme.md", "readme", "license", "license.txt", "thumbs.db"})

Kind = Literal["picture", "batch", "names"]


@dataclass(frozen=True)
class Found:
    """A file of pictures: ``place`` is what was dropped, the folders below it, and its name; ``path`` the file or its archive."""

    place: tuple[str, ...]
    kind: Kind
    path: Path

    @property
    def name(self) -> str:
        return self.place[-1]


@dataclass
class Survey:
    """Everything that was found, in the order in which it is read again."""

    found: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    """What word-net ids mean, by the list that came with them."""
    sides_px: list[int] = field(default_factory=list)
    """Short sides of some of the pictures."""

    @property
    def pictures(self) -> list[Found]:
        return [found for found in self.found if found.kind == "picture"]

    @property
    def is_picture_set(self) -> bool:
        """CIFAR, an archive, a data set's own layout of folders, or simply many pictures; else it is photos."""
        if self.archives or any(found.kind == "batch" for found in self.found) or len(self.found) > MAX_PHOTOS:
            return True
        folders = {name for found in self.found for name in found.place[1:-1]}
        has_split = bool({name.casefold() for name in folders} & _TRAINING)
        return has_split or (bool(folders) and all(_WORD_NET_ID.fullmatch(name) for name in folders))

    def side_px(self) -> int:
        """The side at which the pictures are kept: that of most of them, within what can be learnt."""
        if not self.sides_px:
            return cifar.SIDE_PX
        usual = float(np.median(self.sides_px))
        if usual >= _LARGE_SIDE_PX and len(self.pictures) <= _MANY_PICTURES:
            return _LARGE_SIDE_PX
        return _SIDE_PX if usual >= _SIDE_PX else _SMALL_SIDE_PX


def survey(paths: Iterable[Path]) -> Slices[Survey]:
    """Look through files, folders and archives, in slices. Of folders the names decide, archives are gone through from end to end.

    Raises TexGenError where an archive is not to be trusted.
    """
    result = Survey()
    visited: set[tuple[int, int]] = set()
    for path in paths:
        if holds(path.is_dir):
            yield from _look_through_folder(path, visited, result)
        elif is_archive(path):
            yield from _look_through_archive(path, result)
        else:
            kind = _kind_of(path)
            result.found.append(Found((path.absolute().parent.name, path.name), "picture" if kind is None else kind, path))
    archives = set(result.archives)
    in_folders = [found.path for found in result.found if found.kind == "picture" and found.path not in archives]
    for path in in_folders[:: -(-len(in_folders) // _PROBES) or 1]:
        yield None
        try:
            header = probe_image(path)
        except ImageError:
            continue  # whoever reads it says why
        result.sides_px.append(min(header.width_px, header.height_px))
    return result


def class_of_each(places: Sequence[tuple[str, ...]], words: Mapping[str, str]) -> tuple[list[str], list[bool]]:
    """(class, is held out) of pictures at these places: the folders that all have in common say nothing, the next ones are the class.

    Beside a folder for training, those for validation and testing are held out. Word-net ids become words where ``words`` has them.
    """
    folders, name = _without_common([place[:-1] for place in places], "")
    firsts = {each[0].casefold() if each else "" for each in folders}
    is_split = bool(firsts & _TRAINING) and firsts <= _TRAINING | _HELD_OUT
    is_held_out = [is_split and each[0].casefold() in _HELD_OUT for each in folders]
    if is_split:
        folders = [each[1:] for each in folders]
    if all(len(each) > 1 and each[-1] == "images" for each in folders):  # train/n01443537/images/…
        folders = [each[:-1] for each in folders]
    return ["/".join(words.get(part, part) for part in each) or name for each in folders], is_held_out


def groups_of(found: Survey) -> dict[Path, str]:
    """The folder that each photo came from; empty where all came from one."""
    pictures = found.pictures
    names, _ = class_of_each([each.place for each in pictures], {})
    return {each.path: printable(name) for each, name in zip(pictures, names, strict=True)} if len(set(names)) > 1 else {}


def printable(name: str) -> str:
    """A folder's name as text that every file and every screen can hold."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)[:120]


def read_words(text: str) -> dict[str, str]:
    """Lines such as ``n01440764<tab>tench, Tinca tinca``: the first word for each id."""
    lines = (re.match(r"(n\d{8})[\t ]+([^,\n]+)", line) for line in text.split("\n"))
    return {match[1]: match[2].strip() for match in lines if match}


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """For files out of archives, under names of our own: decoders want a path."""
    return tempfile.TemporaryDirectory(prefix="texgen-")


def _look_through_folder(root: Path, visited: set[tuple[int, int]], result: Survey) -> Slices[None]:
    root_name = root.absolute().name
    for number, path in enumerate(walk(root, visited, result.skipped)):
        if number % _SLICE_FILES == 0:
            yield None
        place = (root_name, *path.parts[len(root.parts) :])
        name = path.name
        if path.suffix.lower() in SUFFIXES:
            if len(result.found) < MAX_PICTURES:
                result.found.append(Found(place, "picture", path))
            else:
                _skip_the_rest(result)
        elif kind := _kind_of(path):
            result.found.append(Found(place, kind, path))
        elif name in _WORD_LISTS:
            _read_word_list(path, result)
        elif is_archive(path):
            result.skipped.append(Skipped(name, "this is an archive inside a folder.", "Drop it by itself, or unpack it."))
        elif name.lower() not in _COMPANIONS:
            result.skipped.append(explain_suffix(path))


def _read_word_list(path: Path, result: Survey) -> None:
    try:
        with open_regular(path) as file:
            result.words |= read_words(file.read(1 << 22).decode("utf-8", "replace"))
    except ImageError as error:
        result.skipped.append(Skipped(path.name, error.reason, error.hint))


def _look_through_archive(path: Path, result: Survey) -> Slices[None]:
    result.archives.append(path)
    every, seen = 1, 0
    with ExitStack() as stack, temporary_folder() as folder, ThreadPoolExecutor(1, "archive") as unpacking:
        members = yield from in_pool(unpacking, partial(stack.enter_context, open_archive(path)))
        while (member := (yield from in_pool(unpacking, partial(next, members, None)))) is not None:
            seen += 1
            if seen % _SLICE_FILES == 0:
                yield None
            kind = member_kind(member)
            name = member.name.rpartition("/")[2]
            if kind is not None:
                if len(result.found) >= MAX_PICTURES:
                    _skip_the_rest(result)
                    continue
                result.found.append(Found((path.name, *member.name.split("/")), kind, path))
                # Few of few, then ever fewer: how many there are is known at the end.
                if kind == "picture" and len(result.found) % every == 0:
                    _probe_member(member, Path(folder), result)
                    every = 1 + len(result.found) // _MEMBER_PROBES
                    yield None
            elif name in _WORD_LISTS:
                if member.size_bytes < 1 << 22:
                    result.words |= read_words(member.read().decode("utf-8", "replace"))
            elif is_archive(Path(name)):
                result.skipped.append(Skipped(name, "this is an archive inside an archive.", "Unpack the outer one, and drop the folder."))
            elif name.lower() not in _COMPANIONS:
                result.skipped.append(explain_suffix(Path(name)))


def member_kind(member: Member) -> Kind | None:
    """What a file in an archive is, by its name."""
    name = member.name.rpartition("/")[2]
    return "picture" if _suffix_of(name) in SUFFIXES else cifar.file_kind(name, b"\x80")


def _probe_member(member: Member, folder: Path, result: Survey) -> None:
    if member.size_bytes > 1 << 24:
        return
    copy = folder / f"probe{_suffix_of(member.name)}"
    copy.write_bytes(member.read())
    try:
        header = probe_image(copy)
    except ImageError:
        return  # whoever reads it says why
    result.sides_px.append(min(header.width_px, header.height_px))


def _suffix_of(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name in an archive is no path here


def _kind_of(path: Path) -> cifar.FileKind | None:
    if cifar.file_kind(path.name, b"\x80") is None:
        return None
    try:
        with open_regular(path) as file:
            return cifar.file_kind(path.name, file.read(1))
    except ImageError:
        return None


def _skip_the_rest(result: Survey) -> None:
    reason = f"a project holds at most {MAX_PICTURES:,} pictures."
    note = Skipped("More files", reason, "Choose a part of them.")
    if note not in result.skipped[-1:]:
        result.skipped.append(note)


def _without_common(folders: list[tuple[str, ...]], name: str) -> tuple[list[tuple[str, ...]], str]:
    while folders and all(folders) and len({each[0] for each in folders}) == 1:
        name = folders[0][0]
        folders = [each[1:] for each in folders]
    return folders, name
