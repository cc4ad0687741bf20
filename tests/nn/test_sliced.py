"""Distances between the distributions of patches."""

import pytest
import torch

from texgen_desktop.nn.sliced import PatchDirections, modulus_features, projected, random_filters, sliced_wasserstein


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def smooth_noise(side: int, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(1, 3, side + 8, side + 8, generator=generator(seed))
    return torch.nn.functional.avg_pool2d(noise, 9, 1) * 9


def test_a_shift_is_its_own_distance_and_the_order_of_the_samples_does_not_count():
    made = torch.randn(5, 400, generator=generator())
    real = made[:, torch.randperm(400, generator=generator(1))]
    assert float(sliced_wasserstein(made, real)) == 0
    assert float(sliced_wasserstein(made, real + 0.25)) == pytest.approx(0.25, abs=1e-5)


def test_value_and_gradient_are_those_of_sorting_both():
    made = torch.randn(7, 300, generator=generator()).requires_grad_(True)
    real = torch.randn(7, 300, generator=generator(1))
    sliced_wasserstein(made, real).backward()
    got, made.grad = made.grad.clone(), None
    naive = (made.sort(1).values - real.sort(1).values).abs().mean()
    naive.backward()
    assert torch.allclose(sliced_wasserstein(made, real), naive)
    assert torch.equal(got, made.grad)


def test_sets_of_different_size_of_the_same_distribution_are_near():
    few, many = torch.randn(8, 1000, generator=generator()), torch.randn(8, 3700, generator=generator(1))
    assert sliced_wasserstein(few, many) < 0.08
    assert sliced_wasserstein(few, many * 2) > 0.5


def test_no_gradient_reaches_the_real_samples():
    real = torch.randn(2, 50, generator=generator()).requires_grad_(True)
    sliced_wasserstein(torch.randn(2, 50, requires_grad=True), real).backward()
    assert real.grad is None


def test_patches_along_directions_are_the_dot_products():
    picture, directions = torch.randn(2, 3, 9, 11, generator=generator()), torch.randn(4, 3, 7, 7, generator=generator(1))
    along = projected(picture, directions)
    assert along.shape == (4, 2 * 3 * 5)
    assert float(along[2, 0]) == pytest.approx(float((picture[0, :, :7, :7] * directions[2]).sum()), abs=1e-4)
    assert projected(picture, directions, stride=2).shape == (4, 2 * 2 * 3)


@pytest.mark.parametrize("whiteness", [0.0, 0.5, 1.0])
def test_a_direction_meets_unit_variance_on_the_average(whiteness):
    picture = smooth_noise(64)
    directions = PatchDirections.of(picture, 7, whiteness).draw(400, generator())
    assert directions.shape == (400, 3, 7, 7)
    assert float(projected(picture, directions).var(1).mean()) == pytest.approx(1, abs=0.15)


def test_white_directions_see_fine_grain_that_plain_ones_overlook():
    """Smooth noise with and without a grain of a thirtieth of its strength."""
    picture = smooth_noise(64)
    grainy = picture + picture.std() / 30 * torch.randn(picture.shape, generator=generator(3))

    def distance(whiteness):
        directions = PatchDirections.of(picture, 7, whiteness).draw(64, generator())
        return float(sliced_wasserstein(projected(grainy, directions), projected(picture, directions)))

    assert distance(1.0) > 2.5 * distance(0.0)


def test_moduli_tell_scattered_edges_from_noise_of_the_same_spectrum():
    """Sparse spots, and the same with random phases: every linear filter answers with the same variance, their moduli do not."""
    spots = (torch.rand(1, 3, 64, 64, generator=generator()) > 0.98).float()
    spots = (spots - spots.mean()) / spots.std()
    noise = torch.fft.ifft2(torch.fft.fft2(spots).abs() * torch.fft.fft2(torch.randn(1, 1, 64, 64, generator=generator(1))).sgn()).real
    other = spots.roll((20, 9), (2, 3))
    first, second = random_filters(16, 3, 7, generator(2)), random_filters(32, 16, 3, generator(3))
    see = [modulus_features(x, first, second) for x in (spots, noise, other)]
    assert sliced_wasserstein(see[1], see[0]) > 2 * sliced_wasserstein(see[2], see[0])
