"""The mask that a picture file holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.mask import require_size
from texgen_desktop.imaging.properties import grey
from texgen_desktop.imaging.read import MAX_PIXELS, read_image

_NEARLY = 0.03  # lossy files have no clean black and white


def read_mask(path: Path, size: tuple[int, int]) -> Floats:
    """The mask in a file of a picture of ``size`` (height, width): its grey, or, if it is transparent in places, how opaque it is.

    What is nearly black is black, and nearly white white. TexGenError for a picture of another size and for what ``read_image`` refuses.
    """
    picture = read_image(path, MAX_PIXELS)
    mask = grey(picture.pixels).astype(np.float32).clip(0, 1) if picture.alpha is None else picture.alpha
    mask = np.where(mask < _NEARLY, np.float32(0), np.where(mask > 1 - _NEARLY, np.float32(1), mask))
    require_size(mask, size, path.name)
    return mask
