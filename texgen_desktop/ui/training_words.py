"""Where a training stands, in words: pure functions of the state."""

from __future__ import annotations

from texgen_desktop.engine.messages import FamilyInfo, PresetInfo, RunInfo
from texgen_desktop.studio.state import StudioState
from texgen_desktop.ui.formatting import duration, number, rate

NOTHING = "–"
LONG_S = 3600.0
PATIENCE_S = 20 * 60.0


def status(state: StudioState) -> str:
    """One sentence: what happens now, or what to do next."""
    if not state.engine_ready:
        return "The engine is starting…"
    if state.is_measuring:
        return "Measuring how fast this computer trains, for ten seconds…"
    match state.training:
        case "starting":
            return "Preparing the photos and the networks…"
        case "running":
            return "Training. The canvas shows how far it is."
        case "paused":
            return "Paused. Resume goes on at once; Stop saves the model and frees the memory."
        case "stopping":
            return "Stopping: the model is being saved…"
        case _:
            return _idle_status(state)


def advice_on(family: FamilyInfo, preset: PresetInfo) -> str:
    """A warning when a preset takes hours here, and the best one that does not; empty when there is nothing to say."""
    if preset.seconds is None or preset.seconds < LONG_S:
        return ""
    quick = [each for each in family.presets if each.seconds is not None and each.seconds <= PATIENCE_S]
    warning = f"On this computer that takes {duration(preset.seconds)}."
    best = max(quick, key=lambda each: each.seconds or 0.0, default=None)
    return warning if best is None else f"{warning} {best.title} takes about {duration(best.seconds or 0.0)}."


def figures(state: StudioState) -> dict[str, str]:
    """The numbers under the progress bar by their names; a dash where there is nothing to tell."""
    seen, total = _images(state)
    progress = state.progress if state.training != "idle" else None
    left = progress.seconds_left if progress and state.training == "running" else None
    return {
        "Images": f"{number(seen)} of {number(total)}" if total else NOTHING,
        "Speed": f"{rate(progress.images_per_s)} images/s" if progress and state.training == "running" else NOTHING,
        "Time left": NOTHING if left is None else f"about {duration(left)}",
        "Device": state.device or NOTHING,
    }


def share_done(state: StudioState) -> float:
    """0 to 1."""
    seen, total = _images(state)
    return min(seen / total, 1.0) if total else 0.0


def run_in_words(run: RunInfo, preset_title: str) -> tuple[str, str]:
    """(heading, second line) of a run in a list."""
    seen, total = number(run.images_seen), number(run.images_total)
    amount = f"{seen} images, complete" if run.images_seen >= run.images_total else f"{seen} of {total} images"
    return preset_title, f"{amount}, seed {run.settings.seed}"


def _images(state: StudioState) -> tuple[int, int]:
    if state.progress is not None:
        return state.progress.images_seen, state.progress.images_total
    run = state.selected_run
    if run is not None and state.training != "starting":
        return run.images_seen, run.images_total
    return 0, 0


def _idle_status(state: StudioState) -> str:
    if state.project is None:
        return "Drop a photo on the window to begin." if state.model is None else "A model is open. To train, drop a photo on the window."
    if state.is_read_only:
        return state.project.read_only_reason
    if not state.project.photos and state.project.pictures is None:
        return "Add a photo to train on."
    run = state.selected_run
    if run is None:
        return "Ready to train."
    if run.can_resume and run.images_seen < run.images_total:
        return "This run can go on where it stopped. Train starts a new one."
    if run.can_resume:
        return "This run has learnt all, but its sliders were not measured: Resume does that. Train starts a new one."
    return "This run is complete. Train starts a new one."
