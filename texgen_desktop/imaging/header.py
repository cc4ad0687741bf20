"""What a picture file says about itself before anything is decoded: size, orientation, depth."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile

from texgen_desktop.imaging import tiff_tags
from texgen_desktop.imaging.exr_header import read_attributes
from texgen_desktop.imaging.recognise import Kind, sniff

# Everything that Pillow's parsers raise on damaged files, found by feeding them some.
DECODE_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, OverflowError, LookupError, TypeError, AttributeError,
)  # fmt: skip


@dataclass(frozen=True)
class StoredHeader:
    """Size as stored, before orientation. ``is_deep``: more than 8 bits a channel, or float."""

    width_px: int
    height_px: int
    is_deep: bool = False
    is_float: bool = False


def read_stored_header(file: BinaryIO, kind: Kind) -> StoredHeader:
    """Parse the header from the start of the file; raises one of DECODE_ERRORS when there is no sense in it."""
    file.seek(0)
    match kind:
        case "PNG":
            width, height, bits = struct.unpack(">2IB", file.read(25)[16:])
            return StoredHeader(width, height, is_deep=bits == 16)
        case "WEBP":
            return StoredHeader(*_webp_size_px(file.read(30)))
        case "JPEG":
            return StoredHeader(*JpegImageFile(file).size)
        case "BMP":
            return StoredHeader(*BmpImageFile(file).size)
        case "TIFF":
            numbers = tiff_tags.read_numbers(file)
            is_float = numbers.get(tiff_tags.SAMPLE_FORMAT, (1,))[0] == 3
            is_deep = is_float or max(numbers.get(tiff_tags.BITS_PER_SAMPLE, (1,))) > 8
            return StoredHeader(numbers[tiff_tags.WIDTH][0], numbers[tiff_tags.HEIGHT][0], is_deep, is_float)
        case "EXR":
            left, top, right, bottom = struct.unpack("<4i", read_attributes(file)[b"dataWindow"])
            return StoredHeader(right - left + 1, bottom - top + 1)


def read_size_px(file: BinaryIO) -> tuple[int, int] | None:
    """Width and height as the file states them; None where it is no picture."""
    kind = sniff(file.read(64))
    if kind is None:
        return None
    try:
        header = read_stored_header(file, kind)
    except DECODE_ERRORS:
        return None
    return header.width_px, header.height_px


def _webp_size_px(head: bytes) -> tuple[int, int]:
    """Read here and not by Pillow: its decoder takes memory for the whole canvas as soon as it is made."""
    match head[12:16]:
        case b"VP8X":
            return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
