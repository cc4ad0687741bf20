"""One step of a critic of patches, as every family with such critics does it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from texgen_desktop.nn.losses import GanLoss, smoothness
from texgen_desktop.slices import Slices

NOISY_SIGMA = 0.1
DRIFT = 0.02


def teach_critic(
    critic: nn.Module,
    optimizer: torch.optim.Adam,
    real: Tensor,
    fake: Tensor,
    style: Tensor,
    *,
    loss: GanLoss,
    gamma: float,
    smoothed: int,
    dice: torch.Generator,
    note: Callable[[Tensor], None],
) -> Slices[Tensor]:
    """One step of ``critic``, (pictures, style) -> scores, in slices; returns what the critic thought of the real crops before it.

    ``note`` is told the critic's side of ``loss``, and may raise before it reaches the weights. ``gamma`` is the weight of the gradient
    penalty on the first ``smoothed`` crops of either kind. It is part of every step, if only for a part of the batch: Adam without
    momentum takes it badly when a large gradient comes now and then.

    Where ``loss`` rewards any lead, a weak pull on the square of the lead is added (after the drift term of Karras et al. 2018, on the
    difference of the scores). Least squares and hinge need none: their best lead is finite, and the pull would only move it.
    """
    clean, told = torch.cat([real[:smoothed], fake[:smoothed]]), style[:smoothed]
    noisy = clean + NOISY_SIGMA * torch.randn(clean.shape, generator=dice).to(clean.device)
    # All crops at once: on small ones the calls cost as much as the sums.
    scores: Tensor = critic(torch.cat([real, fake, noisy]), torch.cat([style, style, told, told]))
    on_real, on_fake, on_noisy = scores.split([len(real), len(fake), len(noisy)])
    total = loss.critic(on_real, on_fake)
    note(total)
    if loss.rewards_any_lead:
        # Holds a sure critic near scores that still tell the generator something: with it the best lead is some 3, not infinite.
        total = total + DRIFT * (on_real - on_fake).square().mean()
    # A mean over both, where R1 + R2 is a sum of two means.
    total = total + 2 * smoothness(torch.cat([on_real[:smoothed], on_fake[:smoothed]]), on_noisy, gamma, NOISY_SIGMA)
    optimizer.zero_grad(set_to_none=True)
    yield None
    total.backward()
    optimizer.step()
    yield None
    before: Tensor = on_real.detach()
    return before
