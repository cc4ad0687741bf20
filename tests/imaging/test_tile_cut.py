"""A photo that does not tile becomes a tile by a cut: no seam, no step, in step with what repeats."""

from __future__ import annotations

import numpy as np

from tests.imaging.textures import grains, sample
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.membrane import closed
from texgen_desktop.imaging.score import seam
from texgen_desktop.imaging.tile_cut import cut_tile
from texgen_desktop.slices import run_to_end


def seams(picture: Floats) -> tuple[float, float]:
    return seam(picture), seam(picture.swapaxes(0, 1))


def coarse_steps(picture: Floats) -> float:
    """The largest difference of neighbouring eighths on the torus, rows and columns."""
    found = []
    for turned in (picture, picture.swapaxes(0, 1)):
        bands = np.array([band.mean() for band in np.array_split(turned, 8)])
        found.append(np.abs(bands - np.roll(bands, 1)).max())
    return float(max(found))


def test_a_photo_of_odd_sides_becomes_a_tile_without_a_seam() -> None:
    photo = sample("gravel", 257)[:201]
    assert max(seams(photo)) > 0
    cut = run_to_end(cut_tile(photo))
    assert seams(cut.tile) == (0, 0)
    height, width, _ = cut.tile.shape
    assert 0.57 * 201 < height < 0.89 * 201
    assert 0.57 * 257 < width < 0.89 * 257
    assert cut.where.shape == (height, width)


def test_strong_uneven_light_leaves_no_step() -> None:
    shade = np.linspace(0.5, 1.3, 192)[:, None, None] * np.linspace(0.7, 1, 192)[:, None]
    photo = np.clip(np.tile(grains(2, 96), (2, 2, 1)) * shade, 0, 1).astype(np.float32)
    cut = run_to_end(cut_tile(photo))
    assert seams(cut.tile) == (0, 0)
    assert coarse_steps(cut.tile) < 0.5 * coarse_steps(photo)


def test_what_repeats_goes_on_in_step() -> None:
    y, x = np.mgrid[:210, :230]
    photo = (0.5 + 0.25 * np.sin(2 * np.pi * x / 23) + 0.2 * np.sin(2 * np.pi * y / 31))[..., None].repeat(3, 2).astype(np.float32)
    cut = run_to_end(cut_tile(photo))
    height, width, _ = cut.tile.shape
    assert height % 31 == 0
    assert width % 23 == 0
    assert max(cut.error) < 0.05
    assert np.abs(cut.tile - np.roll(cut.tile, (31, 23), (0, 1))).max() < 0.02


def test_a_tile_does_not_begin_on_the_strongest_line_of_the_photo() -> None:
    photo = np.tile(grains(6, 96), (2, 2, 1))
    photo[:, 96] = 0  # that column is in every cut, and nothing is as strong as its edges
    tile = run_to_end(cut_tile(photo)).tile
    assert seams(tile) == (0, 0)
    assert max(seams(np.roll(tile, k, 1))[1] for k in range(tile.shape[1])) > 0, "it could have begun there"


def test_the_membrane_closes_a_step_and_keeps_the_mean_and_a_roll_rolls_it() -> None:
    ramp = np.linspace(0.2, 0.8, 64, dtype=np.float32)[None, :, None].repeat(48, 0).repeat(3, 2)
    none, across = np.zeros_like(ramp), np.zeros_like(ramp)
    across[:, -1] = ramp[:, -1] - ramp[:, 0]
    made = run_to_end(closed(ramp, none, across))
    assert np.abs(made - ramp.mean()).max() < 0.01
    assert abs(float(made.mean() - ramp.mean())) < 1e-6
    rolled = run_to_end(closed(*(np.roll(each, (37, 91), (0, 1)) for each in (ramp, none, across))))
    assert np.abs(rolled - np.roll(made, (37, 91), (0, 1))).max() < 1e-5
