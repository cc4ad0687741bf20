"""A trained network as the beginning of another."""

import pytest
import torch
from torch import nn

from texgen_desktop.errors import TexGenError
from texgen_desktop.nn.warm_start import take_over


def network(width: int, extra: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 40), nn.Linear(40, extra))


def test_what_fits_is_taken_over_and_the_rest_stays():
    torch.manual_seed(0)
    ours, theirs = network(30, 2), network(30, 3)
    last = ours[1].weight.clone()
    take_over(ours, theirs.state_dict())
    assert torch.equal(ours[0].weight, theirs[0].weight)
    assert torch.equal(ours[1].weight, last)


def test_a_network_that_is_built_differently_is_refused_and_nothing_is_changed():
    ours, theirs = network(30, 2), network(31, 2)
    before = {name: value.clone() for name, value in ours.state_dict().items()}
    with pytest.raises(TexGenError, match="built differently"):
        take_over(ours, theirs.state_dict())
    assert all(torch.equal(value, before[name]) for name, value in ours.state_dict().items())
