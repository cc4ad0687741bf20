"""The distance of power spectra."""

import torch

from texgen_desktop.nn.spectrum import spectrum_distance


def waves(period: float, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    x = torch.arange(48, dtype=torch.float32) + shift
    grain = 0.1 * torch.randn(2, 3, 48, 48, generator=torch.Generator().manual_seed(seed))
    return torch.sin(2 * torch.pi * x / period) + grain


def test_where_a_wave_stands_does_not_count_but_its_period_does():
    real = waves(8)
    moved, other = spectrum_distance(waves(8, 3, 1), real), spectrum_distance(waves(5, 0, 1), real)
    assert float(spectrum_distance(real, real)) == 0
    assert other > 1.5 * moved


def test_a_gradient_step_comes_nearer():
    made, real = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)).requires_grad_(True), waves(8)[..., :32, :32]
    before = spectrum_distance(made, real)
    before.backward()
    assert spectrum_distance(made - 20 * made.grad, real) < before
