"""``project.json``: what a project remembers of itself, read as if a stranger had written it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from texgen_desktop.engine.files import read_json, write_json
from texgen_desktop.engine.look import check_look
from texgen_desktop.engine.messages import PhotoInfo
from texgen_desktop.engine.photo_files import check_photo
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Look

PROJECT_NAME = "project.json"
_VERSION = 1


class PhotoRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A photo and where it once came from. The original is never opened again."""

    photo: PhotoInfo
    original: str


class ProjectRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """All of ``project.json``. Runs are found by their folders and not listed here."""

    format: Literal["texgen-project"] = "texgen-project"
    version: Literal[1] = 1
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    is_unsaved: bool
    photos: tuple[PhotoRecord, ...] = ()
    look: Look = Look()
    run_id: Annotated[str, Meta(pattern=r"^run-\d{3,9}$")] | None = None


def write_record(folder: Path, record: ProjectRecord) -> None:
    write_json(folder / PROJECT_NAME, msgspec.to_builtins(record))


def read_record(folder: Path) -> ProjectRecord:
    """TexGenError when the folder holds no project, a damaged one, or one of a newer version."""
    try:
        value = read_json(folder / PROJECT_NAME)
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise TexGenError(f"{folder} is no TexGen project: it holds no {PROJECT_NAME}.", "Choose the folder of a project.") from exc
    match value:
        case {"format": "texgen-project", "version": int(version)} if version > _VERSION:
            raise TexGenError(f"The project {folder.name} was saved by a newer version of TexGen.", "Update TexGen to open it.")
    try:
        record = msgspec.convert(value, ProjectRecord)
        check_look(record.look)
    except msgspec.ValidationError as exc:
        raise _damaged(folder, f"{exc}.") from exc
    except TexGenError as exc:
        raise _damaged(folder, exc.message) from exc
    for entry in record.photos:
        check_photo(entry.photo)
    if len({entry.photo.name for entry in record.photos}) < len(record.photos):
        raise _damaged(folder, "two photos have the same name.")
    return record


def _damaged(folder: Path, reason: str) -> TexGenError:
    return TexGenError(f"The project {folder.name} is damaged: {reason}", f"Put back a copy of its {PROJECT_NAME}, if you have one.")
