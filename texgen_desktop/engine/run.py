"""A run on disk: ``runs/<id>/`` with its config, metrics, samples, checkpoints and model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from texgen_desktop.engine.messages import PhotoInfo, RunInfo, TrainSettings


@dataclass(frozen=True)
class Run:
    """What a run was started with. It never changes; what training adds lies in the files beside it.

    ``config`` is the family's whole config as plain JSON values, ``photos`` are framed as they were learnt, ``machine`` is what else an
    exact continuation depends on (device, dtype, memory layout, thread count, torch version).
    """

    folder: Path
    settings: TrainSettings
    config: dict[str, Any]
    photos: tuple[PhotoInfo, ...]
    images_total: int
    machine: dict[str, Any]
    created: str

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def model_path(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def metrics_path(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def checkpoints_folder(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def samples_folder(self) -> Path:
        return self.folder / "samples"

    def info(self) -> RunInfo:
        raise NotImplementedError
