"""Tags of a TIFF directory, which is also what EXIF is, read without trusting a byte of it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

WIDTH, HEIGHT, BITS_PER_SAMPLE, PHOTOMETRIC = 256, 257, 258, 262
IMAGE_DESCRIPTION, ORIENTATION, SOFTWARE, EXTRA_SAMPLES, SAMPLE_FORMAT = 270, 274, 305, 338, 339
XMP, ICC_PROFILE = 700, 34675

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value by its type (TIFF 6.0, 13, 16 … 18: BigTIFF)."""

_MAX_ENTRIES = 1000
_MAX_VALUES = 16
_MAX_TEXT_BYTES = 1 << 16
_ASCII = 2
_LETTERS = {3: "H", 4: "I", 16: "Q"}


@dataclass(frozen=True)
class Entry:
    """``order`` is "<" or ">"; ``data`` are all values as they are stored, in that order of bytes."""

    tag: int
    kind: int
    order: str
    data: bytes


def read_numbers(file: BinaryIO) -> dict[int, tuple[int, ...]]:
    """The whole numbers of the first directory by tag, at most 16 each; {} where there is no TIFF, classic or Big.

    Reads from the file's position and takes that for offset 0. Tags that are damaged or of another type are left out.
    """
    numbers = {}
    for entry in entries(file):
        if entry.kind in _LETTERS:
            count = min(len(entry.data) // SIZES[entry.kind], _MAX_VALUES)
            numbers[entry.tag] = struct.unpack_from(f"{entry.order}{count}{_LETTERS[entry.kind]}", entry.data)
    return {tag: values for tag, values in numbers.items() if values}


def read_description(file: BinaryIO) -> str | None:
    """The image description of the first directory, at most 64 KB; None where there is none."""
    for entry in entries(file):
        if entry.tag == IMAGE_DESCRIPTION and entry.kind == _ASCII:
            return entry.data.split(b"\0")[0].decode("utf-8", "replace")
    return None


def exif_file(exif: bytes) -> BinaryIO:
    """An EXIF block as the TIFF that it holds."""
    return io.BytesIO(exif.removeprefix(b"Exif\0\0"))


def read_orientation(numbers: dict[int, tuple[int, ...]]) -> int:
    """1 … 8 as EXIF counts them; 1 when the tag is missing or nonsense."""
    orientation = numbers.get(ORIENTATION, (1,))[0]
    return orientation if 1 <= orientation <= 8 else 1


def entries(file: BinaryIO, directory: int | None = None, max_bytes: int = _MAX_TEXT_BYTES) -> Iterator[Entry]:
    """The entries of the first directory, or of the one at an offset, until it ends or stops making sense.

    Reads from the file's position and takes that for offset 0. Of longer values the first ``max_bytes`` come.
    """
    base = file.tell()
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        return
    is_big = head[2:4] in (b"\x2b\0", b"\0\x2b")
    word, inline_bytes, record_bytes = ("Q", 8, 20) if is_big else ("I", 4, 12)
    count_format = order + ("Q" if is_big else "H")
    try:
        if directory is None:
            (directory,) = struct.unpack_from(order + word, head, inline_bytes)
        file.seek(base + directory)
        (count,) = struct.unpack(count_format, file.read(struct.calcsize(count_format)))
        records = file.read(min(count, _MAX_ENTRIES) * record_bytes)
        for start in range(0, len(records) - record_bytes + 1, record_bytes):
            tag, kind, length = struct.unpack_from(f"{order}HH{word}", records, start)
            length *= SIZES.get(kind, 1)
            data = records[start + record_bytes - inline_bytes : start + record_bytes]
            if length > inline_bytes:
                file.seek(base + struct.unpack(order + word, data)[0])
                data = file.read(min(length, max_bytes))
            yield Entry(tag, kind, order, data[:length])
    except (struct.error, OSError, OverflowError, ValueError):  # offsets beyond the file, or beyond what a file can have
        return
