"""How much of each class."""

import pytest
import torch

from texgen_desktop.nn.classes import mixture, told


@pytest.mark.parametrize(
    ("sliders", "shares"),
    [
        ([0.0, 0.0], [0.5, 0.5]),
        ([1.0, 0.0], [1.0, 0.0]),
        ([1.0, 1.0], [0.5, 0.5]),
        ([-1.0, 0.0], [0.0, 1.0]),
        ([-1.0, -1.0], [0.5, 0.5]),
        ([0.5, 0.0], [0.75, 0.25]),
        ([1.0, -1.0, 0.0], [1.0, 0.0, 0.0]),
    ],
)
def test_sliders_say_how_much_of_each_class(sliders, shares):
    torch.testing.assert_close(mixture(sliders), torch.tensor(shares))


def test_what_is_not_told_is_any_class():
    labels, is_told = torch.tensor([0, 1, -1, 1]), torch.tensor([True, True, True, False])
    wanted = torch.tensor([[0.5, -0.5], [-0.5, 0.5], [0.0, 0.0], [0.0, 0.0]])
    assert torch.equal(told(labels, 2, is_told), wanted)
    assert told(torch.tensor([-1, -1]), 0, torch.tensor([True, True])).shape == (2, 0)
