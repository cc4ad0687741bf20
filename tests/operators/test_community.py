"""Models of other makers: a network of convolutions keeps a tile a tile, and nothing else than tensors is taken."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from texgen_desktop.engine.chain import open_weights
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import ArrayRaster, read_whole
from texgen_desktop.operators import Workshop
from texgen_desktop.operators.community import OPERATORS, TILE_PX, CommunityRaster, CommunitySettings
from texgen_desktop.slices import run_to_end

needs_spandrel = pytest.mark.skipif(importlib.util.find_spec("spandrel") is None, reason="the extra `community` is not installed")


def enhanced(model: str, pixels: Floats) -> CommunityRaster:
    notes: list[str] = []
    workshop = Workshop(torch.device("cpu"), 0, None, open_weights, lambda done, words: None, lambda picture: None, notes.append)
    raster = run_to_end(OPERATORS[0].apply(CommunitySettings(model), ArrayRaster(pixels, (True, True)), workshop))
    assert isinstance(raster, CommunityRaster)
    return raster


@pytest.fixture
def compact(tmp_path: Path) -> str:
    """A small network of the kind that RealESRGAN's are, with weights of its own, as a file."""
    torch.manual_seed(0)
    body = nn.Sequential(*(layer for _ in range(4) for layer in (nn.Conv2d(3 if not _ else 8, 8, 3), nn.PReLU(8))), nn.Conv2d(8, 12, 3))
    path = tmp_path / "compact.safetensors"
    safetensors.torch.save_file({f"body.{name}": value for name, value in body.state_dict().items()}, path)
    return str(path)


@needs_spandrel
def test_a_network_of_convolutions_rolls_with_the_tile_and_shows_no_blocks(compact: str) -> None:
    pixels = np.random.default_rng(0).random((TILE_PX + 23, TILE_PX + 40, 3), np.float32)
    raster = enhanced(compact, pixels)
    assert (raster.scale, raster.halo) == (2, 5)
    whole = run_to_end(read_whole(raster, 2 * TILE_PX))
    rolled = run_to_end(read_whole(enhanced(compact, np.roll(pixels, (37, 91), (0, 1))), 100))
    np.testing.assert_allclose(rolled, np.roll(whole, (74, 182), (0, 1)), atol=1e-5)
    blind = CommunityRaster(raster.source, raster.net, 2, 0, raster.device)  # the control: no surroundings, zeros at every border
    assert np.abs(run_to_end(read_whole(blind, 2 * TILE_PX)) - whole).max() > 1e-3


def folding(path: Path, compact: str, scale: int) -> str:
    """A small network of the kind that RealESRGAN ×2 is: it folds 2 × 2 pixels into one before it enlarges by ``scale``."""
    enhanced(compact, np.zeros((8, 8, 3), np.float32))  # which makes spandrel ready to be imported
    network = importlib.import_module("spandrel.architectures.ESRGAN.__arch.RRDB").RRDBNet
    torch.manual_seed(0)
    net = network(in_nc=12, out_nc=3, num_filters=8, num_blocks=1, scale=scale, shuffle_factor=2)
    safetensors.torch.save_file({name: value.clone() for name, value in net.state_dict().items()}, path)
    return str(path)


@needs_spandrel
def test_a_network_that_folds_pixels_into_one_shows_no_blocks_wherever_they_begin(compact: str, tmp_path: Path) -> None:
    raster = enhanced(folding(tmp_path / "a.safetensors", compact, 4), np.random.default_rng(0).random((80, 96, 3), np.float32))
    whole = raster.read(0, 0, 160, 192)
    np.testing.assert_allclose(raster.read(45, 37, 40, 50), whole[45:85, 37:87], atol=1e-5)
    np.testing.assert_allclose(raster.read(160, 192, 20, 20), whole[:20, :20], atol=1e-5)
    control = dataclasses.replace(raster, grid=1)  # begins where it happens to
    assert np.abs(control.read(46, 38, 40, 50) - whole[46:86, 38:88]).max() > 1e-3


@needs_spandrel
def test_a_network_that_makes_no_picture_of_another_is_refused(compact: str, tmp_path: Path) -> None:
    with pytest.raises(TexGenError, match="does not make one picture of another"):
        enhanced(folding(tmp_path / "a.safetensors", compact, 1), np.zeros((20, 20, 3), np.float32))


@needs_spandrel
def test_tensors_of_no_known_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(TexGenError, match="no network that spandrel knows"):
        enhanced(str(path), np.zeros((8, 8, 3), np.float32))


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(pickle.dumps({"weight": 1}))
    (tmp_path / "disguised.safetensors").write_bytes(path.read_bytes())
    for name in ("model.pth", "disguised.safetensors"):
        with pytest.raises(TexGenError, match=r"pickled|damaged"):
            enhanced(str(tmp_path / name), np.zeros((8, 8, 3), np.float32))


def test_without_a_model_or_without_spandrel_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.float32)
    path = tmp_path / "any.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(TexGenError, match="No model is chosen"):
        enhanced("", pixels)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TexGenError, match="not installed") as caught:
        enhanced(str(path), pixels)
    assert "pip install" in caught.value.hint
