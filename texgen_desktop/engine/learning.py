"""An operator learns from one's own pictures, and what it learnt goes into a model file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

from texgen_desktop import __version__
from texgen_desktop.engine.background import in_background
from texgen_desktop.engine.chain import Tell, open_weights, show_nobody
from texgen_desktop.engine.model_file import save_model
from texgen_desktop.engine.retouch_files import measured_seams, wraps_by
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.document import DocumentRaster, read_document
from texgen_desktop.imaging.formats import check_folder_of
from texgen_desktop.imaging.raster import Raster
from texgen_desktop.operators import WEIGHTS, Operator, Workshop
from texgen_desktop.slices import Slices

LONGEST_MINUTES = 24 * 60.0


def learn_weights(
    operators: Mapping[str, Operator],
    operator_id: str,
    paths: Sequence[Path],
    minutes: float,
    out: Path,
    device: torch.device,
    seed: int,
    tell: Tell,
) -> Slices[None]:
    """Teach the operator for so many minutes and write ``out``, whole or not at all. TexGenError where it cannot learn, or from these."""
    operator = operators.get(operator_id.replace("-", "_"))
    if operator is None or operator.learn is None:
        able = ", ".join(each.id for each in operators.values() if each.learn is not None)
        raise TexGenError(f"There is no step named {operator_id} that learns.", f"Those that do are: {able}.")
    if not paths:
        raise TexGenError("There is nothing to learn from.", "Name at least one picture.")
    if not 0 < minutes <= LONGEST_MINUTES:
        raise TexGenError(f"{minutes:g} minutes is no time to learn in.", f"Choose up to {LONGEST_MINUTES:g}.")
    if out.suffix.lower() != ".safetensors":
        raise TexGenError(f"{out.name} has to end in .safetensors.", "Choose such a name.")
    check_folder_of(out)
    pictures: list[Raster] = []
    for path in paths:
        document = yield from in_background(partial(read_document, path))
        seams = yield from measured_seams(document)
        pictures.append(DocumentRaster(document, wraps_by(seams)))
    notes: list[str] = []
    workshop = Workshop(device, seed, None, open_weights, tell, show_nobody, notes.append)
    learnt = yield from operator.learn(tuple(pictures), minutes, workshop)
    recipe = {
        "operator": operator.id,
        "pictures": [path.name for path in paths],
        "minutes": minutes,
        "seed": seed,
        "notes": notes,
        "version": __version__,
    }
    yield from in_background(partial(save_model, out, WEIGHTS, learnt.header, learnt.tensors, recipe), writes=True)
