"""Small pictures of every kind for the tests of the reader, with the colours that they must be read with."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
from PIL import Image

WIDTH, HEIGHT = 48, 40


def gradient(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """(H, W, 3) float32 in [0, 1]: every quadrant differs, so that no turn or flip goes unseen."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([x / (width - 1), y / (height - 1), 0.25 + 0.5 * (x > width / 2) * (y > height / 2)], axis=-1).astype(np.float32)


def bytes_of(pixels: np.ndarray) -> np.ndarray:
    return (pixels * 255 + 0.5).astype(np.uint8)


def save_8_bit(path: Path, pixels: np.ndarray, mode: str = "RGB", **options: object) -> Path:
    Image.fromarray(bytes_of(pixels)).convert(mode).save(path, **options)
    return path


def save_deep(path: Path, pixels: np.ndarray, sample: str = "uint16", tile: int = 0, **attributes: object) -> Path:
    """By openimageio; pixels (H, W, C) float32. ``__`` in the name of an attribute stands for a colon."""
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, sample)
    spec.tile_width = spec.tile_height = tile
    if channels in (2, 4):
        spec.alpha_channel = channels - 1
    spec.attribute("tiff:write_exif", 0)
    for name, value in attributes.items():
        if isinstance(value, bytes):
            spec.attribute(name, oiio.TypeDesc(f"uint8[{len(value)}]"), np.frombuffer(value, np.uint8))
        else:
            spec.attribute(name.replace("__", ":"), value)
    output = oiio.ImageOutput.create("png" if path.suffix == ".png" else "tiff")
    # The name is given to Python and the content to openimageio, whose names must be UTF-8.
    plain = path.with_name("plain")
    assert output.open(str(plain), spec), output.geterror()
    assert output.write_image(np.ascontiguousarray(pixels, np.float32)), output.geterror()
    output.close()
    return plain.replace(path)


def save_raw_tiff(path: Path, samples: np.ndarray, photometric: int, extra: dict[int, int] | None = None) -> Path:
    """An uncompressed TIFF of (H, W, C) unsigned integers with any photometric interpretation."""
    height, width, channels = samples.shape
    data = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    bits = [samples.dtype.itemsize * 8] * channels
    entries = {256: width, 257: height, 259: 1, 262: photometric, 273: 8, 277: channels, 278: height, 279: len(data)} | (extra or {})
    offset = 8 + len(data)
    records = {tag: struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items()}
    if channels > 2:
        records[258] = struct.pack("<HHII", 258, 3, channels, offset)
    else:
        records[258] = struct.pack("<HHI", 258, 3, channels) + struct.pack(f"<{channels}H", *bits).ljust(4, b"\0")
    directory = offset + 2 * channels
    body = struct.pack("<H", len(records)) + b"".join(records[tag] for tag in sorted(records)) + b"\0" * 4
    path.write_bytes(b"II*\0" + struct.pack("<I", directory) + data + struct.pack(f"<{channels}H", *bits) + body)
    return path


def png_of_size(width: int, height: int) -> bytes:
    """A few bytes that promise a picture of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    ihdr = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
