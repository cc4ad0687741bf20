"""Finds the recipe text in an exported picture again: the image description, in whatever way the format stores it."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from texgen_desktop.imaging import tiff_tags
from texgen_desktop.imaging.exr_header import read_attributes
from texgen_desktop.imaging.header import DECODE_ERRORS
from texgen_desktop.imaging.recognise import open_regular, sniff


def read_metadata(path: Path) -> str | None:
    """The image description of a PNG, TIFF, EXR, JPEG or WebP; None where there is none, or no such picture.

    Raises ImageError when the file cannot be opened at all. Decodes no pixels.
    """
    with open_regular(path) as file:
        try:
            return _read_description(file) or None
        except DECODE_ERRORS:
            return None


def _read_description(file: BinaryIO) -> str | None:
    kind = sniff(file.read(64))
    file.seek(0)
    match kind:
        case "PNG":
            return PngImageFile(file).info.get("Description")
        case "TIFF":
            return tiff_tags.read_description(file)
        case "EXR":
            return read_attributes(file).get(b"comments", b"").decode("utf-8", "replace")
        case "JPEG":
            return _in_exif(JpegImageFile(file))
        case "WEBP":
            return _in_exif(WebPImageFile(file))
        case _:
            return None


def _in_exif(image: ImageFile) -> str | None:
    return tiff_tags.read_description(tiff_tags.exif_file(image.info.get("exif", b"")))
