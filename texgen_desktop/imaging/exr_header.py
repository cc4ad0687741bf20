"""Attributes in the header of an OpenEXR file; the picture itself is never decoded here."""

from __future__ import annotations

import struct
from typing import BinaryIO

_MAX_HEADER_BYTES = 1 << 20


def read_attributes(file: BinaryIO) -> dict[bytes, bytes]:
    """The attributes by name as they are stored; those that follow damage are left out."""
    header = file.read(_MAX_HEADER_BYTES)
    attributes: dict[bytes, bytes] = {}
    position = 8
    while (name_end := header.find(b"\0", position)) > position and (kind_end := header.find(b"\0", name_end + 1)) >= 0:
        start = kind_end + 5
        if start > len(header):
            break
        (size,) = struct.unpack_from("<I", header, kind_end + 1)
        attributes[header[position:name_end]] = header[start : start + size]
        position = start + size
    return attributes
