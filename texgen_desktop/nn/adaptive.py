"""How much to augment, and how far the critic knows its training pictures by heart."""

from __future__ import annotations

import torch
from torch import Tensor

TARGET = 0.6
"""The share by which real pictures are known as real that is aimed at (Karras et al. 2020, section 3.1)."""
_LARGEST = 0.85  # from there on the generator learns the changes too
_START = 0.2
_MEMORY = 1 / 16  # of the latest step in the running mean of the sign
_FULL_SWING = 0.25  # of the run, in which the probability could go from 0 to 1


class AdaptiveAugmentation:
    """ADA's control (Karras et al. 2020): r = E[sign(D(x))] over real pictures is 0 for a critic that knows nothing and 1 for one that
    overfits; the probability of changing a picture rises while r is above its target and falls below.

    ``sign`` and ``probability`` are tensors that are changed in place: a run keeps them.
    """

    def __init__(self, device: torch.device) -> None:
        self.sign = torch.full((), TARGET, device=device)
        self.probability = torch.full((), _START, device=device)

    def note(self, scores_of_real: Tensor, scores_of_made: Tensor, is_relative: bool, share_of_run: float) -> None:
        """One step's scores. A relativistic critic's are good for comparing only: the sign is that of the difference."""
        scores = scores_of_real - scores_of_made if is_relative else scores_of_real
        self.sign.lerp_(scores.sign().mean(), _MEMORY)
        self.probability.add_((self.sign - TARGET).sign() * (share_of_run / _FULL_SWING)).clamp_(0, _LARGEST)


def learnt_by_heart(on_training: Tensor, on_held_out: Tensor, on_made: Tensor) -> Tensor:
    """(E[D(train)] - E[D(held out)]) / |E[D(train)] - E[D(made)]|, in [-1, 1] (r_v of Karras et al. 2020): near 0 the critic thinks as
    well of pictures that it never saw as of those it learns from, at 1 it takes them for made ones."""
    training, held_out, made = on_training.mean(), on_held_out.mean(), on_made.mean()
    return ((training - held_out) / (training - made).abs().clamp(min=1e-3)).clamp(-1, 1)
