"""Directions of a texture's coarsest noise."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from texgen_desktop.nn.directions import FAR
from texgen_desktop.nn.layers import seeded
from texgen_desktop.nn.noise_directions import NONE, NoiseDirections
from texgen_desktop.nn.pyramid import Generator, LevelShape, Place


def a_generator() -> Generator:
    with seeded(0):
        return Generator([LevelShape(16, 5, 8), LevelShape(16, 3, 8)], 1).eval()


def test_the_generator_answers_to_the_first_direction_the_most() -> None:
    generator = a_generator()
    shifts = NoiseDirections.of(generator.noise_reader).shifts
    assert torch.allclose(shifts @ shifts.T, (FAR / 11) ** 2 * torch.eye(3), atol=1e-6)
    weights = F.normalize(generator.level(0).enter.convolution.weight.detach().sum((2, 3)), dim=0)  # as SeFa has them
    answers = [float((weights @ shift).norm()) for shift in shifts]
    others = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    assert answers == sorted(answers, reverse=True)
    assert answers[0] >= float((weights @ (others / others.norm(dim=1, keepdim=True) * FAR / 11).T).norm(dim=0).max())


def test_sliders_add_up_and_stand_still_in_the_middle() -> None:
    directions = NoiseDirections.of(a_generator().noise_reader)
    assert directions.shift(lambda _: 0.0) is None
    assert NONE.shift(lambda _: 1.0) is None
    where = {"direction1": 0.5, "direction3": -1.0}
    moved = directions.shift(lambda name: where.get(name, 0.0))
    assert moved is not None
    assert torch.allclose(moved, 0.5 * directions.shifts[0] - directions.shifts[2])


def test_moved_noise_is_still_a_torus() -> None:
    """The control: the same picture without the shift is another one."""
    generator, style = a_generator(), torch.zeros(1, 1)
    shift = NoiseDirections.of(generator.noise_reader).shifts[0]
    with torch.no_grad():
        whole, further = (generator.plane(style, Place(1, y, 0, 32, 16, (8, 8)), (0, 1.0), (0, 1.0), shift) for y in (0, 16))
        plain = generator.plane(style, Place(1, 0, 0, 32, 16, (8, 8)), (0, 1.0), (0, 1.0))
    assert torch.allclose(whole[..., :16, :], whole[..., 16:, :], atol=1e-5)
    assert torch.allclose(whole, further, atol=1e-5)
    assert (whole - plain).abs().max() > 1e-3
