"""Archives of pictures, read as a stream of files: nothing is written where an archive says; one that could do harm is refused whole."""

from __future__ import annotations

import gzip
import io
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.recognise import open_regular

MAX_MEMBERS = 500_000
MAX_MEMBER_BYTES = 256 << 20
MAX_TOTAL_BYTES = 64 << 30
MAX_RATIO = 200
"""How much larger than the archive its content may be; photos are not compressed by a tenth."""
_FREE_BYTES = 64 << 20
"""So much may come out of an archive of any size: a few small flat pictures do compress well."""
_HEADER_BYTES = 1 << 20
"""Between two files of a tar lie at most a few long names."""
_DIRECTORY_BYTES = 32 << 20
_CHUNK_BYTES = 1 << 20

_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError, NotImplementedError, OverflowError,
)  # fmt: skip
"""What Python's readers raise on damaged archives; an OSError of the disk itself looks no different."""
_TRUST = "Nothing of it was taken. If you trust it, unpack it yourself and drop the folder."


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name with / between folders, its size, and its bytes, which can be had until the next one comes."""

    name: str
    size_bytes: int
    read: Callable[[], bytes]


def is_archive(path: Path) -> bool:
    """By its name."""
    return path.name.lower().endswith(_SUFFIXES)


@contextmanager
def open_archive(path: Path) -> Iterator[Iterator[Member]]:
    """The ordinary files in a .zip, .tar, .tar.gz or .tgz, in their order; folders and hidden files are left out.

    Raises TexGenError as soon as it meets a path that leads outside, a link, a device, a password, damage, or more than an archive of this
    size can honestly hold.
    """
    with ExitStack() as stack:
        file = stack.enter_context(open_regular(path))
        size_bytes = path.stat().st_size
        head = file.read(4)
        file.seek(0)
        budget = _Budget(path.name, size_bytes)
        with _damage_explained(path.name):
            if head[:2] == b"PK":
                archive = stack.enter_context(zipfile.ZipFile(_Careful(file, path.name)))
                members = _zip_members(path.name, archive, budget)
            else:
                source: BinaryIO = stack.enter_context(gzip.GzipFile(fileobj=file)) if head[:2] == b"\x1f\x8b" else file  # type: ignore[assignment]
                stream = _Counted(source, budget)
                budget.allow(*_header_of(path.name))  # opening it reads the first
                tar = stack.enter_context(tarfile.open(mode="r|", fileobj=stream))  # type: ignore[call-overload]
                members = _tar_members(path.name, tar, budget)
        yield members


def _tar_members(archive: str, tar: tarfile.TarFile, budget: _Budget) -> Iterator[Member]:
    count = 0
    while True:
        budget.allow(*_header_of(archive))
        with _damage_explained(archive):
            info = tar.next()
        if info is None:
            return
        count += 1
        # A stream is read once: what is kept of each file would only fill the memory.
        tar.members = []  # type: ignore[attr-defined]
        _check_count(archive, count)
        name = _checked_name(archive, info.name)
        if info.issym() or info.islnk():
            raise _refused(archive, f"a link, {_short(name)}")
        if info.isdir():
            continue
        if not info.isreg() or info.issparse() or info.size < 0:
            raise _refused(archive, f"something that is no ordinary file, {_short(name)}")
        budget.allow(None)
        with _damage_explained(archive):
            body = tar.extractfile(info)
        assert body is not None
        if not _is_hidden(name):
            yield Member(name, info.size, partial(_read, archive, body, info.size))
        with _damage_explained(archive):
            while body.read(_CHUNK_BYTES):
                pass


def _header_of(archive: str) -> tuple[int, str]:
    return _HEADER_BYTES, f"{archive} holds a header without end: it was not opened."


def _zip_members(archive: str, opened: zipfile.ZipFile, budget: _Budget) -> Iterator[Member]:
    infos = opened.infolist()
    _check_count(archive, len(infos))
    for info in infos:
        name = _checked_name(archive, info.filename)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind == stat.S_IFLNK:
            raise _refused(archive, f"a link, {_short(name)}")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refused(archive, f"something that is no ordinary file, {_short(name)}")
        if info.flag_bits & 0x1:
            raise TexGenError(f"{archive} is locked with a password.", "Unpack it yourself and drop the folder.")
    for info in infos:
        name = _checked_name(archive, info.filename)
        if info.is_dir() or _is_hidden(name):
            continue
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise TexGenError(f"{archive} is packed in an unusual way that is not read.", "Unpack it yourself and drop the folder.")
        yield Member(name, info.file_size, partial(_read_zipped, archive, opened, info, budget))


def _read_zipped(archive: str, opened: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> bytes:
    budget.spend(info.file_size)
    with _damage_explained(archive), opened.open(info) as body:
        return _read(archive, body, info.file_size)


def _read(archive: str, body: IO[bytes], size_bytes: int) -> bytes:
    """All of a file, which has at most the size it claims to have."""
    parts, left = [], size_bytes
    with _damage_explained(archive):
        while left and (part := body.read(min(left, _CHUNK_BYTES))):
            parts.append(part)
            left -= len(part)
    if left:
        raise _damaged(archive)
    return b"".join(parts)


class _Budget:
    """How much may still come out of an archive, in all and until the next question."""

    def __init__(self, archive: str, size_bytes: int) -> None:
        self._archive = archive
        self._left_bytes = min(MAX_TOTAL_BYTES, _FREE_BYTES + MAX_RATIO * size_bytes)
        self._allowed_bytes: int | None = None
        self._sentence = ""

    def allow(self, size_bytes: int | None, sentence: str = "") -> None:
        """Until it is asked again, so much; ``sentence`` says what is wrong with more."""
        self._allowed_bytes, self._sentence = size_bytes, sentence

    def spend(self, size_bytes: int) -> None:
        self._left_bytes -= size_bytes
        if self._allowed_bytes is not None:
            self._allowed_bytes -= size_bytes
        if self._left_bytes < 0:
            raise _refused(self._archive, f"more than {MAX_RATIO} times what an archive of its size can hold")
        # A tar is read in blocks of some kilobytes, so the count runs ahead a little.
        if self._allowed_bytes is not None and self._sentence and self._allowed_bytes < -tarfile.RECORDSIZE:
            raise TexGenError(self._sentence, _TRUST)


class _Counted:
    """What comes out of the decompressor, counted."""

    def __init__(self, source: BinaryIO, budget: _Budget) -> None:
        self._source = source
        self._budget = budget

    def read(self, size_bytes: int) -> bytes:
        data = self._source.read(size_bytes)
        self._budget.spend(len(data))
        return data


class _Careful(io.RawIOBase):
    """A file whose reader wants the list of all its content at once: as long as that is not too long."""

    def __init__(self, file: BinaryIO, archive: str) -> None:
        super().__init__()
        self._file = file
        self._archive = archive

    def read(self, size_bytes: int = -1, /) -> bytes:
        data = self._file.read(_DIRECTORY_BYTES + 1 if size_bytes < 0 else min(size_bytes, _DIRECTORY_BYTES + 1))
        if len(data) > _DIRECTORY_BYTES:
            raise _refused(self._archive, "a list of files without end")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


@contextmanager
def _damage_explained(archive: str) -> Iterator[None]:
    try:
        yield
    except TexGenError:
        raise
    except _DAMAGE as error:
        raise _damaged(archive) from error


def _damaged(archive: str) -> TexGenError:
    return TexGenError(f"{archive} is damaged or incomplete.", "Download or pack it again.")


def _refused(archive: str, what: str) -> TexGenError:
    return TexGenError(f"{archive} holds {what}: it was not opened.", _TRUST)


def _check_count(archive: str, count: int) -> None:
    if count > MAX_MEMBERS:
        raise _refused(archive, f"more than {MAX_MEMBERS:,} files")


def _checked_name(archive: str, name: str) -> str:
    """The name with / between folders. Both kinds of slashes divide: what is one file here may be a path elsewhere."""
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".")]
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or ".." in parts or "\0" in name or len(name) > 4096:
        raise _refused(archive, f"a path that leads outside, {_short(name)}")
    return "/".join(parts)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"…{name[-59:]}"
