"""What a picture file holds beside its pixels and must not lose: read here, written by the encoders."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from texgen_desktop.imaging import exif, tiff_tags
from texgen_desktop.imaging.decode_shallow import DECODERS
from texgen_desktop.imaging.exr_header import read_attributes
from texgen_desktop.imaging.recognise import Kind

_LONGEST = 1 << 24
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>\s*))[1-8]""")


@dataclass(frozen=True)
class Kept:
    """Bytes as a file stores them; empty where it has none.

    ``exif`` is a TIFF block without the "Exif" of JPEG before it; ``chromaticities`` the primaries of an EXR, eight floats.
    """

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    chromaticities: bytes = b""


def read_kept(file: BinaryIO, kind: Kind) -> tuple[Kept, int]:
    """What is kept, as it is right for the picture turned upright; and the orientation, 1 … 8, in which it is stored.

    Damaged EXIF counts as none. Extended XMP of a JPEG, IPTC outside a TIFF, and text and resolution of a PNG are not kept.
    Raises DECODE_ERRORS.
    """
    file.seek(0)
    match kind:
        case "PNG":
            kept = _in_png(file)
        case "JPEG" | "WEBP":
            info = DECODERS[kind](file).info
            kept = Kept(info.get("icc_profile") or b"", info.get("exif", b""), info.get("xmp", b""))
        case "TIFF":
            kept = _in_tiff(file)
        case "EXR":
            chromaticities = read_attributes(file).get(b"chromaticities", b"")
            kept = Kept(chromaticities=chromaticities if len(chromaticities) == 32 else b"")
        case _:
            kept = Kept()
    block = kept.exif.removeprefix(b"Exif\0\0")
    file.seek(0)
    orientation = tiff_tags.read_orientation(tiff_tags.read_numbers(file if kind == "TIFF" else tiff_tags.exif_file(block)))
    return Kept(kept.icc, exif.for_upright_picture(block), _XMP_ORIENTATION.sub(rb"\g<1>1", kept.xmp), kept.chromaticities), orientation


def _in_tiff(file: BinaryIO) -> Kept:
    found = {
        entry.tag: entry.data
        for entry in tiff_tags.entries(file, max_bytes=_LONGEST)
        if entry.tag in (tiff_tags.XMP, tiff_tags.ICC_PROFILE)
    }
    return Kept(found.get(tiff_tags.ICC_PROFILE, b""), exif.from_tiff(file), found.get(tiff_tags.XMP, b""))


def _in_png(file: BinaryIO) -> Kept:
    """Wherever they stand: many programs add theirs behind the pixels, where Pillow does not look before it has decoded those."""
    icc, block, xmp = b"", b"", b""
    for name, data in _png_chunks(file, {b"iCCP", b"eXIf", b"iTXt"}):
        if name == b"iCCP":
            icc = _inflated(data.partition(b"\0")[2][1:])
        elif name == b"eXIf":
            block = data
        elif data.startswith(b"XML:com.adobe.xmp\0"):
            # Keyword, whether deflated (1 byte), how (1), language, translated keyword, text.
            is_deflated, text = data[18:19] == b"\1", data[20:].split(b"\0", 2)[-1]
            xmp = _inflated(text) if is_deflated else text
    return Kept(icc, block, xmp)


def _png_chunks(file: BinaryIO, names: set[bytes]) -> Iterator[tuple[bytes, bytes]]:
    file.seek(8)
    while len(head := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", head)
        next_chunk = file.tell() + size + 4
        if name in names and size <= _LONGEST:
            yield name, file.read(size)
        file.seek(next_chunk)


def _inflated(data: bytes) -> bytes:
    """b"" where it is damaged or too long."""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, _LONGEST)
    except zlib.error:
        return b""
    return inflated if inflater.eof else b""
