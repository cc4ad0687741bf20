"""From photos and settings, or from a run on disk, to a trainer that is ready for its next step."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import torch

from texgen_desktop import __version__
from texgen_desktop.data.crops import group_of_each
from texgen_desktop.data.photo_room import sides_with_room, with_room
from texgen_desktop.data.photos import Photo, load_photo
from texgen_desktop.data.picture_batches import MOST_CLASSES, class_count
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.data.style import MOST_GROUPS
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.checkpoint import Loaded, load_best, load_newest, write_checkpoint
from texgen_desktop.engine.family_info import build_config, config_of_run, schedule_gflop, tuned_config
from texgen_desktop.engine.files import canonical_json, sha256_of
from texgen_desktop.engine.instruments import looked_at
from texgen_desktop.engine.jobs import Clock
from texgen_desktop.engine.messages import Event, Notice, PhotoInfo, TrainSettings
from texgen_desktop.engine.model_file import load_model
from texgen_desktop.engine.picture_intake import pictures_for
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.run import Run
from texgen_desktop.engine.source import Source, open_source
from texgen_desktop.engine.speed import TrainingSpeed
from texgen_desktop.engine.start_model import start_file
from texgen_desktop.engine.tensor_file import encode
from texgen_desktop.engine.tuning import read_tuning
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Family, Model, Trainer
from texgen_desktop.slices import Slices


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
    """A run in memory. ``config`` is as it was tuned last, ``cost_gflop`` the work of its whole schedule.

    ``judged_by`` is what the run is read by; the trainer has made its own of all photos.
    """

    run: Run
    config: msgspec.Struct
    trainer: Trainer
    judged_by: Sequence[Photo]
    cost_gflop: float


def start_new(host: Host, project: Project, family: Family, settings: TrainSettings) -> Slices[Started]:
    """A new run on the project's photos as they are framed now. Its folder is made last: what cannot start leaves none."""
    config = build_config(family, settings)
    photos, sha256 = yield from load_material(project, family, project.photos)
    _tell_left_out(host, len(sha256), len(project.photos))
    trainer = yield from family.start(config, photos, settings.seed, host.device)
    yield None
    machine = _conditions(host.device, trainer) | _pictures_named(project, photos)
    if settings.start_from:
        trainer.start_from(_model_to_start_from(_start_path(settings.start_from, project), family, host.device))
    if (notice := _without_slider(family, photos)) and trainer.model().sliders:
        host.emit(notice)
    if notice := _smaller_than_crop(family, config, photos):
        host.emit(notice)
    judged_by = yield from looked_at(family, trainer.model(), photos)
    run = project.new_run(settings, msgspec.to_builtins(config), trainer.images_total, machine, sha256)
    if settings.start_from:  # that file may be gone tomorrow
        header = {"family": family.id, "images_seen": 0}
        try:
            yield from in_background(partial(write_checkpoint, run.checkpoints_folder, encode(trainer.state()), header), writes=True)
        except OSError:
            shutil.rmtree(run.folder)  # it would begin again from other weights
            raise
    return Started(run, config, trainer, judged_by, schedule_gflop(family, config))


def _start_path(text: str, project: Project) -> Path:
    """An absolute path was chosen by hand; every other text is a name."""
    path = Path(text) if Path(text).is_absolute() else start_file(text, project.folder / "runs")
    if path is None:
        raise TexGenError(f"There is no model {text} to start from.", "It may have been deleted. Choose another one, or new weights.")
    return path


def _model_to_start_from(path: Path, family: Family, device: torch.device) -> Model:
    found = load_model(path).family
    if found != family.id:
        hint = f"Choose a model of the family {family.id.replace('_', '-')}."
        raise TexGenError(f"{path.name} holds a model of the family {found.replace('_', '-')}: this run cannot start from it.", hint)
    return open_source(path, {family.id: family}, device).model


def start_again(host: Host, project: Project, family: Family, run: Run, from_best: bool = False) -> Slices[Started]:
    """A run from its newest intact checkpoint; one that was killed before its first begins again, and repeats itself.

    With ``from_best`` it comes from its best one; TexGenError when there is none.
    """
    config = config_of_run(family, run.config)
    photos, sha256 = yield from load_material(project, family, run.photos)
    if not from_best:
        _tell_left_out(host, len(sha256), len(run.photos))
    trainer = yield from family.start(config, photos, run.settings.seed, host.device)
    yield None
    _compare(host, run, _conditions(host.device, trainer) | _pictures_named(project, photos), sha256)
    run = project.run(run.id)  # again: the project may have been saved elsewhere meanwhile
    loaded = load_best(run.checkpoints_folder) if from_best else load_newest(run.checkpoints_folder)
    if loaded is not None:
        for sentence in loaded.passed_over:
            host.emit(Notice(sentence, f"The run goes on from {loaded.images_seen} images."))
        load_state(trainer, loaded)
    elif run.settings.start_from:
        what = "This run was ended before the weights that it was to begin with were saved."
        raise TexGenError(what, "Start a new run with the same settings, and delete this one.")
    if tuned := read_tuning(run.tuning_path, trainer.images_seen):
        config = tuned_config(family, config, tuned)
        trainer.tune(config)
    return Started(run, config, trainer, (yield from looked_at(family, trainer.model(), photos)), schedule_gflop(family, config))


def load_material(project: Project, family: Family, photos: Sequence[PhotoInfo]) -> Slices[tuple[Sequence[Photo], dict[str, str]]]:
    """The project's picture set where the family learns from one, else those of the photos that have room, as they are framed.

    With the SHA-256 of each photo's file. Families that make images have all photos, read no larger than there is room for.
    """
    pictures = yield from pictures_for(family, project)
    if pictures is not None:
        return pictures, {}
    if family.makes == "images":
        photos = [replace(photo, working_side_px=side) for photo, side in zip(photos, sides_with_room(photos), strict=True)]
    else:
        photos = with_room(photos)
    return (yield from load_photos(project, photos))


def load_photos(project: Project, photos: Sequence[PhotoInfo]) -> Slices[tuple[list[Photo], dict[str, str]]]:
    """The photos as they are framed, and the SHA-256 of each one's file by its name."""
    if not photos:
        raise TexGenError("There is no photo to learn from.", "Add a photo first.")
    loaded, sha256 = [], {}
    for photo in photos:
        pixels, sha256[photo.name] = yield from in_background(partial(_read, project.photo_path(photo.name), photo))
        loaded.append(replace(pixels, group=photo.group))
    return loaded, sha256


def _without_slider(family: Family, photos: Sequence[Photo]) -> Notice | None:
    """What there is too much of for mixing sliders, and what to do about it."""
    if family.makes == "images":
        count = class_count(photos)
        if count <= MOST_CLASSES:
            return None
        what = f"Only the {MOST_CLASSES} largest of the {count:,} classes get a mixing slider; pictures are learnt from all."
        return Notice(what, f"To mix others, start a project with at most {MOST_CLASSES} class folders.")
    count = len(set(group_of_each(photos)))
    if count <= MOST_GROUPS:
        return None
    kind = "folders of photos" if any(photo.group for photo in photos) else "photos"
    what = f"Of {count:,} {kind} none gets a mixing slider: the texture is a mixture of all."
    return Notice(what, f"For a slider each, keep at most {MOST_GROUPS} photos, or sort them into at most {MOST_GROUPS} folders.")


def _smaller_than_crop(family: Family, config: msgspec.Struct, photos: Sequence[Photo]) -> Notice | None:
    """Of textures; pictures are brought to one size anyway."""
    side = family.crop_px(config) if family.makes == "textures" else 0
    small = [photo for photo in photos if min(photo.pixels.shape[:2]) < side]
    if not small:
        return None
    height, width = small[0].pixels.shape[:2]
    others = f", and {len(small) - 1} more," if small[1:] else ""
    what = f"{small[0].name}{others} is smaller ({width} × {height} px as it is learnt) than a training crop of {side} px"
    return Notice(f"{what}: it is mirrored at its edges.", "Where that shows, use a larger photo or part, or a larger working scale.")


def _tell_left_out(host: Host, taken: int, count: int) -> None:
    if 0 < taken < count:
        hint = "To learn from all of them set smaller working scales; or keep only the photos that show the texture best."
        host.emit(Notice(f"This run learns from {taken} of the {count} photos, evenly chosen: more would take too much memory.", hint))


def load_state(trainer: Trainer, loaded: Loaded) -> None:
    """Bring a trainer to a checkpoint; TexGenError where that is of other networks."""
    try:
        trainer.load_state(loaded.tensors, loaded.images_seen)
    except torch.OutOfMemoryError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:  # what loading foreign values into networks raises
        raise TexGenError(
            "This run cannot go on: its checkpoint does not fit the networks of this version.",
            "Its model can still be used. Start a new run, or go on with the version of TexGen that the run was started with.",
        ) from error


def _read(path: Path, photo: PhotoInfo) -> tuple[Photo, str]:
    return load_photo(path, photo.crop, photo.working_side_px), sha256_of(path)


def _pictures_named(project: Project, photos: Sequence[Photo]) -> dict[str, Any]:
    """A set that has grown since is another one."""
    return {"picture_set": project.pictures.sha256[:12]} if isinstance(photos, PictureSet) and project.pictures else {}


def _conditions(device: torch.device, trainer: Trainer) -> dict[str, Any]:
    """What an exact continuation depends on beside config, photos and seed, told by a trainer before its first step."""
    state = trainer.state()
    tensors = list(state.values())
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
        "measured_colours_and_sliders": _digest(_measured(trainer.model())),
        "training_state": _digest([[name, list(tensor.shape), str(tensor.dtype)] for name, tensor in sorted(state.items())]),
    }


_DIGESTS = frozenset({"measured_colours_and_sliders", "training_state"})


def _measured(model: Model) -> dict[str, Any]:
    """What was measured on the photos. The config is the run's own, and a newer version may have given it more fields."""
    return {name: value for name, value in model.header().items() if name != "config"}


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()[:12]


def _compare(host: Host, run: Run, now: dict[str, Any], sha256: dict[str, str]) -> None:
    """Say what is not as it was when the run was started; runs of earlier versions recorded less."""
    then = run.machine
    replaced = [name for name in sha256 if run.photo_sha256.get(name, sha256[name]) != sha256[name]]
    if replaced:
        what = f"The photo {replaced[0]} is" if len(replaced) == 1 else f"{len(replaced)} photos are"
        hint = "It goes on with what is there now. For the run as it was, put the old file back before you resume."
        host.emit(Notice(f"{what} not the same as when this run was started.", hint))
    changed = [
        name.replace("_", " ") + ("" if name in _DIGESTS else f" {then[name]} → {now[name]}")
        for name in now
        if name in then and then[name] != now[name] and not (replaced and name == "measured_colours_and_sliders")
    ]
    if changed:
        hint = "It goes on well, but no longer exactly as it would have."
        host.emit(Notice(f"This run was started under other conditions: {', '.join(changed)}.", hint))
