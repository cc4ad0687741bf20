"""A run on disk: ``runs/<id>/`` with its config, metrics, checkpoints and model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from texgen_desktop.engine.checkpoint import best_images_seen, newest_images_seen
from texgen_desktop.engine.files import read_json, write_json
from texgen_desktop.engine.messages import PhotoInfo, RunInfo, TrainSettings
from texgen_desktop.engine.model_file import read_recipe
from texgen_desktop.engine.photo_files import check_photo
from texgen_desktop.engine.start_model import MODEL_NAME, start_file, start_name
from texgen_desktop.engine.tuning import read_tuning
from texgen_desktop.errors import TexGenError

IS_FINAL = "is_final"
"""Of a model's recipe: whether going on with a complete run would change nothing, for its sliders were measured, or its best was chosen.
Early versions wrote nothing of that."""
_CONFIG_NAME = "config.json"
_VERSION = 1


@dataclass(frozen=True)
class Run:
    """What a run was started with. It never changes; what training adds lies in the files beside it.

    ``config`` is the family's whole config as plain JSON values, ``photos`` are framed as they were learnt, ``machine`` is what else an
    exact continuation depends on (device, dtype, memory layout, thread count, torch version, the form of its colours and of its state).
    ``created`` is local time in ISO 8601, ``photo_sha256`` is of each photo's file by its name; runs of early versions have none.
    """

    folder: Path
    settings: TrainSettings
    config: dict[str, Any]
    photos: tuple[PhotoInfo, ...]
    images_total: int
    machine: dict[str, Any]
    created: str
    photo_sha256: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def model_path(self) -> Path:
        return self.folder / MODEL_NAME

    @property
    def metrics_path(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def tuning_path(self) -> Path:
        return self.folder / "tuning.json"

    @property
    def checkpoints_folder(self) -> Path:
        return self.folder / "checkpoints"

    def info(self) -> RunInfo:
        images_seen = newest_images_seen(self.checkpoints_folder) or 0  # killed before its first checkpoint, a run begins again
        best, recipe = best_images_seen(self.checkpoints_folder), read_recipe(self.model_path)
        # One that was broken off while its sliders were measured, or before its model was written, goes on with that.
        is_complete = images_seen >= self.images_total and bool(recipe) and recipe.get(IS_FINAL, True) is True
        return RunInfo(
            id=self.id,
            settings=self._settings_now(images_seen),
            images_seen=images_seen,
            images_total=self.images_total,
            created=self.created,
            can_resume=not is_complete,
            has_model=self.model_path.is_file(),
            best_images_seen=None if best == recipe.get("images_seen") else best,
            started_from=self.settings.start_from,
        )

    def _settings_now(self, images_seen: int) -> TrainSettings:
        """What a new run like this one would be started with. The command line gives settings as text: here are the values that were made
        of it, and of live fields those that were set last. A model to start from is left out where it is gone."""
        try:
            tuned = read_tuning(self.tuning_path, images_seen)
        except TexGenError:  # told when the run is to go on
            tuned = {}
        values = {name: self.config.get(name, value) for name, value in self.settings.config} | tuned
        start = self.settings.start_from
        return replace(self.settings, config=tuple(values.items()), start_from=start if start_file(start, self.folder.parent) else "")


class _Record(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    format: Literal["texgen-run"] = "texgen-run"
    version: Literal[1] = 1
    settings: TrainSettings
    config: dict[str, Any]
    photos: tuple[PhotoInfo, ...]
    images_total: Annotated[int, Meta(ge=1)]
    machine: dict[str, Any]
    created: str
    photo_sha256: dict[str, str] = {}


def write_run(run: Run) -> None:
    """Write what does not change into the run's folder, which exists."""
    record = _Record(
        settings=_portable(run.settings, run.folder),
        config=run.config,
        photos=run.photos,
        images_total=run.images_total,
        machine=run.machine,
        created=run.created,
        photo_sha256=run.photo_sha256,
    )
    run.checkpoints_folder.mkdir()
    write_json(run.folder / _CONFIG_NAME, msgspec.to_builtins(record))


def read_run(folder: Path) -> Run:
    """TexGenError when the folder holds no run, a damaged one, or one of a newer version."""
    try:
        value = read_json(folder / _CONFIG_NAME)
    except FileNotFoundError as exc:
        raise TexGenError(f"There is no run {folder.name} in this project.") from exc
    match value:
        case {"version": int(version)} if version > _VERSION:
            raise TexGenError(f"The run {folder.name} was made by a newer version of TexGen.", "Update TexGen to use it.")
    try:
        record = msgspec.convert(value, _Record)
    except msgspec.ValidationError as exc:
        raise TexGenError(f"The run {folder.name} is damaged ({exc}).", "Put back a copy of its config.json, or delete the run.") from exc
    for photo in record.photos:
        check_photo(photo)
    return Run(
        folder,
        _portable(record.settings, folder),  # early versions wrote a path
        record.config,
        record.photos,
        record.images_total,
        record.machine,
        record.created,
        record.photo_sha256,
    )


def _portable(settings: TrainSettings, folder: Path) -> TrainSettings:
    """The settings of the run in this folder as a record may hold them: without a path of this computer."""
    return replace(settings, start_from=start_name(settings.start_from, folder.parent))
