"""A picture with all that its file holds, so that repairing and enhancing it loses nothing: read, handed out in pieces, written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging import exif
from texgen_desktop.imaging.colour import Floats, linear_to_srgb, srgb_to_linear, to_uint8, to_uint16
from texgen_desktop.imaging.encoders import FileHeader
from texgen_desktop.imaging.encoders.pillow import exif_block
from texgen_desktop.imaging.header import read_stored_header
from texgen_desktop.imaging.icc import parse_matrix_profile
from texgen_desktop.imaging.kept import Kept, read_kept
from texgen_desktop.imaging.properties import LUMA
from texgen_desktop.imaging.raster import Wraps, window
from texgen_desktop.imaging.read import check_not_too_large, damage_explained, turned
from texgen_desktop.imaging.recognise import COPY_AGAIN, DAMAGED, ImageError, Kind, open_regular, recognise
from texgen_desktop.imaging.stored_samples import read_stored_samples
from texgen_desktop.imaging.write import FileFormat, ImageWriter, check_writable

Samples = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]

_FORMATS: Mapping[Kind, FileFormat] = {"PNG": "png", "JPEG": "jpeg", "TIFF": "tiff", "WEBP": "webp", "BMP": "png", "EXR": "exr"}
_BRIGHTEST = np.float32(65504)  # the largest half float
_REC709 = np.array([0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290])
_SEGMENT_BYTES = 65_533  # of a JPEG, for its length is in 16 bits


@dataclass(frozen=True, eq=False)
class Document:
    """A picture as its file holds it.

    ``pixels`` is (H, W, 3), upright, uint8, uint16 or float32: the code values that are stored, whatever the profile says, and of floats
    any; the exception is CMYK, which comes as 8-bit sRGB. ``alpha`` is (H, W) of the same type, None where the file has none.
    ``bits`` is 8, 16 (half float in an EXR) or 32. ``is_grey``: the file has one colour channel; ``pixels`` then shows it three times.
    ``is_linear``: the values are linear light, as in floats that no profile calls encoded.
    ``is_premultiplied``: colour is multiplied with alpha, as in every EXR. ``file_format`` is where it is written to again: PNG for BMP.
    """

    pixels: Samples
    alpha: Samples | None
    bits: int
    is_grey: bool
    is_linear: bool
    is_premultiplied: bool
    file_format: FileFormat
    kept: Kept

    @property
    def height_px(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width_px(self) -> int:
        return int(self.pixels.shape[1])


def read_document(path: Path) -> Document:
    """Read a PNG, TIFF, EXR, JPEG, WebP or BMP in full.

    Raises ImageError for whatever cannot be used: no picture, damaged, animated, over 200 Mpx. Small pictures are welcome.
    """
    name = path.name
    with open_regular(path) as file:
        kind = recognise(file, name, takes_exr=True)
        with damage_explained(name):
            header = read_stored_header(file, kind)
        if min(header.width_px, header.height_px) < 1:
            raise ImageError(name, DAMAGED, COPY_AGAIN)
        check_not_too_large(header, name)
        with damage_explained(name):
            kept, orientation = read_kept(file, kind)
            stored = read_stored_samples(path, file, kind, header)
    samples = stored.samples if stored.is_upright else turned(stored.samples, orientation)
    colours = 3 if samples.shape[2] >= 3 else 1
    space = b"RGB " if colours == 3 else b"GRAY"
    if stored.is_srgb or kept.icc[16:20] != space:  # one for other colours is of no use to any reader
        kept = replace(kept, icc=b"")
    has_alpha = samples.shape[2] > colours
    return Document(
        np.ascontiguousarray(samples[..., :3]) if colours == 3 else np.broadcast_to(samples[..., :1], (*samples.shape[:2], 3)),
        np.ascontiguousarray(samples[..., -1]) if has_alpha else None,
        stored.bits,
        colours == 1,
        samples.dtype == np.float32 and not _is_encoding(kept.icc),
        stored.is_premultiplied,
        _FORMATS[kind],
        kept,
    )


class DocumentRaster:
    """A document as operators see it, see ``Raster``: only what is read is converted to floats.

    Linear light comes sRGB-encoded, by the same curve above 1 and by its straight part below 0. What is no finite number comes as one.
    """

    def __init__(self, document: Document, wraps: Wraps) -> None:
        self.document, self.wraps = document, wraps
        self.height_px, self.width_px = document.height_px, document.width_px

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        return _encoded(window(self.document.pixels, y, x, height, width, self.wraps), self.document.is_linear)

    def read_alpha(self, y: int, x: int, height: int, width: int) -> Floats | None:
        """(height, width) float32 in [0, 1]; None where the document has none."""
        if self.document.alpha is None:
            return None
        return _encoded(window(self.document.alpha, y, x, height, width, self.wraps), is_linear=False)


def straight_bytes(document: Document, first_row: int, rows: int) -> NDArray[np.uint8]:
    """(rows, W, 3) as an 8-bit PNG holds them, with the alpha as a fourth channel where there is one."""
    samples = _Samples(document, "png", 8, document.width_px, document.height_px, document.alpha is not None, is_grey=False)
    band = DocumentRaster(document, (False, False)).read(first_row, 0, rows, document.width_px)
    return samples(band, None, first_row)


def open_document_writer(
    path: Path, file_format: FileFormat, bits: int, width_px: int, height_px: int, document: Document, description: Mapping[str, str]
) -> ImageWriter:
    """A writer for what has become of a document, see ``write.open_writer``: profile, EXIF, XMP and alpha are those of the document.

    A grey document stays grey: where colour comes in, its luma is written. WebP has no grey and becomes RGB. Without ``alpha_rows``, a
    picture of the document's size gets its alpha. Where the rows are those of the document's raster, the values in the file are its own
    to the last bit. EXR holds no EXIF and XMP, and neither does a TIFF above 3.9 GB hold EXIF. An image description replaces that in
    the EXIF of a JPEG, TIFF or WebP.

    Raises TexGenError where the format cannot hold this, see ``check_holds``.
    """
    header, samples = _header(file_format, bits, width_px, height_px, document, description)
    return ImageWriter(path, file_format, header, samples)


def check_holds(file_format: FileFormat, bits: int, document: Document, description: Mapping[str, str]) -> None:
    """TexGenError where a format cannot hold a document: transparency in a JPEG, colours of a profile that has to be converted and cannot
    be, more metadata than fits."""
    _header(file_format, bits, document.width_px, document.height_px, document, description)


def _header(
    file_format: FileFormat, bits: int, width_px: int, height_px: int, document: Document, description: Mapping[str, str]
) -> tuple[FileHeader, _Samples]:
    check_writable(file_format, bits, width_px, height_px)
    kept = document.kept
    has_alpha = document.alpha is not None and file_format != "jpeg"
    if document.alpha is not None and not has_alpha and not _is_opaque(document.alpha):
        raise TexGenError("JPEG cannot hold the transparency of this picture.", "Choose PNG, TIFF or WebP.")
    is_grey = document.is_grey and file_format != "webp"
    samples = _Samples(document, file_format, bits, width_px, height_px, has_alpha, is_grey)
    header = FileHeader(
        width_px,
        height_px,
        bits,
        description.get("ImageDescription", ""),
        description.get("Software", ""),
        channels=(1 if is_grey else 3) + has_alpha,
        is_premultiplied=samples.is_premultiplied,
        icc=samples.profile(),
        exif=exif.with_size(kept.exif, width_px, height_px),
        xmp=kept.xmp,
        chromaticities=kept.chromaticities,
    )
    if file_format == "jpeg" and max(len(exif_block(header)) + 6, len(kept.xmp) + 29) > _SEGMENT_BYTES:
        raise TexGenError("JPEG cannot hold as much metadata as this picture has.", "Choose PNG, TIFF or WebP.")
    return header, samples


class _Samples:
    """Turns rows as operators see them into the samples of one file."""

    def __init__(
        self, document: Document, file_format: FileFormat, bits: int, width_px: int, height_px: int, has_alpha: bool, is_grey: bool
    ) -> None:
        self._document, self._bits, self._has_alpha, self._is_grey = document, bits, has_alpha, is_grey
        self._is_exr = file_format == "exr"
        # Floats are linear light, unless they come with a profile that says how they are encoded.
        self._is_linear = self._is_exr or (bits == 32 and (document.is_linear or not document.kept.icc))
        self._has_size_of_document = (document.height_px, document.width_px) == (height_px, width_px)
        is_same_light = self._is_linear == document.is_linear
        self.is_premultiplied = has_alpha and (self._is_exr or (file_format == "tiff" and document.is_premultiplied and is_same_light))
        # A product of linear light is another one than that of encoded values.
        stays_premultiplied = document.is_premultiplied and self.is_premultiplied and is_same_light
        self._divides = document.is_premultiplied and not stays_premultiplied
        self._multiplies = self.is_premultiplied and not stays_premultiplied
        self._gives_back = document.pixels.dtype == np.float32 and self._has_size_of_document and is_same_light and not self._divides
        self._raster = DocumentRaster(document, (False, False))

    def profile(self) -> bytes | None:
        """The one that is embedded; None for the encoder's own. TexGenError where the values would have to be converted to another."""
        document, kept = self._document, self._document.kept
        has_same_values = self._is_linear == document.is_linear and self._is_grey == document.is_grey
        if kept.icc and has_same_values and not self._is_exr:
            return kept.icc
        has_known_primaries = not kept.chromaticities or np.allclose(np.frombuffer(kept.chromaticities, "<f4"), _REC709, atol=1e-3)
        if (kept.icc and not _is_default(kept.icc, document.is_linear)) or not (has_known_primaries or self._is_exr):
            hint = "Choose TIFF or EXR of 32 bits, whichever it came in." if document.is_linear else "Choose PNG or TIFF of 8 or 16 bits."
            raise TexGenError("This format cannot hold the colour profile of this picture.", hint)
        return b"" if self._is_grey else None

    def __call__(self, rows: Floats, alpha_rows: Floats | None, first_row: int) -> NDArray[Any]:
        if not self._has_alpha:
            alpha_rows = None  # of an opaque picture, in a format without alpha
        elif alpha_rows is None:
            if not self._has_size_of_document:
                raise ValueError("the alpha of a picture of another size has to be given")
            alpha_rows = self._raster.read_alpha(first_row, 0, len(rows), rows.shape[1])
        if self._divides and alpha_rows is not None:
            rows = self._divided(rows, alpha_rows[..., None])
        values = srgb_to_linear(rows) if self._is_linear else rows
        if self._gives_back:
            # There and back again a float is not quite the same: what was not changed is taken as it is stored.
            stored = self._document.pixels[first_row : first_row + len(rows)]
            is_same = rows == self._raster.read(first_row, 0, len(rows), rows.shape[1])
            values = np.where(is_same, stored, values)
        if self._multiplies and alpha_rows is not None:
            values = values * alpha_rows[..., None]
        if self._is_grey:
            is_plain = (values == values[..., :1]).all(-1)
            values = np.where(is_plain, values[..., 0], values @ np.array(LUMA, np.float32))[..., None]
        if alpha_rows is not None:
            values = np.concatenate([values, np.clip(alpha_rows, 0, 1)[..., None]], axis=-1)
        return self._rounded(values)

    def _divided(self, rows: Floats, share: Floats) -> Floats:
        """Colour by itself, in the light that it was multiplied in; where nothing is to be seen it stays."""
        values = srgb_to_linear(rows) if self._document.is_linear else rows
        plain = np.where(share > 0, values / np.maximum(share, np.float32(1e-6)), values)
        return linear_to_srgb(plain) if self._document.is_linear else plain

    def _rounded(self, values: Floats) -> NDArray[Any]:
        if self._bits == 32:
            return values.astype(np.float32)
        if self._is_exr:
            return np.clip(values, -_BRIGHTEST, _BRIGHTEST).astype(np.float16)
        return to_uint8(values) if self._bits == 8 else to_uint16(values)


def _encoded(samples: Samples, is_linear: bool) -> Floats:
    """As operators see them."""
    if samples.dtype == np.float32:
        finite: Floats = np.nan_to_num(samples, nan=0.0, posinf=float(_BRIGHTEST), neginf=-float(_BRIGHTEST))
        return linear_to_srgb(finite) if is_linear else finite
    scaled: Floats = samples.astype(np.float32) / np.float32(_largest(samples))
    return scaled


def _is_opaque(alpha: Samples) -> bool:
    return bool((alpha >= _largest(alpha)).all())


def _largest(samples: Samples) -> int:
    """What stands for 1."""
    return {"u1": 255, "u2": 65535, "f4": 1}[samples.dtype.str[1:]]


def _is_encoding(icc: bytes) -> bool:
    """Whether a profile says that its values are no linear light. One that cannot be read is left to those who can."""
    if not icc:
        return False
    profile = parse_matrix_profile(icc)
    if profile is None:
        return True
    ramp = np.linspace(0, 1, 33, dtype=np.float32)
    return any(float(np.abs(curve(ramp) - ramp).max()) > 1e-3 for curve in profile.curves)


def _is_default(icc: bytes, is_linear: bool) -> bool:
    """Whether a profile says what is taken for granted without one: sRGB, or linear light with the primaries of Rec. 709."""
    profile = parse_matrix_profile(icc)
    if profile is None:
        return False
    return np.array_equal(profile.to_rec709, np.eye(3)) if is_linear else profile.is_srgb()
