"""One streaming encoder per file format, all over Python file objects.

openimageio is not used for writing: on a full disk its JPEG writer ends the process and its EXR writer never returns (3.2.2),
while a Python file object raises OSError. It reads these files back in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray


@dataclass(frozen=True)
class FileHeader:
    """What is known before the first row. ``bits`` is 8, 16 or 32; ``description`` and ``software`` may be empty.

    ``channels`` is 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha); JPEG has no alpha, and WebP no grey. The rest is of a file
    whose picture this is, see ``kept.Kept``, each in the formats that can hold it. ``icc`` None: the encoder's own profile.
    """

    width_px: int
    height_px: int
    bits: int
    description: str
    software: str
    channels: int = 3
    is_premultiplied: bool = False
    """Whether colour is multiplied with alpha. It is so in every EXR, and never in a PNG or WebP."""
    icc: bytes | None = None
    exif: bytes = b""
    xmp: bytes = b""
    chromaticities: bytes = b""


class Encoder(Protocol):
    """Takes rows (h, W, channels) from top to bottom in the sample type of the file."""

    def write_rows(self, rows: NDArray[Any]) -> None: ...

    def finish(self) -> None:
        """Write what follows the last row. The file is incomplete without it."""
        ...
