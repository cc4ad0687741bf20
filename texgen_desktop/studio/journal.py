"""What the log says about an event, in words; and the sentences of problems that the studio finds by itself."""

from __future__ import annotations

from pathlib import Path

from texgen_desktop.engine import messages as m
from texgen_desktop.studio.state import StudioState


def entry(before: StudioState, event: m.Event) -> tuple[str, str] | None:
    """(level, text) for the log, or None for what comes too often to be told. Levels: "info", "notice", "error"."""
    match event:
        case m.EngineReady(device=device, conv_gflops=speed):
            return "info", f"Engine ready: {device} ({speed:.0f} GFLOP/s)"
        case m.ProjectChanged(project=project) if project and (before.project is None or before.project.folder != project.folder):
            return "info", f"Project opened: {project.folder}"
        case m.JobStarted(job=job):
            return "info", "Training started" if job == "train" else "Export started"
        case m.JobEnded(problem=problem, files=files) if problem is not None:
            return "error", "\n".join(filter(None, (problem_text(problem), _written_before(files))))
        case m.JobEnded(job="train", outcome=outcome):
            return "info", f"Training {outcome}"
        case m.JobEnded(outcome="finished", files=files):
            return "info", "Exported " + ", ".join(str(path) for path in files)
        case m.JobEnded(files=files):
            return "info", " ".join(filter(None, ("Export cancelled.", _written_before(files))))
        case m.CheckpointSaved(images_seen=images_seen):
            return "info", f"Checkpoint saved at {images_seen:,} images"
        case m.CommandFailed(problem=problem):
            return "error", problem_text(problem)
        case m.Notice(message=message, hint=hint):
            return "notice", " ".join(filter(None, (message, hint)))
        case _:
            return None


def _written_before(files: tuple[Path, ...]) -> str:
    return f"Written before that: {', '.join(str(path) for path in files)}" if files else ""


def problem_text(problem: m.Problem) -> str:
    """The whole problem for the log: sentence, way out, and the traceback if there is one."""
    first_line = " ".join(filter(None, (problem.message, problem.hint)))
    return "\n".join(filter(None, (first_line, problem.detail)))


def missing_model(path: Path, recipe: m.Recipe) -> m.Problem:
    """The settings of a picture cannot be restored because another model made it."""
    if recipe.images_seen is not None:
        return m.Problem(
            f"{path.name} was made while its model was still being trained, after {recipe.images_seen:,} images.",
            "The model has changed since. Its settings can be restored only with a model that was saved at that very moment.",
        )
    return m.Problem(
        f"{path.name} was made with another model ({recipe.family}, {recipe.model_sha256[:12]}…).",
        "Open the project or model file it was exported from, vary the same photo if it was a varied one, then drop the picture again.",
    )
