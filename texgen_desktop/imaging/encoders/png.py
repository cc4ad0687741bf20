"""PNG of 8 or 16 bits, row by row (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.encoders import FileHeader

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2  # the filter: each byte minus the one above it
_COMPRESSION_LEVEL = 3
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


class PngEncoder:
    """sRGB-tagged unless a profile is given; rows are uint8 or uint16."""

    def __init__(self, file: BinaryIO, header: FileHeader) -> None:
        self._file = file
        self._compressor = zlib.compressobj(_COMPRESSION_LEVEL)
        self._above = np.zeros((1, header.width_px * header.channels * header.bits // 8), np.uint8)
        file.write(SIGNATURE)
        colour_type = _COLOUR_TYPES[header.channels]
        self._write_chunk(b"IHDR", struct.pack(">2I5B", header.width_px, header.height_px, header.bits, colour_type, 0, 0, 0))
        if header.icc:
            self._write_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(header.icc))
        else:
            self._write_chunk(b"sRGB", b"\0")
            self._write_chunk(b"gAMA", struct.pack(">I", 45455))  # for readers that do not know sRGB
        if header.exif:
            self._write_chunk(b"eXIf", header.exif)
        texts = {b"Software": header.software.encode(), b"Description": header.description.encode(), b"XML:com.adobe.xmp": header.xmp}
        for keyword, text in texts.items():
            if text:
                self._write_chunk(b"iTXt", keyword + b"\0\0\0\0\0" + text)

    def write_rows(self, rows: NDArray[Any]) -> None:
        big_endian = np.ascontiguousarray(rows, rows.dtype.newbyteorder(">"))
        samples = big_endian.view(np.uint8).reshape(len(rows), -1)
        filtered = np.empty((len(rows), samples.shape[1] + 1), np.uint8)
        filtered[:, 0] = _UP
        filtered[:, 1:] = samples - np.concatenate([self._above, samples[:-1]])
        self._above = samples[-1:].copy()
        self._write_data(self._compressor.compress(filtered.data))

    def finish(self) -> None:
        self._write_data(self._compressor.flush())
        self._write_chunk(b"IEND", b"")

    def _write_data(self, data: bytes) -> None:
        if data:
            self._write_chunk(b"IDAT", data)

    def _write_chunk(self, kind: bytes, data: bytes) -> None:
        self._file.write(struct.pack(">I", len(data)) + kind)
        self._file.write(data)
        self._file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
