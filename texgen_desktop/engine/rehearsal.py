"""Ten seconds of real training that keep nothing: how long a preset takes here is measured, not guessed."""

from __future__ import annotations

from texgen_desktop.engine.family_info import build_config, schedule_gflop
from texgen_desktop.engine.messages import TrainSettings
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.starting import Host, load_material
from texgen_desktop.families import Family
from texgen_desktop.slices import Slices

REHEARSAL_S = 10.0


def rehearse(host: Host, project: Project, family: Family, settings: TrainSettings) -> Slices[None]:
    """Train on the project's photos for a while and tell ``host.speed`` how fast that went."""
    config = build_config(family, settings)
    photos, _ = yield from load_material(project, family, project.photos)
    trainer = yield from family.start(config, photos, settings.seed, host.device)
    yield from trainer.step()  # the first one allocates and chooses algorithms
    begun_images, began_s = trainer.images_seen, host.clock()
    while (seconds := host.clock() - began_s) < REHEARSAL_S and trainer.images_seen < trainer.images_total:
        yield from trainer.step()
    share = (trainer.images_seen - begun_images) / trainer.images_total
    host.speed.learn(family.id, schedule_gflop(family, config) * share, seconds)
