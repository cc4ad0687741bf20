"""Whether a slider changes what it names: measured on pictures, and no post-processing sold as a latent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from texgen_desktop.imaging.properties import (
    Picture,
    brightness,
    coarseness,
    lean,
    likeness,
    matched,
    spearman,
    warmth,
    width_over_height,
)
from texgen_desktop.slices import Slices

HOLDS_FROM = 0.8
"""Spearman's correlation from which a slider may be offered."""
PROPERTIES: Mapping[str, Callable[[Picture], float]] = {
    "scale": coarseness,
    "stretch": width_over_height,
    "slant": lean,
    "brightness": brightness,
    "warmth": warmth,
}
"""What each slider has to change for real."""
_OF_COLOUR = {"brightness", "warmth"}
_POSITIONS, _SEEDS = 9, 4

Draw = Callable[[int, str, float], Picture]
"""(seed, slider id, position in [-1, 1]) -> a picture in which that slider alone is moved."""


def slider_proofs(sliders: Mapping[str, Sequence[float]], draw: Draw) -> Slices[dict[str, float]]:
    """For each slider, by its id and its signature (empty where it has none), Spearman's correlation of its positions with the property
    that it names; a picture a slice.

    The bends are measured after each channel got the mean and variance of the middle position: what is left is no matter of colour.
    A slider with a signature has to bring the picture nearer to that.
    """
    properties = {s: partial(likeness, other=signature) if signature else PROPERTIES[s] for s, signature in sliders.items()}
    of_colour = _OF_COLOUR | {s for s, signature in sliders.items() if signature}
    positions = [float(position) for position in np.linspace(-1, 1, _POSITIONS)]
    values: dict[str, list[float]] = {slider: [] for slider in sliders}
    for seed in range(_SEEDS):
        middle = draw(seed, "", 0.0)
        yield None
        for slider in sliders:
            for position in positions:
                made = draw(seed, slider, position)
                values[slider].append(properties[slider](made if slider in of_colour else matched(made, middle)))
                yield None
    return {slider: spearman(positions * _SEEDS, found) for slider, found in values.items()}


def failing(proofs: Mapping[str, float]) -> frozenset[str]:
    """The sliders that do not change what they name."""
    return frozenset(slider for slider, rho in proofs.items() if not rho >= HOLDS_FROM)
