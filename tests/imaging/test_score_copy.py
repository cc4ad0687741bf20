"""The copy meter finds what was taken from the photo, however it was disguised, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.imaging.textures import grains, noisy
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.colour_axes import ColourAxes
from texgen_desktop.imaging.score_copy import Copies, CopyMeter
from texgen_desktop.slices import run_to_end


@pytest.fixture(scope="module")
def photo() -> Floats:
    return grains(seed=0)


@pytest.fixture(scope="module")
def meter(photo: Floats) -> CopyMeter:
    return run_to_end(CopyMeter.prepared([photo], ColourAxes.of(photo)))


def test_a_fresh_stretch_is_no_copy(meter: CopyMeter) -> None:
    assert run_to_end(meter.judged(grains(seed=1))).share < 0.3


@pytest.mark.parametrize(
    "disguise",
    [
        lambda crop: crop,
        lambda crop: np.clip(crop * 0.9 + 0.06, 0, 1).astype(np.float32),
        lambda crop: noisy(crop, 0.04),
    ],
    ids=["as it is", "lighter", "noisy"],
)
@pytest.mark.parametrize(("y", "x"), [(0, 0), (21, 34), (43, 5)])
def test_a_crop_is_a_copy_wherever_it_lies(meter: CopyMeter, photo: Floats, disguise, y: int, x: int) -> None:
    assert run_to_end(meter.judged(disguise(photo[y : y + 96, x : x + 96]))).share > 0.95


def test_a_mirrored_crop_is_none(meter: CopyMeter, photo: Floats) -> None:
    assert run_to_end(meter.judged(photo[:, ::-1])).share < 0.3


def test_the_overlay_shows_where(meter: CopyMeter, photo: Floats) -> None:
    tile = grains(seed=1)
    tile[64:160, 32:128] = photo[10:106, 7:103]
    copies = run_to_end(meter.judged(tile))
    overlay = copies.overlay(*tile.shape[:2])
    assert overlay.shape == tile.shape[:2]
    assert overlay[96:128, 64:96].min() == 1
    assert overlay[:48].mean() < 0.35
    assert overlay.max() <= 1


def test_pixels_without_a_patch_are_no_copies() -> None:
    overlay = Copies(np.ones((1, 1), bool)).overlay(40, 36)
    assert overlay[:32, :32].min() == 1
    assert overlay[32:].max() == overlay[:, 32:].max() == 0


def test_a_photo_that_repeats_itself_still_has_a_threshold(photo: Floats) -> None:
    """Half of many photos is cloned from the other half: the 5th percentile alone would be zero, and a shifted copy no copy."""
    cloned = photo.copy()
    cloned[:, 96:144] = cloned[:, :48]
    meter = run_to_end(CopyMeter.prepared([cloned], ColourAxes.of(cloned)))
    assert run_to_end(meter.judged(cloned[1:97, 1:97])).share > 0.9
    assert run_to_end(meter.judged(grains(seed=1))).share < 0.3


def test_a_photo_too_small_for_two_patches_side_by_side_is_searched_all_the_same() -> None:
    small = grains(seed=0, side_px=64)
    meter = run_to_end(CopyMeter.prepared([small], ColourAxes.of(small)))
    assert run_to_end(meter.judged(small[3:60, 5:64])).share > 0.9
