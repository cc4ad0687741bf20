"""Pictures on a torus."""

import pytest
import torch

from texgen_desktop.nn.torus import resized, wrapped


def test_wrapping_adds_what_lies_on_the_opposite_side():
    picture = torch.arange(12.0).reshape(1, 1, 3, 4)
    around = wrapped(picture, 1, 2)
    assert torch.equal(around[0, 0, 1:4, 1:5], picture[0, 0])
    assert torch.equal(around, picture.roll((1, 1), (2, 3)).repeat(1, 1, 2, 2)[..., :6, :7])


@pytest.mark.parametrize("side", [8, 11, 16, 23])
def test_a_constant_stays_one_at_any_size(side):
    assert torch.allclose(resized(torch.full((1, 3, 8, 8), 0.7), side), torch.full((1, 3, side, side), 0.7))


def test_growing_a_rolled_picture_is_rolling_the_grown_one():
    """The control is an interpolation that stops at the edges."""
    picture = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    rolled = picture.roll((3, -2), (2, 3))
    assert torch.allclose(resized(rolled, 24), resized(picture, 24).roll((9, -6), (2, 3)), atol=1e-6)

    def naive(x):
        return torch.nn.functional.interpolate(x, 24, mode="bilinear")

    assert not torch.allclose(naive(rolled), naive(picture).roll((9, -6), (2, 3)), atol=1e-2)
    assert torch.allclose(resized(picture, 24)[..., 3:-3, 3:-3], naive(picture)[..., 3:-3, 3:-3], atol=1e-6)
