"""Pictures of up to 8 bits a channel, decoded by Pillow."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from texgen_desktop.imaging import tiff_tags
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.decoding import Decoding
from texgen_desktop.imaging.icc import parse_matrix_profile, srgb_profile
from texgen_desktop.imaging.recognise import SAVE_AS, ImageError, Kind

# The classes themselves and not Image.open: no other format can be reached.
DECODERS: Mapping[Kind, Callable[[BinaryIO], ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "TIFF": TiffImageFile,
    "WEBP": WebPImageFile,
    "BMP": BmpImageFile,
}
ToRgb = Callable[[Image.Image], Image.Image]

# Checked before anything is decoded, in read.py. Pillow's own limit, of the whole process, would only warn and begin.
Image.MAX_IMAGE_PIXELS = None
# Of damaged metadata that is not looked at anyway.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@contextmanager
def open_shallow(file: BinaryIO, kind: Kind, name: str, factor: int) -> Iterator[Decoding]:
    """A JPEG comes out smaller already, by 2, 4 or 8 but no more than ``factor``. Raises ImageError and DECODE_ERRORS."""
    image = open_single(file, kind, name)
    if kind == "JPEG":
        image.draft(None, (image.width // factor, image.height // factor))
    image.load()
    to_rgb = _colour_conversion(image, name)

    def rows(y0: int, y1: int) -> Floats:
        return _to_floats(image.crop((0, y0, image.width, y1)), to_rgb)

    try:
        yield Decoding(image.width, image.height, rows, is_upright=kind == "TIFF")  # Pillow has turned a TIFF as it loaded it
    finally:
        image.close()


def open_single(file: BinaryIO, kind: Kind, name: str) -> ImageFile:
    """The picture, not decoded yet; raises ImageError for an animation, and DECODE_ERRORS."""
    file.seek(0)
    image = DECODERS[kind](file)
    if kind in ("PNG", "WEBP") and getattr(image, "n_frames", 1) > 1:
        raise ImageError(name, "this is an animation.", "Save one picture of it as PNG or JPEG.")
    return image


def stored_orientation(file: BinaryIO, kind: Kind) -> int:
    """The EXIF orientation, 1 … 8. A damaged EXIF block counts as none."""
    file.seek(0)
    if kind == "TIFF":
        return tiff_tags.read_orientation(tiff_tags.read_numbers(file))
    exif = DECODERS[kind](file).info.get("exif", b"") if kind in ("PNG", "JPEG", "WEBP") else b""
    return tiff_tags.read_orientation(tiff_tags.read_numbers(tiff_tags.exif_file(exif)))


def cmyk_to_rgb(inks: NDArray[np.uint8], profile: bytes) -> Floats:
    """(H, W, 4) ink amounts -> (H, W, 3) sRGB in [0, 1], by the profile, or plainly without one."""
    to_rgb = _conversion_by_profile(profile, "CMYK") or _to_plain_rgb
    band = Image.frombytes("CMYK", inks.shape[1::-1], inks.tobytes())
    return _scale(np.asarray(to_rgb(band)))


def _colour_conversion(image: ImageFile, name: str) -> ToRgb:
    """From the picture's mode to sRGB: by its embedded profile, or as sRGB where that is missing or of no use."""
    mode = image.mode
    if mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"):
        raise ImageError(name, f"pictures of the kind {mode} cannot be read.", SAVE_AS)
    profile_mode = {"1": "L", "L": "L", "LA": "L", "CMYK": "CMYK"}.get(mode, "RGB")
    return _conversion_by_profile(image.info.get("icc_profile") or b"", profile_mode) or _to_plain_rgb


def _conversion_by_profile(profile: bytes, mode: str) -> ToRgb | None:
    """None when there is nothing to convert, or the profile is damaged or made for another mode."""
    matrix = parse_matrix_profile(profile)
    if not profile or (matrix is not None and matrix.is_srgb()):
        return None
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        target = ImageCms.getOpenProfile(io.BytesIO(srgb_profile()))
        transform = ImageCms.buildTransform(source, target, mode, "RGB")
    except ImageCms.PyCMSError:
        return None

    def to_rgb(band: Image.Image) -> Image.Image:
        converted = Image.new("RGB", band.size)
        transform.apply(band.convert(mode), converted)
        return converted

    return to_rgb


def _to_plain_rgb(band: Image.Image) -> Image.Image:
    return band.convert("RGB")


def _to_floats(band: Image.Image, to_rgb: ToRgb) -> Floats:
    """(H, W, 3), or (H, W, 4) where the picture has transparency of any kind."""
    if not band.has_transparency_data:
        return _scale(np.asarray(to_rgb(band)))
    alpha = np.asarray(band.convert("RGBA").getchannel("A"))
    band.info.pop("transparency", None)
    colour = band.convert("L" if band.mode == "LA" else "RGB") if band.mode in ("LA", "PA", "RGBA") else band
    return _scale(np.dstack([np.asarray(to_rgb(colour)), alpha]))


def _scale(codes: NDArray[np.uint8]) -> Floats:
    scaled: Floats = np.divide(codes, 255, dtype=np.float32)
    return scaled
