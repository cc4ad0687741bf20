"""The network that fills holes, coarse to fine: at each level of a pyramid a small U-Net of gated convolutions (Yu et al. 2019).

A level sees the picture of its scale, and what the next coarser one made of the hole. It reads windows of the plane, which are larger than
what is wanted by all that it looks at (``MARGIN_PX``): so a hole across the edge of a tile is as good as any other, and the memory that
it takes does not grow with the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.nn.holed import COLOURS, Bools, Holed, pyramid
from texgen_desktop.nn.layers import LEAK, convolution
from texgen_desktop.nn.noise import gaussian_field
from texgen_desktop.nn.repair_attention import Memory
from texgen_desktop.slices import Slices

CELL_PX = 4
"""Windows are of whole cells, which is what the deepest layer of a level sees as one pixel."""
MARGIN_PX = 32
"""How far a level looks, in its own pixels, in whole cells."""
INPUTS = 3 * COLOURS + 2  # what the coarser level made, what was proposed, what is known, the hole, noise
PLACES = 8_000  # that are looked up
_DILATIONS = (1, 2, 1)
_BLOCK_PX = 96
_FIRST_SHARE = 0.2
_MOST_TONE = 0.4  # in spreads of the picture's colours


class GatedConvolution(nn.Module):
    """elu(features) * sigmoid(gate), 3 x 3, of the same size: each place decides how far it believes what it sees."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.layer = nn.Conv2d(inputs, 2 * outputs, 3, stride, padding=dilation, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        features, gate = self.layer(x).chunk(2, dim=1)
        answer: Tensor = F.elu(features) * torch.sigmoid(gate)
        return answer


class RepairLevel(nn.Module):
    """below, proposal, colours (B, 3, H, W), hole, noise (B, 1, H, W), sides of whole cells -> the picture with the hole filled.

    ``below`` is what the coarser level made, at this size, ``proposal`` detail of like places; ``colours`` count only where the hole
    is 0. Near the window's edge the answer depends on where the edge is, from ``MARGIN_PX`` on it does not.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        deep, fine = width * 3 // 2, max(4, width // 3)
        self.enter = GatedConvolution(4 * INPUTS, width)
        self.down = GatedConvolution(width, deep, stride=2)
        self.middle = nn.ModuleList(GatedConvolution(deep, deep, dilation=d) for d in _DILATIONS)
        self.up = nn.Conv2d(deep, width, 1)
        self.join = GatedConvolution(width, width)
        self.grow = nn.Conv2d(width, 4 * fine, 1)
        self.finish = GatedConvolution(fine + INPUTS, fine)
        self.leave = nn.Conv2d(fine, COLOURS, 3, padding=1)
        with torch.no_grad():
            self.leave.weight.mul_(_FIRST_SHARE)  # it begins with the proposal

    def forward(self, below: Tensor, proposal: Tensor, colours: Tensor, hole: Tensor, noise: Tensor) -> Tensor:
        known = torch.where(hole > 0, 0.0, colours)
        x = torch.cat([below, proposal, known, hole, noise], 1).contiguous(memory_format=torch.channels_last)
        half = self.enter(F.pixel_unshuffle(x, 2))
        deep = self.down(half)
        for layer in self.middle:
            deep = deep + layer(deep)
        half = half + F.interpolate(self.up(deep), scale_factor=2, mode="nearest")
        half = half + self.join(half)
        full = self.finish(torch.cat([F.pixel_shuffle(self.grow(half), 2), x], 1))
        return torch.where(hole > 0, proposal + self.leave(full), colours)


class PatchCritic(nn.Module):
    """(B, 3, H, W), where the hole is (B, 1, H, W) -> scores of patches, (B, 1, h, w). It sees no border."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers = [
            convolution(COLOURS + 1, width // 2, 3),
            convolution(width // 2, width, 4, stride=2),
            convolution(width, width, 3),
            convolution(width, width, 3),
        ]
        self.body = nn.ModuleList(layers)
        self.leave = convolution(width, 1, 1)

    def forward(self, pictures: Tensor, hole: Tensor) -> Tensor:
        x = torch.cat([pictures, hole], 1).contiguous(memory_format=torch.channels_last)
        for layer in self.body:
            x = F.leaky_relu(layer(x), LEAK)
        score: Tensor = self.leave(x)
        return score


class RepairNet(nn.Module):
    """The levels, finest first."""

    def __init__(self, levels: int, width: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(RepairLevel(width) for _ in range(levels))

    def level(self, k: int) -> RepairLevel:
        found = self.levels[k]
        assert isinstance(found, RepairLevel)
        return found


def doubled(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2 H - 4, 2 W - 4), bilinear: the outermost pixel on each side is used up."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)[..., 2:-2, 2:-2]


def fill(net: RepairNet, picture: Holed, seed: int, show: Callable[[Floats], None]) -> Slices[Floats]:
    """(H, W, 3) with the hole filled, all else bit for bit. ``show`` is handed each level, coarsest first."""
    levels = yield from pyramid(picture, len(net.levels))
    made: Holed | None = None
    for k in reversed(range(len(levels))):
        level, proposal = levels[k], None
        if made is not None:
            memory = Memory.of(levels[k + 1], level, PLACES, np.random.default_rng((seed, k)))
            yield None
            found = yield from memory.proposal(made.colours, levels[k + 1].hole, level.wraps, level.hole.shape)
            proposal = Holed(found, np.zeros_like(level.hole), level.wraps)
        colours = yield from _filled(net.level(k), level, made, proposal, seed, k)
        made = Holed(colours, np.zeros_like(level.hole), level.wraps)
        show(colours)
    assert made is not None, "a network has levels"
    toned = yield from _toned(made, picture.hole)
    show(toned)
    return toned


def _filled(level: RepairLevel, picture: Holed, below: Holed | None, proposal: Holed | None, seed: int, k: int) -> Slices[Floats]:
    """One level, a block a slice."""
    height, width = picture.hole.shape
    periods = (height if picture.wraps[0] else None, width if picture.wraps[1] else None)
    made = picture.colours.copy()
    device = next(level.parameters()).device
    for top in range(0, height, _BLOCK_PX):
        for left in range(0, width, _BLOCK_PX):
            part = (slice(top, min(top + _BLOCK_PX, height)), slice(left, min(left + _BLOCK_PX, width)))
            hole_here = picture.hole[part]
            if not hole_here.any():
                continue
            rows, columns = (-(-n // CELL_PX) * CELL_PX + 2 * MARGIN_PX for n in hole_here.shape)
            y, x = top - MARGIN_PX, left - MARGIN_PX
            colours, hole = picture.window(y, x, rows, columns)
            noise = gaussian_field(seed, k, 1, y, x, rows, columns, periods)
            guide = proposed = torch.zeros(1, COLOURS, rows, columns)
            if below is not None and proposal is not None:  # the margin and the block's place are even
                guide = doubled(below.window(y // 2 - 1, x // 2 - 1, rows // 2 + 2, columns // 2 + 2)[0][None])
                proposed = proposal.window(y, x, rows, columns)[0][None]
            with torch.inference_mode():
                found = level(*(t.to(device) for t in (guide, proposed, colours[None], hole[None], noise)))
            inside = found[0, :, MARGIN_PX:, MARGIN_PX:].permute(1, 2, 0).cpu().numpy()[: hole_here.shape[0], : hole_here.shape[1]]
            made[part][hole_here] = inside[hole_here]
            yield None
    return made


def _toned(made: Holed, hole: Bools) -> Slices[Floats]:
    """The hole's border in the tone of what lies outside of it, a block a slice: pale steps along it are seen from afar.

    The tone is the mean of three pixels on either side, smoothed along the border; it fades into the hole. What is more than
    ``_MOST_TONE`` apart is rather the texture itself.
    """
    height, width = hole.shape
    toned = made.colours.copy()
    hidden = Holed(np.repeat(hole[..., None], COLOURS, 2).astype(np.float32), np.zeros_like(hole), made.wraps)
    for top in range(0, height, _BLOCK_PX):
        for left in range(0, width, _BLOCK_PX):
            part = (slice(top, top + _BLOCK_PX), slice(left, left + _BLOCK_PX))
            if not hole[part].any():
                continue
            rows, columns = (n + 2 * MARGIN_PX for n in hole[part].shape)
            colours = made.window(top - MARGIN_PX, left - MARGIN_PX, rows, columns)[0][None]
            inside = hidden.window(top - MARGIN_PX, left - MARGIN_PX, rows, columns)[0][None, :1]
            outside = 1 - inside
            near_inside, near_outside = inside * F.max_pool2d(outside, 7, 1, 3), outside * F.max_pool2d(inside, 7, 1, 3)
            tones = [_blurred(colours * near, 4) / _blurred(near, 4).clamp_min(1e-3) for near in (near_outside, near_inside)]
            change = _MOST_TONE * torch.tanh((tones[0] - tones[1]) / _MOST_TONE) * (2 * _blurred(outside, 5)).clamp(max=1) * inside
            toned[part] += change[0, :, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX].permute(1, 2, 0).numpy()
            yield None
    return toned


def _blurred(x: Tensor, spread_px: int) -> Tensor:
    """By a Gaussian of that standard deviation."""
    reach = torch.arange(-3 * spread_px, 3 * spread_px + 1, dtype=torch.float32)
    bell = torch.exp(-reach.square() / (2 * spread_px**2))
    row = (bell / bell.sum()).reshape(1, 1, 1, -1).expand(x.shape[1], 1, 1, -1)
    along = F.conv2d(x, row, padding=(0, 3 * spread_px), groups=x.shape[1])
    return F.conv2d(along, row.transpose(2, 3), padding=(3 * spread_px, 0), groups=x.shape[1])
