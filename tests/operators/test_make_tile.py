"""Make it tile, even out the light, straighten: as operators, with what they note and what they promise of edges."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch

from tests.imaging.textures import grains, sample
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import ArrayRaster, Raster, Wraps, read_whole
from texgen_desktop.imaging.score import seam
from texgen_desktop.operators import Operator, Workshop, make_tile
from texgen_desktop.operators.delight import OPERATORS as DELIGHT
from texgen_desktop.operators.make_tile import OPERATORS as MAKE_TILE
from texgen_desktop.operators.make_tile import MakeTile
from texgen_desktop.operators.perspective import OPERATORS as PERSPECTIVE
from texgen_desktop.slices import run_to_end


def applied(operator: Operator, settings: object, pixels: Floats, wraps: Wraps = (False, False)) -> tuple[Raster, list[str], list[float]]:
    """The result, what was noted, and how far it was in turn."""
    notes: list[str] = []
    shares: list[float] = []

    def no_weights(name: str) -> object:
        raise AssertionError(name)

    open_weights: Callable[[str], object] = no_weights
    told = Workshop(torch.device("cpu"), 1, None, open_weights, lambda share, words: shares.append(share), lambda shown: None, notes.append)  # type: ignore[arg-type]
    return run_to_end(operator.apply(settings, ArrayRaster(pixels, wraps), told)), notes, shares


def no_seam(raster: Raster) -> bool:
    tile = run_to_end(read_whole(raster))
    return seam(tile) == seam(tile.swapaxes(0, 1)) == 0


def test_auto_takes_the_cut_where_it_does_not_show_and_says_why() -> None:
    raster, notes, _ = applied(MAKE_TILE[0], MakeTile(), sample("gravel", 200))
    assert raster.wraps == (True, True)
    assert no_seam(raster)
    assert raster.width_px < 200
    assert len(notes) == 1
    assert "usual step: cut taken" in notes[0]


def test_auto_compares_with_a_repair_where_the_cut_shows() -> None:
    y, x = np.mgrid[:128, :128] / 128
    spot = np.exp(-20 * ((x - 0.5) ** 2 + (y - 0.6) ** 2))
    photo = np.clip(0.3 * grains(0, 128) + np.stack([spot, 0.6 * x**3, 0.5 * y**3], 2), 0, 1).astype(np.float32)
    raster, notes, _ = applied(MAKE_TILE[0], MakeTile(even_light=False), photo)
    assert no_seam(raster)
    assert "structure" in notes[0]
    assert notes[0].endswith(("cut taken", "repair taken"))


@pytest.mark.parametrize("method", ["repair", "cut"])
def test_the_method_asked_for_is_the_method_noted(method: str) -> None:
    raster, notes, shares = applied(MAKE_TILE[0], MakeTile(method=method), sample("gravel", 131)[:101])  # type: ignore[arg-type]
    assert notes[0].startswith(f"Tile: {method}")
    assert raster.wraps == (True, True)
    assert no_seam(raster)
    assert all(0 <= share <= 1 for share in shares)


def test_a_texture_is_made_of_about_the_size_of_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"instant": msgspec.structs.replace(make_tile.PRESETS["instant"], images=16)}
    monkeypatch.setattr(make_tile, "PRESETS", quick)
    raster, notes, shares = applied(MAKE_TILE[0], MakeTile(method="generate"), sample("gravel", 120)[:100])
    assert (raster.height_px, raster.width_px) == (96, 96)
    assert "generate, 96 × 96" in notes[0]
    assert shares[-1] == 1.0
    assert no_seam(raster)


def test_a_small_photo_is_refused_by_every_method() -> None:
    for method in ("auto", "cut", "repair", "generate"):
        with pytest.raises(TexGenError, match="96 pixels"):
            applied(MAKE_TILE[0], MakeTile(method=method), np.zeros((95, 200, 3), np.float32))  # type: ignore[arg-type]


def test_evened_light_keeps_the_wraps_and_a_straightened_picture_has_none() -> None:
    tile = np.tile(grains(4, 96), (2, 2, 1))
    even, notes, _ = applied(DELIGHT[0], DELIGHT[0].settings(), tile, (True, True))
    assert even.wraps == (True, True)
    assert no_seam(even)
    assert notes == ["Light evened out"]
    straight, notes, _ = applied(PERSPECTIVE[0], PERSPECTIVE[0].settings(), tile, (True, True))
    assert straight.wraps == (False, False)
    assert notes == ["perspective, 192 × 192 px"]
    with pytest.raises(TexGenError, match="do not make a rectangle"):
        applied(PERSPECTIVE[0], PERSPECTIVE[0].settings(top_left_x=1.0, top_right_x=0.0), tile)
