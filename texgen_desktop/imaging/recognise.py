"""What kind of file this is, from its first bytes and before any decoder sees it; what is foreign gets a way out."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from typing import BinaryIO, Literal

from texgen_desktop.errors import TexGenError

Kind = Literal["PNG", "JPEG", "TIFF", "WEBP", "BMP", "EXR"]

# What a folder is searched for. EXR is written, and repaired and enhanced, but not read as a photo.
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp"})
SAVE_AS = "Save it as JPEG or PNG first."
DAMAGED = "the file is damaged or incomplete."
COPY_AGAIN = "Copy or download it again."

_FOREIGN_SUFFIXES = {
    ".heic": "HEIC photos", ".heif": "HEIC photos", ".avif": "AVIF pictures", ".psd": "Photoshop documents", ".svg": "SVG drawings",
    ".gif": "GIF pictures", ".exr": "EXR pictures", ".hdr": "HDR pictures", ".jxl": "JPEG XL pictures", ".jp2": "JPEG 2000 pictures",
    ".tga": "TGA pictures", ".dds": "DDS textures", ".xcf": "GIMP documents", ".kra": "Krita documents", ".pdf": "PDF documents",
} | dict.fromkeys((".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".raf", ".rw2", ".pef", ".srw"), "camera raw files")  # fmt: skip


class ImageError(TexGenError):
    """A file that cannot be used as a picture. ``reason`` is the sentence without the file's name."""

    def __init__(self, name: str, reason: str, hint: str) -> None:
        super().__init__(f"{name}: {reason}", hint)
        self.reason = reason


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading; pipes, devices and folders are refused without being opened, for a pipe would wait for ever."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ImageError(path.name, "this is no ordinary file.", "Choose a picture file.")
        return open(path, "rb", opener=_open_without_waiting)
    except FileNotFoundError as error:
        raise ImageError(path.name, "the file does not exist.", "It may have been moved or renamed: choose it again.") from error
    except PermissionError as error:
        raise ImageError(path.name, "the file may not be read.", "Change its permissions, or copy it to a folder of your own.") from error
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}."
        raise ImageError(path.name, reason, "Check the disk, or copy the file and try again.") from error


def sniff(head: bytes) -> Kind | None:
    """The kind of picture that a file with these first bytes is."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    # "BM" alone would take many a text for a bitmap: the length of the second header is one of few.
    if head.startswith(b"BM") and head[14:18] in {struct.pack("<I", n) for n in (12, 40, 52, 56, 64, 108, 124)}:
        return "BMP"
    return "EXR" if head.startswith(b"\x76\x2f\x31\x01") else None


def recognise(file: BinaryIO, name: str, takes_exr: bool = False) -> Kind:
    """The kind of picture by its first bytes, whatever it is called. Leaves the file at its start; raises ImageError."""
    head = file.read(64)
    file.seek(0)
    kind = sniff(head)
    if kind is not None and (kind != "EXR" or takes_exr) and not _is_raw(head, name):
        return kind
    if not head:
        raise ImageError(name, "the file is empty.", COPY_AGAIN)
    if foreign := _foreign_kind(head, name):
        raise ImageError(name, f"{foreign} cannot be read.", SAVE_AS)
    if head.lstrip()[:1] == b"<":
        raise ImageError(name, "this is a web page or a document, not a picture.", "Download the picture itself.")
    raise ImageError(name, "this is not a picture.", "PNG, JPEG, TIFF, WebP and BMP can be read.")


def foreign_suffix(suffix: str) -> str | None:
    """What files of this suffix are, where they are pictures that cannot be read; by name alone."""
    return _FOREIGN_SUFFIXES.get(suffix.lower())


def _open_without_waiting(path: str, flags: int) -> int:
    """Should the file have become a pipe since it was looked at, opening it does not block."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _is_raw(head: bytes, name: str) -> bool:
    """Most camera raws are TIFF inside, with a thumbnail where the picture would be."""
    return sniff(head) == "TIFF" and _FOREIGN_SUFFIXES.get(Path(name).suffix.lower()) == "camera raw files"


def _foreign_kind(head: bytes, name: str) -> str | None:
    match head[4:12]:
        case b"ftypheic" | b"ftypheix" | b"ftypmif1" | b"ftypmsf1" | b"ftyphevc":
            return "HEIC photos"
        case b"ftypavif" | b"ftypavis":
            return "AVIF pictures"
    magics = {b"8BPS": "Photoshop documents", b"GIF8": "GIF pictures", b"\x76\x2f\x31\x01": "EXR pictures", b"%PDF": "PDF documents"}
    if kind := magics.get(head[:4]):
        return kind
    if b"<svg" in head.lower():
        return "SVG drawings"
    return foreign_suffix(Path(name).suffix)
