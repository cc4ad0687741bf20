"""What renders now: a model with its family, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from texgen_desktop.engine.messages import ModelInfo, RenderRequest
from texgen_desktop.engine.model_file import load_model, model_identity
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Family, Model
from texgen_desktop.operators import WEIGHTS


@dataclass(frozen=True, eq=False)
class Source:
    """``images_seen`` is None for a model that is not in training; ``sha256`` is empty for one that is in no file yet."""

    path: Path
    family: Family
    model: Model
    images_seen: int | None = None
    sha256: str = ""

    def info(self) -> ModelInfo:
        model = self.model
        return ModelInfo(self.path, self.family.id, model.sliders, model.seeds, model.cell_px, model.level_count, self.sha256)

    def identity(self) -> str:
        """The SHA-256 of the weights, also of those that are in no file yet."""
        return self.sha256 or model_identity(self.family.id, self.model.header(), self.model.tensors())

    def render(self, request: RenderRequest) -> NDArray[np.float32]:
        """(H, W, 3) float32, sRGB-encoded in [0, 1]."""
        with torch.no_grad():
            pixels = self.family.render(self.model, request)  # (3, H, W)
        return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())


def open_source(path: Path, families: Mapping[str, Family], device: torch.device) -> Source:
    """Open a model file for rendering. Whatever is wrong with it ends in TexGenError."""
    file = load_model(path)
    if file.family == WEIGHTS:
        raise TexGenError(f"{path.name} makes no textures: it was learnt for repairing or enhancing.", "Choose it as the model of a step.")
    family = families.get(file.family)
    if family is None:
        raise TexGenError(f"{path.name} holds a model of the family {file.family}, which is not known here.", "Update TexGen to open it.")
    try:
        model = family.open(file.header, file.tensors, device)
    except torch.OutOfMemoryError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:  # what building a network from foreign values raises
        raise TexGenError(
            f"The weights in {path.name} do not fit the model they claim to be.", "Export or train the model again."
        ) from error
    return Source(path, family, model, None, file.sha256)
