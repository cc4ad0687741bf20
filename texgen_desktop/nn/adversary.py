"""A critic of patches for networks that restore: it sees a picture beside the poor one that it was made of."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.nn.averaging import adam
from texgen_desktop.nn.critics import teach_critic
from texgen_desktop.nn.layers import LEAK, convolution, placed, seeded
from texgen_desktop.nn.losses import GAN_LOSSES
from texgen_desktop.nn.restoration import COLOURS
from texgen_desktop.slices import Slices

_LOSS = GAN_LOSSES["relativistic"]
_SMOOTHNESS = 0.05
_RATE = 1e-3


class PatchCritic(nn.Module):
    """(B, 6, S, S) to (B, 1, s, s): a score for each patch of 20 px. Valid convolutions: no patch sees a border."""

    def __init__(self) -> None:
        super().__init__()
        sizes = ((2 * COLOURS, 32, 3, 1), (32, 64, 4, 2), (64, 64, 3, 1), (64, 96, 4, 2))
        self.layers = nn.ModuleList(convolution(inputs, outputs, size, stride) for inputs, outputs, size, stride in sizes)
        self.judge = convolution(96, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = (2 * x - 1).contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), LEAK)
        return self.judge(x)  # type: ignore[no-any-return]  # a module's call is untyped


class Adversary:
    """The critic and what it has learnt so far."""

    def __init__(self, device: torch.device, seed: int) -> None:
        with seeded(seed):
            self._critic = placed(PatchCritic(), device)
        self._optimizer = adam(self._critic, _RATE)

    def blame(self, made: Tensor, wanted: Tensor, given: Tensor) -> Tensor:
        """How far the critic sees through what was made: the generator's side of the game."""
        self._critic.requires_grad_(False)
        on_made, on_wanted = (self._critic(torch.cat([each, given], 1)) for each in (made, wanted))
        self._critic.requires_grad_(True)
        return _LOSS.generator(on_made, on_wanted)

    def learn(self, made: Tensor, wanted: Tensor, given: Tensor, dice: torch.Generator, note: Callable[[Tensor], None]) -> Slices[Tensor]:
        """One step of the critic. ``note`` is told its loss."""
        return teach_critic(
            lambda pictures, _style: self._critic(pictures),  # type: ignore[arg-type]  # any callable does
            self._optimizer,
            torch.cat([wanted, given], 1),
            torch.cat([made, given], 1),
            wanted.new_zeros(len(wanted), 0),
            loss=_LOSS,
            gamma=_SMOOTHNESS,
            smoothed=len(wanted) // 2,
            dice=dice,
            note=note,
        )
