"""The sample photos that ship with the program, as the empty canvas offers them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from texgen_desktop.resources import resource

THUMBNAIL_PX = 192


@dataclass(frozen=True)
class Sample:
    title: str
    path: Path

    def thumbnail(self) -> QImage:
        """The photo, small; JPEG is decoded at about that size, in a millisecond or two."""
        reader = QImageReader(str(self.path))
        reader.setScaledSize(reader.size().scaled(QSize(THUMBNAIL_PX, THUMBNAIL_PX), Qt.AspectRatioMode.KeepAspectRatioByExpanding))
        return reader.read()


def samples() -> tuple[Sample, ...]:
    """All samples, in the order that ``resources/samples/index.json`` gives them."""
    entries = json.loads(resource("samples", "index.json").read_text(encoding="utf-8"))
    return tuple(Sample(entry["title"], resource("samples", entry["file"])) for entry in entries)
