"""The network that fills holes, on a torus and on a picture with edges, and how it learns."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from tests.imaging.textures import grains
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.nn.holed import Bools, Holed, pyramid
from texgen_desktop.nn.repair_masks import random_mask
from texgen_desktop.nn.repair_net import CELL_PX, MARGIN_PX, RepairNet, fill
from texgen_desktop.nn.repair_training import Lesson
from texgen_desktop.slices import run_to_end

SIDE_PX = 128  # more than one block
TILE, PLAIN = (True, True), (False, False)
WHOLE = CELL_PX * 2  # of the coarser of two levels, in pixels of the finer one


def holed(wraps: tuple[bool, bool] = TILE, shift: tuple[int, int] = (0, 0)) -> Holed:
    """Grains with a hole across the corner."""
    hole = np.zeros((SIDE_PX, SIDE_PX), bool)
    hole[:30, :40] = True
    hole = np.roll(hole, (-10, -20), (0, 1))
    colours = np.where(hole[..., None], np.float32(0), 4 * grains(0, SIDE_PX) - 2).astype(np.float32)
    return Holed(np.roll(colours, shift, (0, 1)), np.roll(hole, shift, (0, 1)), wraps)


def taught(picture: Holed, steps: int = 2, with_critic: bool = False) -> RepairNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = RepairNet(2, 12)
    lesson = run_to_end(Lesson.prepared([run_to_end(pyramid(picture, 2))], net, 0, with_critic))
    for k in range(steps):
        run_to_end(lesson.step(k / steps))
    return lesson.average


@cache
def known_net(with_critic: bool = False) -> RepairNet:
    """One for several tests; ``fill`` does not change it."""
    return taught(holed(), with_critic=with_critic)


def filled(net: RepairNet, picture: Holed) -> Floats:
    return run_to_end(fill(net, picture, 0, lambda _: None))


def test_a_tile_that_was_rolled_is_filled_alike_and_with_black_beyond_the_edges_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    net = known_net()
    monkeypatch.setattr("texgen_desktop.nn.repair_net.gaussian_field", lambda *_a: torch.zeros(1, 1, *_a[5:7]))  # it lies where it lies
    shift = (5 * WHOLE, 11 * WHOLE)

    def difference() -> float:
        return float(np.abs(np.roll(filled(net, holed()), shift, (0, 1)) - filled(net, holed(shift=shift))).max())

    assert difference() < 1e-5
    whole_window = Holed.window

    def black_beyond(self: Holed, y: int, x: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        colours, hole = whole_window(self, y, x, height, width)
        rows, columns = np.arange(y, y + height), np.arange(x, x + width)
        inside = ((rows >= 0) & (rows < self.hole.shape[0]))[:, None] & (columns >= 0) & (columns < self.hole.shape[1])
        return colours * torch.from_numpy(inside), hole * torch.from_numpy(inside)

    monkeypatch.setattr(Holed, "window", black_beyond)
    assert difference() > 1e-3


def test_what_lies_beyond_the_margin_is_not_seen_and_what_lies_within_it_is() -> None:
    level = known_net().level(0)
    window = torch.randn(1, 3, 4 + 2 * MARGIN_PX, 4 + 2 * MARGIN_PX, generator=torch.Generator().manual_seed(0))
    hole, noise = torch.ones_like(window[:, :1]), torch.zeros_like(window[:, :1])
    wider = torch.nn.functional.pad(window, (16,) * 4, value=3.0)

    def middle(below: torch.Tensor, edge: int) -> torch.Tensor:
        side = below.shape[-1]
        around = torch.nn.functional.pad(hole, (edge,) * 4), torch.nn.functional.pad(noise, (edge,) * 4)
        made = level(below, below, torch.zeros_like(below), *around)
        return made[..., side // 2 - 2 : side // 2 + 2, side // 2 - 2 : side // 2 + 2]

    with torch.no_grad():
        assert torch.allclose(middle(window, 0), middle(wider, 16), atol=1e-5)
        near = window.clone()
        near[..., MARGIN_PX - 8] += 3.0
        assert not torch.allclose(middle(window, 0), middle(near, 0), atol=1e-5)


def test_what_is_known_stays_bit_for_bit_and_the_hole_does_not() -> None:
    picture = holed(PLAIN)
    made = filled(known_net(), picture)
    assert np.array_equal(made[~picture.hole], picture.colours[~picture.hole])
    assert np.abs(made[picture.hole]).max() > 0


def test_equal_seeds_learn_equal_weights_also_with_a_critic() -> None:
    first, again, without = (net.state_dict() for net in (known_net(True), taught(holed(), with_critic=True), known_net()))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], without[name]) for name in first)


def test_the_hole_is_filled_with_its_patches_judged_but_never_taken_for_the_truth() -> None:
    picture = holed()
    painted = Holed(np.where(picture.hole[..., None], np.float32(1e6), picture.colours), picture.hole, TILE)
    clean, dirty = known_net(True).state_dict(), taught(painted, with_critic=True).state_dict()
    assert all(torch.equal(clean[name], dirty[name]) for name in clean)


@pytest.mark.parametrize("sides", [(20, 37), (64, 31)])
def test_pictures_smaller_than_a_crop_and_of_odd_sides_are_learned_and_filled(sides: tuple[int, int]) -> None:
    hole = np.zeros(sides, bool)
    hole[8:13, 9:15] = True
    picture = Holed(np.where(hole[..., None], np.float32(0), 4 * grains(1, 64)[: sides[0], : sides[1]] - 2), hole, TILE)
    assert np.isfinite(filled(taught(picture, 1), picture)).all()


def test_random_masks_are_holes_of_all_widths_that_leave_something() -> None:
    random = np.random.default_rng(0)
    masks: list[Bools] = [random_mask(64, random) for _ in range(40)]
    shares = [float(mask.mean()) for mask in masks]
    assert 0.05 < min(shares) < 0.2
    assert 0.5 < max(shares) <= 0.75
