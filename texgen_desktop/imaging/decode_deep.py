"""PNG and TIFF of more than 8 bits or of floats, decoded by openimageio: Pillow cuts them to 8 bits, or paints them white.

Profiles made of curves and a matrix are applied at full precision, others are not looked at. Floats without a profile are
linear Rec. 709.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import OpenImageIO as oiio  # noqa: N813 -- so its own documentation calls it

from texgen_desktop.imaging import tiff_tags
from texgen_desktop.imaging.colour import Floats, linear_to_srgb, to_uint8
from texgen_desktop.imaging.decode_shallow import cmyk_to_rgb
from texgen_desktop.imaging.decoding import Decoding
from texgen_desktop.imaging.header import StoredHeader
from texgen_desktop.imaging.icc import parse_matrix_profile
from texgen_desktop.imaging.recognise import COPY_AGAIN, DAMAGED, SAVE_AS, ImageError, Kind

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5  # TIFF: photometric interpretation
_PREMULTIPLIED = 1  # TIFF: extra samples
_BRIGHTEST = 65504.0  # the largest half float: averages of larger ones could overflow


@contextmanager
def open_deep(path: Path, kind: Kind, header: StoredHeader, file: BinaryIO) -> Iterator[Decoding]:
    """``file`` is the same file, already open. Raises ImageError."""
    file.seek(0)
    tags = tiff_tags.read_numbers(file)
    photometric = tags.get(tiff_tags.PHOTOMETRIC, (_RGB,))[0]
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK):
        raise ImageError(path.name, "pictures of this colour kind cannot be read.", SAVE_AS)
    as_stored = oiio.ImageSpec()
    as_stored.attribute("oiio:UnassociatedAlpha", 1)
    as_stored.attribute("oiio:RawColor", 1)
    with plain_name(path, kind) as name:
        source = oiio.ImageInput.open(name, as_stored)
        if source is None:
            raise ImageError(path.name, DAMAGED, COPY_AGAIN) from OSError(oiio.geterror())
        try:
            embedded = source.spec().getattribute("ICCProfile")
            profile = b"" if embedded is None else embedded.tobytes()
            if photometric == _CMYK:
                convert, is_linear = _from_cmyk(profile), False
            else:
                is_premultiplied = tags.get(tiff_tags.EXTRA_SAMPLES, (0,))[0] == _PREMULTIPLIED
                convert = _from_grey_or_rgb(profile, header.is_float, photometric == _WHITE_IS_ZERO, is_premultiplied)
                is_linear = header.is_float
            spec = source.spec()
            yield Decoding(spec.width, spec.height, lambda y0, y1: convert(_read_rows(source, path.name, y0, y1)), is_linear)
        finally:
            source.close()


@contextmanager
def plain_name(path: Path, kind: Kind) -> Iterator[str]:
    """A name that openimageio can take: in UTF-8, with the suffix of the file's true kind, by a link where it is not."""
    name, suffix = str(path), f".{kind.lower()}"
    has_raw_bytes = any("\ud800" <= character <= "\udfff" for character in name)
    if not has_raw_bytes and path.suffix.lower() in (suffix, ".tif" if kind == "TIFF" else suffix):
        yield name
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, f"picture{suffix}")
        link.symlink_to(path.absolute())
        yield str(link)


def _read_rows(source: oiio.ImageInput, name: str, y0: int, y1: int) -> Floats:
    """Rows y0 … y1 - 1 as (h, W, C) float32 as they are stored; integers scaled to [0, 1], floats made finite."""
    spec = source.spec()
    if spec.tile_width:
        # Tiles come whole: from the row of tiles that y0 lies in to the one of y1 - 1.
        first = y0 // spec.tile_height * spec.tile_height
        last = min(-(-y1 // spec.tile_height) * spec.tile_height, spec.height)
        band = source.read_tiles(0, spec.width, first, last, 0, 1, 0, spec.nchannels, "float")
        band = None if band is None else band[y0 - first : y1 - first]
    else:
        band = source.read_scanlines(y0, y1, 0, 0, spec.nchannels, "float")
    if band is None:
        raise ImageError(name, DAMAGED, COPY_AGAIN) from OSError(source.geterror())
    finite = np.nan_to_num(band.reshape(y1 - y0, spec.width, spec.nchannels), copy=False, nan=0, posinf=_BRIGHTEST)
    rows: Floats = np.clip(finite, 0, _BRIGHTEST)
    return rows


def _from_grey_or_rgb(profile: bytes, is_float: bool, is_inverted: bool, is_premultiplied: bool) -> Callable[[Floats], Floats]:
    """From stored channels (1 grey, 3 colour, one more for alpha, others ignored) to what ``Decoding.rows`` gives."""
    matrix = parse_matrix_profile(profile)
    if matrix is not None and not is_float and matrix.is_srgb():
        matrix = None

    def convert(rows: Floats) -> Floats:
        colours = 1 if rows.shape[-1] < 3 else 3
        colour, alpha = rows[..., :colours], rows[..., colours : colours + 1]
        if is_premultiplied and alpha.size:
            colour /= np.maximum(alpha, 1e-6)
        if is_inverted:
            colour = 1 - colour
        if matrix is not None and len(matrix.curves) == colours:
            linear = matrix.to_linear_rec709(colour)
            colour = linear if is_float else linear_to_srgb(np.clip(linear, 0, 1))
        elif colours == 1:
            colour = np.repeat(colour, 3, axis=-1)
        return np.concatenate([np.maximum(colour, 0), np.minimum(alpha, 1)], axis=-1)

    return convert


def _from_cmyk(profile: bytes) -> Callable[[Floats], Floats]:
    """In 8 bits: what is printed has no more."""
    return lambda rows: cmyk_to_rgb(to_uint8(rows[..., :4]), profile)
