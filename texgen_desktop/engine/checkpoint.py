"""Checkpoints of a run: every tensor that an exact continuation needs, sealed by SHA-256.

A checkpoint is ``<images seen>.safetensors`` and, written last, ``<images seen>.json`` (header, sizes, hashes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Loaded:
    """An intact checkpoint. ``passed_over`` holds a sentence for each newer one that is damaged."""

    tensors: dict[str, Tensor]
    header: dict[str, Any]
    path: Path
    passed_over: tuple[str, ...]

    @property
    def images_seen(self) -> int:
        return int(self.header["images_seen"])


def save_checkpoint(folder: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any], keep: int = 2) -> Path:
    """Write a checkpoint and return the path of its tensors; then let go of all but the last ``keep`` and the best.

    ``header`` holds plain JSON values, among them ``images_seen`` (int) and, where there is one, ``score`` (float, lower is better).
    Tensors that are not finite raise NonFiniteLoss and nothing is written.
    """
    raise NotImplementedError


def load_newest(folder: Path) -> Loaded | None:
    """The newest intact checkpoint on the CPU; None when there is none at all.

    TexGenError when all are damaged, or when the newest was written by a newer version of the program (it is left as it is).
    """
    raise NotImplementedError


def newest_images_seen(folder: Path) -> int | None:
    """Where the newest checkpoint stands, told by the file names alone; None when there is none."""
    raise NotImplementedError
