"""A photo that does not tile becomes a tile by repairing the cross where its edges meet."""

from __future__ import annotations

import numpy as np
import pytest

from tests.imaging.textures import grains, sample
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.make_tile import edges_alike, evenly_lit, make_tile
from texgen_desktop.imaging.score import seam
from texgen_desktop.slices import run_to_end


def test_the_tile_has_no_seam_and_is_the_photo_but_for_a_band_along_its_edges() -> None:
    photo = sample("gravel", 161)[:131]
    assert max(seam(photo), seam(photo.swapaxes(0, 1))) > 0
    tile = run_to_end(make_tile(photo))
    assert tile.shape == photo.shape
    assert seam(tile) == seam(tile.swapaxes(0, 1)) == 0
    inner = slice(14, -14)
    assert np.array_equal(tile[inner, inner], photo[inner, inner])
    assert not np.array_equal(tile, photo)


def test_opposite_edges_come_to_the_same_light_and_texture_stays() -> None:
    photo = np.clip(grains(1, 96) * np.linspace(0.5, 1.2, 96)[:, None], 0, 1).astype(np.float32)
    for bring in (evenly_lit, edges_alike):
        made = run_to_end(bring(photo))
        before, now = (abs(float(each[:, :12].mean() - each[:, -12:].mean())) for each in (photo, made))
        assert before > 0.2
        assert now < 0.05
        assert np.corrcoef(np.diff(photo, axis=1).ravel(), np.diff(made, axis=1).ravel())[0, 1] > 0.95


def test_a_photo_in_even_light_is_left_as_it_is() -> None:
    photo = sample("gravel", 128)
    assert run_to_end(evenly_lit(photo)) is photo


def test_a_photo_that_is_too_small_is_refused() -> None:
    with pytest.raises(TexGenError, match="96 pixels"):
        run_to_end(make_tile(np.zeros((95, 200, 3), np.float32)))
