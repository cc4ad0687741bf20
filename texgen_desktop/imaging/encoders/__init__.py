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
    """What is known before the first row. ``bits`` is 8, 16 or 32; ``description`` and ``software`` may be empty."""

    width_px: int
    height_px: int
    bits: int
    description: str
    software: str


class Encoder(Protocol):
    """Takes rows (h, W, 3) from top to bottom in the sample type of the file."""

    def write_rows(self, rows: NDArray[Any]) -> None: ...

    def finish(self) -> None:
        """Write what follows the last row. The file is incomplete without it."""
        ...
