"""What was changed of a run's config while it trained: ``tuning.json`` in its folder, so that the run goes on with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from texgen_desktop.engine.files import read_json, write_json
from texgen_desktop.errors import TexGenError


class _Change(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """From ``images_seen`` on these values hold."""

    images_seen: Annotated[int, Meta(ge=0)]
    values: dict[str, Any]


def read_tuning(path: Path, images_seen: int) -> dict[str, Any]:
    """The values that hold at ``images_seen``, for the fields that were changed. TexGenError when the file is damaged."""
    values: dict[str, Any] = {}
    for change in _read(path):
        if change.images_seen <= images_seen:
            values |= change.values
    return values


def add_tuning(path: Path, images_seen: int, values: Mapping[str, Any]) -> None:
    """Note that ``values`` hold from ``images_seen`` on. What was noted for later than that belongs to a run that was taken back."""
    kept = [change for change in _read(path) if change.images_seen <= images_seen]
    write_json(path, msgspec.to_builtins([*kept, _Change(images_seen, dict(values))]))


def _read(path: Path) -> list[_Change]:
    if not path.is_file():
        return []
    try:
        return msgspec.convert(read_json(path), list[_Change])
    except msgspec.ValidationError as error:
        raise TexGenError(
            f"{path.name} of the run {path.parent.name} is damaged ({error}).", "Delete that file to go on without it."
        ) from error
