"""OpenEXR of half or float, scan lines in ZIP blocks (the OpenEXR file layout, version 2)."""

from __future__ import annotations

import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.encoders import FileHeader

MAGIC = b"\x76\x2f\x31\x01"
_ROWS_PER_BLOCK = 16
_ZIP_COMPRESSION = 3
_COMPRESSION_LEVEL = 4
# Rows have their channels in this order, files by the alphabet.
_CHANNELS = {1: "Y", 2: "YA", 3: "RGB", 4: "RGBA"}
_REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)


class ExrEncoder:
    """Linear, Rec. 709 unless other primaries are given; rows are float16 for 16 bits and float32 for 32."""

    def __init__(self, file: BinaryIO, header: FileHeader) -> None:
        self._file = file
        self._pending: list[NDArray[Any]] = []
        self._pending_rows = 0
        self._next_row = 0
        self._offsets: list[int] = []
        names = _CHANNELS[header.channels]
        self._order = [names.index(name) for name in sorted(names)]
        file.write(MAGIC + struct.pack("<I", 2) + _header_attributes(header) + b"\0")
        self._table_offset = file.tell()
        file.write(b"\0" * 8 * -(-header.height_px // _ROWS_PER_BLOCK))  # filled in at the end

    def write_rows(self, rows: NDArray[Any]) -> None:
        self._pending.append(rows)
        self._pending_rows += len(rows)
        if self._pending_rows < _ROWS_PER_BLOCK:
            return
        pending = np.concatenate(self._pending)
        whole = len(pending) // _ROWS_PER_BLOCK * _ROWS_PER_BLOCK
        for top in range(0, whole, _ROWS_PER_BLOCK):
            self._write_block(pending[top : top + _ROWS_PER_BLOCK])
        self._pending = [pending[whole:].copy()]
        self._pending_rows = len(pending) - whole

    def finish(self) -> None:
        if self._pending_rows:
            self._write_block(np.concatenate(self._pending))
        self._file.seek(self._table_offset)
        self._file.write(struct.pack(f"<{len(self._offsets)}Q", *self._offsets))

    def _write_block(self, rows: NDArray[Any]) -> None:
        # Each scan line holds all of A, then all of B, then all of G, then all of R: channels go by name.
        planar = np.ascontiguousarray(rows[..., self._order].swapaxes(1, 2), rows.dtype.newbyteorder("<"))
        raw = planar.reshape(-1).view(np.uint8)
        split = np.concatenate([raw[0::2], raw[1::2]])
        # Differences, shifted by 128: (d[i] - d[i - 1] + 128) mod 256, and the first byte as it is.
        differences = np.concatenate([split[:1], split[1:] - split[:-1] + np.uint8(128)])
        data = zlib.compress(differences.data, _COMPRESSION_LEVEL)
        if len(data) >= raw.size:  # readers take a block of full size for uncompressed
            data = raw.tobytes()
        self._offsets.append(self._file.tell())
        self._file.write(struct.pack("<2i", self._next_row, len(data)) + data)
        self._next_row += len(rows)


def _header_attributes(header: FileHeader) -> bytes:
    sample_type = 1 if header.bits == 16 else 2
    names = sorted(_CHANNELS[header.channels])
    channels = b"".join(name.encode() + b"\0" + struct.pack("<iB3x2i", sample_type, 0, 1, 1) for name in names) + b"\0"
    window = struct.pack("<4i", 0, 0, header.width_px - 1, header.height_px - 1)
    attributes = [
        (b"channels", b"chlist", channels),
        (b"chromaticities", b"chromaticities", header.chromaticities or struct.pack("<8f", *_REC709)),
        *([] if header.chromaticities else [(b"colorInteropID", b"string", b"lin_rec709_scene")]),
        (b"comments", b"string", header.description.encode()),
        (b"compression", b"compression", bytes([_ZIP_COMPRESSION])),
        (b"dataWindow", b"box2i", window),
        (b"displayWindow", b"box2i", window),
        (b"lineOrder", b"lineOrder", b"\0"),
        (b"pixelAspectRatio", b"float", struct.pack("<f", 1)),
        (b"screenWindowCenter", b"v2f", struct.pack("<2f", 0, 0)),
        (b"screenWindowWidth", b"float", struct.pack("<f", 1)),
        (b"software", b"string", header.software.encode()),
    ]
    return b"".join(name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value for name, kind, value in attributes)
