"""A project on disk: photos and how they are framed, the artist's look, and runs. Plain, without threads; the engine is its one user."""

from __future__ import annotations

import dataclasses
import errno
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

from msgspec.structs import replace

from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.files import is_temporary, sweep
from texgen_desktop.engine.folders import check_free, copy_file, copy_folder, new_folder, put_aside, refuse_links_and_pipes
from texgen_desktop.engine.lock import LOCK_NAME, FolderLock, LockHeld
from texgen_desktop.engine.look import check_look
from texgen_desktop.engine.messages import Crop, PhotoInfo, ProjectInfo, SkippedFile, TrainSettings
from texgen_desktop.engine.photo_files import check_photo, is_safe_name, safe_name
from texgen_desktop.engine.picture_files import RECORD_NAME, PicturesRecord, read_pictures_record
from texgen_desktop.engine.project_file import PROJECT_NAME, PhotoRecord, ProjectRecord, read_record, write_record
from texgen_desktop.engine.run import Run, read_run, write_run
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Look
from texgen_desktop.slices import Slices

_RUN_ID = re.compile(r"run-(\d{3,9})")


class Project:
    """An open project folder. Every change is on disk when the method returns; what may take long is done in slices.

    ``read_only_reason`` is empty for the one writer; for everyone else it says who writes, and every change raises TexGenError.
    """

    def __init__(self, folder: Path, record: ProjectRecord, lock: FolderLock | None, read_only_reason: str = "") -> None:
        self.folder = folder
        self.read_only_reason = read_only_reason
        self._record = record
        self._lock = lock
        self._pictures: PicturesRecord | None = None
        self._picture_damage: tuple[SkippedFile, ...] = ()
        try:
            self._pictures = read_pictures_record(folder)
        except TexGenError as exc:  # photos and runs are of use without it
            self._picture_damage = (SkippedFile(RECORD_NAME, exc.message, exc.hint),)

    @classmethod
    def create(cls, folder: Path, name: str, is_unsaved: bool = False) -> Self:
        """Make a project in a new or empty folder and hold its lock."""
        folder = folder.absolute()
        check_free(folder)
        record = ProjectRecord(name=_checked_name(name), is_unsaved=is_unsaved)
        with new_folder(folder) as unfinished:
            for subfolder in ("photos", "runs"):
                (unfinished / subfolder).mkdir()
            write_record(unfinished, record)
        return cls(folder, record, FolderLock.acquire(folder))

    @classmethod
    def open(cls, folder: Path, to_write: bool = True) -> Self:
        """Open a project folder, or the ``project.json`` in it; read-only where somebody else holds it, or without ``to_write``.

        TexGenError for damage and for a project of a newer version; nothing is touched then.
        """
        folder = _folder_of(folder)
        record = read_record(folder)
        refuse_links_and_pipes(folder)
        if not to_write:
            return cls(folder, record, None, "The project was opened to be looked at only.")
        try:
            lock = FolderLock.acquire(folder)
        except LockHeld as exc:
            return cls(folder, record, None, f"{exc.message} {exc.hint}")
        except OSError as exc:
            if exc.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOLCK, errno.ENOTSUP):
                raise
            return cls(folder, record, None, "TexGen may not write into this project's folder. Use Save As to work on a copy.")
        with ExitStack() as on_failure:
            on_failure.callback(lock.release)
            record = read_record(folder)  # again: its last writer may just have closed it
            for subfolder in ("photos", "runs"):
                (folder / subfolder).mkdir(exist_ok=True)
            for path in [folder, *folder.rglob("*")]:
                sweep(path)
            on_failure.pop_all()
        return cls(folder, record, lock)

    def is_at(self, folder: Path) -> bool:
        """Whether ``folder``, or the ``project.json`` of this path, is this project."""
        return _folder_of(folder).resolve() == self.folder.resolve()

    def close(self) -> None:
        """Give the lock back. Closing twice does nothing."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            self.read_only_reason = "The project is closed."

    @property
    def name(self) -> str:
        return self._record.name

    @property
    def is_unsaved(self) -> bool:
        return self._record.is_unsaved

    @property
    def photos(self) -> tuple[PhotoInfo, ...]:
        return tuple(record.photo for record in self._record.photos)

    @property
    def pictures(self) -> PicturesRecord | None:
        """The picture set, by its record."""
        return self._pictures

    def set_pictures(self, record: PicturesRecord) -> None:
        """Take note of a picture set that has been written into the folder."""
        self._pictures, self._picture_damage = record, ()

    @property
    def look(self) -> Look:
        return self._record.look

    @property
    def run_id(self) -> str | None:
        """The run that was selected last."""
        return self._record.run_id

    def info(self, skipped: Sequence[SkippedFile] = ()) -> ProjectInfo:
        """All of it for the window; runs that cannot be read are listed behind ``skipped`` with the reason."""
        runs, damaged = self._read_runs()
        return ProjectInfo(
            folder=self.folder,
            name=self.name,
            is_unsaved=self.is_unsaved,
            read_only_reason=self.read_only_reason,
            photos=self.photos,
            skipped=(*skipped, *self._picture_damage, *damaged),
            runs=tuple(run.info() for run in runs),
            run_id=self.run_id,
            look=self.look,
            pictures=self.pictures.info() if self.pictures else None,
        )

    # ------------------------------------------------------------------------------------------------ photos

    def add_photo(
        self, source: Path, width_px: int, height_px: int, crop: Crop, working_side_px: int, group: str = ""
    ) -> Slices[PhotoInfo]:
        """Copy a picture's own bytes into the project under a safe name of its own (``PhotoInfo.name``)."""
        self._check_writable()
        on_disk = [path.name for path in (self.folder / "photos").iterdir()]
        photo = PhotoInfo(safe_name(source.name, on_disk), width_px, height_px, crop, working_side_px, group)
        check_photo(photo)
        copy = self.folder / "photos" / photo.name
        with ExitStack() as on_failure:
            on_failure.callback(copy.unlink, missing_ok=True)
            yield from in_background(partial(copy_file, source, copy), writes=True)
            self._change(photos=(*self._record.photos, PhotoRecord(photo, str(source.absolute()))))
            on_failure.pop_all()
        return photo

    def remove_photo(self, name: str) -> None:
        """Take a photo off the list. Its file stays while a run was trained on it, or may have been: one that cannot be read."""
        self._index_of(name)
        self._change(photos=tuple(record for record in self._record.photos if record.photo.name != name))
        runs, unreadable = self._read_runs()
        if not unreadable and not any(photo.name == name for run in runs for photo in run.photos):
            (self.folder / "photos" / name).unlink(missing_ok=True)

    def frame_photo(self, name: str, crop: Crop, working_side_px: int) -> None:
        """Set the part of a photo that the next run learns, and the scale."""
        index = self._index_of(name)
        photos = list(self._record.photos)
        framed = dataclasses.replace(photos[index].photo, crop=crop, working_side_px=working_side_px)
        check_photo(framed)
        photos[index] = PhotoRecord(framed, photos[index].original)
        self._change(photos=tuple(photos))

    def photo_path(self, name: str) -> Path:
        """Where the photo of this name lies (also one that only a run still uses); TexGenError when it is missing."""
        path = self.folder / "photos" / name
        if not is_safe_name(name) or not path.is_file():
            raise TexGenError(f"The photo {name} is missing from the project.", f"Put it back into {path.parent}, or add it again.")
        return path

    # ----------------------------------------------------------------------------------- what the artist sets

    def set_look(self, look: Look) -> None:
        """TexGenError for a look that could not be read again."""
        check_look(look)
        if look != self.look:
            self._change(look=look)

    def select_run(self, run_id: str | None) -> None:
        """TexGenError when there is no such run. Who may only look selects as well, and it is forgotten on closing."""
        if run_id is not None:
            self.run(run_id)
        if self.read_only_reason:
            self._record = replace(self._record, run_id=run_id)
        else:
            self._change(run_id=run_id)

    def rename(self, name: str) -> None:
        """Change the name that the project shows; its folder stays where it is."""
        self._change(name=_checked_name(name))

    # -------------------------------------------------------------------------------------------------- runs

    def runs(self) -> tuple[Run, ...]:
        """All that can be read, oldest first."""
        return self._read_runs()[0]

    def run(self, run_id: str) -> Run:
        """TexGenError when there is no such run, or when it is damaged."""
        if not _RUN_ID.fullmatch(run_id):
            raise TexGenError(f"There is no run {run_id} in this project.")
        return read_run(self.folder / "runs" / run_id)

    def new_run(
        self,
        settings: TrainSettings,
        config: Mapping[str, Any],
        images_total: int,
        machine: Mapping[str, Any],
        photo_sha256: Mapping[str, str],
    ) -> Run:
        """Make the folder of a new run on the photos as they are framed now, and select it."""
        self._check_writable()
        number = max((int(match[1]) for path in self._run_folders() if (match := _RUN_ID.fullmatch(path.name))), default=0) + 1
        folder = self.folder / "runs" / f"run-{number:03d}"
        created = datetime.now().astimezone().isoformat(timespec="seconds")
        with new_folder(folder) as unfinished:
            write_run(Run(unfinished, settings, dict(config), self.photos, images_total, dict(machine), created, dict(photo_sha256)))
        self._change(run_id=folder.name)
        return read_run(folder)

    def put_run_aside(self, run_id: str) -> Path:
        """Take a run away, with its checkpoints and model, also one that is damaged. What returns is where it still has to be deleted."""
        self._check_writable()
        folder = self.folder / "runs" / run_id
        if not _RUN_ID.fullmatch(run_id) or not folder.is_dir():
            raise TexGenError(f"There is no run {run_id} in this project.")
        remains = put_aside(folder)
        if self.run_id == run_id:
            self._change(run_id=None)
        return remains

    # --------------------------------------------------------------------------------------------- the whole

    def save_as(self, folder: Path) -> Slices[Path | None]:
        """Copy all to a new or empty folder, which is whole or not there, and go on in the copy. What returns is the old folder of an
        unsaved project, which still has to be deleted.

        Nobody may write into the project between two slices. Runs that were read before still point to the old place.
        """
        folder = folder.absolute()
        if folder.is_relative_to(self.folder) or self.folder.is_relative_to(folder):
            raise TexGenError("A project cannot be saved into itself.", "Choose another folder.")
        check_free(folder)
        record = replace(self._record, name=folder.name.removesuffix(".texgen") or self.name, is_unsaved=False)
        with new_folder(folder) as unfinished:
            yield from in_background(partial(copy_folder, self.folder, unfinished, _is_left_out), writes=True)
            write_record(unfinished, record)
        return self._move_to(folder, record)

    def put_aside(self) -> Path:
        """Close an unsaved project and take it away. What returns is where it still has to be deleted."""
        self._check_writable()
        if not self.is_unsaved:
            raise TexGenError("Only a project that was never saved can be discarded.", "Delete its folder yourself if you do not need it.")
        self.close()
        return put_aside(self.folder)

    def unmake(self) -> None:
        """Close a project that was just made, and leave nothing of it."""
        self.close()
        shutil.rmtree(put_aside(self.folder))

    # ------------------------------------------------------------------------------------------------- inside

    def _move_to(self, folder: Path, record: ProjectRecord) -> Path | None:
        lock = FolderLock.acquire(folder)
        old_folder, was_disposable = self.folder, self.is_unsaved and not self.read_only_reason
        self.close()
        self.folder, self._record, self._lock, self.read_only_reason = folder, record, lock, ""
        return old_folder if was_disposable else None

    def _change(self, **fields: Any) -> None:
        self._check_writable()
        record = replace(self._record, **fields)
        write_record(self.folder, record)
        self._record = record

    def _check_writable(self) -> None:
        if self.read_only_reason:
            raise TexGenError(self.read_only_reason)

    def _index_of(self, name: str) -> int:
        for index, photo in enumerate(self.photos):
            if photo.name == name:
                return index
        raise TexGenError(f"There is no photo {name} in this project.")

    def _run_folders(self) -> list[Path]:
        return sorted(path for path in (self.folder / "runs").glob("run-*") if _RUN_ID.fullmatch(path.name))

    def _read_runs(self) -> tuple[tuple[Run, ...], tuple[SkippedFile, ...]]:
        runs, damaged = [], []
        for folder in self._run_folders():
            try:
                runs.append(read_run(folder))
            except TexGenError as exc:
                damaged.append(SkippedFile(f"runs/{folder.name}", exc.message, exc.hint))
        return tuple(runs), tuple(damaged)


def _is_left_out(name: str) -> bool:
    """What belongs to this place or to this moment and not to a copy."""
    return name == LOCK_NAME or is_temporary(name)


def _folder_of(path: Path) -> Path:
    return (path.parent if path.name == PROJECT_NAME else path).absolute()


def _checked_name(name: str) -> str:
    stripped = name.strip()
    if not 0 < len(stripped) <= 200:
        raise TexGenError("A project needs a name of at most 200 characters.")
    return stripped
