"""All tensors of a run under one roof: networks, optimisers and loose numbers, by name, out of memory and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.nn.averaging import adam_tensors, load_adam


@dataclass(frozen=True)
class RunState:
    """``networks`` and ``optimizers`` by name, the latter with what they optimise; ``numbers`` are tensors that are changed in place."""

    networks: Mapping[str, nn.Module]
    optimizers: Mapping[str, tuple[torch.optim.Adam, nn.Module]]
    numbers: Mapping[str, Tensor] = field(default_factory=dict)

    def tensors(self) -> dict[str, Tensor]:
        """Copies in main memory."""
        found = {f"{part}/{name}": value for part, module in self.networks.items() for name, value in module.state_dict().items()}
        for part, (optimizer, network) in self.optimizers.items():
            found |= {f"{part}/{name}": value for name, value in adam_tensors(optimizer, network).items()}
        found |= {f"numbers/{name}": value for name, value in self.numbers.items()}
        return {name: value.detach().cpu().clone() for name, value in found.items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes back what ``tensors`` gave. Raises RuntimeError or KeyError where it does not fit."""
        by_part: dict[str, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            part, _, name = key.partition("/")
            by_part.setdefault(part, {})[name] = value
        for part, module in self.networks.items():
            module.load_state_dict(by_part[part], strict=True)
        for part, (optimizer, network) in self.optimizers.items():
            load_adam(optimizer, network, by_part.get(part, {}))
        for name, number in self.numbers.items():
            number.copy_(by_part["numbers"][name])


class LossLog:
    """Sums of whatever is worth plotting, on the device, until they are asked for."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def note(self, name: str, value: Tensor) -> None:
        total, count = self._sums.get(name, (torch.zeros((), device=value.device), 0))
        self._sums[name] = (total + value.detach(), count + 1)

    def note_loss(self, name: str, loss: Tensor, images_seen: int) -> None:
        """Raises NonFiniteLoss, see ``check_finite``."""
        check_finite(loss, f"the {name} loss", images_seen)
        self.note(name, loss)

    def take(self) -> dict[str, float]:
        """Means since the last call."""
        means = {name: float(total) / count for name, (total, count) in self._sums.items()}
        self._sums.clear()
        return means


def portable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As a file can hold them: detached, in main memory, in the order of their dimensions."""
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def check_finite(loss: Tensor, what: str, images_seen: int) -> None:
    """Raises NonFiniteLoss, which names ``what`` it is: before a broken step reaches the weights."""
    if not torch.isfinite(loss):
        raise NonFiniteLoss(what, images_seen)
