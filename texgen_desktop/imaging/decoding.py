"""What the two decoders have in common: a picture that gives out bands of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from texgen_desktop.imaging.colour import Floats


@dataclass(frozen=True)
class Decoding:
    """An open picture, as stored, before orientation.

    ``rows(y0, y1)`` gives (y1 - y0, W, 3 or 4) float32: sRGB in [0, 1], or linear Rec. 709 of any range where ``is_linear``; a
    fourth channel is alpha in [0, 1], with which colour is not multiplied. Bands are asked for from top to bottom.
    ``is_upright``: the decoder has applied the orientation itself.
    """

    width_px: int
    height_px: int
    rows: Callable[[int, int], Floats]
    is_linear: bool = False
    is_upright: bool = False
