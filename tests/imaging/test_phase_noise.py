"""Phase noise keeps what a spectrum and a histogram know, and loses the rest."""

from __future__ import annotations

import numpy as np
import pytest

from tests.imaging.textures import grains
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.phase_noise import periodic, phase_noise
from texgen_desktop.slices import run_to_end


@pytest.fixture(scope="module")
def photo() -> Floats:
    return grains(seed=0, side_px=128)


def kurtosis(channel: np.ndarray) -> float:
    values = channel - channel.mean()
    return float((values**4).mean() / (values**2).mean() ** 2)


def test_it_has_the_spectrum_and_the_colours_of_the_photo(photo: Floats) -> None:
    noise = run_to_end(phase_noise(photo, seed=1))
    for made, wanted in zip(noise.transpose(2, 0, 1), photo.transpose(2, 0, 1), strict=True):
        spectra = [np.abs(np.fft.rfft2(periodic(channel))) for channel in (made, wanted)]
        assert np.corrcoef(spectra[0].ravel(), spectra[1].ravel())[0, 1] > 0.95
        assert np.abs(np.sort(made, axis=None) - np.sort(wanted, axis=None)).mean() < 0.01
    assert np.allclose(np.cov(noise.reshape(-1, 3).T), np.cov(photo.reshape(-1, 3).T), atol=0.003)


def test_edges_are_gone(photo: Floats) -> None:
    noise = run_to_end(phase_noise(photo, seed=1))
    assert kurtosis(np.diff(photo[..., 1], axis=1)) > 2 * kurtosis(np.diff(noise[..., 1], axis=1))


def test_equal_arguments_give_equal_pictures_and_another_seed_another(photo: Floats) -> None:
    one, same, other = (run_to_end(phase_noise(photo, seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert np.abs(one - other).mean() > 0.02


def test_the_periodic_component_has_no_jump_at_its_edges() -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1)) + 0.01 * np.random.default_rng(0).standard_normal((64, 64), np.float32)
    assert np.abs(ramp[:, 0] - ramp[:, -1]).mean() > 0.9
    found = periodic(ramp)
    assert np.abs(found[:, 0] - found[:, -1]).mean() < 0.05
    assert found.mean() == pytest.approx(ramp.mean(), abs=1e-5)
