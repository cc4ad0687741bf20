"""One step of a critic of patches, as every family with such critics does it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from texgen_desktop.nn.losses import relativistic, smoothness
from texgen_desktop.slices import Slices

_NOISY_SIGMA = 0.1
_DRIFT = 0.02


def teach_critic(
    critic: nn.Module,
    optimizer: torch.optim.Adam,
    real: Tensor,
    fake: Tensor,
    style: Tensor,
    *,
    gamma: float,
    smoothed: int,
    dice: torch.Generator,
    note: Callable[[Tensor], None],
) -> Slices[Tensor]:
    """One step of ``critic``, (pictures, style) -> scores, in slices; returns what the critic thought of the real crops before it.

    ``note`` is told the pairing loss, and may raise before it reaches the weights. ``gamma`` is the weight of the gradient penalty on the
    first ``smoothed`` crops of either kind. It is part of every step, if only for a part of the batch: Adam without momentum takes it
    badly when a large gradient comes now and then.
    """
    scores: Tensor = critic(torch.cat([real, fake]), torch.cat([style, style]))
    on_real, on_fake = scores.chunk(2)
    loss = relativistic(on_real, on_fake)
    note(loss)
    # Holds a sure critic near scores that still tell the generator something: with it the best lead is some 3, not infinite.
    loss = loss + _DRIFT * (on_real - on_fake).square().mean()
    yield None
    for pictures, before in ((real[:smoothed], on_real[:smoothed]), (fake[:smoothed], on_fake[:smoothed])):
        noise = torch.randn(pictures.shape, generator=dice).to(pictures.device)
        noisy = critic(pictures + _NOISY_SIGMA * noise, style[:smoothed])
        loss = loss + smoothness(before, noisy, gamma, _NOISY_SIGMA)
    optimizer.zero_grad(set_to_none=True)
    yield None
    loss.backward()
    optimizer.step()
    yield None
    return on_real.detach()
