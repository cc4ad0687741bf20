"""Averages and the optimiser's memory."""

import torch
from torch import nn

from texgen_desktop.nn.averaging import adam, adam_tensors, average_into, load_adam


def _train(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int, seed: int) -> None:
    torch.manual_seed(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        network(torch.randn(2, 3, 8, 8)).square().mean().backward()
        optimizer.step()


def test_an_optimiser_that_was_saved_and_loaded_continues_bit_for_bit():
    torch.manual_seed(0)
    network = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    optimizer = adam(network, 0.01)
    _train(network, optimizer, 3, seed=1)
    weights = {k: v.clone() for k, v in network.state_dict().items()}
    memory = {k: v.clone(memory_format=torch.contiguous_format) for k, v in adam_tensors(optimizer, network).items()}
    _train(network, optimizer, 3, seed=2)

    other = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    other.load_state_dict(weights)
    again = adam(other, 0.01)
    load_adam(again, other, memory)
    _train(other, again, 3, seed=2)
    for name, value in network.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_without_its_memory_an_optimiser_goes_elsewhere():
    """The control for the test above."""
    torch.manual_seed(0)
    network = nn.Conv2d(3, 4, 3)
    optimizer = adam(network, 0.01)
    _train(network, optimizer, 3, seed=1)
    other = nn.Conv2d(3, 4, 3)
    other.load_state_dict(network.state_dict())
    _train(network, optimizer, 3, seed=2)
    _train(other, adam(other, 0.01), 3, seed=2)
    assert not torch.equal(network.weight, other.weight)


def test_the_average_follows_fast_at_first_and_slowly_later():
    average, network = nn.Linear(1, 1), nn.Linear(1, 1)
    for value, steps_done, expected in ((1.0, 0, 0.9), (1.0, 100_000, 0.005)):
        nn.init.zeros_(average.weight)
        nn.init.constant_(network.weight, value)
        average_into(average, network, steps_done)
        torch.testing.assert_close(average.weight.item(), expected, atol=1e-3, rtol=0)
