"""Losses against their formulas."""

import torch

from texgen_desktop.nn.losses import relativistic, smoothness


def test_the_relativistic_loss_falls_when_the_winner_is_ahead():
    ahead, behind = torch.tensor([3.0]), torch.tensor([-1.0])
    assert relativistic(ahead, behind) < relativistic(behind, ahead)
    torch.testing.assert_close(relativistic(ahead, ahead), torch.tensor(2.0).log())


def test_for_small_steps_smoothness_is_half_gamma_times_the_squared_gradient():
    torch.manual_seed(0)
    gradient = torch.randn(20)
    x = torch.zeros(40_000, 20)
    noisy = x + 0.01 * torch.randn_like(x)
    got = smoothness(x @ gradient, noisy @ gradient, gamma=0.3, sigma=0.01)
    torch.testing.assert_close(got, 0.15 * gradient.square().sum(), rtol=0.05, atol=0)
