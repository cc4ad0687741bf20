"""How much to augment."""

import torch

from texgen_desktop.nn.adaptive import AdaptiveAugmentation, learnt_by_heart

CPU = torch.device("cpu")


def after(real, made, is_relative, steps=400):
    control = AdaptiveAugmentation(CPU)
    for _ in range(steps):
        control.note(torch.tensor(real), torch.tensor(made), is_relative, 1 / 2000)
    return float(control.probability)


def test_a_critic_that_knows_all_real_pictures_gets_changed_ones_and_an_unsure_one_does_not():
    assert after([3.0, 2.0], [-1.0, -2.0], False) > 0.8
    assert after([3.0, -2.0], [-1.0, -2.0], False) == 0


def test_a_relativistic_critic_is_judged_by_the_difference_for_its_scores_have_no_zero():
    assert after([13.0, 12.0], [15.0, 14.0], True) == 0
    assert after([13.0, 12.0], [15.0, 14.0], False) > 0.8  # what the plain sign would have made of it


def test_pictures_are_learnt_by_heart_when_unseen_ones_are_taken_for_made_ones():
    training, made = torch.tensor([2.0, 2.0]), torch.tensor([-2.0, -2.0])
    readings = [float(learnt_by_heart(training, torch.full((2,), held_out), made)) for held_out in (2.0, 0.0, -2.0)]
    assert readings == [0.0, 0.5, 1.0]
