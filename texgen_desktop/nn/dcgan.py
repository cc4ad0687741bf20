"""The two networks of the mission's worked example: a DCGAN (Radford et al. 2016) behind a ladder of dense layers."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.nn.layers import LEAK

_FIRST_SIDE = 8
_RUNGS = 7


class LadderGenerator(nn.Module):
    """(code (B, 100), condition) -> (B, 3, S, S): x = G(z).

    With width 128 and 64 px: dense 128, 256, 512, 1024, 2048, 4096, 8192 = 8 x 8 x 128; transposed convolutions 4 x 4 to 256
    (stride 1), 128, 64 and 3 channels (stride 2), batch norm after all but the last, leaky ReLU 0.2, tanh. For 32 px one of stride 2
    is left out, for 128 px one is put in.
    """

    def __init__(self, code: int, condition: int, side_px: int, width: int) -> None:
        super().__init__()
        self.code = code
        rungs = [code + condition, *(width << k for k in range(_RUNGS))]
        self.ladder = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(rungs))
        doublings = side_px.bit_length() - _FIRST_SIDE.bit_length()
        channels = [width, 2 * width, *(max(1, width >> k) for k in range(doublings - 1))]
        # At stride 1 an even kernel has no middle: one row and column too many come out, and are cut off, as "same" padding does.
        self.first = nn.ConvTranspose2d(channels[0], channels[1], 4, 1, 1, bias=False)
        self.later = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in pairwise(channels[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in channels[1:])
        self.leave = nn.ConvTranspose2d(channels[-1], 3, 4, 2, 1)
        for layer in (*self.ladder, self.first, *self.later):
            nn.init.kaiming_normal_(layer.weight, LEAK, nonlinearity="leaky_relu")

    def forward(self, code: Tensor, condition: Tensor) -> Tensor:
        x = torch.cat([code, condition], 1)
        for rung in self.ladder:
            x = F.leaky_relu(rung(x), LEAK)
        x = x.unflatten(1, (-1, _FIRST_SIDE, _FIRST_SIDE)).contiguous(memory_format=torch.channels_last)
        x = self.first(x)[..., :-1, :-1]
        for k, norm in enumerate(self.norms):
            x = F.leaky_relu(norm(x), LEAK)
            x = self.later[k](x) if k < len(self.later) else self.leave(x)
        return torch.tanh(x)

    def multiply_adds(self) -> int:
        """Of its layers, for one picture: a transposed convolution uses all its weights for each position that it is given."""
        total, side = sum(rung.weight.numel() for rung in self.ladder if isinstance(rung, nn.Linear)), _FIRST_SIDE
        for layer in (self.first, *self.later, self.leave):
            assert isinstance(layer, nn.ConvTranspose2d)
            total += layer.weight.numel() * side**2
            side *= layer.stride[0]
        return total

    def code_weights(self) -> Tensor:
        """All weights that read the code: (outputs, code)."""
        first = self.ladder[0].weight
        assert isinstance(first, Tensor)
        return first[:, : self.code].detach()


class StridedCritic(nn.Module):
    """(picture, condition) -> f(x) (B, 1); D(x) = sigmoid(f(x)). With width 128: 3 x 3 convolutions of stride 2 with 128, 256, 512 and
    1024 channels, leaky ReLU 0.2, dense 1, for 64 x 64 x 3. The condition is told by projection (Miyato and Koyama 2018)."""

    def __init__(self, side_px: int, width: int, condition: int) -> None:
        super().__init__()
        self._side_px = side_px
        channels = [3, *(width << k for k in range(4))]
        body = [nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(channels)]
        for layer in body:
            nn.init.kaiming_normal_(layer.weight, LEAK, nonlinearity="leaky_relu")
        self.body = nn.ModuleList(body)
        features = channels[-1] * (side_px >> 4) ** 2
        self.leave = nn.Linear(features, 1)
        self.projection = nn.Linear(condition, features, bias=False) if condition else None

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        x = picture.contiguous(memory_format=torch.channels_last)
        for layer in self.body:
            x = F.leaky_relu(layer(x), LEAK)
        x = x.flatten(1)
        score: Tensor = self.leave(x)
        return score if self.projection is None else score + (x * self.projection(condition)).mean(1, keepdim=True)

    def multiply_adds(self) -> int:
        """Of its layers, for one picture."""
        total, side = self.leave.weight.numel(), self._side_px
        for layer in self.body:
            assert isinstance(layer, nn.Conv2d)
            side //= 2
            total += layer.weight.numel() * side**2
        return total
