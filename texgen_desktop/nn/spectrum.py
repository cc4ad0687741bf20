"""The distance between two kinds of pictures' power spectra: what repeats, and how regularly, shows there however far apart it lies."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SMOOTH = 5  # frequencies: the spectrum of one crop is as noisy as it is strong, and only neighbours can be averaged
_FLOOR = 0.02  # of the mean power: what lies below is the camera's noise


def spectrum_distance(made: Tensor, real: Tensor) -> Tensor:
    """Mean |log power - log power| over frequencies and channels of two batches (B, C, n, n); gradients reach ``made`` alone.

    Periodogram with a Hann window (Welch 1967), for a crop of a photo has edges; the made pictures are seen through the same window.
    Galerne et al. (2011) hold the whole spectrum of a texture fixed instead, which needs one photo of one size.
    """
    with torch.no_grad():
        target = _power(real)
        floor = _FLOOR * target.sum(1, keepdim=True).mean((2, 3), keepdim=True) + 1e-12
    return ((_power(made) + floor).log() - (target + floor).log()).abs().mean()


def _power(pictures: Tensor) -> Tensor:
    """Averaged over the batch and over neighbouring frequencies."""
    line = torch.hann_window(pictures.shape[-1], device=pictures.device)
    window = line[:, None] * line
    transformed = torch.fft.rfft2((pictures - pictures.mean((2, 3), keepdim=True)) * window)
    power = (transformed.real.square() + transformed.imag.square()).mean(0, keepdim=True) / window.square().sum()
    return F.avg_pool2d(power, _SMOOTH, 1)
