"""How far made pictures are from real ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from texgen_desktop.nn.picture_features import FrechetDistance, frechet
from texgen_desktop.slices import run_to_end


def pictures(seed: int, count: int = 128, side: int = 16, sharpness: float = 1.0) -> Tensor:
    """Coloured stripes of a random slant; duller and softer ones where ``sharpness`` is below 1."""
    random = torch.Generator().manual_seed(seed)
    phase, slant = torch.rand(2, count, 1, 1, generator=random) * 6
    tint = torch.rand(count, 3, 1, 1, generator=random)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    waves = torch.sin(phase + x * torch.cos(slant) + y * torch.sin(slant))
    return (sharpness * waves[:, None] * tint).clamp(-1, 1)


@pytest.fixture(scope="module")
def distance() -> FrechetDistance:
    return run_to_end(FrechetDistance.prepared(pictures(0), (0, 1)))


def test_the_set_itself_is_at_no_distance_and_another_draw_of_it_is_near(distance: FrechetDistance) -> None:
    assert run_to_end(distance.to(pictures(0))) == pytest.approx(0, abs=1e-6)
    assert 0 < run_to_end(distance.to(pictures(1))) < 0.2 * run_to_end(distance.to(pictures(1, sharpness=0.3)))


def test_the_worse_pictures_are_the_further_away_they_read(distance: FrechetDistance) -> None:
    readings = [run_to_end(distance.to(pictures(1, sharpness=share))) for share in (1.0, 0.8, 0.6, 0.4, 0.2)]
    assert readings == sorted(readings)


def test_one_picture_again_and_again_is_far_however_good_it_is(distance: FrechetDistance) -> None:
    assert run_to_end(distance.to(pictures(1)[:1].expand(128, -1, -1, -1))) > 3 * run_to_end(distance.to(pictures(1)))


def test_pictures_that_are_all_the_same_can_be_looked_at() -> None:
    grey = torch.zeros(20, 3, 8, 8)
    distance = run_to_end(FrechetDistance.prepared(grey, (0,)))
    assert run_to_end(distance.to(grey)) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(run_to_end(distance.to(grey + 0.5)))


def test_pictures_that_are_not_finite_are_infinitely_far(distance: FrechetDistance) -> None:
    broken = pictures(1).clone()
    broken[3, 1, 4, 4] = float("nan")
    assert run_to_end(distance.to(broken)) == float("inf")


def test_the_distance_of_two_normal_distributions_is_the_known_one() -> None:
    random = np.random.default_rng(0)
    a = random.standard_normal((20_000, 2)) * (1, 2)
    b = random.standard_normal((20_000, 2)) * (3, 2) + (0, 5)
    assert frechet(a, b) == pytest.approx(5**2 + (3 - 1) ** 2, rel=0.05)


def test_large_pictures_are_looked_at_a_few_at_a_time() -> None:
    few, many = (sum(1 for _ in FrechetDistance.prepared(pictures(0, count, 128), (0,))) for count in (4, 16))
    assert many >= 4 * few
