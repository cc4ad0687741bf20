"""The instrument: what it is calibrated by, what it must notice, and what it must not mind."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tests.imaging.textures import blocky, blurred, grains, noisy, sample, shuffled
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging import score_structure
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.phase_noise import phase_noise
from texgen_desktop.imaging.score import INSTRUMENT, Judge, SeamMeter, diversity, seam
from texgen_desktop.slices import run_to_end

SAMPLES = ("gravel", "fallen_leaves")


@pytest.fixture(scope="module")
def photo() -> Floats:
    return grains(seed=0)


@pytest.fixture(scope="module")
def judge(photo: Floats) -> Judge:
    return Judge.of(photo)


@pytest.fixture(scope="module")
def photos() -> dict[str, Floats]:
    return {name: sample(name) for name in SAMPLES}


@pytest.fixture(scope="module")
def judges(photos: dict[str, Floats]) -> dict[str, Judge]:
    return {name: Judge.of(found) for name, found in photos.items()}


def structure(judge: Judge, tile: Floats) -> float:
    return run_to_end(judge.structure_of(tile))


def test_another_stretch_of_the_texture_is_near_zero_and_phase_noise_near_one(judge: Judge, photo: Floats) -> None:
    assert abs(structure(judge, grains(seed=1))) < 0.25
    assert structure(judge, run_to_end(phase_noise(photo, seed=9))) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_photo_is_calibrated_by_its_own_crops_and_its_own_noise(name: str, judges: dict[str, Judge], photos: dict[str, Floats]) -> None:
    judge, photo = judges[name], photos[name]
    assert abs(structure(judge, photo[80:240, 60:220])) < 0.35
    assert structure(judge, run_to_end(phase_noise(photo, seed=9))[:160, :160]) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "worse",
    [
        lambda picture: [blurred(picture, rounds) for rounds in (1, 4, 16)],
        lambda picture: [noisy(picture, sigma) for sigma in (0.01, 0.04, 0.12)],
        lambda picture: [shuffled(picture, block_px) for block_px in (32, 16, 8, 4)],
        lambda picture: [blocky(picture, block_px) for block_px in (4, 8)],
    ],
    ids=["blur", "noise", "shuffled blocks", "coarse pixels"],
)
def test_structure_gets_worse_with_every_step_of_damage(name: str, worse, judges: dict[str, Judge], photos: dict[str, Floats]) -> None:
    readings = [structure(judges[name], tile) for tile in worse(photos[name][64:256, 64:256])]
    assert readings == sorted(readings)
    assert readings[-1] > 0.4


def test_structure_does_not_mind_contrast_and_colour_which_have_readings_of_their_own(judge: Judge) -> None:
    tile = grains(seed=1)
    pale = (tile - 0.5) * 0.8 + np.array([0.55, 0.5, 0.45], np.float32)
    assert structure(judge, pale) == pytest.approx(structure(judge, tile), abs=0.15)
    assert judge.score(pale).palette > 3 * judge.score(tile).palette
    assert judge.score(pale).spectrum > judge.score(tile).spectrum


def test_noise_of_the_same_spectrum_is_told_by_structure_alone(judge: Judge, photo: Floats) -> None:
    noise, fresh = judge.score(run_to_end(phase_noise(photo, seed=9))), judge.score(grains(seed=1))
    assert noise.palette < fresh.palette
    assert noise.spectrum < 2 * fresh.spectrum
    assert noise.structure > fresh.structure + 0.7


def test_a_flat_tile_has_finite_readings(judge: Judge) -> None:
    score = judge.score(np.full((96, 96, 3), 0.5, np.float32))
    assert all(math.isfinite(value) for value in score.to_json().values())
    assert score.structure > 1


def test_tiles_of_any_size_are_judged(judge: Judge) -> None:
    tile = grains(seed=1, side_px=96)
    for height, width in ((32, 32), (33, 96), (96, 57)):
        assert structure(judge, tile[:height, :width]) < 0.8


def test_a_tile_may_be_larger_than_the_photo() -> None:
    small = Judge.of(grains(seed=0, side_px=100))
    assert math.isfinite(small.score(grains(seed=1, side_px=160)).spectrum)


def test_what_is_too_small_is_refused_in_a_sentence(judge: Judge) -> None:
    with pytest.raises(TexGenError, match="32 pixels"):
        judge.score(np.zeros((31, 64, 3), np.float32))
    with pytest.raises(TexGenError, match="64 pixels"):
        Judge.of(np.zeros((63, 64, 3), np.float32))


def test_equal_arguments_give_equal_scores_whatever_was_judged_before(photo: Floats, judge: Judge) -> None:
    tile = grains(seed=2, side_px=96)
    assert Judge.of(photo).score(tile) == judge.score(tile)


def test_a_reading_does_not_depend_on_how_finely_the_work_is_cut(photo: Floats, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last digit: means of the means of parts would be others."""
    tile = grains(seed=2, side_px=96)
    found = structure(judge, tile)
    monkeypatch.setattr(score_structure, "_SLAB", 500)
    assert structure(judge, tile) == found
    assert structure(Judge.of(photo), tile) == found


def test_a_larger_photo_is_looked_at_in_more_slices_not_in_longer_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes over the whole picture at once would be as many for both."""
    monkeypatch.setattr(score_structure, "_SLAB", 512)
    random = np.random.default_rng(0)
    small, large = (sum(1 for _ in Judge.prepared([random.random((side, side, 3), np.float32)])) for side in (160, 320))
    assert large > 2.5 * small


def test_a_score_goes_into_json_with_the_number_of_the_instrument(judge: Judge) -> None:
    read = json.loads(json.dumps(judge.score(grains(seed=1)).to_json()))
    assert read.keys() == {"structure", "palette", "spectrum", "seam_x", "seam_y", "copy", "instrument"}
    assert read["instrument"] == INSTRUMENT


def test_two_photos_are_one_texture(photo: Floats) -> None:
    judge = Judge.of(photo, grains(seed=3, side_px=128))
    assert abs(structure(judge, grains(seed=1))) < 0.3


def test_a_seam_shows_on_its_own_axis_and_one_that_cannot_be_told_is_zero(photo: Floats, judge: Judge) -> None:
    tile = grains(seed=1)
    assert judge.score(tile).seam_x == judge.score(tile).seam_y == 0
    cut = judge.score(tile[:, :150])
    assert cut.seam_x > 0.2
    assert cut.seam_y == 0


def test_a_seam_that_was_smoothed_over_shows_too() -> None:
    tile = grains(seed=1)
    tile[0] = tile[-1]
    assert seam(tile) > 0.5


def test_the_meter_of_passing_rows_says_what_the_whole_picture_would() -> None:
    tile = grains(seed=1)
    cut = tile[:150, :131]
    for picture in (tile, cut):
        meter = SeamMeter()
        for rows in np.split(picture, [1, 2, 77]):
            meter.add(rows)
        assert meter.seams() == pytest.approx((seam(picture), seam(picture.swapaxes(0, 1))), abs=1e-4)
    assert min(meter.seams()) > 0.2
    line = SeamMeter()
    line.add(tile[:1, :1])
    assert line.seams() == (0, 0)


def test_diversity_tells_equal_pictures_from_unrelated_ones() -> None:
    tiles = [grains(seed, side_px=96) for seed in range(4)]
    assert diversity(tiles) == pytest.approx(1, abs=0.1)
    assert diversity([tiles[0], noisy(tiles[0], 0.02)]) < 0.2
    assert math.isnan(diversity(tiles[:1]))
