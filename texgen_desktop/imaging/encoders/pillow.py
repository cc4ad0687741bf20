"""JPEG and WebP by Pillow: a JPEG is joined from strips, so that its memory does not grow with its height."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from texgen_desktop.imaging import exif, tiff_tags
from texgen_desktop.imaging.encoders import FileHeader
from texgen_desktop.imaging.icc import srgb_profile

_JPEG_QUALITY = 95
_WEBP_EFFORT = {"quality": 50, "method": 2}
# A strip is 8 rows of 8 × 8 blocks with a restart marker after each row. Markers count modulo 8, so the seven inside a strip
# are RST0 … RST6, and RST7 is what belongs between two strips.
_STRIP_ROWS = 64
_RST7 = b"\xff\xd7"
_END_OF_IMAGE = b"\xff\xd9"


class JpegEncoder:
    """sRGB-tagged unless a profile is given, quality 95, without chroma subsampling; rows are uint8."""

    def __init__(self, file: BinaryIO, header: FileHeader) -> None:
        self._file, self._header = file, header
        self._pending = np.empty((0, header.width_px, header.channels), np.uint8)
        self._is_first = True

    def write_rows(self, rows: NDArray[Any]) -> None:
        pending = np.concatenate([self._pending, rows])
        whole = len(pending) // _STRIP_ROWS * _STRIP_ROWS
        for top in range(0, whole, _STRIP_ROWS):
            self._write_strip(pending[top : top + _STRIP_ROWS])
        self._pending = pending[whole:].copy()

    def finish(self) -> None:
        if len(self._pending):
            self._write_strip(self._pending)
        self._file.write(_END_OF_IMAGE)

    def _write_strip(self, rows: NDArray[np.uint8]) -> None:
        encoded = io.BytesIO()
        options: dict[str, Any] = {"quality": _JPEG_QUALITY, "subsampling": 0, "restart_marker_rows": 1}
        if self._is_first:
            options |= _metadata(self._header)
        Image.fromarray(rows if rows.shape[2] > 1 else rows[..., 0]).save(encoded, "JPEG", **options)
        head, scan = _split_at_scan(encoded.getvalue(), self._header.height_px)
        self._file.write(head if self._is_first else _RST7)
        self._file.write(scan.removesuffix(_END_OF_IMAGE))
        self._is_first = False


def _split_at_scan(jpeg: bytes, height_px: int) -> tuple[bytes, bytes]:
    """Everything up to the coded pixels, with the height replaced, and the coded pixels."""
    head = bytearray(jpeg)
    position = 2
    while True:
        marker = head[position + 1]
        length = int.from_bytes(head[position + 2 : position + 4], "big")
        if marker == 0xC0:  # start of frame: length (2), precision (1), height (2), …
            head[position + 5 : position + 7] = height_px.to_bytes(2, "big")
        position += 2 + length
        if marker == 0xDA:  # start of scan
            return bytes(head[:position]), jpeg[position:]


class WebpEncoder:
    """sRGB-tagged unless a profile is given, and lossless; rows are uint8.

    The format is coded as a whole: 4 bytes a pixel wait for the end. Lossy WebP halves the resolution of colour. Lossless is as fast with
    these settings, and half as large again (gravel.jpg).
    """

    def __init__(self, file: BinaryIO, header: FileHeader) -> None:
        self._file, self._header = file, header
        self._picture = Image.new("RGBA" if header.channels == 4 else "RGB", (header.width_px, header.height_px))
        self._next_row = 0
        self._coded: io.BytesIO | None = None

    def write_rows(self, rows: NDArray[Any]) -> None:
        self._picture.paste(Image.fromarray(rows), (0, self._next_row))
        self._next_row += len(rows)

    def code(self) -> io.BytesIO:
        """Code the picture, once it is complete, in memory."""
        if self._coded is None:
            coded = io.BytesIO()
            # exact: what is under full transparency stays.
            self._picture.save(coded, "WEBP", lossless=True, exact=True, **_WEBP_EFFORT, **_metadata(self._header))
            self._coded = coded
        return self._coded

    def finish(self) -> None:
        self._file.write(self.code().getbuffer())


def exif_block(header: FileHeader) -> bytes:
    """Of JPEG and WebP: the recipe stands there. Pillow's own EXIF writer puts a question mark for what is not ASCII."""
    return exif.with_texts(header.exif, {tiff_tags.IMAGE_DESCRIPTION: header.description, tiff_tags.SOFTWARE: header.software})


def _metadata(header: FileHeader) -> dict[str, bytes]:
    profile = srgb_profile() if header.icc is None else header.icc
    block = exif_block(header)
    return {"icc_profile": profile, "exif": b"Exif\0\0" + block if block else b"", "xmp": header.xmp}
