"""What ships to begin with, as the empty canvas offers it: trained models to play with, and photos to learn from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from texgen_desktop.resources import model_file, resource

THUMBNAIL_PX = 192


@dataclass(frozen=True)
class Sample:
    """``path`` is what is opened, ``picture`` what it looks like; ``family`` is that of a model, empty for a photo."""

    title: str
    path: Path
    picture: Path
    family: str = ""

    def thumbnail(self) -> QImage:
        """The picture, small; JPEG is decoded at about that size, in a millisecond or two."""
        reader = QImageReader(str(self.picture))
        reader.setScaledSize(reader.size().scaled(QSize(THUMBNAIL_PX, THUMBNAIL_PX), Qt.AspectRatioMode.KeepAspectRatioByExpanding))
        return reader.read()


def photos() -> tuple[Sample, ...]:
    """The sample photos, in the order that ``resources/samples/index.json`` gives them."""
    entries = json.loads(resource("samples", "index.json").read_text(encoding="utf-8"))
    files = [(entry["title"], resource("samples", entry["file"])) for entry in entries]
    return tuple(Sample(title, path, path) for title, path in files)


def models() -> tuple[Sample, ...]:
    """The trained models, in the order that ``models/index.json`` gives them: each a file, and a picture beside its card."""
    entries = json.loads(model_file("index.json").read_text(encoding="utf-8"))
    return tuple(
        Sample(entry["title"], model_file(f"{entry['name']}.safetensors"), model_file(f"{entry['name']}.jpg"), entry["family"])
        for entry in entries
    )
