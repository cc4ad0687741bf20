"""What a look may hold: one set of limits for files, commands and forms. Free of torch and of Qt."""

from __future__ import annotations

from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Look

LARGEST_SEED = 2**31 - 1
"""Seeds run from 0 to this; it is what a number field can show."""
LARGEST_STRENGTH = 1.5
"""Strengths of noise run from 0 to this."""


def check_look(look: Look) -> None:
    """TexGenError when a slider, a seed or a strength stands where no control can put it."""
    for name, value in look.style:
        if not -1 <= value <= 1:
            raise TexGenError(f"The slider {name} cannot stand at {value:g}.", "Its values run from -1 to 1.")
    for name, seed in (("layout", look.layout_seed), ("detail", look.detail_seed)):
        if not 0 <= seed <= LARGEST_SEED:
            raise TexGenError(f"The {name} seed {seed} cannot be used.", f"Seeds run from 0 to {LARGEST_SEED}.")
    for name, strength in (("layout", look.layout_strength), ("detail", look.detail_strength)):
        if not 0 <= strength <= LARGEST_STRENGTH:
            raise TexGenError(f"The {name} strength {strength:g} cannot be used.", f"Strengths run from 0 to {LARGEST_STRENGTH:g}.")
