"""Repair: what the mask covers is made anew out of the rest of the picture."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.patch_repair import patch_repair
from texgen_desktop.imaging.raster import ArrayRaster, Raster, read_whole
from texgen_desktop.operators import Operator, Workshop
from texgen_desktop.slices import Slices


class RepairSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the masked part is made anew."""

    method: Annotated[
        Literal["auto", "patch", "cnn", "gan"],
        Meta(
            description="patch: pieces of the picture, without training. cnn: a network that learns the picture first. "
            "gan: that network, with a critic for crisp detail. auto: what measured best"
        ),
    ] = "auto"
    minutes: Annotated[
        float,
        Meta(gt=0, le=24 * 60, description="How long cnn and gan learn: 3 is a draft, 15 good, 60 best", extra={"unit": "min"}),
    ] = 15.0
    model: Annotated[str, Meta(description="A model learned before, which cnn and gan use instead of learning now")] = ""


def _apply(settings: RepairSettings, picture: Raster, workshop: Workshop) -> Slices[Raster]:
    pixels = yield from read_whole(picture)
    mask = _checked(workshop.mask, pixels)
    method = settings.method
    if method == "auto":
        method = "patch"
        workshop.note("auto: patch, which needs no training")
    if method != "patch":
        raise TexGenError(f"Repair by {method} is not there yet.", "Choose patch.")
    repaired = yield from patch_repair(pixels, mask > 0, picture.wraps, workshop.seed)
    workshop.note(method)
    workshop.show(repaired)
    return ArrayRaster(_blended(pixels, repaired, mask), picture.wraps)


def _checked(mask: Floats | None, pixels: Floats) -> Floats:
    """The mask, (H, W) in [0, 1]. TexGenError where it is not one for this picture."""
    if mask is None or not mask.any():
        raise TexGenError("The mask is empty: nothing is to be repaired.", "Paint over what is to be replaced.")
    if mask.shape != pixels.shape[:2]:
        sizes = f"{mask.shape[1]} × {mask.shape[0]}, the picture {pixels.shape[1]} × {pixels.shape[0]}"
        raise TexGenError(f"The mask is of another size: {sizes}.", "Make a mask of the size of the picture.")
    return mask


def _blended(pixels: Floats, repaired: Floats, mask: Floats) -> Floats:
    """``repaired`` by as much as the mask says; bit for bit ``pixels`` where it is 0."""
    share = mask[..., None]
    return np.where(share > 0, pixels + share * (repaired - pixels), pixels).astype(np.float32)


OPERATORS = (
    Operator(
        id="repair",
        title="Repair",
        description="Makes anew what the mask covers, so that it fits what is around it",
        settings=RepairSettings,
        apply=_apply,
        needs_mask=True,
    ),
)
