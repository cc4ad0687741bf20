"""Ten seconds of real training that keep nothing: how long a preset takes here is measured, not guessed."""

from __future__ import annotations

from statistics import mean

from texgen_desktop.engine.family_info import build_config, schedule_gflop
from texgen_desktop.engine.jobs import Clock
from texgen_desktop.engine.messages import TrainSettings
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.starting import Host, load_material
from texgen_desktop.families import Family, Trainer
from texgen_desktop.slices import Slices

REHEARSAL_S = 10.0
_PLACES = (1 / 6, 3 / 6, 5 / 6)  # of the schedule: an image costs more where critics judge it, or a tile has become large


def rehearse(host: Host, project: Project, family: Family, settings: TrainSettings) -> Slices[None]:
    """Train on the project's photos for a while and tell ``host.speed`` how fast that went."""
    config = build_config(family, settings)
    photos, _ = yield from load_material(project, family, project.photos)
    trainer = yield from family.start(config, photos, settings.seed, host.device)
    whole_s = yield from predicted_s(trainer, REHEARSAL_S, host.clock)
    if whole_s:
        host.speed.learn(family, schedule_gflop(family, config) * REHEARSAL_S / whole_s, REHEARSAL_S)


def leap(trainer: Trainer, place: float, batch: int) -> None:
    """To a share of the schedule, without what lies before it: to see what a step costs there. ``batch`` images are a step."""
    trainer.images_seen = int(place * trainer.images_total) // batch * batch


def predicted_s(trainer: Trainer, probe_s: float, clock: Clock) -> Slices[float | None]:
    """How long the whole schedule of a fresh trainer takes, from some ``probe_s`` seconds of it, and None where it is too short to tell.

    The trainer is of no use afterwards.
    """
    total = trainer.images_total
    yield from trainer.step()
    batch, found = trainer.images_seen, []
    for place in _PLACES:
        leap(trainer, place, batch)
        yield from trainer.step()  # the first one allocates and chooses algorithms
        begun_images, began_s = trainer.images_seen, clock()
        while trainer.images_seen < total and (trainer.images_seen == begun_images or clock() - began_s < probe_s / len(_PLACES)):
            yield from trainer.step()
        if trainer.images_seen > begun_images:  # a run of a few steps has nothing left at its end
            found.append((clock() - began_s) / (trainer.images_seen - begun_images))
    return total * mean(found) if found else None
