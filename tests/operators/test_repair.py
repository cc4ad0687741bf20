"""The operator that makes anew what a mask covers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
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


# --------------------------------------------------------------------------------------------------------- by a network

AT_ONCE = 1e-12  # minutes: one step for each level


@pytest.mark.parametrize("method", ["cnn", "gan"])
def test_the_networks_repair_and_are_noted_also_where_the_patch_code_is_broken(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("the patch code is broken")

    monkeypatch.setattr("texgen_desktop.operators.repair.patch_repair", broken)
    photo, mask, log = grains(0, SIDE_PX), square(), Log()
    result = repaired(photo, mask, log, method=method, minutes=AT_ONCE)
    assert np.array_equal(result[mask == 0], photo[mask == 0])
    assert log.notes == [f"{method}, learned in 3 steps"]
    assert [picture.shape[0] for picture in log.shown[-4:]] == [SIDE_PX // 4, SIDE_PX // 2, SIDE_PX, SIDE_PX]
    with pytest.raises(RuntimeError, match="the patch code is broken"):  # the control; and nothing takes its place in silence
        repaired(photo, mask, method="patch")


@cache
def by_cnn() -> Floats:
    """Repaired across the corner, once for two tests."""
    return repaired(grains(0, SIDE_PX), square(-10, -10), method="cnn", minutes=AT_ONCE)


def test_whatever_lies_in_the_hole_does_not_reach_the_result() -> None:
    photo, mask, clean = grains(0, SIDE_PX), square(-10, -10), by_cnn()
    wild = np.where(np.arange(SIDE_PX)[:, None, None] % 2, np.float32(np.nan), np.float32(1e30))
    painted = np.where(mask[..., None] > 0, wild, photo)
    assert np.array_equal(repaired(painted, mask, method="cnn", minutes=AT_ONCE), clean)


def test_a_tile_that_was_rolled_is_repaired_alike_by_a_network() -> None:
    photo, mask, shift, result = grains(0, SIDE_PX), square(-10, -10), (37, 91), by_cnn()
    rolled = repaired(np.roll(photo, shift, (0, 1)), np.roll(mask, shift, (0, 1)), method="cnn", minutes=AT_ONCE)
    assert np.allclose(rolled, np.roll(result, shift, (0, 1)), atol=1e-5)


def test_learning_that_is_cancelled_at_any_slice_leaves_nothing_behind() -> None:
    photo, mask, log = grains(0, SIDE_PX), square(), Log()
    before, dice = photo.copy(), torch.random.get_rng_state()
    for slices in (1, 5, 30):
        operator = discover()["repair"]
        work = operator.apply(operator.settings(method="gan", minutes=10), ArrayRaster(photo, TILE), workshop(mask, log))
        for _ in range(slices):
            next(work)
        work.close()
    assert np.array_equal(photo, before)
    assert torch.equal(torch.random.get_rng_state(), dice)
    assert log.notes == []


def test_a_model_learned_from_a_folder_repairs_without_learning_and_another_method_is_refused() -> None:
    operator = discover()["repair"]
    assert operator.learn is not None
    learned = run_to_end(operator.learn((ArrayRaster(grains(1, SIDE_PX), TILE),), AT_ONCE, workshop(None, Log())))

    def repaired_with(weights: Weights, method: str, log: Log) -> Floats:
        desk = workshop(square(), log, weights=lambda _: weights)
        work = operator.apply(operator.settings(method=method, model="/grains.safetensors"), ArrayRaster(grains(0, SIDE_PX), TILE), desk)
        return run_to_end(work).read(0, 0, SIDE_PX, SIDE_PX)

    log = Log()
    first, again = (repaired_with(learned, "gan", log) for _ in range(2))
    assert np.array_equal(first, again)
    assert log.notes[0] == "gan, with a model of 3 steps"
    chosen = Log()
    assert np.array_equal(repaired_with(learned, "auto", chosen), first)
    assert chosen.notes == ["auto: the model that was chosen", "gan, with a model of 3 steps"]
    with pytest.raises(TexGenError, match="was learned by gan, not cnn"):
        repaired_with(learned, "cnn", Log())
    with pytest.raises(TexGenError, match="not one that repairs"):
        repaired_with(Foreign(), "gan", Log())


@dataclass
class Foreign:
    header: dict[str, Any] = field(default_factory=lambda: {"operator": "denoise"})
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)


def test_a_network_has_to_see_some_of_the_picture() -> None:
    mask = np.ones((SIDE_PX, SIDE_PX), np.float32)
    mask[:10, :10] = 0
    with pytest.raises(TexGenError, match="Too little of the picture is left") as raised:
        repaired(grains(0, SIDE_PX), mask, method="cnn", minutes=AT_ONCE)
    assert raised.value.hint
