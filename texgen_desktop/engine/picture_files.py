"""A project's picture set on disk: ``pictures.npy``, (N, S, S, 3) uint8, and ``pictures.json`` that says what it is.

The record names its array, and a set that grows becomes another array: whichever of the two files was written last, the record and the
array that it names belong together. The header of the array is compared with the only one that it can have, and never parsed.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, Self

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.files import read_json, sha256_of, sync_folder, temporary_beside, write_json
from texgen_desktop.engine.messages import PictureSetInfo
from texgen_desktop.errors import TexGenError
from texgen_desktop.slices import Slices

RECORD_NAME = "pictures.json"
_VERSION = 1
_ARRAY_NAME = re.compile(r"pictures(-(\d{1,6}))?\.npy")
_SHEET_COLUMNS, _SHEET_ROWS, _SHEET_GAP_PX = 8, 6, 4
_SHEET_GREY = 48

Pixels = NDArray[np.uint8]
ClassName = Annotated[str, Meta(max_length=400)]


class PicturesRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """All of ``pictures.json``. ``sha256`` is that of the array's file, ``labels`` are indices into ``classes``, one for each picture."""

    format: Literal["texgen-pictures"] = "texgen-pictures"
    version: Literal[1] = 1
    file: Annotated[str, Meta(pattern=rf"^{_ARRAY_NAME.pattern}$")]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    side_px: Annotated[int, Meta(ge=8, le=1024)]
    classes: Annotated[tuple[ClassName, ...], Meta(min_length=1)]
    labels: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1)]
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.labels)

    def info(self) -> PictureSetInfo:
        counts = Counter(self.labels)
        classes = tuple((name, counts[label]) for label, name in enumerate(self.classes))
        return PictureSetInfo(self.count, self.side_px, classes, self.notes)


def read_pictures_record(folder: Path) -> PicturesRecord | None:
    """None when the project has no picture set; TexGenError when it is damaged, or of a newer version. The pictures are not read yet."""
    try:
        value = read_json(folder / RECORD_NAME)
    except FileNotFoundError:
        return None
    match value:
        case {"format": "texgen-pictures", "version": int(version)} if version > _VERSION:
            raise TexGenError("The picture set was made by a newer version of TexGen.", "Update TexGen to use it.")
    try:
        record = msgspec.convert(value, PicturesRecord)
    except msgspec.ValidationError as exc:
        raise _damaged(str(exc)) from exc
    if max(record.labels) >= len(record.classes):
        raise _damaged("a picture is of a class that is not there")
    path = folder / record.file
    size_bytes = path.stat().st_size if path.is_file() else 0
    if size_bytes != len(_header(record.count, record.side_px)) + record.count * record.side_px**2 * 3:
        raise _damaged(f"{record.file} is missing, or not as long as it was")
    return record


def open_pictures(folder: Path) -> Slices[PictureSet]:
    """The project's picture set as a read-only memory map, compared with its hash. TexGenError when it is damaged or missing."""
    record = read_pictures_record(folder)
    if record is None:
        raise TexGenError("This project has no picture set.", "Drop a folder of pictures on the window.")
    path, header = folder / record.file, _header(record.count, record.side_px)
    with path.open("rb") as file:
        if file.read(len(header)) != header:
            raise _damaged(f"{record.file} does not begin as it should")
    if (yield from in_background(partial(sha256_of, path))) != record.sha256:
        raise _damaged(f"{record.file} has changed")
    return _mapped(folder, record)


def contact_sheet(folder: Path, record: PicturesRecord) -> Pixels:
    """Up to 48 pictures in rows of eight, as many of each class as there is room for: (H, W, 3) uint8."""
    pictures = _mapped(folder, record)
    places = _SHEET_COLUMNS * _SHEET_ROWS
    # The first of every class, then the second of every class, and so on; shown class by class.
    labels = np.asarray(record.labels)
    by_class = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[by_class], labels[by_class])
    turns = np.arange(len(labels)) - starts
    chosen = np.sort(np.lexsort((labels[by_class], turns))[:places])
    side, step = record.side_px, record.side_px + _SHEET_GAP_PX
    rows, columns = -(-len(chosen) // _SHEET_COLUMNS), min(len(chosen), _SHEET_COLUMNS)
    sheet = np.full((rows * step - _SHEET_GAP_PX, columns * step - _SHEET_GAP_PX, 3), _SHEET_GREY, np.uint8)
    for place, number in enumerate(by_class[chosen]):
        top, left = place // _SHEET_COLUMNS * step, place % _SHEET_COLUMNS * step
        sheet[top : top + side, left : left + side] = pictures.pixels[number]
    return sheet


def some_pictures(folder: Path, record: PicturesRecord, most: int) -> Pixels:
    """Up to so many pictures, evenly spread over the set: (N, S, S, 3) uint8."""
    numbers = np.unique(np.linspace(0, record.count - 1, min(most, record.count)).astype(np.int64))
    return np.asarray(_mapped(folder, record).pixels[numbers])


class PictureWriter:
    """Takes blocks of pictures into a temporary file, which ``commit`` makes the project's set. Closed before that, it leaves nothing."""

    def __init__(self, place: Path, side_px: int) -> None:
        """``place`` is a folder on the disk of the project."""
        self.side_px = side_px
        self._path = temporary_beside(place / "pictures.npy")
        self._file: BinaryIO = self._path.open("xb+")
        self._file.write(_header(0, side_px))
        self._classes: dict[str, int] = {}
        self._labels: list[int] = []
        self._digests: Counter[bytes] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what a full disk did not take is not needed any more
            self._file.close()
        self._path.unlink(missing_ok=True)

    @property
    def count(self) -> int:
        return len(self._labels)

    def add(self, pixels: Pixels, classes: tuple[str, ...]) -> None:
        """(N, S, S, 3) uint8 and the class of each."""
        for picture, name in zip(pixels, classes, strict=True):
            data = np.ascontiguousarray(picture).tobytes()
            self._file.write(data)
            self._digests[hashlib.blake2b(data, digest_size=16).digest()] += 1
            self._labels.append(self._classes.setdefault(name, len(self._classes)))

    def add_all(self, pictures: PictureSet) -> Slices[None]:
        """A whole set, of the same side, in slices."""
        for start in range(0, len(pictures), 512):
            labels = pictures.labels[start : start + 512]
            self.add(pictures.pixels[start : start + 512], tuple(pictures.classes[label] for label in labels))
            yield None

    def notes(self) -> tuple[str, ...]:
        """What is odd about these pictures, each in a sentence with a way out."""
        return tuple(filter(None, (self._identical(), self._lonely())))

    def finish(self) -> Slices[str]:
        """All on the disk, and read back; returns the SHA-256. TexGenError when there is no picture."""
        if not self.count:
            raise TexGenError("There is no picture in this set.", "Choose another folder.")
        return (yield from in_background(self._finish, writes=True))

    def _finish(self) -> str:
        self._file.seek(0)
        self._file.write(_header(self.count, self.side_px))
        self._file.flush()
        os.fsync(self._file.fileno())
        return sha256_of(self._path)

    def commit(self, folder: Path, sha256: str) -> PicturesRecord:
        """Make the finished file the picture set of the project in ``folder``, in place of the one before."""
        old = [path.name for path in folder.iterdir() if _ARRAY_NAME.fullmatch(path.name)]
        classes = sorted(self._classes, key=lambda name: (name.casefold(), name))
        rank = {self._classes[name]: place for place, name in enumerate(classes)}
        record = PicturesRecord(
            file=_next_name(old),
            sha256=sha256,
            side_px=self.side_px,
            classes=tuple(classes),
            labels=tuple(rank[label] for label in self._labels),
            notes=self.notes(),
        )
        self._file.close()
        self._path.replace(folder / record.file)
        sync_folder(folder)
        write_json(folder / RECORD_NAME, msgspec.to_builtins(record))
        for name in old:
            with suppress(OSError):  # in use by a run on Windows: it goes with the next change
                (folder / name).unlink()
        return record

    def _identical(self) -> str:
        copies = self.count - len(self._digests)
        if not copies:
            return ""
        if len(self._digests) == 1:
            return f"All {self.count:,} pictures are the same one. Nothing but this one can be learnt from them: add others."
        what = "One picture is a copy" if copies == 1 else f"{copies:,} pictures are copies"
        return f"{what} of another. What is there twice counts twice: remove copies if that is not meant."

    def _lonely(self) -> str:
        counts = Counter(self._labels)
        lonely = sorted(name for name, label in self._classes.items() if counts[label] == 1)
        if not lonely or len(self._classes) == 1:
            return "" if not lonely else "There is a single picture, which would be learnt by heart: add more."
        if len(lonely) == 1:
            return f"The class {lonely[0]} has a single picture, which would be learnt by heart: add more, or leave the class out."
        some = ", ".join(lonely[:3]) + (" …" if len(lonely) > 3 else "")
        return f"{len(lonely):,} classes have a single picture each ({some}), which would be learnt by heart: add more, or leave them out."


def _mapped(folder: Path, record: PicturesRecord) -> PictureSet:
    shape = (record.count, record.side_px, record.side_px, 3)
    pixels = np.memmap(folder / record.file, np.uint8, "r", len(_header(record.count, record.side_px)), shape)
    return PictureSet(pixels, np.array(record.labels, np.int64), record.classes)


def _header(count: int, side_px: int) -> bytes:
    """Of a .npy file (NumPy's format, version 1.0), with its room for the count to grow."""
    file = io.BytesIO()
    description = {"descr": "|u1", "fortran_order": False, "shape": (count, side_px, side_px, 3)}
    np.lib.format.write_array_header_1_0(file, description)
    return file.getvalue()


def _next_name(taken: list[str]) -> str:
    numbers = [int(match[2] or 1) for name in taken if (match := _ARRAY_NAME.fullmatch(name))]
    return f"pictures-{max(numbers) + 1}.npy" if numbers else "pictures.npy"


def _damaged(reason: str) -> TexGenError:
    return TexGenError(f"The picture set of this project is damaged: {reason}.", "Add the pictures again.")
