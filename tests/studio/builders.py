"""Small values for the tests of the studio and the window: a project, a model, an engine that only takes notes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from texgen_desktop.engine import messages as m

PHOTO = m.PhotoInfo("gravel.jpg", 1024, 768, m.Crop(), 512)
RUN = m.RunInfo("run-1", m.TrainSettings(preset="draft"), 1000, 5000, "2026-01-02T03:04:05", can_resume=True, has_model=True)
PROJECT = m.ProjectInfo(Path("/projects/gravel"), "gravel", True, "", (PHOTO,), (), (), None, opening=1)
WITH_RUN = replace(PROJECT, runs=(RUN,), run_id="run-1")
OTHER_PROJECT = replace(PROJECT, folder=Path("/projects/rust"), name="rust", photos=(replace(PHOTO, name="rust.jpg"),), opening=2)
SLIDERS = (m.Slider("scale", "Scale", ""), m.Slider("contrast", "Contrast", ""))
MODEL = m.ModelInfo(Path("/projects/gravel/runs/run-1"), "texture_gan", SLIDERS, ("layout", "detail"), 16, 4, "")
FAMILY = m.FamilyInfo("texture_gan", "Texture GAN", "", (), (m.PresetInfo("draft", "Draft", 5000, 60.0, ()),))
READY = m.EngineReady("CPU, 2 threads", (FAMILY,), 80.0)
PROBLEM = m.Problem("It did not work.", "Try another.")


def progress(images_seen: int = 100) -> m.TrainingProgress:
    return m.TrainingProgress(images_seen, 5000, 20.0, 90.0, (("critic", 0.5),))


def answer(command: m.Render, images_seen: int | None = None) -> m.Rendered:
    """A grey picture of the size that was asked for."""
    region = command.request.region
    return m.Rendered(command.ticket, command.request, np.full((region.height, region.width, 3), 128, np.uint8), images_seen)


class Recorder:
    """Takes the engine's place for ``post``: ``posted`` lists all commands, ``renders()`` the Render commands among them."""

    def __init__(self) -> None:
        self.posted: list[m.Command] = []

    def __call__(self, command: m.Command) -> None:
        self.posted.append(command)

    def renders(self) -> list[m.Render]:
        return [command for command in self.posted if isinstance(command, m.Render)]

    def others(self) -> list[m.Command]:
        return [command for command in self.posted if not isinstance(command, m.Render)]
