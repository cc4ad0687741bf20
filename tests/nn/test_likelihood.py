"""The parts of the evidence lower bound, against what torch and arithmetic say."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from texgen_desktop.nn.likelihood import LEAST_LOG_SIGMA, gaussian_kl, negative_elbo, optimal_sigma_nll, reparameterised


def test_the_kl_of_a_gaussian_is_that_of_torch():
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    expected = kl_divergence(Normal(mean, torch.exp(0.5 * log_variance)), Normal(0.0, 1.0))
    torch.testing.assert_close(gaussian_kl(mean, log_variance), expected)


def test_a_draw_has_the_posteriors_mean_and_deviation_and_hands_gradients_to_both():
    mean, log_variance = torch.tensor(2.0, requires_grad=True), torch.tensor(math.log(9.0), requires_grad=True)
    drawn = reparameterised(
        mean.expand(200_000), log_variance.expand(200_000), torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    )
    assert float(drawn.detach().mean()) == pytest.approx(2, abs=0.03)
    assert float(drawn.detach().std()) == pytest.approx(3, abs=0.03)
    drawn.square().mean().backward()
    assert float(mean.grad) == pytest.approx(4, abs=0.1)  # of mean^2 + variance
    assert float(log_variance.grad) == pytest.approx(9, abs=0.2)


def test_the_likelihood_is_the_gaussians_at_the_sigma_that_fits_best():
    x, mean = torch.randn(4, 50), torch.randn(4, 50)
    constant = 0.5 + 0.5 * math.log(2 * math.pi)
    sigmas = torch.linspace(0.3, 4, 400)
    best = min(float(-Normal(mean, sigma).log_prob(x).mean()) for sigma in sigmas)
    assert float(optimal_sigma_nll(x, mean)) + constant == pytest.approx(best, abs=2e-3)


def test_a_perfect_reconstruction_costs_a_finite_amount():
    x = torch.ones(3, requires_grad=True)
    loss = optimal_sigma_nll(torch.ones(3), x)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(LEAST_LOG_SIGMA, abs=0.01)
    assert torch.isfinite(x.grad).all()


def test_beta_weighs_the_codes_against_the_pixels():
    nll, kl = torch.tensor(1.5), torch.tensor(80.0)
    assert float(negative_elbo(nll, kl, 40, 0.0)) == 1.5
    assert float(negative_elbo(nll, kl, 40, 2.0)) == 5.5
