"""What the two plain texture GANs have in common: alternate steps with binary cross-entropy and Adam, as DCGAN was trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.baselines import Pictures, Stopwatch
from texgen_desktop.imaging.colour import Floats


def train(
    generator: nn.Module,
    critic: nn.Module,
    photo: Floats,
    noise: Callable[[torch.Generator], Tensor],
    crop_px: int,
    batch: int,
    readings_min: Sequence[float],
    seed: int,
    most_steps: int | None = None,
) -> Iterator[None]:
    """Trains where the networks lie, and stops at each reading (Radford et al. 2016: learning rate 0.0002, beta 0.5, non-saturating)."""
    random = torch.Generator().manual_seed(seed)
    pixels = (torch.from_numpy(photo).permute(2, 0, 1) * 2 - 1).to(next(generator.parameters()).device)
    steps = 0
    optimizers = [torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (generator, critic)]

    def crops() -> Tensor:
        y = torch.randint(pixels.shape[1] - crop_px + 1, (batch,), generator=random).tolist()
        x = torch.randint(pixels.shape[2] - crop_px + 1, (batch,), generator=random).tolist()
        return torch.stack([pixels[:, top : top + crop_px, left : left + crop_px] for top, left in zip(y, x, strict=True)])

    def step() -> None:
        nonlocal steps
        steps += 1
        fake = generator(noise(random))
        on_real, on_fake = critic(crops()), critic(fake.detach())
        optimizers[1].zero_grad(set_to_none=True)
        (F.softplus(-on_real).mean() + F.softplus(on_fake).mean()).backward()
        optimizers[1].step()
        optimizers[0].zero_grad(set_to_none=True)
        F.softplus(-critic(fake)).mean().backward()
        optimizers[0].step()

    watch = Stopwatch()
    for minutes in readings_min:
        watch.work_until(minutes * 60, step, lambda: steps == most_steps)
        yield


def initialised(network: nn.Module, seed: int) -> nn.Module:
    """N(0, 0.02) for convolutions and N(1, 0.02) for the gains of normalisations, as published."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                layer.weight.copy_(0.02 * torch.randn(layer.weight.shape, generator=random))
            elif isinstance(layer, nn.BatchNorm2d):
                layer.weight.copy_(1 + 0.02 * torch.randn(layer.weight.shape, generator=random))
    return network


def pictures(draw: Callable[[torch.Generator], Tensor]) -> Pictures:
    """``draw`` makes (1, 3, H, W) in [-1, 1]."""

    def picture(seed: int) -> Floats:
        with torch.no_grad():
            made = draw(torch.Generator().manual_seed(seed))[0]
        return ((made.permute(1, 2, 0) + 1) / 2).clamp(0, 1).cpu().numpy()

    return picture
