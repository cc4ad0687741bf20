"""One run in training: step by step, shown as it forms, on disk every minute, exact to the bit after every interruption."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import msgspec
import torch

from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.checkpoint import best_images_seen, load_best, write_checkpoint
from texgen_desktop.engine.family_info import tuned_config
from texgen_desktop.engine.jobs import Pace, Result, Work
from texgen_desktop.engine.messages import CheckpointSaved, Notice, Outcome, TrainSettings
from texgen_desktop.engine.metrics import MetricsLog, read_metrics, thinned
from texgen_desktop.engine.model_file import save_model
from texgen_desktop.engine.patience import LEAST_IMAGES, Patience
from texgen_desktop.engine.progress import ProgressReport
from texgen_desktop.engine.project import Project
from texgen_desktop.engine.quality import QualityMeter
from texgen_desktop.engine.run import IS_FINAL, Run
from texgen_desktop.engine.source import Source
from texgen_desktop.engine.starting import Host, Started, load_state, start_again, start_new
from texgen_desktop.engine.tensor_file import encode
from texgen_desktop.engine.tuning import add_tuning
from texgen_desktop.errors import NonFiniteLoss, TexGenError
from texgen_desktop.families import Family
from texgen_desktop.slices import Slices

CHECKPOINT_INTERVAL_S = 60.0
CHECKPOINT_SHARE = 1 / 20
"""Saving takes at most this share of the time, on a slow disk too."""
_TELLING_SHARE = 0.8  # of a schedule: the beginning of one alone says little about the speed of the whole


class Training:
    """A run from Train or Resume until it ends. A pause ends only its job: the trainer stays in memory, ready to go on."""

    def __init__(self, host: Host, project: Project, family: Family, settings: TrainSettings, run: Run | None = None) -> None:
        """A new run, or ``run`` as it was at a checkpoint."""
        self.source: Source | None = None
        """The newest snapshot, known to be finite."""
        self._host = host
        self._project = project
        self._family = family
        self._settings = settings
        self._minutes = math.inf if settings.minutes is None else settings.minutes
        self._run = run
        self._started: Started | None = None
        self._log: MetricsLog | None = None
        self._quality: QualityMeter | None = None
        self._ending: Outcome | None = None
        self._is_hurried = False
        self._has_stalled = False
        self._wanted: dict[str, Any] = {}  # values of live fields, for the next whole step

    @property
    def run_id(self) -> str | None:
        """None until the run has its folder."""
        run = self._started.run if self._started else self._run
        return run.id if run else None

    @property
    def is_started(self) -> bool:
        """False while photos and networks are still being prepared: then there is nothing to save."""
        return self._started is not None

    def end(self, outcome: Literal["paused", "stopped"], is_hurried: bool = False) -> None:
        """Let the job end at the next whole step; ``is_hurried`` saves what there is and leaves out all that takes time."""
        self._ending = outcome
        self._is_hurried |= is_hurried

    def tune(self, values: Mapping[str, Any]) -> None:
        """Go on with other values of live fields from the next whole step. TexGenError for what may not be changed."""
        if self._started is None:
            raise TexGenError("The run has not begun yet.", "Try again in a moment.")
        tuned_config(self._family, self._started.config, self._wanted | dict(values))
        self._wanted |= values

    def go_on(self, minutes: float | None) -> None:
        """Another sitting, limited to ``minutes`` if given, else as the run was."""
        self._ending = None
        self._has_stalled = False
        self._is_hurried = False
        if minutes is not None:
            self._minutes = minutes

    @contextmanager
    def moving(self) -> Iterator[None]:
        """While the project moves to another folder nothing of the run is open; afterwards it goes on there."""
        log, started = self._log, self._started
        if log is not None:
            log.close()
        try:
            yield
        finally:
            if started is not None:
                started.run = self._project.run(started.run.id)
                if log is not None:
                    self._log = MetricsLog(started.run.metrics_path, started.trainer.images_seen)

    def model_of_best(self) -> Work:
        """Another job, in place of ``work``: make the model of the best checkpoint. What the run goes on from stays as it is."""
        assert self._run is not None
        self._started = started = yield from start_again(self._host, self._project, self._family, self._run, from_best=True)
        self._save_model(started, self._snapshot(started), is_final=True)
        yield None
        yield from self._prove(started)
        seen = started.trainer.images_seen
        self._host.emit(Notice(f"The model of this run is now the one after {seen:,} images, its best.", "Resume goes on from its newest."))
        return Result("finished")

    def work(self) -> Work:
        """The job. May be run again after a pause."""
        if self._started is None:
            if self._run is None:
                self._started = yield from start_new(self._host, self._project, self._family, self._settings)
            else:
                self._started = yield from start_again(self._host, self._project, self._family, self._run)
            self._host.run_made()
            run = self._started.run
            self._host.emit(thinned(run.id, read_metrics(run.metrics_path, self._started.trainer.images_seen)))
        try:
            return (yield from self._train(self._started))
        except NonFiniteLoss:
            if self.source is not None:
                self._save_model(self._started, self.source)
            raise

    def _train(self, started: Started) -> Work:
        trainer, host = started.trainer, self._host
        gflops = host.speed.gflops(self._family)
        predicted_s = started.cost_gflop / gflops if gflops else None
        report = ProgressReport(trainer, host.emit, predicted_s, self._minutes * 60, host.device.type == "cpu", host.clock)
        snapshots, checkpoints = Pace(0.0, host.clock), Pace(CHECKPOINT_INTERVAL_S, host.clock)
        checkpoints.done()
        self._log = MetricsLog(started.run.metrics_path, trainer.images_seen)
        quality, patience = self._meter(started), Patience(trainer.images_seen / trainer.images_total)
        quality.begin()
        is_judged = quality.can_judge and trainer.images_total >= LEAST_IMAGES
        try:
            while True:  # upkeep first, step last: a fresh start, a continuation and the last turn take the same path
                outcome = self._outcome(started, report)
                saves = outcome is not None or checkpoints.is_due()
                score = (yield from quality.score(self._snapshot(started))) if saves else None
                report.add(quality.take())
                report.update(self._log, is_last=outcome is not None)
                if trainer.images_seen and snapshots.is_due():
                    snapshots.interval_s = host.show(self._snapshot(started))
                    snapshots.done()
                seconds = report.seconds
                if saves:
                    saving_s = yield from self._save(started, score)
                    checkpoints.interval_s = max(CHECKPOINT_INTERVAL_S, saving_s / CHECKPOINT_SHARE)
                    checkpoints.done()
                if outcome:
                    if report.share_done >= _TELLING_SHARE:
                        host.speed.learn(self._family, started.cost_gflop * report.share_done, seconds)
                    if self._has_stalled and outcome == "finished":
                        self._take_best(started)
                    if outcome in ("finished", "stopped"):
                        yield from self._prove(started)
                    return Result(outcome)
                if quality.is_due:
                    yield None  # what a step has left over and a snapshot are a slice already
                    quality.advance(partial(self._snapshot, started))
                    yield None
                share = trainer.images_seen / trainer.images_total
                if is_judged and share < 1 and patience.is_due(share):
                    patience.note(share, (yield from quality.worth(self._snapshot(started))))
                    self._has_stalled = patience.is_exhausted
                if self._wanted:
                    self._apply(started)
                yield from trainer.step()
        finally:
            if self._log is not None:
                self._log.close()
                self._log = None

    def _take_best(self, started: Started) -> None:
        """The run ends by itself, and all of it is on disk: its best moment becomes the model, where that is not the last one anyway."""
        assert self._log is not None
        self._log.close()
        self._log = None  # the trainer goes back, and what was logged since is to stay
        run, trainer = started.run, started.trainer
        seen = trainer.images_seen
        if best_images_seen(run.checkpoints_folder) is not None and not self._is_hurried:
            try:
                load_state(trainer, load_best(run.checkpoints_folder))
                self._save_model(started, self._snapshot(started))
                seen = trainer.images_seen
            except TexGenError as error:
                self._host.emit(Notice(error.message, error.hint))
        what = "The run ended by itself, for it has not got better for a quarter of its length"
        self._host.emit(Notice(f"{what}. Its model is the one after {seen:,} images.", "Resume goes on from its newest all the same."))

    def _meter(self, started: Started) -> QualityMeter:
        """What it knows of the photo outlives a pause."""
        if self._quality is None:
            self._quality = QualityMeter(started.judged_by, self._host.clock)
        return self._quality

    def _apply(self, started: Started) -> None:
        """Noted with the place from which it holds: a run that goes on from there or later goes on with it."""
        add_tuning(started.run.tuning_path, started.trainer.images_seen, self._wanted)
        started.config = tuned_config(self._family, started.config, self._wanted)
        started.trainer.tune(started.config)
        self._wanted = {}

    def _outcome(self, started: Started, report: ProgressReport) -> Outcome | None:
        if self._ending is not None:
            return self._ending
        is_complete = started.trainer.images_seen >= started.trainer.images_total
        return "finished" if is_complete or self._has_stalled or report.is_out_of_time else None

    def _snapshot(self, started: Started) -> Source:
        """The averaged weights as they are now. Poisoned ones never get out: the snapshot before stays the last good one."""
        model = started.trainer.model()
        if not all(bool(torch.isfinite(tensor).all()) for tensor in model.tensors().values()):
            raise NonFiniteLoss("a weight", started.trainer.images_seen)
        self.source = Source(started.run.model_path, self._family, model, started.trainer.images_seen)
        return self.source

    def _save(self, started: Started, score: float | None) -> Slices[float]:
        """Write checkpoint and model, that of the newest snapshot, which was scored; returns the seconds that writing took."""
        source, images_seen, clock = self.source, started.trainer.images_seen, self._host.clock
        assert source is not None
        yield None
        began_s = clock()
        header = {"family": self._family.id, "images_seen": images_seen, "score": score, "scored_by": self._meter(started).scored_by}
        data = encode(started.trainer.state())
        path = yield from in_background(partial(write_checkpoint, started.run.checkpoints_folder, data, header), writes=True)
        writing_s = clock() - began_s
        yield None
        began_s = clock()
        self._save_model(started, source)
        self._host.emit(CheckpointSaved(images_seen, path))
        return writing_s + clock() - began_s

    def _prove(self, started: Started) -> Slices[None]:
        """Write the model once more, with only the sliders that hold. What was saved stays as it is when the program is in a hurry."""
        assert self.source is not None
        proof = self._family.prove(self.source.model)
        while not self._is_hurried:
            try:
                next(proof)
            except StopIteration as end:
                kept = {slider.id for slider in end.value.sliders}  # their titles may be new: what they were measured to change
                gone = [slider.title for slider in self.source.model.sliders if slider.id not in kept]
                self._save_model(started, replace(self.source, model=end.value), is_final=True)
                if gone:
                    why = "the texture does not follow" if self._family.makes == "textures" else "they change nothing that has a name"
                    what = f"Left out, for {why}: {', '.join(gone)}."
                    self._host.emit(Notice(what, "A longer training may bring back what a slider needs."))
                return
            yield None
        proof.close()

    def _save_model(self, started: Started, source: Source, is_final: bool = False) -> None:
        run, model = started.run, source.model
        recipe = {
            "settings": msgspec.to_builtins(run.settings),
            "config": run.config,
            "photos": msgspec.to_builtins(run.photos),
            "machine": run.machine,
            "images_seen": source.images_seen,
            "images_total": run.images_total,
            IS_FINAL: is_final,
        }
        sha256 = save_model(run.model_path, self._family.id, model.header(), model.tensors(), recipe)
        self.source = replace(source, path=run.model_path, sha256=sha256)
