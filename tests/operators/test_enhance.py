"""The enhancing operators with the models that ship: on tiles, in blocks, in deep pictures, with models that are none of theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.imaging.textures import blurred, grains
from texgen_desktop.engine.model_file import load_model
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.raster import ArrayRaster, Raster
from texgen_desktop.imaging.score import seam
from texgen_desktop.nn.restored_raster import TILE_PX, RestoredRaster
from texgen_desktop.operators import Operator, Tensors, Weights, Workshop
from texgen_desktop.operators.enhance import OPERATORS
from texgen_desktop.resources import model_file
from texgen_desktop.slices import run_to_end

PLAIN, TILE = (False, False), (True, True)
BY_ID = {operator.id: operator for operator in OPERATORS}
every_operator = pytest.mark.parametrize("operator", OPERATORS, ids=list(BY_ID))


def shipped(name: str) -> Weights:
    return load_model(model_file(f"{name}.safetensors"))


@dataclass
class Told:
    notes: list[str] = field(default_factory=list)
    progress: list[float] = field(default_factory=list)


def workshop(open_weights: Callable[[str], Weights] = shipped, told: Told | None = None, seed: int = 0) -> Workshop:
    told = told or Told()
    return Workshop(
        torch.device("cpu"),
        seed,
        None,
        open_weights,
        tell=lambda done, _words: told.progress.append(done),
        show=lambda _: None,
        note=told.notes.append,
    )


def applied(operator: Operator, picture: np.ndarray, wraps: tuple[bool, bool], **settings: object) -> RestoredRaster:
    raster = run_to_end(operator.apply(msgspec.convert(settings, operator.settings), ArrayRaster(picture, wraps), workshop()))
    assert isinstance(raster, RestoredRaster)
    return raster


def whole(raster: Raster) -> np.ndarray:
    return raster.read(0, 0, raster.height_px, raster.width_px)


def random_picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).random((height, width, 3), np.float32)


@every_operator
def test_what_is_made_of_a_rolled_tile_is_the_rolled_result_and_with_zeros_around_it_is_not(operator: Operator) -> None:
    tile = blurred(random_picture(TILE_PX + 16, TILE_PX + 8), 1)  # more than is inferred at once
    rolled = np.roll(tile, (37, 91), (0, 1))
    straight, other = (whole(applied(operator, each, TILE)) for each in (tile, rolled))
    by = (37 * operator.scale, 91 * operator.scale)
    assert np.abs(np.roll(straight, by, (0, 1)) - other).max() < 1e-5
    assert np.abs(straight - whole(applied(operator, tile, TILE, strength=0.0))).max() > 1e-3, "the network does something"

    def padded_with_zeros(picture: np.ndarray) -> np.ndarray:
        net = applied(operator, tile, TILE).net
        x = F.pad(torch.from_numpy(picture).permute(2, 0, 1)[None], [net.shape.halo] * 4)
        with torch.inference_mode():
            return net(x, torch.tensor([0.1]))[0].permute(1, 2, 0).numpy()

    assert np.abs(np.roll(padded_with_zeros(tile), by, (0, 1)) - padded_with_zeros(rolled)).max() > 1e-3  # the control


@every_operator
def test_a_part_is_the_same_alone_as_in_the_whole_and_beyond_the_edges_too(operator: Operator) -> None:
    picture, scale = random_picture(70, 60), operator.scale
    raster = applied(operator, picture, (True, False))
    all_of_it = whole(raster)
    assert np.abs(raster.read(5, 7, 33, 21) - all_of_it[5:38, 7:28]).max() < 1e-5
    below = raster.read(70 * scale - 3, -4, 9, 60 * scale + 9)  # wraps below, mirrors at both sides
    rows = np.arange(70 * scale - 3, 70 * scale + 6) % (70 * scale)
    expected = np.pad(all_of_it, ((0, 0), (4, 5), (0, 0)), mode="symmetric")[rows]
    assert np.abs(below - expected).max() < 1e-5


@every_operator
def test_a_tile_keeps_having_no_seam(operator: Operator) -> None:
    tile = blurred(grains(0, 96), 1)
    assert seam(tile) == 0
    made = whole(applied(operator, tile, TILE))
    # One column in fifty lies outside the middle 98 %, by less than could be seen.
    assert max(seam(made), seam(made.transpose(1, 0, 2))) < 0.01


@dataclass
class Watched:
    """A picture without end that counts what is read of it at once."""

    height_px: int = 10**7
    width_px: int = 10**7
    wraps: tuple[bool, bool] = TILE
    largest_px: int = 0

    def read(self, y: int, x: int, height: int, width: int) -> np.ndarray:
        self.largest_px = max(self.largest_px, height, width)
        return np.zeros((height, width, 3), np.float32)


def test_a_read_takes_a_tile_and_its_halo_at_once_however_large_the_picture_and_the_block_are() -> None:
    operator, source = BY_ID["sr2"], Watched()
    raster = run_to_end(operator.apply(operator.settings(), source, workshop()))
    assert raster.read(10**7 + 1, 3, 2, 900).shape == (2, 900, 3)
    assert raster.width_px == 2 * 10**7
    assert source.largest_px <= TILE_PX + 2 * 10
    source.read(0, 0, 900, 900)
    assert source.largest_px == 900  # the control: the whole block at once would have been seen


@every_operator
def test_levels_finer_than_8_bits_come_through_and_light_above_1_stays(operator: Operator) -> None:
    ramp = np.repeat(np.linspace(0.4, 0.41, 64, dtype=np.float32)[None, :, None], 48, 0).repeat(3, 2)
    row = whole(applied(operator, ramp, PLAIN))[20, :, 1]
    assert len(np.unique(row)) > 32, "8 bits have 4 levels here"
    bright = whole(applied(operator, ramp + 3, PLAIN))
    assert abs(float(bright.mean()) - 3.405) < 0.05


def test_strength_lies_between_nothing_and_all() -> None:
    picture = random_picture(40, 40)
    none, half, all_of_it = (whole(applied(BY_ID["jpeg"], picture, TILE, strength=s)) for s in (0.0, 0.5, 1.0))
    assert np.abs(none - picture).max() == 0
    assert np.abs(half - (none + all_of_it) / 2).max() < 1e-5


def test_noise_goes_whether_its_strength_is_told_or_not_and_grain_without_noise_stays() -> None:
    clean = blurred(grains(0, 128), 1)
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 25 / 255, clean.shape), 0, 1).astype(np.float32)
    error = {s: np.square(whole(applied(BY_ID["denoise"], noisy, TILE, sigma=s)) - clean).mean() for s in (25.0, 0.0)}
    before = np.square(noisy - clean).mean()
    assert error[25.0] < 0.2 * before
    assert error[0.0] < 0.25 * before
    assert np.square(whole(applied(BY_ID["denoise"], clean, TILE)) - clean).mean() < 0.05 * before


def test_what_was_done_is_noted() -> None:
    told = Told()
    operator = BY_ID["sr2"]
    run_to_end(operator.apply(operator.settings(), ArrayRaster(random_picture(8, 8), TILE), workshop(told=told)))
    own = Tensors(shipped("sr2").header, shipped("sr2").tensors)
    settings = msgspec.convert({"model": "/home/me/bricks.safetensors"}, operator.settings)
    run_to_end(operator.apply(settings, ArrayRaster(random_picture(8, 8), TILE), workshop(lambda _: own, told)))
    assert told.notes == ["Enlarge ×2", "Enlarge ×2 by bricks.safetensors"]


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (lambda: shipped("jpeg"), "made for jpeg, not for sr2"),
        (lambda: shipped("rust"), "none that enhances"),
        (lambda: Tensors(shipped("sr2").header, {}), "do not fit"),
        (lambda: Tensors(shipped("sr2").header, {**shipped("sr2").tensors, "head.weight": torch.zeros(1)}), "do not fit"),
    ],
)
def test_a_model_of_another_kind_is_told(weights: Callable[[], Weights], sentence: str) -> None:
    operator = BY_ID["sr2"]
    with pytest.raises(TexGenError, match=sentence):
        run_to_end(operator.apply(operator.settings(), ArrayRaster(random_picture(8, 8), TILE), workshop(lambda _: weights())))


def test_one_picture_is_enough_to_learn_from_and_its_model_is_used() -> None:
    operator, told = BY_ID["sr2"], Told()
    assert operator.learn is not None
    before = {name: tensor.clone() for name, tensor in shipped("sr2").tensors.items()}
    start = shipped("sr2")
    learned = run_to_end(operator.learn((ArrayRaster(grains(0, 96), TILE),), 1.2 / 60, workshop(lambda _: start, told)))
    assert all(torch.equal(start.tensors[name], tensor) for name, tensor in before.items()), "the shipped weights stay as they are"
    assert not torch.equal(learned.tensors["tail.weight"], before["tail.weight"])
    assert told.progress == sorted(told.progress)
    raster = run_to_end(operator.apply(operator.settings(), ArrayRaster(random_picture(24, 24), TILE), workshop(lambda _: learned)))
    assert np.isfinite(whole(raster)).all()
    with pytest.raises(TexGenError, match="no picture"):
        run_to_end(operator.learn((), 1, workshop()))
    with pytest.raises(TexGenError, match="takes some time"):
        run_to_end(operator.learn((ArrayRaster(grains(0, 96), TILE),), 0, workshop()))
