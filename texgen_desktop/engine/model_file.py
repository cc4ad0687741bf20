"""``model.safetensors``: averaged weights and all that is needed to render them, in one file for other programs and people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What the file holds. ``header`` and ``tensors`` go to ``Family.open``; ``recipe`` tells how it was trained."""

    family: str
    header: dict[str, Any]
    recipe: dict[str, Any]
    tensors: dict[str, Tensor]
    sha256: str


def save_model(path: Path, family: str, header: Mapping[str, Any], tensors: Mapping[str, Tensor], recipe: Mapping[str, Any]) -> str:
    """Write the file atomically and return the model's identity, a SHA-256 over family, header and weights (not the recipe).

    ``header`` and ``recipe`` hold plain JSON values. Weights that are not finite raise NonFiniteLoss.
    """
    raise NotImplementedError


def load_model(path: Path) -> ModelFile:
    """Read and check a model file; the tensors lie on the CPU. Every other file raises TexGenError, whatever is in it."""
    raise NotImplementedError
