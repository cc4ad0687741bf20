"""Noise is a function of its coordinates."""

import numpy as np
import pytest
import torch

from texgen_desktop.nn.noise import gaussian_field, stream


def test_any_region_is_the_same_alone_and_as_part_of_a_larger_one():
    whole = gaussian_field(7, 2, 5, -20, -30, 60, 80)
    part = gaussian_field(7, 2, 5, -3, 11, 9, 13)
    assert torch.equal(part, whole[..., 17:26, 41:54])


@pytest.mark.parametrize("origin", [0, -1, 2**31 - 3, -(2**31), 2**40, -(2**62)])
def test_negative_and_huge_coordinates_have_noise_of_their_own(origin):
    here = gaussian_field(0, 0, 2, origin, origin, 8, 8)
    assert torch.equal(here[..., 3:, 2:], gaussian_field(0, 0, 2, origin + 3, origin + 2, 5, 6))
    assert abs(float(here.mean())) < 0.6
    assert 0.6 < float(here.std()) < 1.4


def test_on_a_torus_the_noise_repeats_after_one_period():
    field = gaussian_field(3, 1, 4, -5, -5, 30, 30, periods=(12, 9))
    assert torch.equal(field[..., :18, :], field[..., 12:, :])
    assert torch.equal(field[..., :, :21], field[..., :, 9:])


def test_an_axis_that_does_not_wrap_never_repeats():
    field = gaussian_field(3, 1, 1, 0, 0, 24, 24, periods=(12, None))
    assert torch.equal(field[..., :12, :], field[..., 12:, :])
    assert not torch.equal(field[..., :12], field[..., 12:])


def test_it_is_standard_normal_and_uncorrelated_between_neighbours_channels_levels_and_seeds():
    field = gaussian_field(1, 0, 4, 0, 0, 256, 256)[0].double().numpy()
    assert abs(field.mean()) < 0.01
    assert abs(field.std() - 1) < 0.01
    assert abs((field**4).mean() - 3) < 0.1  # kurtosis of the normal distribution
    others = {
        "down": np.roll(field, 1, 1),
        "right": np.roll(field, 1, 2),
        "diagonal": np.roll(field, (1, 1), (1, 2)),
        "channel": np.roll(field, 1, 0),
        "transposed": field.transpose(0, 2, 1),
        "level": gaussian_field(1, 1, 4, 0, 0, 256, 256)[0].double().numpy(),
        "seed": gaussian_field(2, 0, 4, 0, 0, 256, 256)[0].double().numpy(),
    }
    for name, other in others.items():
        assert abs((field * other).mean()) < 0.01, name
        assert abs((field**2 * other**2).mean() - 1) < 0.03, name


def test_an_odd_number_of_channels_is_the_beginning_of_the_even_one():
    assert torch.equal(gaussian_field(5, 0, 3, 0, 0, 4, 4), gaussian_field(5, 0, 4, 0, 0, 4, 4)[:, :3])


def test_a_stream_depends_on_seed_images_and_purpose_and_on_nothing_else():
    draw = lambda *key: float(torch.rand(1, generator=stream(*key)))  # noqa: E731
    torch.manual_seed(99)
    assert draw(1, 400, 0) == draw(1, 400, 0)
    assert len({draw(1, 400, 0), draw(2, 400, 0), draw(1, 404, 0), draw(1, 400, 1)}) == 4
