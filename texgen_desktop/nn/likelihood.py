"""What a variational autoencoder is trained by: the evidence lower bound and its parts."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_LOG_SIGMA = -6.0


def reparameterised(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z = mean + exp(log_variance / 2) * noise: a draw from q(z|x) through which gradients pass (Kingma and Welling 2013, eq. 4)."""
    return torch.addcmul(mean, torch.exp(0.5 * log_variance), noise)


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) = (mean^2 + variance - 1 - log variance) / 2, of each element (Kingma and Welling 2013, app. B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def optimal_sigma_nll(x: Tensor, mean: Tensor) -> Tensor:
    """-log p(x|z) of a Gaussian with one sigma for all pixels, at the sigma that fits best, averaged over the elements.

    sigma^2 = E[(x - mean)^2], so that (x - mean)^2 / (2 sigma^2) is 1/2 on average and what is left to learn is log sigma: the
    sigma-VAE of Rybkin, Daniilidis and Levine (2021). With it no weight has to be found between this term and the KL. The constant
    1/2 + log(2 pi) / 2 is left out. log sigma stays softly above -6, or a photo of one colour would send it to minus infinity.
    """
    log_sigma = 0.5 * torch.log((x - mean).square().mean().clamp_min(1e-12))
    return LEAST_LOG_SIGMA + torch.nn.functional.softplus(log_sigma - LEAST_LOG_SIGMA)


def negative_elbo(nll: Tensor, kl_sum: Tensor, elements: int, beta: float) -> Tensor:
    """-ELBO = -E_q[log p(x|z)] + beta * KL(q(z|x) || p(z)) for each of the ``elements`` of x (beta-VAE, Higgins et al. 2017).

    ``nll`` is a mean over the elements, ``kl_sum`` the sum over all codes of the same pictures.
    """
    return nll + beta * kl_sum / elements
