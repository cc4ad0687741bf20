"""From a survey to pixels: pictures are decoded in a small pool of threads and come in blocks, in the order in which they were found."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from texgen_desktop.data import cifar
from texgen_desktop.data.archives import MAX_MEMBER_BYTES, Member, open_archive
from texgen_desktop.data.photos import Skipped
from texgen_desktop.data.picture_survey import Found, Survey, class_of_each, member_kind, printable, temporary_folder
from texgen_desktop.data.pictures import read_square
from texgen_desktop.data.waiting import PATIENCE_S, in_pool
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.recognise import ImageError, open_regular
from texgen_desktop.slices import Slices

_WORKERS = 4
_AHEAD = 8
"""So many pictures for each worker wait to be decoded or taken, unless their copies out of an archive take more than this."""
_AHEAD_BYTES = 64 << 20
_LARGE_BYTES = 4 << 20
_BATCH_ROWS = 250

Pixels = NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Block:
    """``pixels`` (N, S, S, 3) uint8 and the class of each. Without pictures: only time has passed."""

    pixels: Pixels
    classes: tuple[str, ...]


class PictureReader:
    """``blocks`` gives all pictures of a survey; what was passed over is in ``skipped`` by then, file by file."""

    def __init__(self, survey: Survey, side_px: int) -> None:
        self.skipped: list[Skipped] = []
        self.done = 0
        """How many files have been dealt with."""
        self._survey = survey
        self.side_px = side_px
        self._class_names: dict[int, tuple[str, ...]] = {}  # by how many they are
        pictures = survey.pictures
        classes, held_out = class_of_each([found.place for found in pictures], survey.words)
        self._class_of = {id(found): printable(name) for found, name in zip(pictures, classes, strict=True)}
        self._held_out = {id(found) for found, is_out in zip(pictures, held_out, strict=True) if is_out}
        batches = [found for found in survey.found if found.kind == "batch"]
        if not all(cifar.is_test_batch(found.name) for found in batches):
            self._held_out |= {id(found) for found in batches if cifar.is_test_batch(found.name)}
        if self._held_out:
            count = len(self._held_out)
            name = f"The part for validation and test ({count:,} file{'s' if count > 1 else ''})"
            self.skipped.append(Skipped(name, "it is meant for measuring.", "Drop it by itself to learn from it."))

    @property
    def total(self) -> int:
        return len(self._survey.found)

    def blocks(self) -> Iterator[Block]:
        """In short slices. Raises TexGenError where an archive turns out not to be what it was when it was looked through."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(temporary_folder()))
            pool = stack.enter_context(ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1), "pictures"))
            queue = _Queue(self, pool)
            stack.callback(queue.forget)
            yield from self._read_names()
            for file in self._files(folder):
                if file is None or file == "waiting":
                    yield self._nothing()
                    continue
                found, source = file
                if id(found) in self._held_out or found.kind == "names":
                    self.done += 1
                elif found.kind == "batch":
                    yield from queue.taken(all_of_it=True)
                    yield from self._read_batch(pool, found, source)
                else:
                    yield from queue.add(found, source)
                    yield from queue.taken()
            yield from queue.taken(all_of_it=True)

    def _files(self, folder: Path) -> Iterator[tuple[Found, _Source] | Literal["waiting"] | None]:
        """None: only time has passed."""
        archived = set(self._survey.archives)
        for found in self._survey.found:
            if found.path not in archived:
                yield found, _Source(found.path)
        for archive in self._survey.archives:
            expected = iter([found for found in self._survey.found if found.path == archive])
            for pair in _paired(archive, expected):
                if pair is None or pair == "waiting":
                    yield None
                    continue
                found, member = pair
                copy = folder / f"{self.done}-{id(found)}{os.path.splitext(found.name)[1]}"  # noqa: PTH122 - a name in an archive
                yield found, _Source(copy, member)

    def _read_names(self) -> Iterator[Block]:
        """What the classes of CIFAR are called has to be known before the first batch, and may come behind it."""
        if not any(found.kind == "names" for found in self._survey.found):
            return
        with temporary_folder() as folder:
            for file in self._files(Path(folder)):
                yield self._nothing()
                if file is None or file == "waiting" or file[0].kind != "names":
                    continue
                found, source = file
                try:
                    names = source.read_class_names(found.name)
                except ImageError as error:
                    self._skip(found, error)
                    continue
                self._class_names[len(names)] = tuple(printable(name) for name in names)

    def _read_batch(self, pool: ThreadPoolExecutor, found: Found, source: _Source) -> Iterator[Block]:
        work = in_pool(pool, partial(source.read_batch, found.name))
        try:
            batch = yield from self._blocks_while(work)
        except ImageError as error:
            self._skip(found, error)
            return
        names = self._class_names.get(batch.class_count) or cifar.default_class_names(batch.class_count)
        for start in range(0, len(batch.labels), _BATCH_ROWS):
            rows = slice(start, start + _BATCH_ROWS)
            yield Block(self._scaled(batch.pixels[rows]), tuple(names[label] for label in batch.labels[rows]))
        self.done += 1

    def _blocks_while(self, work: Slices[T]) -> Generator[Block, None, T]:
        """Wait for ``work`` in slices."""
        while True:
            try:
                next(work)
            except StopIteration as end:
                return cast(T, end.value)
            yield self._nothing()

    def _scaled(self, pixels: Pixels) -> Pixels:
        if pixels.shape[1] == self.side_px:
            return pixels
        size = (self.side_px, self.side_px)
        return np.stack([np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)) for picture in pixels])

    def _skip(self, found: Found, error: ImageError) -> None:
        self.done += 1
        self.skipped.append(Skipped(found.name, error.reason, error.hint))

    def _nothing(self) -> Block:
        return Block(np.empty((0, self.side_px, self.side_px, 3), np.uint8), ())


class _Source:
    """A file, or a copy of an archive's member that is made as soon as it is asked for: the archive does not wait."""

    def __init__(self, path: Path, member: Member | None = None) -> None:
        self.path = path
        self.size_bytes = member.size_bytes if member else 0
        self._member = member

    def open(self, name: str) -> BinaryIO:
        """Raises ImageError, whose name is ``name``."""
        if self._member is not None:
            return io.BytesIO(self._read(name, self._member))
        file = open_regular(self.path)
        self.size_bytes = os.fstat(file.fileno()).st_size
        return file

    def keep(self, name: str) -> None:
        """Make the copy now."""
        if self._member is not None:
            self.path.write_bytes(self._read(name, self._member))

    def read_class_names(self, name: str) -> tuple[str, ...]:
        with self.open(name) as file:
            return cifar.read_class_names(name, file, self.size_bytes)

    def read_batch(self, name: str) -> cifar.CifarBatch:
        with self.open(name) as file:
            return cifar.read_batch(name, file, self.size_bytes)

    def read_square(self, side_px: int) -> Pixels:
        try:
            return read_square(self.path, side_px)
        finally:
            if self._member is not None:
                self.path.unlink(missing_ok=True)

    def _read(self, name: str, member: Member) -> bytes:
        if member.size_bytes > MAX_MEMBER_BYTES:
            raise ImageError(name, f"the file is larger than {MAX_MEMBER_BYTES >> 20} MB.", "Make it smaller in another program.")
        return member.read()


class _Queue:
    """Pictures that are being decoded, in their order."""

    def __init__(self, reader: PictureReader, pool: ThreadPoolExecutor) -> None:
        self._reader = reader
        self._pool = pool
        self._waiting: deque[tuple[Found, int, Future[Pixels]]] = deque()
        self._bytes = 0

    def add(self, found: Found, source: _Source) -> Iterator[Block]:
        reader = self._reader
        try:
            if source.size_bytes < _LARGE_BYTES:
                source.keep(found.name)
            else:
                yield from reader._blocks_while(in_pool(self._pool, partial(source.keep, found.name)))
        except ImageError as error:
            reader._skip(found, error)
            return
        self._bytes += source.size_bytes
        self._waiting.append((found, source.size_bytes, self._pool.submit(source.read_square, reader.side_px)))

    def taken(self, all_of_it: bool = False) -> Iterator[Block]:
        """What is ready, one block at a time; waits where too much is on its way, or for all of it."""
        reader, waiting = self._reader, self._waiting
        while waiting:
            is_full = len(waiting) >= _AHEAD * _WORKERS or self._bytes >= _AHEAD_BYTES
            if not (all_of_it or is_full):
                return
            found, size_bytes, future = waiting[0]
            if wait([future], PATIENCE_S).not_done:
                yield reader._nothing()
                continue
            try:
                pixels = future.result()
            except ImageError as error:
                reader._skip(found, error)
            else:
                reader.done += 1
                yield Block(pixels[None], (reader._class_of[id(found)],))
            waiting.popleft()
            self._bytes -= size_bytes

    def forget(self) -> None:
        for _, _, future in self._waiting:
            future.cancel()


def _paired(archive: Path, expected: Iterator[Found]) -> Iterator[tuple[Found, Member] | Literal["waiting"] | None]:
    """The members that were found when the archive was looked through; it must not have changed since. None: only time has passed."""
    with ExitStack() as stack, ThreadPoolExecutor(1, "archive") as unpacking:
        members = yield from in_pool(unpacking, partial(stack.enter_context, open_archive(archive)))
        for found in expected:
            member = yield from in_pool(unpacking, partial(_find, members, found))
            if member is None:
                raise TexGenError(f"{archive.name} has changed while it was read.", "Wait until it is complete, then drop it again.")
            yield found, member


def _find(members: Iterator[Member], found: Found) -> Member | None:
    name = "/".join(found.place[1:])
    return next((member for member in members if member.name == name and member_kind(member) == found.kind), None)
