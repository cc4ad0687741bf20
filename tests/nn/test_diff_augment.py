"""Random changes that gradients pass through."""

import torch

from texgen_desktop.nn.diff_augment import augment


def pictures(count=64):
    return torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1


def dice():
    return torch.Generator().manual_seed(0)


def test_nothing_changes_without_a_probability_and_everything_with_a_whole_one():
    plain = pictures()
    assert torch.equal(augment(plain, 0.0, dice()), plain)
    changed = augment(plain, 1.0, dice())
    assert ((changed != plain).flatten(1).any(1)).all()


def test_about_so_many_pictures_stay_as_they_are_as_the_probability_says():
    plain = pictures(2000)
    same = (augment(plain, 0.3, dice()) == plain).flatten(1).all(1).float().mean()
    # Three chances of 0.3; a shift by nothing, in one of 25, is no change.
    assert abs(float(same) - 0.7**3 * (1 + 0.3 / 0.7 / 25)) < 0.03


def test_gradients_pass_to_whatever_is_still_seen():
    plain = pictures().requires_grad_(True)
    augment(plain, 1.0, dice()).sum().backward()
    assert (plain.grad != 0).flatten(1).any(1).all()


def test_a_shift_moves_by_at_most_an_eighth_and_brings_in_middle_grey():
    spot = torch.zeros(500, 3, 16, 16)
    spot[:, :, 8, 8] = 1
    moved = augment(spot, 1.0, dice()).abs().sum(1).flatten(1).argmax(1)
    rows, columns = moved // 16, moved % 16
    is_seen = augment(spot, 1.0, dice()).abs().amax((1, 2, 3)) > 0.6  # not in a hole, nor hidden by its own colours
    assert ((rows[is_seen] - 8).abs() <= 2).all()
    assert ((columns[is_seen] - 8).abs() <= 2).all()
    assert len(set(rows[is_seen].tolist())) == 5
