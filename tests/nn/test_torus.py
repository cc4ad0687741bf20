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


@pytest.mark.parametrize(("is_shifted", "is_seamless"), [(True, True), (False, False)])
def test_a_picture_that_grows_in_rounds_gets_no_seam_when_the_grid_is_shifted(is_shifted: bool, is_seamless: bool):
    """The step from the last column to the first is one among the others: it is larger than half of them, over many pictures."""
    generator = torch.Generator().manual_seed(0)
    picture = torch.randn(1, 100, 32, 32, generator=generator)
    for side in (45, 64, 91, 128):
        down, right = torch.rand(2, generator=generator).tolist() if is_shifted else (0.0, 0.0)
        picture = resized(picture, side, (down, right))
    steps = (picture - picture.roll(1, 3)).abs().mean(2)[0]  # (pictures, columns), the first across the edge
    rank = (steps[:, 1:] < steps[:, :1]).float().mean()
    assert (0.2 < rank < 0.8) == is_seamless
