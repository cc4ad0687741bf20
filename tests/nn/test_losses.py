"""Losses against their formulas."""

import pytest
import torch

from texgen_desktop.nn.losses import GAN_LOSSES, laplacian_distance, relativistic, smoothness


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


def test_the_classic_losses_are_those_of_sigmoids():
    torch.manual_seed(0)
    real, made = torch.randn(50), torch.randn(50)
    judged_real, judged_made = torch.sigmoid(real), torch.sigmoid(made)
    wanted = -judged_real.log().mean() - (1 - judged_made).log().mean()
    torch.testing.assert_close(GAN_LOSSES["minimax"].critic(real, made), wanted)
    torch.testing.assert_close(GAN_LOSSES["minimax"].generator(made, real), (1 - judged_made).log().mean())
    torch.testing.assert_close(GAN_LOSSES["non-saturating"].generator(made, real), -judged_made.log().mean())


@pytest.mark.parametrize("name", GAN_LOSSES)
def test_every_loss_rewards_the_critic_for_telling_apart_and_the_generator_for_deceiving(name):
    loss, high, low = GAN_LOSSES[name], torch.tensor([2.0]), torch.tensor([-2.0])
    assert loss.critic(high, low) < loss.critic(low, high)
    assert loss.generator(high, low) < loss.generator(low, high)


@pytest.mark.parametrize("name", GAN_LOSSES)
def test_only_a_loss_that_says_so_rewards_a_lead_that_is_large_already(name):
    loss, large = GAN_LOSSES[name], torch.tensor([3.0])
    assert (loss.critic(2 * large, -2 * large) < loss.critic(large, -large)) == loss.rewards_any_lead


def test_an_unsure_generator_still_has_a_slope_by_the_non_saturating_loss_only():
    slopes = {}
    for name in ("minimax", "non-saturating"):
        score = torch.tensor([-12.0], requires_grad=True)
        GAN_LOSSES[name].generator(score, torch.zeros(1)).backward()
        slopes[name] = abs(float(score.grad))
    assert slopes["minimax"] < 1e-4
    assert slopes["non-saturating"] > 0.99


def test_blur_costs_more_by_its_bands_than_by_its_mean_difference():
    torch.manual_seed(0)
    sharp = torch.randn(2, 3, 32, 32)
    blurred = torch.nn.functional.avg_pool2d(sharp, 3, 1, 1)
    shifted = sharp + (blurred - sharp).abs().mean()  # as far off, but evenly
    assert laplacian_distance(sharp, sharp) == 0
    assert laplacian_distance(blurred, sharp) != laplacian_distance(shifted, sharp)
