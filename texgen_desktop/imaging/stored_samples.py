"""The code values of a picture file as they are stored: in its own depth, without any conversion of colour, not turned upright."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import OpenImageIO as oiio  # noqa: N813 -- so its own documentation calls it
from numpy.typing import NDArray

from texgen_desktop.imaging import tiff_tags
from texgen_desktop.imaging.colour import to_uint8
from texgen_desktop.imaging.decode_deep import open_deep, plain_name
from texgen_desktop.imaging.decode_shallow import open_shallow, open_single
from texgen_desktop.imaging.decoding import Decoding
from texgen_desktop.imaging.header import StoredHeader
from texgen_desktop.imaging.recognise import COPY_AGAIN, DAMAGED, SAVE_AS, ImageError, Kind

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5  # TIFF: photometric interpretation
_PREMULTIPLIED = 1  # TIFF: extra samples
_BAND_ROWS = 256
# What Pillow's modes become; with transparency of any kind there is an A more.
_PLAIN = {"1": "L", "L": "L", "LA": "L", "P": "RGB", "PA": "RGB", "RGB": "RGB", "RGBA": "RGB", "RGBX": "RGB", "YCbCr": "RGB"}


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """``samples`` is (H, W, C) uint8, uint16 or float32: grey, grey and alpha, RGB, or RGB and alpha. ``bits`` is 8, 16 or 32.

    ``is_srgb``: they were converted, from CMYK, so that the profile of the file is not theirs. ``is_upright``: turned already.
    """

    samples: NDArray[Any]
    bits: int
    is_premultiplied: bool = False
    is_srgb: bool = False
    is_upright: bool = False


def read_stored_samples(path: Path, file: BinaryIO, kind: Kind, header: StoredHeader) -> StoredSamples:
    """``file`` is the one at ``path``, already open, and ``header`` its own. Raises ImageError and DECODE_ERRORS.

    Integers of more than 16 bits come with 16, floats of 16 and 64 bits in a TIFF with 32, palettes and bits as 8 bits.
    """
    if kind == "EXR":
        return _read_exr(path)
    file.seek(0)
    tags = tiff_tags.read_numbers(file) if kind == "TIFF" else {}
    photometric = tags.get(tiff_tags.PHOTOMETRIC, (_RGB,))[0]
    if header.is_deep and photometric == _CMYK:
        return _converted(open_deep(path, kind, header, file))
    has_whole_bytes = min(tags.get(tiff_tags.BITS_PER_SAMPLE, (1,))) >= 8
    if header.is_deep or (kind == "TIFF" and has_whole_bytes and photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB)):
        return _read_deep(path, kind, tags, photometric)
    return _read_shallow(file, kind, path.name)


def _read_shallow(file: BinaryIO, kind: Kind, name: str) -> StoredSamples:
    image = open_single(file, kind, name)
    if image.mode == "CMYK":
        return _converted(open_shallow(file, kind, name, 1))
    if image.mode not in _PLAIN:
        raise ImageError(name, f"pictures of the kind {image.mode} cannot be read.", SAVE_AS)
    image.load()
    mode = _PLAIN[image.mode] + ("A" if image.has_transparency_data else "")
    samples = np.asarray(image if image.mode == mode else image.convert(mode))
    image.close()
    # Pillow has turned a TIFF as it loaded it.
    return StoredSamples(samples if samples.ndim == 3 else samples[..., None], 8, is_upright=kind == "TIFF")


def _converted(opened: AbstractContextManager[Decoding]) -> StoredSamples:
    """Inks as 8-bit sRGB: what is printed has no more."""
    with opened as decoding:
        samples = np.empty((decoding.height_px, decoding.width_px, 3), np.uint8)
        for top in range(0, decoding.height_px, _BAND_ROWS):
            bottom = min(top + _BAND_ROWS, decoding.height_px)
            samples[top:bottom] = to_uint8(decoding.rows(top, bottom)[..., :3])
        return StoredSamples(samples, 8, is_srgb=True, is_upright=decoding.is_upright)


def _read_deep(path: Path, kind: Kind, tags: dict[int, tuple[int, ...]], photometric: int) -> StoredSamples:
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        raise ImageError(path.name, "pictures of this colour kind cannot be read.", SAVE_AS)
    with plain_name(path, kind) as name:
        source = _open(name, path.name)
        try:
            spec = source.spec()
            sample = {"uint8": "uint8", "half": "float", "float": "float", "double": "float"}.get(str(spec.format), "uint16")
            colours = 1 if spec.nchannels < 3 or photometric != _RGB else 3
            samples = _read(source, path.name, 0, min(colours + 1, spec.nchannels), sample)
        finally:
            source.close()
    if photometric == _WHITE_IS_ZERO and sample != "uint8":  # those openimageio has inverted
        samples[..., 0] = (1 if sample == "float" else 65535) - samples[..., 0]
    is_premultiplied = samples.shape[-1] > colours and tags.get(tiff_tags.EXTRA_SAMPLES, (0,))[0] == _PREMULTIPLIED
    return StoredSamples(samples, {"uint8": 8, "uint16": 16, "float": 32}[sample], is_premultiplied)


def _read_exr(path: Path) -> StoredSamples:
    """The first part of the file: R, G and B, or Y alone, and A. Colour is multiplied with alpha, as the format has it."""
    with plain_name(path, "EXR") as name:
        source = _open(name, path.name)
        try:
            spec = source.spec()
            names = list(spec.channelnames)
            wanted = next((list(colours) for colours in ("RGB", "Y") if set(colours) <= set(names)), None)
            if wanted is None or spec.deep or {"RY", "BY"} & set(names):
                raise ImageError(path.name, "it has no plain channels R, G and B.", "Save it as an EXR of one RGB picture.")
            wanted += ["A"] if "A" in names else []
            places = [names.index(channel) for channel in wanted]
            is_half = all(str(spec.channelformat(place)) == "half" for place in places)
            first = min(places)
            samples = _read(source, path.name, first, max(places) + 1, "float")
        finally:
            source.close()
    order = [place - first for place in places]
    if order != list(range(samples.shape[-1])):
        samples = samples[..., order]
    return StoredSamples(samples, 16 if is_half else 32, is_premultiplied="A" in wanted)


def _open(name: str, shown_name: str) -> oiio.ImageInput:
    as_stored = oiio.ImageSpec()
    as_stored.attribute("oiio:UnassociatedAlpha", 1)
    as_stored.attribute("oiio:RawColor", 1)
    source = oiio.ImageInput.open(name, as_stored)
    if source is None:
        raise ImageError(shown_name, DAMAGED, COPY_AGAIN) from OSError(oiio.geterror())
    return source


def _read(source: oiio.ImageInput, shown_name: str, first: int, end: int, sample: str) -> NDArray[Any]:
    samples = source.read_image(0, 0, first, end, sample)
    spec = source.spec()
    if samples is None:
        raise ImageError(shown_name, DAMAGED, COPY_AGAIN) from OSError(source.geterror())
    whole: NDArray[Any] = np.asarray(samples).reshape(spec.height, spec.width, end - first)
    return whole
