"""From photos and settings, or from a run on disk, to a trainer that is ready for its next step."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import torch

from texgen_desktop import __version__
from texgen_desktop.data.photos import Photo, load_photo
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.engine.checkpoint import load_newest, save_checkpoint
from texgen_desktop.engine.family_info import build_config, config_of_run, schedule_gflop, tuned_config
from texgen_desktop.engine.jobs import Clock
from texgen_desktop.engine.messages import Event, Notice, PhotoInfo, TrainSettings
from texgen_desktop.engine.model_file import load_model
from texgen_desktop.engine.picture_intake import pictures_for
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.run import Run
from texgen_desktop.engine.source import Source, open_source
from texgen_desktop.engine.speed import TrainingSpeed
from texgen_desktop.engine.tuning import read_tuning
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Family, Model, Trainer


@dataclass(frozen=True)
class Host:
    """What a run needs of the engine around it.

    ``show`` takes a fresh snapshot and returns the seconds until it wants the next; ``run_made`` is told when the run has its folder.
    """

    device: torch.device
    speed: TrainingSpeed
    emit: Callable[[Event], None]
    show: Callable[[Source], float]
    run_made: Callable[[], None]
    clock: Clock = time.monotonic


@dataclass(eq=False)
class Started:
    """A run in memory. ``config`` is as it was tuned last, ``cost_gflop`` the work of its whole schedule."""

    run: Run
    config: msgspec.Struct
    trainer: Trainer
    photos: Sequence[Photo]
    cost_gflop: float


def start_new(host: Host, project: Project, family: Family, settings: TrainSettings) -> Generator[None, None, Started]:
    """A new run on the project's photos as they are framed now. Its folder is made last: what cannot start leaves none."""
    config = build_config(family, settings)
    photos = (yield from pictures_for(family, project)) or (yield from _load_photos(project, project.photos))
    trainer = yield from family.start(config, photos, settings.seed, host.device)
    yield
    if settings.start_from:
        trainer.start_from(_model_to_start_from(Path(settings.start_from), family, host.device))
    machine = _conditions(host.device, trainer) | _pictures_named(project, photos)
    run = project.new_run(settings, msgspec.to_builtins(config), trainer.images_total, machine)
    if settings.start_from:  # that file may be gone tomorrow
        save_checkpoint(run.checkpoints_folder, trainer.state(), {"family": family.id, "images_seen": 0})
    return Started(run, config, trainer, photos, schedule_gflop(family, config))


def _model_to_start_from(path: Path, family: Family, device: torch.device) -> Model:
    found = load_model(path).family
    if found != family.id:
        hint = f"Choose a model of the family {family.id.replace('_', '-')}."
        raise TexGenError(f"{path.name} holds a model of the family {found.replace('_', '-')}: this run cannot start from it.", hint)
    return open_source(path, {family.id: family}, device).model


def start_again(host: Host, project: Project, family: Family, run: Run) -> Generator[None, None, Started]:
    """A run from its newest intact checkpoint; one that was killed before its first begins again, and repeats itself."""
    config = config_of_run(family, run.config)
    photos = (yield from pictures_for(family, project)) or (yield from _load_photos(project, run.photos))
    trainer = yield from family.start(config, photos, run.settings.seed, host.device)
    yield
    run = project.run(run.id)  # again: the project may have been saved elsewhere meanwhile
    loaded = load_newest(run.checkpoints_folder)
    if loaded is not None:
        for sentence in loaded.passed_over:
            host.emit(Notice(sentence, f"The run goes on from {loaded.images_seen} images."))
        trainer.load_state(loaded.tensors, loaded.images_seen)
    if tuned := read_tuning(run.tuning_path, trainer.images_seen):
        config = tuned_config(family, config, tuned)
        trainer.tune(config)
    _compare(host, run.machine, _conditions(host.device, trainer) | _pictures_named(project, photos))
    return Started(run, config, trainer, photos, schedule_gflop(family, config))


def _load_photos(project: Project, photos: Sequence[PhotoInfo]) -> Generator[None, None, list[Photo]]:
    if not photos:
        raise TexGenError("There is no photo to learn from.", "Add a photo first.")
    loaded = []
    for photo in photos:
        loaded.append(replace(load_photo(project.photo_path(photo.name), photo.crop, photo.working_side_px), group=photo.group))
        yield
    return loaded


def _pictures_named(project: Project, photos: Sequence[Photo]) -> dict[str, Any]:
    """A set that has grown since is another one."""
    return {"picture_set": project.pictures.sha256[:12]} if isinstance(photos, PictureSet) and project.pictures else {}


def _conditions(device: torch.device, trainer: Trainer) -> dict[str, Any]:
    """What an exact continuation depends on beside config, photos and seed."""
    tensors = list(trainer.state().values())
    has_channels_last = any(
        tensor.dim() == 4 and not tensor.is_contiguous() and tensor.is_contiguous(memory_format=torch.channels_last) for tensor in tensors
    )
    return {
        "device": str(device),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
        "dtype": ", ".join(sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors if tensor.is_floating_point()})),
        "memory_layout": "channels_last" if has_channels_last else "contiguous",
        "version": __version__,
    }


def _compare(host: Host, then: dict[str, Any], now: dict[str, Any]) -> None:
    changed = [f"{name.replace('_', ' ')} {then[name]} → {now[name]}" for name in now if name in then and then[name] != now[name]]
    if changed:
        hint = "It goes on well, but no longer exactly as it would have."
        host.emit(Notice(f"This run was started under other conditions: {', '.join(changed)}.", hint))
