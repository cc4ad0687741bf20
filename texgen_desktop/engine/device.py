"""Where the numbers are crunched: which device, how many threads, and how fast this machine convolves."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class DeviceChoice:
    """``notice`` says why a better device was passed over, or is empty."""

    device: torch.device
    notice: str = ""


def choose_device(name: str | None = None) -> DeviceChoice:
    """The named device ("cpu", "cuda", "cuda:1", "mps"), or the best that works: CUDA, MPS, CPU.

    A named device that is not there raises TexGenError; an unnamed one that is there and does not work is passed over with a notice.
    """
    raise NotImplementedError


def describe(device: torch.device) -> str:
    """One short sentence for the status bar, such as "CPU, 2 threads" or "NVIDIA H200 (CUDA), 139 GB"."""
    raise NotImplementedError


def use_all_cores() -> int:
    """Give torch one thread per core that this process may use, and return their number. It is recorded in the run."""
    raise NotImplementedError


def conv_gflops(device: torch.device) -> Generator[None, None, float]:
    """Measure convolution throughput for about 0.3 s, in slices of some 30 ms; returns GFLOP/s (a multiply-add counts as two).

    ``speed = yield from conv_gflops(device)`` inside a job.
    """
    raise NotImplementedError
    yield
