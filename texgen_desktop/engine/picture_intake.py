"""Takes a picture set into a project: read, decoded, written and checked, slice by slice, and all of it or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from texgen_desktop.data.photos import Skipped
from texgen_desktop.data.picture_reading import PictureReader
from texgen_desktop.data.picture_survey import Survey
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.engine.jobs import Clock, Pace
from texgen_desktop.engine.messages import Event, PicturesProgress, SkippedFile
from texgen_desktop.engine.picture_files import PictureWriter, open_pictures
from texgen_desktop.engine.project import Project
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Family
from texgen_desktop.slices import Slices

_PROGRESS_INTERVAL_S = 0.25
_MAX_SKIPPED = 1000


@dataclass(frozen=True)
class Taken:
    """What came of it."""

    project: Project
    skipped: tuple[SkippedFile, ...]


def take_in_pictures(
    survey: Survey, project: Project | None, place: Path, make_project: Callable[[], Project], emit: Callable[[Event], None],
    clock: Clock = time.monotonic,
) -> Slices[Taken]:  # fmt: skip
    """Make the pictures of ``survey`` the picture set of ``project``, behind those that it has; without one, of a project that is made.

    ``place`` is a folder on the disk where the project lies or will lie. TexGenError when none of the pictures can be used.
    """
    place.mkdir(parents=True, exist_ok=True)
    before = None
    if project is not None and project.pictures is not None:
        before = yield from open_pictures(project.folder)
    reader = PictureReader(survey, before.side_px if before else survey.side_px())
    pace = Pace(_PROGRESS_INTERVAL_S, clock)
    with PictureWriter(place, reader.side_px) as writer:
        if before is not None:
            yield from writer.add_all(before)
        count_before = writer.count
        for block in reader.blocks():
            writer.add(block.pixels, block.classes)
            if pace.is_due():
                emit(PicturesProgress(reader.done, reader.total))
                pace.done()
            yield None if block.classes else "waiting"
        skipped = [*survey.skipped, *reader.skipped]
        if writer.count == count_before:
            raise _nothing_usable(survey, skipped)
        sha256 = yield from writer.finish()
        with ExitStack() as on_failure:
            if project is None:
                project = make_project()
                on_failure.callback(project.unmake)
            project.set_pictures(writer.commit(project.folder, sha256))
            on_failure.pop_all()
    emit(PicturesProgress(reader.total, reader.total))
    return Taken(project, _listed(skipped))


def pictures_for(family: Family, project: Project) -> Slices[PictureSet | None]:
    """The picture set that ``family`` learns from; None when it learns from the project's photos.

    TexGenError for a texture family in a project that has only a picture set.
    """
    if family.makes == "images" and project.pictures is not None:
        return (yield from open_pictures(project.folder))
    if not project.photos and project.pictures is not None:
        what = f"This project holds separate pictures, and {family.title} learns endless texture from photos."
        raise TexGenError(what, "Choose a model that makes images, or add photos of the texture.")
    return None


def _nothing_usable(survey: Survey, skipped: list[Skipped]) -> TexGenError:
    if not skipped:
        name = survey.archives[0].name if survey.archives else "What was chosen"
        return TexGenError(f"{name} holds no picture.", "PNG, JPEG, TIFF, WebP, BMP and the files of CIFAR can be read.")
    name, reason, hint = skipped[0]
    others = f" (and {len(skipped) - 1:,} more files)" if len(skipped) > 1 else ""
    return TexGenError(f"{name}{others} cannot be used: {reason}", hint)


def _listed(skipped: list[Skipped]) -> tuple[SkippedFile, ...]:
    listed = [SkippedFile(*file) for file in skipped[:_MAX_SKIPPED]]
    if len(skipped) > _MAX_SKIPPED:
        listed.append(SkippedFile(f"{len(skipped) - _MAX_SKIPPED:,} more files", "they were passed over too.", ""))
    return tuple(listed)
