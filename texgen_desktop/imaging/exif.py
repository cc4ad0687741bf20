"""EXIF blocks, which are small TIFF files, carried over from one picture file to another.

Nothing in a block is moved: maker notes point into it by offsets that only their makers know. What is new is appended, and the header
points at a new first directory then (TIFF 6.0; EXIF 2.32).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from texgen_desktop.imaging import tiff_tags

_SHORT, _LONG, _ASCII = 3, 4, 2
_EXIF_DIRECTORY, _GPS_DIRECTORY, _INTEROPERABILITY = 34665, 34853, 40965
_PIXEL_WIDTH, _PIXEL_HEIGHT = 40962, 40963
_THUMBNAIL_OFFSET, _THUMBNAIL_BYTES = 513, 514
# Of a TIFF's first directory: what describes the picture. All else says how its pixels are stored, and would be wrong in another file.
# Document name, description, maker, model, resolution (3), page, software, date, artist, host, rating (2), copyright, IPTC, directories,
# the titles and comments of Windows.
DESCRIBING = frozenset(
    {269, 270, 271, 272, 282, 283, 296, 285, 305, 306, 315, 316, 18246, 18249, 33432, 33723}
    | {_EXIF_DIRECTORY, _GPS_DIRECTORY, 40091, 40092, 40093, 40094, 40095}
)
_LONGEST_VALUE, _LONGEST_BLOCK = 1 << 22, 1 << 24


def is_readable(exif: bytes) -> bool:
    """Whether this is a block with a first directory that has entries."""
    return bool(first_directory(exif))


def order_of(exif: bytes) -> str:
    """The order of bytes: ">", or "<", which is that of an empty block also."""
    return ">" if exif[:2] == b"MM" else "<"


def first_directory(exif: bytes) -> dict[int, bytes]:
    """The records of 12 bytes of the first directory by tag; {} where there is no sense in the block."""
    if exif[:4] not in (b"II*\0", b"MM\0*") or len(exif) < 8:
        return {}
    return {tag: exif[place : place + 12] for tag, place in _records(exif, _number(exif, 4)).items()}


def for_upright_picture(exif: bytes) -> bytes:
    """The block with its orientation set to 1 and without the thumbnail, which shows what the picture was; b"" where there is no sense
    in the block."""
    if not is_readable(exif):
        return b""
    block = bytearray(exif)
    first = _number(exif, 4)
    records = _records(exif, first)
    if tiff_tags.ORIENTATION in records:
        _set_number(block, records[tiff_tags.ORIENTATION], 1)
    link = _end(exif, first)
    if link + 4 <= len(exif):
        thumbnail = _records(exif, _number(exif, link))
        block[link : link + 4] = b"\0" * 4
        if _THUMBNAIL_OFFSET in thumbnail and _THUMBNAIL_BYTES in thumbnail:
            start, size = (_number(exif, thumbnail[tag] + 8) for tag in (_THUMBNAIL_OFFSET, _THUMBNAIL_BYTES))
            if exif[start : start + 2] == b"\xff\xd8":  # only what is a JPEG can be one
                size = min(size, len(block) - start)
                block[start : start + size] = b"\0" * size
                if start + size >= len(block) - 1:
                    del block[start:]
    return bytes(block)


def with_size(exif: bytes, width_px: int, height_px: int) -> bytes:
    """The block with the size of the picture, where it states one."""
    block = bytearray(exif)
    directory = first_directory(exif).get(_EXIF_DIRECTORY)
    if directory is not None:
        records = _records(exif, _number(exif, 0, directory[8:]))
        for tag, number in ((_PIXEL_WIDTH, width_px), (_PIXEL_HEIGHT, height_px)):
            if tag in records:
                _set_number(block, records[tag], number)
    return bytes(block)


def with_texts(exif: bytes, texts: Mapping[int, str]) -> bytes:
    """The block, or a new one where it is empty, with ``texts`` by tag in its first directory, in UTF-8; empty ones are left out."""
    order = order_of(exif)
    records = first_directory(exif)
    block = bytearray(exif if records else b"II*\0" + b"\0" * 4)
    block += b"\0" * (len(block) % 2)
    written = {tag: text.encode() + b"\0" for tag, text in texts.items() if text}
    if not written:
        return exif if records else b""
    start = len(block)
    values_at = start + 2 + 12 * len(records.keys() | written.keys()) + 4
    values = b""
    for tag, value in written.items():
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "I", values_at + len(values))
        records[tag] = struct.pack(order + "HHI", tag, _ASCII, len(value)) + place
        values += value + b"\0" * (len(value) % 2) if len(value) > 4 else b""
    block[4:8] = struct.pack(order + "I", start)
    block += struct.pack(order + "H", len(records)) + b"".join(records[tag] for tag in sorted(records)) + b"\0" * 4 + values
    return bytes(block)


def from_tiff(file: BinaryIO) -> bytes:
    """What a TIFF file says about its picture, as a block of its own; b"" where it says nothing. Values are moved: see above."""
    file.seek(0)
    order = {b"II": "<", b"MM": ">"}.get(file.read(2))
    if order is None:
        return b""
    block = bytearray((b"II*\0" if order == "<" else b"MM\0*") + b"\0" * 4)
    found = [entry for entry in _entries(file, None) if entry.tag in DESCRIBING]
    if not found:
        return b""
    place = _append_directory(block, file, order, found, (_EXIF_DIRECTORY, _GPS_DIRECTORY))
    block[4:8] = struct.pack(order + "I", place)
    return bytes(block) if len(block) <= _LONGEST_BLOCK else b""


def _append_directory(
    block: bytearray, file: BinaryIO, order: str, entries: Iterable[tiff_tags.Entry], directories: tuple[int, ...]
) -> int:
    """Append values, directories below this one, and the directory itself; returns where it is."""
    records = {}
    for entry in entries:
        kind, data = entry.kind, entry.data
        if entry.tag in (_EXIF_DIRECTORY, _GPS_DIRECTORY, _INTEROPERABILITY):
            if entry.tag not in directories:
                continue
            offset = int.from_bytes(data, "little" if order == "<" else "big")
            # Only this one may be below the others: a directory that holds itself comes to an end.
            below = (_INTEROPERABILITY,) if entry.tag == _EXIF_DIRECTORY else ()
            place = _append_directory(block, file, order, _entries(file, offset), below)
            kind, data = _LONG, struct.pack(order + "I", place)
        elif kind not in tiff_tags.SIZES or kind > 13 or len(data) >= _LONGEST_VALUE or len(block) > _LONGEST_BLOCK:
            continue  # unknown, of BigTIFF only, or too long to be read in full
        count = len(data) // tiff_tags.SIZES[kind]
        if len(data) > 4:
            place = len(block)
            block += data + b"\0" * (len(data) % 2)
            data = struct.pack(order + "I", place)
        records[entry.tag] = struct.pack(order + "HHI", entry.tag, kind, count) + data.ljust(4, b"\0")
    start = len(block)
    block += struct.pack(order + "H", len(records)) + b"".join(records[tag] for tag in sorted(records)) + b"\0" * 4
    return start


def _entries(file: BinaryIO, directory: int | None) -> list[tiff_tags.Entry]:
    file.seek(0)
    return list(tiff_tags.entries(file, directory, _LONGEST_VALUE))


def _records(exif: bytes, directory: int) -> dict[int, int]:
    """Where the records of a directory are, by tag; those beyond the end of the block are left out."""
    if not 8 <= directory <= len(exif) - 2:
        return {}
    places = range(directory + 2, min(_end(exif, directory), len(exif) - 11), 12)
    return {struct.unpack_from(order_of(exif) + "H", exif, place)[0]: place for place in places}


def _end(exif: bytes, directory: int) -> int:
    (count,) = struct.unpack_from(order_of(exif) + "H", exif, directory)
    return int(directory + 2 + 12 * count)


def _number(exif: bytes, place: int, data: bytes | None = None) -> int:
    return int(struct.unpack_from(order_of(exif) + "I", exif if data is None else data, place)[0])


def _set_number(block: bytearray, record: int, number: int) -> None:
    """Replace the value of a record by one number that stands in the record itself."""
    order = order_of(bytes(block[:2]))
    kind, letter = (_SHORT, "H") if number < 1 << 16 else (_LONG, "I")
    struct.pack_into(order + "HI", block, record + 2, kind, 1)
    block[record + 8 : record + 12] = struct.pack(order + letter, number).ljust(4, b"\0")
