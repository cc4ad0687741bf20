"""A project on disk: photos and how they are framed, the artist's look, and runs. Plain, without threads; the engine is its one user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from texgen_desktop.engine.messages import Crop, PhotoInfo, ProjectInfo, SkippedFile, TrainSettings
from texgen_desktop.engine.run import Run
from texgen_desktop.families import Look


class Project:
    """An open project folder. Every change is on disk when the method returns.

    ``read_only_reason`` is empty for the one writer; for everyone else it says who writes, and every change raises TexGenError.
    """

    folder: Path
    name: str
    is_unsaved: bool
    read_only_reason: str
    photos: tuple[PhotoInfo, ...]
    look: Look
    run_id: str | None
    """The run that was selected last."""

    @classmethod
    def create(cls, folder: Path, name: str, is_unsaved: bool = False) -> Self:
        """Make a project in a new or empty folder and hold its lock."""
        raise NotImplementedError

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a project folder (or the ``project.json`` in it), read-only where somebody else holds it. Damage or a newer version: TexGenError."""
        raise NotImplementedError

    @staticmethod
    def is_project(folder: Path) -> bool:
        """Whether a project lies there, damaged or not."""
        raise NotImplementedError

    def close(self) -> None:
        """Give the lock back; the object is of no use after."""
        raise NotImplementedError

    def info(self, skipped: Sequence[SkippedFile] = ()) -> ProjectInfo: raise NotImplementedError

    # ---- photos
    def add_photo(self, source: Path, width_px: int, height_px: int, crop: Crop, working_side_px: int) -> PhotoInfo:
        """Copy a picture's own bytes into the project under a safe name of its own (``PhotoInfo.name``)."""
        raise NotImplementedError

    def remove_photo(self, name: str) -> None:
        """Take a photo off the list. Its file stays while a run was trained on it."""
        raise NotImplementedError

    def frame_photo(self, name: str, crop: Crop, working_side_px: int) -> None: raise NotImplementedError

    def photo_path(self, name: str) -> Path:
        """Where the photo of this name lies (also one that only a run still uses); TexGenError when it is missing."""
        raise NotImplementedError

    # ---- what the artist set
    def set_look(self, look: Look) -> None: raise NotImplementedError
    def select_run(self, run_id: str | None) -> None: raise NotImplementedError
    def rename(self, name: str) -> None: raise NotImplementedError

    # ---- runs
    def runs(self) -> tuple[Run, ...]:
        """Oldest first."""
        raise NotImplementedError

    def run(self, run_id: str) -> Run: raise NotImplementedError

    def new_run(self, settings: TrainSettings, config: Mapping[str, Any], images_total: int, machine: Mapping[str, Any]) -> Run:
        """Make the folder of a new run on the photos as they are framed now, and select it."""
        raise NotImplementedError

    def delete_run(self, run_id: str) -> None: raise NotImplementedError

    # ---- the whole
    def save_as(self, folder: Path) -> None:
        """Copy all to a new folder, which is whole or not there, and go on in the copy. An unsaved project leaves its old place."""
        raise NotImplementedError

    def discard(self) -> None:
        """Delete an unsaved project and close it."""
        raise NotImplementedError
