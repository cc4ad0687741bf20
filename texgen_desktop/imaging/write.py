"""Pictures into files, in blocks of rows: a file appears whole and checked under its name, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats, srgb_to_linear, to_uint8, to_uint16
from texgen_desktop.imaging.encoders import Encoder, FileHeader
from texgen_desktop.imaging.encoders.exr import ExrEncoder
from texgen_desktop.imaging.encoders.pillow import JpegEncoder, WebpEncoder
from texgen_desktop.imaging.encoders.png import PngEncoder
from texgen_desktop.imaging.encoders.tiff import TiffEncoder
from texgen_desktop.imaging.formats import LIMITS, check_size
from texgen_desktop.imaging.header import read_size_px
from texgen_desktop.imaging.part_files import part_beside
from texgen_desktop.imaging.recipe_text import read_metadata

FileFormat = Literal["png", "tiff", "exr", "jpeg", "webp"]

_ENCODERS: Mapping[tuple[str, int], Callable[[BinaryIO, FileHeader], Encoder]] = {
    ("png", 8): PngEncoder,
    ("png", 16): PngEncoder,
    ("tiff", 8): TiffEncoder,
    ("tiff", 16): TiffEncoder,
    ("tiff", 32): TiffEncoder,
    ("exr", 16): ExrEncoder,
    ("exr", 32): ExrEncoder,
    ("jpeg", 8): JpegEncoder,
    ("webp", 8): WebpEncoder,
}
ToSamples = Callable[[Floats, Floats | None, int], NDArray[Any]]
"""(rows as ``write_rows`` takes them, their alpha, the number of the first) -> (h, W, channels) samples of the file."""
_SYNC_BYTES = 1 << 24  # so much is sent to the disk at once: at the end a large file would hold up everything for minutes
# How a whole file ends; TIFF, EXR and WebP have no mark there.
_ENDINGS = {"png": b"\0\0\0\0IEND\xae\x42\x60\x82", "jpeg": b"\xff\xd9"}


def open_writer(path: Path, file_format: FileFormat, bits: int, width_px: int, height_px: int, metadata: Mapping[str, str]) -> ImageWriter:
    """A writer for one file.

    ``bits`` is 8, 16 or 32 (16 is half float in an EXR). Of ``metadata`` "Software" and "ImageDescription" are written; the
    latter is what ``read_metadata`` finds again. Raises TexGenError when the format cannot hold this.
    """
    check_writable(file_format, bits, width_px, height_px)
    header = FileHeader(width_px, height_px, bits, metadata.get("ImageDescription", ""), metadata.get("Software", ""))
    return ImageWriter(path, file_format, header, partial(_convert, file_format, bits))


def check_writable(file_format: FileFormat, bits: int, width_px: int, height_px: int) -> None:
    """Raises TexGenError when the format has no such depth, or takes no picture of this size."""
    if (file_format, bits) not in _ENCODERS:
        limits = LIMITS[file_format]
        possible = " or ".join(map(str, limits.bits))
        raise TexGenError(f"{limits.title} cannot be written with {bits} bits a channel.", f"Choose {possible}.")
    check_size(file_format, width_px, height_px)


class ImageWriter:
    """A context manager: the file is there when the block is left without an error, and nothing is when it is not.

    An existing file of that name is replaced at the very end. Leaving the block may take seconds, unless ``code`` and ``settle`` have been
    called before: each may be done in another thread, while nobody else touches the writer.
    """

    def __init__(self, path: Path, file_format: FileFormat, header: FileHeader, to_samples: ToSamples) -> None:
        self._path, self._format, self._header = path, file_format, header
        self._to_samples = to_samples
        self._part = part_beside(path)
        self._rows_written = 0
        self._synced_bytes = 0
        self._is_settled = False

    def __enter__(self) -> Self:
        try:
            self._file = self._part.open("xb")
        except OSError as error:
            raise self._explain(error) from error
        try:
            self._encoder = _ENCODERS[self._format, self._header.bits](self._file, self._header)
        except OSError as error:
            self._discard()
            raise self._explain(error) from error
        return self

    def write_rows(self, rows: Floats, alpha_rows: Floats | None = None) -> None:
        """The next rows (h, W, 3) from the top, sRGB-encoded in [0, 1], with alpha (h, W) in [0, 1] where the file has it.

        Values outside are clipped, in floats only where the file came from ``open_writer``.
        """
        samples = self._to_samples(rows, alpha_rows, self._rows_written)
        try:
            self._encoder.write_rows(samples)
            if self._file.tell() - self._synced_bytes >= _SYNC_BYTES:
                self._sync()
        except OSError as error:
            raise self._explain(error) from error
        self._rows_written += len(rows)

    def code(self) -> None:
        """Code what cannot be coded row by row, which is a WebP, in memory: no file is touched, so that it may also be given up."""
        if isinstance(self._encoder, WebpEncoder):
            self._encoder.code()

    def settle(self) -> None:
        """Bring all that is left to the disk, and check it. The file still lacks its name."""
        if self._is_settled:
            return
        if self._rows_written != self._header.height_px:
            raise ValueError(f"{self._rows_written} rows were written of {self._header.height_px}")
        try:
            self._encoder.finish()
            self._sync()
            self._file.close()
            self._check()
        except OSError as error:
            raise self._explain(error) from error
        self._is_settled = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self.settle()
                self._give_name()
        except OSError as failure:
            raise self._explain(failure) from failure
        finally:
            self._discard()

    def _give_name(self) -> None:
        self._part.replace(self._path)
        if os.name == "posix":  # so that the name survives a power cut as well; Windows cannot open folders
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced_bytes = self._file.tell()

    def _check(self) -> None:
        """Read back what a reader needs first and last, before the file takes the place of an older one."""
        ending = _ENDINGS.get(self._format, b"")
        with self._part.open("rb") as file:
            size = read_size_px(file)
            file.seek(-len(ending), os.SEEK_END)
            has_ending = file.read() == ending
        is_described = not self._header.description or read_metadata(self._part) == self._header.description
        if size != (self._header.width_px, self._header.height_px) or not has_ending or not is_described:
            raise TexGenError(f"{self._path.name} was not stored as it was written.", "Check the disk, and export again to another folder.")

    def _discard(self) -> None:
        """Close and delete the unfinished file; after the rename there is none."""
        with contextlib.suppress(OSError):  # a full disk refuses what is still buffered a second time
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _explain(self, error: OSError) -> TexGenError:
        name, folder = self._path.name, self._path.parent
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                return TexGenError(f"The disk is full: {name} could not be written.", "Free some space, or choose another folder.")
            case errno.EFBIG:
                return TexGenError(f"The disk takes no file as large as {name}.", "Choose another folder or a smaller size.")
            case errno.EACCES | errno.EPERM | errno.EROFS:
                return TexGenError(f"The folder {folder} cannot be written to.", "Choose another folder.")
            case errno.ENOENT | errno.ENOTDIR:
                return TexGenError(f"The folder {folder} does not exist.", "Choose another folder.")
            case _:
                return TexGenError(f"{name} could not be written: {error.strerror or error}.", "Choose another folder or name.")


def _convert(file_format: FileFormat, bits: int, rows: Floats, alpha_rows: Floats | None, first_row: int) -> NDArray[Any]:
    if alpha_rows is not None:
        raise ValueError("a file of open_writer has no alpha")
    match file_format, bits:
        case "exr", 16:
            return srgb_to_linear(np.clip(rows, 0, 1)).astype(np.float16)
        case _, 32:
            return srgb_to_linear(np.clip(rows, 0, 1))
        case _, 16:
            return to_uint16(rows)
        case _:
            return to_uint8(rows)
