"""Networks of which only the sizes are asked for."""

import torch
from torch import nn

from texgen_desktop.nn.layers import convolution, sizes_only


def test_layers_without_values_have_the_sizes_of_real_ones_and_draw_no_random_numbers():
    def layers():
        normal = nn.Linear(4, 5)
        nn.init.normal_(normal.weight, 0.0, 0.1)
        return nn.Sequential(convolution(3, 8, 3), normal)

    state = torch.random.get_rng_state()
    with sizes_only():
        empty = layers()
    assert torch.equal(state, torch.random.get_rng_state())
    real = layers()
    assert not torch.equal(state, torch.random.get_rng_state())
    assert all(value.is_meta for value in empty.state_dict().values())
    assert [value.shape for value in empty.state_dict().values()] == [value.shape for value in real.state_dict().values()]
