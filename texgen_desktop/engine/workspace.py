"""The open project as the engine sees it: photos come in slice by slice, and every change is told."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from texgen_desktop.data.photos import default_working_side, find_images, thumbnail
from texgen_desktop.engine.messages import Crop, Event, Look, Notice, PhotoLoaded, ProjectChanged, SkippedFile
from texgen_desktop.engine.photo_files import safe_name
from texgen_desktop.engine.project import Project
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.read import ImageHeader, probe_image

MAX_PHOTOS = 200
"""A run holds all its photos in memory, some 5 MB each."""
_SCREEN_SIDE_PX = 1024
_THUMBNAIL_SIDE_PX = 256
_FEW_PHOTOS = 12
"""So many are sent large enough to be looked at beside the result; of more, only thumbnails."""

Intake = Generator[None, None, None]


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

    def require(self, to_write: bool = True) -> Project:
        """The open project; TexGenError when there is none, or when somebody else writes into it."""
        if self.project is None:
            raise TexGenError("No project is open.", "Open a project, or drop a photo on the window.")
        if to_write and self.project.read_only_reason:
            raise TexGenError(self.project.read_only_reason)
        return self.project

    def announce(self) -> None:
        self._emit(ProjectChanged(self.project.info(self._skipped) if self.project else None))

    def create(self, paths: Sequence[Path], folder: Path | None) -> Intake:
        """Start a project from what is usable in ``paths``. Where nothing is, the project before stays open."""
        usable, skipped = yield from self._look_through(paths, room=MAX_PHOTOS)
        name = _project_name(paths[0]) if folder is None else folder.name.removesuffix(".texgen")
        if folder is None:
            self._projects_folder.mkdir(parents=True, exist_ok=True)
            taken = [path.name for path in self._projects_folder.iterdir()]
            project = Project.create(self._projects_folder / safe_name(name, taken), name, is_unsaved=True)
        else:
            project = Project.create(folder, name)
        self._switch(project)
        self._skipped = skipped
        yield from self._take_in(project, usable)

    def open(self, folder: Path) -> Intake:
        """Open a project; what the generator still does then is to load the pictures."""
        project = Project.open(folder)
        self._switch(project)
        if project.read_only_reason:
            self._emit(Notice(project.read_only_reason, "You can look and export; changes are not possible."))
        side_px = _SCREEN_SIDE_PX if len(project.photos) <= _FEW_PHOTOS else _THUMBNAIL_SIDE_PX
        for photo in project.photos:
            yield
            try:
                self._emit(PhotoLoaded(photo.name, thumbnail(project.photo_path(photo.name), side_px)))
            except TexGenError as error:
                self._emit(Notice(error.message, error.hint))

    def add(self, paths: Sequence[Path]) -> Intake:
        project = self.require()
        usable, self._skipped = yield from self._look_through(paths, room=MAX_PHOTOS - len(project.photos))
        yield from self._take_in(project, usable)

    def close(self) -> None:
        """Let go of the project; it stays on disk."""
        self._switch(None)

    def discard(self) -> None:
        self.require().discard()
        self._switch(None)

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
        self.let_go()
        self.project = project
        self.announce()
        self._switched()

    def _look_through(self, paths: Sequence[Path], room: int) -> Generator[None, None, tuple[list[_Usable], tuple[SkippedFile, ...]]]:
        """Which files are pictures, by their headers. TexGenError when there is not one."""
        found = find_images(paths)
        yield
        usable: list[_Usable] = []
        skipped = [SkippedFile(*file) for file in found.skipped]
        for path in found.files:
            if len(usable) == room:
                rest = len(found.files) - room
                hint = "Keep only the photos that show the texture best."
                skipped.append(SkippedFile(f"{rest} more files", f"A project holds at most {MAX_PHOTOS} photos.", hint))
                break
            try:
                usable.append(_Usable(path, probe_image(path)))
            except TexGenError as error:
                skipped.append(SkippedFile(path.name, error.message, error.hint))
            yield
        if not usable:
            if not skipped:
                raise TexGenError("There are no pictures there.", "Choose PNG, JPEG, TIFF, WebP or BMP files, or a folder of them.")
            others = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
            raise TexGenError(f"{skipped[0].name}{others} cannot be used: {skipped[0].reason}", skipped[0].hint)
        return usable, tuple(skipped)

    def _take_in(self, project: Project, usable: Sequence[_Usable]) -> Intake:
        side_px = _SCREEN_SIDE_PX if len(usable) <= _FEW_PHOTOS else _THUMBNAIL_SIDE_PX
        for file in usable:
            width_px, height_px = file.header.width_px, file.header.height_px
            try:
                image = thumbnail(file.path, side_px)
            except TexGenError as error:
                self._skipped = (*self._skipped, SkippedFile(file.path.name, error.message, error.hint))
                continue
            photo = project.add_photo(file.path, width_px, height_px, Crop(), default_working_side(width_px, height_px))
            self.announce()
            self._emit(PhotoLoaded(photo.name, image))
            yield
        self.announce()
        if self._skipped:
            first = self._skipped[0]
            message = (
                f"{first.name} was skipped: {first.reason}" if len(self._skipped) == 1 else f"{len(self._skipped)} files were skipped."
            )
            self._emit(Notice(message, first.hint))


def _project_name(path: Path) -> str:
    return path.stem.strip() or path.resolve().name or "Texture"
