"""The open project as the engine sees it: photos come in slice by slice, and every change is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.data.photos import default_working_side, find_images, thumbnail
from texgen_desktop.data.picture_survey import MAX_PHOTOS, Survey, groups_of, survey
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.errors import explain
from texgen_desktop.engine.files import sweep
from texgen_desktop.engine.folders import delete_remains
from texgen_desktop.engine.messages import ContactSheet, Crop, Event, Look, Notice, PhotoLoaded, ProjectChanged, SkippedFile
from texgen_desktop.engine.photo_files import safe_name
from texgen_desktop.engine.picture_files import PicturesRecord, contact_sheet, some_pictures
from texgen_desktop.engine.picture_intake import take_in_pictures
from texgen_desktop.engine.project import Project
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.read import ImageHeader, probe_image
from texgen_desktop.imaging.recognise import ImageError
from texgen_desktop.imaging.symmetry import can_be_mirrored, symmetries
from texgen_desktop.slices import Slices

ORPHAN_AGE_S = 3600.0
_SCREEN_SIDE_PX = 1024
_THUMBNAIL_SIDE_PX = 256
_MOST_MEASURED = 500
"""Of a picture set so many tell whether it may be mirrored."""
_FEW_PHOTOS = 12
"""So many are sent large enough to be looked at beside the result; of more, only thumbnails."""


@dataclass(frozen=True)
class _Usable:
    path: Path
    header: ImageHeader


class Workspace:
    """Holds at most one project. The generators are run slice by slice; what they change is there as soon as they yield."""

    def __init__(self, emit: Callable[[Event], None], projects_folder: Path, switched: Callable[[], None]) -> None:
        """``switched`` is called when another project is open, or none."""
        self.project: Project | None = None
        self.look: Look | None = None
        """What the artist has set; kept in the project when it is closed."""
        self._emit = emit
        self._projects_folder = projects_folder
        self._switched = switched
        self._skipped: tuple[SkippedFile, ...] = ()
        self._openings = 0

    def sweep(self) -> None:
        """Remove what killed programs left among the unsaved projects, where it can be; another program may just be making one."""
        with suppress(OSError):
            sweep(self._projects_folder, ORPHAN_AGE_S)

    def require(self, to_write: bool = True) -> Project:
        """The open project; TexGenError when there is none, or when somebody else writes into it."""
        if self.project is None:
            raise TexGenError("No project is open.", "Open a project, or drop a photo on the window.")
        if to_write and self.project.read_only_reason:
            raise TexGenError(self.project.read_only_reason)
        return self.project

    def is_meant(self, opening: int | None) -> bool:
        """Whether a command that was given for this opening of a project (0: for none) is for what is open now."""
        return opening is None or opening == (self._openings if self.project else 0)

    def announce(self) -> None:
        info = replace(self.project.info(self._skipped), opening=self._openings) if self.project else None
        self._emit(ProjectChanged(info))

    def create(self, paths: Sequence[Path], folder: Path | None) -> Slices[None]:
        """Start a project from what is usable in ``paths``. Where nothing is, the project before stays open."""
        found = yield from survey(paths)
        if found.is_picture_set:
            yield from self._take_in_pictures(found, paths, None, folder)
        else:
            yield from self._take_in(paths, None, folder, groups_of(found))

    def open(self, folder: Path, to_write: bool = True) -> None:
        """Open a project in place of the one before. The one that is open already stays as it is."""
        if self.project is not None and self.project.is_at(folder) and not (to_write and self.project.read_only_reason):
            self.announce()
            return
        project = Project.open(folder, to_write)
        self._switch(project)
        if to_write and project.read_only_reason:
            self._emit(Notice(project.read_only_reason, "You can look and export; changes are not possible."))

    def load_pictures(self) -> Slices[None]:
        """Send the open project's photos to the screen. What is wrong with one is told; it may still be needed for a run."""
        project = self.require(to_write=False)
        side_px = _SCREEN_SIDE_PX if len(project.photos) <= _FEW_PHOTOS else _THUMBNAIL_SIDE_PX
        yield None
        yield from self._show_contact_sheet(project)
        for photo in project.photos:
            yield None
            try:
                image, allows = yield from in_background(partial(_look_at, project.photo_path(photo.name), side_px))
                self._emit(PhotoLoaded(photo.name, image, allows))
            except TexGenError as error:
                self._emit(Notice(error.message, error.hint))

    def add(self, paths: Sequence[Path]) -> Slices[None]:
        project = self.require()
        found = yield from survey(paths)
        if found.is_picture_set:
            yield from self._take_in_pictures(found, paths, project)
        else:
            yield from self._take_in(paths, project, None, groups_of(found))

    def close(self) -> None:
        """Let go of the project; it stays on disk."""
        if self.project is not None:
            self._switch(None)

    def discard(self) -> Slices[None]:
        """Delete an unsaved project: it is gone at once, and its files soon after."""
        remains = self.require().put_aside()
        self._switch(None)
        yield from delete_remains(remains)

    def let_go(self) -> None:
        """Keep the look and give the lock back."""
        project, look = self.project, self.look
        self.project, self.look, self._skipped = None, None, ()
        if project is None:
            return
        try:
            if look is not None and not project.read_only_reason:
                project.set_look(look)
        finally:
            project.close()

    def _switch(self, project: Project | None) -> None:
        """``project`` is locked already: a disk that does not take the look of the one before must not keep it from being open."""
        name = self.project.name if self.project else ""
        try:
            self.let_go()
        except (OSError, TexGenError) as error:
            problem = explain(error)
            self._emit(Notice(f"The look of {name} could not be kept. {problem.message}", problem.hint))
        self.project = project
        self._openings += project is not None
        self.announce()
        self._switched()

    def _take_in_pictures(self, found: Survey, paths: Sequence[Path], project: Project | None, folder: Path | None = None) -> Slices[None]:
        """Take a picture set into ``project``; without one, a project is made for it once all of it is read."""
        place = project.folder if project else folder.absolute().parent if folder else self._projects_folder
        taken = yield from take_in_pictures(found, project, place, lambda: self._make_project(paths[0], folder), self._emit)
        if taken.project is not project:
            self._switch(taken.project)
        self._skipped = taken.skipped
        self.announce()
        yield from self._show_contact_sheet(taken.project)
        for note in taken.project.pictures.notes if taken.project.pictures else ():
            self._emit(Notice(note))
        self._tell_skipped(taken.skipped)

    def _show_contact_sheet(self, project: Project) -> Slices[None]:
        if project.pictures is not None:
            image = yield from in_background(partial(contact_sheet, project.folder, project.pictures))
            self._emit(ContactSheet(image))
            if (yield from in_background(partial(_may_be_mirrored, project.folder, project.pictures))):
                self._emit(ContactSheet(image, frozenset({"mirror"})))

    def _tell_skipped(self, skipped: Sequence[SkippedFile]) -> None:
        if skipped:
            what = f"{skipped[0].name} was skipped: {skipped[0].reason}" if len(skipped) == 1 else f"{len(skipped)} files were skipped."
            self._emit(Notice(what, skipped[0].hint))

    def _take_in(self, paths: Sequence[Path], project: Project | None, folder: Path | None, groups: Mapping[Path, str]) -> Slices[None]:
        """Take pictures into ``project``; without one, a project is made for the first that can be decoded. TexGenError when none can."""
        usable, skipped = yield from _look_through(paths, MAX_PHOTOS - (len(project.photos) if project else 0))
        side_px = _SCREEN_SIDE_PX if len(usable) <= _FEW_PHOTOS else _THUMBNAIL_SIDE_PX
        is_empty = True
        for file in usable:
            width_px, height_px = file.header.width_px, file.header.height_px
            try:
                image, allows = yield from in_background(partial(_look_at, file.path, side_px))
            except ImageError as error:
                skipped.append(SkippedFile(file.path.name, error.reason, error.hint))
                continue
            with ExitStack() as on_failure:
                if project is None:
                    project = self._make_project(paths[0], folder)
                    on_failure.callback(self._unmake)
                    self._switch(project)
                side = default_working_side(width_px, height_px)
                photo = yield from project.add_photo(file.path, width_px, height_px, Crop(), side, groups.get(file.path, ""))
                on_failure.pop_all()
            is_empty, self._skipped = False, tuple(skipped)
            self.announce()
            self._emit(PhotoLoaded(photo.name, image, allows))
            yield None
        if is_empty:
            others = f" (and {len(skipped) - 1} more files)" if len(skipped) > 1 else ""
            raise TexGenError(f"{skipped[0].name}{others} cannot be used: {skipped[0].reason}", skipped[0].hint)
        if skipped:
            self._skipped = tuple(skipped)
            self.announce()
            self._tell_skipped(skipped)

    def _unmake(self) -> None:
        """A project that came to no photo is none."""
        if self.project is not None:
            self.project.unmake()
            self._switch(None)

    def _make_project(self, photo: Path, folder: Path | None) -> Project:
        if folder is not None:
            return Project.create(folder, folder.name.removesuffix(".texgen") or "Texture")
        name = photo.stem.strip() or photo.resolve().name or "Texture"
        self._projects_folder.mkdir(parents=True, exist_ok=True)
        taken = [path.name for path in self._projects_folder.iterdir()]
        return Project.create(self._projects_folder / safe_name(name, taken), name[:200], is_unsaved=True)


def _look_at(path: Path, side_px: int) -> tuple[NDArray[np.uint8], frozenset[str]]:
    """The photo for the screen, and what ``PhotoLoaded.allows``."""
    image = thumbnail(path, side_px)
    found = symmetries(image.astype(np.float32) / np.float32(255))
    return image, frozenset(name for name, holds in (("mirror", found.mirror), ("turn", found.turn)) if holds)


def _may_be_mirrored(folder: Path, record: PicturesRecord) -> bool:
    return can_be_mirrored(some_pictures(folder, record, _MOST_MEASURED))


def _look_through(paths: Sequence[Path], room: int) -> Slices[tuple[list[_Usable], list[SkippedFile]]]:
    """Which files are pictures, by their headers, and which are passed over."""
    found = yield from in_background(partial(find_images, paths))
    usable: list[_Usable] = []
    skipped = [SkippedFile(*file) for file in found.skipped]
    for index, path in enumerate(found.files):
        if len(usable) == room:
            hint = "Keep only the photos that show the texture best."
            skipped.append(SkippedFile(f"{len(found.files) - index} more files", f"a project holds at most {MAX_PHOTOS} photos.", hint))
            break
        try:
            usable.append(_Usable(path, probe_image(path)))
        except ImageError as error:
            skipped.append(SkippedFile(path.name, error.reason, error.hint))
        yield None
    return usable, skipped
