"""The light of a picture: rolled with it on a torus, the same however it is read, and gone from what is evened out."""

from __future__ import annotations

import numpy as np
import pytest

from tests.imaging.textures import grains
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.light import EvenRaster, Light
from texgen_desktop.imaging.raster import ArrayRaster, Wraps
from texgen_desktop.imaging.score import seam
from texgen_desktop.slices import run_to_end


def evened(pixels: Floats, wraps: Wraps, size: float | None = 0.15, keeps_colour: bool = True) -> EvenRaster:
    raster = ArrayRaster(pixels, wraps)
    return EvenRaster(raster, run_to_end(Light.measured(raster, size, keeps_colour)), 1.0)


def whole(raster: EvenRaster) -> Floats:
    return raster.read(0, 0, raster.height_px, raster.width_px)


def shaded_tile() -> Floats:
    """Larger than one piece that the light is gathered from, and not square; the light wraps."""
    texture = np.tile(grains(3, 96), (4, 3, 1))[:301]
    y, x = np.mgrid[:301, :288]
    light = 0.8 + 0.25 * np.sin(2 * np.pi * y / 301) * np.cos(2 * np.pi * x / 288 + 1)
    return (texture * light[..., None]).astype(np.float32)


def test_a_rolled_tile_has_the_same_light_rolled() -> None:
    tile = shaded_tile()
    rolled = np.roll(tile, (37, 91), (0, 1))
    found = np.abs(np.roll(whole(evened(tile, (True, True))), (37, 91), (0, 1)) - whole(evened(rolled, (True, True)))).max()
    assert found < 1e-5
    mirrored = np.abs(np.roll(whole(evened(tile, (False, False))), (37, 91), (0, 1)) - whole(evened(rolled, (False, False)))).max()
    assert mirrored > 1e-3, "mirrored at its edges a tile does not keep its light: the test can see it"


def test_a_seamless_tile_has_no_seam_afterwards() -> None:
    y = np.arange(192)[:, None, None]
    tile = (np.tile(grains(4, 96), (2, 2, 1)) * (0.8 + 0.2 * np.cos(2 * np.pi * (y - 40) / 192))).astype(np.float32)
    even = whole(evened(tile, (True, True), 0.1))
    assert seam(even) == seam(even.swapaxes(0, 1)) == 0


def test_a_part_is_the_same_as_in_the_whole_also_beyond_the_edges() -> None:
    even = evened(shaded_tile(), (True, False))
    part = even.read(-20, 250, 64, 70)
    rows, columns = np.arange(-20, 44) % 301, np.arange(250, 320)
    columns = np.where(columns < 288, columns, 575 - columns)
    assert np.abs(part - whole(even)[rows[:, None], columns]).max() < 1e-6


@pytest.mark.parametrize("wraps", [(False, False), (True, True)])
def test_a_shaded_side_becomes_as_bright_as_the_other_and_the_mean_stays(wraps: Wraps) -> None:
    texture = np.tile(grains(5, 96), (3, 3, 1))
    x = np.linspace(0, 1, 288)[:, None]
    light = 0.6 + 0.5 * x if wraps == (False, False) else 0.85 + 0.25 * np.cos(2 * np.pi * x)
    photo = (texture * light).astype(np.float32)
    even = whole(evened(photo, wraps, 0.05))

    def unevenness(picture: Floats) -> float:
        blocks = picture.reshape(3, 96, 3, 96, 3).mean((0, 1, 3, 4))
        return float(np.ptp(blocks) / blocks.mean())

    assert unevenness(photo) > 0.25
    assert unevenness(even) < 0.04
    assert abs(even.mean() - photo.mean()) < 0.01


def test_the_colour_of_the_light_goes_only_where_that_is_wanted() -> None:
    reddish = np.linspace(0.8, 1.2, 96)[:, None] * [1, 0, 0] + [0, 1, 1]
    photo = (np.full((96, 96, 3), 0.5) * reddish).astype(np.float32)
    kept, taken = (whole(evened(photo, (False, False), keeps_colour=keeps)) for keeps in (True, False))
    assert np.abs(kept[..., 0] / kept[..., 1] - photo[..., 0] / photo[..., 1]).max() < 1e-4
    assert float(np.ptp(taken)) < 0.01
