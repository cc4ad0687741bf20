"""The operator that makes anew what a mask covers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from tests.imaging.textures import grains
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import ArrayRaster
from texgen_desktop.operators import Weights, Workshop, discover
from texgen_desktop.slices import run_to_end

SIDE_PX = 96
TILE = (True, True)


@dataclass
class Log:
    """What an operator said."""

    told: list[tuple[float, str]] = field(default_factory=list)
    shown: list[Floats] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def no_weights(name: str) -> Weights:
    raise TexGenError(f"There is no model {name}.")


def workshop(mask: Floats | None, log: Log, seed: int = 0, weights: Callable[[str], Weights] = no_weights) -> Workshop:
    return Workshop(torch.device("cpu"), seed, mask, weights, lambda *told: log.told.append(told), log.shown.append, log.notes.append)


def repaired(photo: Floats, mask: Floats | None, log: Log | None = None, wraps: tuple[bool, bool] = TILE, **settings: Any) -> Floats:
    operator = discover()["repair"]
    work = operator.apply(operator.settings(**settings), ArrayRaster(photo, wraps), workshop(mask, log or Log()))
    return run_to_end(work).read(0, 0, *photo.shape[:2])


def square(top: int = 30, left: int = 40, side_px: int = 20) -> Floats:
    """1 in a square that goes on at the opposite edge where it sticks out."""
    mask = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    mask[:side_px, :side_px] = 1
    return np.roll(mask, (top, left), (0, 1))


def test_patch_repair_changes_the_masked_part_alone_and_is_noted() -> None:
    photo, mask, log = grains(0, SIDE_PX), square(), Log()
    result = repaired(photo, mask, log, method="patch")
    assert np.array_equal(result[mask == 0], photo[mask == 0])
    assert not np.array_equal(result[mask == 1], photo[mask == 1])
    assert log.notes == ["patch"]
    assert log.shown


def test_auto_says_what_it_chose_and_why() -> None:
    log = Log()
    repaired(grains(0, SIDE_PX), square(), log)
    assert log.notes[-1] == "patch"
    assert log.notes[0].startswith("auto: patch, ")


def test_a_soft_mask_blends_both() -> None:
    photo, hard = grains(0, SIDE_PX), square()
    soft = 0.25 * hard
    made = repaired(photo, hard, method="patch")
    assert np.allclose(repaired(photo, soft, method="patch"), photo + 0.25 * (made - photo), atol=1e-6)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (None, "The mask is empty"),
        (np.zeros((SIDE_PX, SIDE_PX), np.float32), "The mask is empty"),
        (np.ones((SIDE_PX, SIDE_PX + 1), np.float32), "The mask is of another size"),
        (np.ones((SIDE_PX, SIDE_PX), np.float32), "Too little of the picture is left"),
    ],
)
def test_a_mask_that_cannot_be_used_is_refused_with_a_way_out(mask: Floats | None, words: str) -> None:
    with pytest.raises(TexGenError, match=words) as raised:
        repaired(grains(0, SIDE_PX), mask, method="patch")
    assert raised.value.hint
