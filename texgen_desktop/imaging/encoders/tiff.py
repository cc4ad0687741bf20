"""TIFF of 8, 16 or 32 float bits in deflated strips; BigTIFF where 4 GB might not be enough."""

from __future__ import annotations

import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging import exif, tiff_tags
from texgen_desktop.imaging.encoders import FileHeader
from texgen_desktop.imaging.icc import linear_rec709_profile, srgb_profile

_ROWS_PER_STRIP = 32
_COMPRESSION_LEVEL = 4
_CLASSIC_LIMIT_BYTES = 3_900_000_000
_BYTE, _ASCII, _SHORT, _LONG, _UNDEFINED, _LONG8 = 1, 2, 3, 4, 7, 16


class TiffEncoder:
    """Unless a profile is given, it embeds sRGB for uint8 and uint16 rows, and linear Rec. 709 for float32 rows.

    The file begins with the EXIF block, if there is one: it is a small TIFF itself, so that nothing in it has to be moved. It also rules
    the order of bytes. A BigTIFF has other records and goes without.
    """

    def __init__(self, file: BinaryIO, header: FileHeader) -> None:
        self._file, self._header = file, header
        # Deflate can grow what it cannot shrink, by far less than the margin left here.
        self._is_big = header.width_px * header.height_px * header.channels * header.bits // 8 > _CLASSIC_LIMIT_BYTES
        self._pending: list[NDArray[Any]] = []
        self._pending_rows = 0
        self._offsets: list[int] = []
        self._sizes: list[int] = []
        self._exif = b"" if self._is_big else header.exif
        self._order = exif.order_of(self._exif)
        # The place of the directory is filled in at the end, when it is known.
        small = self._exif or struct.pack("<2sHI", b"II", 42, 0)
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0) if self._is_big else small)

    def write_rows(self, rows: NDArray[Any]) -> None:
        self._pending.append(rows)
        self._pending_rows += len(rows)
        if self._pending_rows < _ROWS_PER_STRIP:
            return
        pending = np.concatenate(self._pending)
        whole = len(pending) // _ROWS_PER_STRIP * _ROWS_PER_STRIP
        for top in range(0, whole, _ROWS_PER_STRIP):
            self._write_strip(pending[top : top + _ROWS_PER_STRIP])
        self._pending = [pending[whole:].copy()]
        self._pending_rows = len(pending) - whole

    def finish(self) -> None:
        if self._pending_rows:
            self._write_strip(np.concatenate(self._pending))
        directory = self._write_directory()
        self._file.seek(8 if self._is_big else 4)
        self._file.write(struct.pack(self._order + ("Q" if self._is_big else "I"), directory))

    def _write_strip(self, rows: NDArray[Any]) -> None:
        if self._header.bits < 32:  # predictor 2: each sample minus the one to its left
            rows = np.concatenate([rows[:, :1], rows[:, 1:] - rows[:, :-1]], axis=1)
        data = zlib.compress(
            np.ascontiguousarray(rows, rows.dtype.newbyteorder("<" if self._order == "<" else ">")).data, _COMPRESSION_LEVEL
        )
        self._offsets.append(self._file.tell())
        self._sizes.append(len(data))
        self._file.write(data)

    def _entries(self) -> list[tuple[int, int, list[int] | bytes]]:
        """Tag, type and values of the directory, in the order of the tags."""
        header, channels, is_float = self._header, self._header.channels, self._header.bits == 32
        place = _LONG8 if self._is_big else _LONG
        has_alpha = channels in (2, 4)
        profile = header.icc
        if profile is None:
            profile = linear_rec709_profile() if is_float else srgb_profile()
        entries: list[tuple[int, int, list[int] | bytes]] = [
            (256, _LONG, [header.width_px]),
            (257, _LONG, [header.height_px]),
            (258, _SHORT, [header.bits] * channels),
            (259, _SHORT, [8]),  # compression: deflate
            (262, _SHORT, [2 if channels > 2 else 1]),  # photometric interpretation: RGB, or 0 is black
            (270, _ASCII, header.description.encode() + b"\0"),
            (273, place, self._offsets),
            (277, _SHORT, [channels]),  # samples per pixel
            (278, _LONG, [_ROWS_PER_STRIP]),
            (279, place, self._sizes),
            (284, _SHORT, [1]),  # planar configuration: RGBRGB…
            (305, _ASCII, header.software.encode() + b"\0"),
            (317, _SHORT, [1 if is_float else 2]),  # predictor
            (338, _SHORT, [1 if header.is_premultiplied else 2] if has_alpha else []),  # extra samples: alpha
            (339, _SHORT, [3 if is_float else 1] * channels),  # sample format: float or unsigned
            (700, _BYTE, header.xmp),
            (34675, _UNDEFINED, profile),
        ]
        return [entry for entry in entries if entry[2] not in (b"", b"\0", [])]

    def _write_directory(self) -> int:
        """Write the long values, then the directory that points at them; returns its offset."""
        inline_bytes, word = (8, "Q") if self._is_big else (4, "I")
        kept = exif.first_directory(self._exif)
        records = {tag: record for tag, record in kept.items() if tag in exif.DESCRIBING}
        for tag, kind, values in self._entries():
            count = len(values)
            data = values if isinstance(values, bytes) else np.array(values, f"{self._order}u{tiff_tags.SIZES[kind]}").tobytes()
            if len(data) > inline_bytes:
                data = struct.pack(self._order + word, self._append_even(data))
            records[tag] = struct.pack(f"{self._order}HH{word}", tag, kind, count) + data.ljust(inline_bytes, b"\0")
        number = struct.pack(self._order + ("Q" if self._is_big else "H"), len(records))
        return self._append_even(number + b"".join(records[tag] for tag in sorted(records)) + b"\0" * inline_bytes)

    def _append_even(self, data: bytes) -> int:
        """TIFF wants even offsets."""
        offset = self._file.tell()
        if offset % 2:
            self._file.write(b"\0")
            offset += 1
        self._file.write(data)
        return offset
