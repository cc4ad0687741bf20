"""Codes laid out anew: the same however they are cut, around a torus, and as lively as the photo's."""

import pytest
import torch

from texgen_desktop.nn.quilt import SPACING_CELLS, Bank, quilt


def bank(*sizes: tuple[int, int], channels: int = 3) -> Bank:
    cells = sum(h * w for h, w in sizes)
    return Bank(torch.randn(cells, channels, generator=torch.Generator().manual_seed(1)), sizes)


@pytest.mark.parametrize("periods", [(None, None), (20, 31), (4, None), (1, 1)])
@pytest.mark.parametrize("freedom", [0.0, 0.4, 1.0])
def test_a_region_is_the_same_alone_and_in_a_larger_one(periods, freedom):
    codes = bank((30, 26), (9, 40))
    whole = quilt(codes, 7, (-11, 5, 40, 30), periods, freedom)
    part = quilt(codes, 7, (-4, 12, 9, 17), periods, freedom)
    torch.testing.assert_close(part, whole[..., 7:16, 7:24], rtol=0, atol=1e-5)


@pytest.mark.parametrize("period", [1, 3, 8, 20, 67])
@pytest.mark.parametrize("freedom", [0.0, 0.4, 1.0])
def test_a_torus_repeats_after_its_period(period, freedom):
    codes = bank((30, 26))
    first = quilt(codes, 7, (0, 0, 12, 12), (period, period), freedom)
    later = quilt(codes, 7, (5 * period, -3 * period, 12, 12), (period, period), freedom)
    assert torch.equal(first, later)


def test_far_from_the_origin_codes_are_as_exact_as_near_it():
    codes, far = bank((30, 26)), SPACING_CELLS * 10**8
    found = quilt(codes, 0, (far, -far, 10, 10))
    values = found[0].permute(1, 2, 0).reshape(-1, 3)
    assert torch.isfinite(values).all()
    torch.testing.assert_close(found[..., 2:, 3:], quilt(codes, 0, (far + 2, 3 - far, 8, 7)), rtol=0, atol=1e-5)


def test_blended_codes_have_the_variance_of_the_photos_where_a_plain_mean_loses_a_part():
    codes = bank((60, 60))
    laid = quilt(codes, 3, (0, 0, 200, 200))
    assert float(laid.var()) == pytest.approx(1, abs=0.05)
    # The control: with ten times as many patches at a place the naive mean would have a tenth of it.
    halves = 0.5 * (quilt(codes, 3, (0, 0, 200, 200)) + quilt(codes, 4, (0, 0, 200, 200)))
    assert float(halves.var()) < 0.6


def test_without_freedom_the_photo_itself_is_laid_out_and_only_its_ends_are_blended():
    codes = bank((40, 40))
    photo = codes.codes.reshape(40, 40, 3).permute(2, 0, 1)
    tile = quilt(codes, 5, (0, 0, 30, 30), (30, 30), freedom=0.0)[0]
    shift = (40 - 30) // 2
    inside = slice(SPACING_CELLS + 2, 30 - SPACING_CELLS - 2)
    expected = photo[:, shift:, shift:][:, inside, inside]
    torch.testing.assert_close(tile[:, inside, inside], expected, rtol=0, atol=1e-4)


def test_a_photo_smaller_than_the_torus_is_repeated():
    codes = bank((18, 18))
    tile = quilt(codes, 5, (0, 0, 48, 48), (48, 48), freedom=0.0)[0]
    torch.testing.assert_close(tile[:, 5:8, 5:8], tile[:, 17:20, 17:20], rtol=0, atol=0.3)


def test_freedom_takes_patches_away_one_after_another():
    codes = bank((60, 60))
    layouts = [quilt(codes, 5, (0, 0, 48, 48), (48, 48), freedom=f) for f in (0.0, 0.25, 0.5, 0.75, 1.0)]
    changed = [float(((a - layouts[0]).abs().amax(1) > 0.3).float().mean()) for a in layouts]
    assert changed == sorted(changed)
    assert changed[0] == 0
    assert 0.2 < changed[2] < 0.8
    assert changed[4] > 0.9


def test_another_seed_lays_out_other_patches():
    codes = bank((30, 30))
    assert not torch.equal(quilt(codes, 0, (0, 0, 9, 9)), quilt(codes, 1, (0, 0, 9, 9)))


@pytest.mark.parametrize("sizes", [((2, 2),), ((2, 3), (1, 0)), ()])
def test_sizes_that_do_not_fit_the_codes_are_refused(sizes):
    with pytest.raises(ValueError, match="do not fit"):
        Bank(torch.zeros(6, 2), sizes)
