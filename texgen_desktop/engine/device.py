"""Where the numbers are crunched: which device, how many threads, and how fast this machine convolves."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from texgen_desktop.engine.jobs import Clock
from texgen_desktop.errors import TexGenError
from texgen_desktop.slices import Slices

_PROBE_S = 0.3
_FEWEST_CALLS = 10  # also where the first ones are held up so much that the time is over
_SLICE_S = 0.03
_TOPOLOGY = Path("/sys/devices/system/cpu")


@dataclass(frozen=True)
class DeviceChoice:
    """``notice`` says why a better device was passed over, or is empty."""

    device: torch.device
    notice: str = ""


def choose_device(name: str | None = None) -> DeviceChoice:
    """The named device ("cpu", "cuda", "cuda:1", "mps"), or the best that works: CUDA, MPS, CPU.

    A named device that is not there or does not work raises TexGenError; an unnamed one that is there and does not work is passed over
    with a notice.
    """
    if name is not None:
        return DeviceChoice(_named_device(name))
    for kind in ("cuda", "mps"):
        if not _is_present(kind):
            continue
        failure = _failure(torch.device(kind))
        if not failure:
            return DeviceChoice(torch.device(kind))
        return DeviceChoice(torch.device("cpu"), f"The graphics card does not work with TexGen, so the CPU is used: {failure}")
    return DeviceChoice(torch.device("cpu"))


def describe(device: torch.device) -> str:
    """One short sentence for the status bar, such as "CPU, 2 threads" or "NVIDIA H200, 139 GB (CUDA)"."""
    match device.type:
        case "cuda":
            card = torch.cuda.get_device_properties(device)
            return f"{card.name}, {card.total_memory / 2**30:.0f} GB (CUDA)"
        case "mps":
            return "Apple graphics (MPS)"
        case _:
            threads = torch.get_num_threads()
            return f"CPU, {threads} {'thread' if threads == 1 else 'threads'}"


def use_all_cores() -> int:
    """Give torch one thread per core that this process may use, and return their number. It is recorded in the run.

    What the user has set in OMP_NUM_THREADS holds; where the system does not tell the cores, torch's own choice does.
    """
    if sys.platform == "linux" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(core_count(os.sched_getaffinity(0)))
    return torch.get_num_threads()


def core_count(cpus: Collection[int], topology: Path = _TOPOLOGY) -> int:
    """Cores among Linux's logical ``cpus``: two that share a core count as one, for convolutions fill it. Never 1 where there are 2."""
    cores = set()
    for cpu in cpus:
        siblings = topology / f"cpu{cpu}" / "topology" / "thread_siblings_list"
        cores.add(siblings.read_text() if siblings.is_file() else str(cpu))
    return max(len(cores), min(2, len(cpus)))


def conv_gflops(device: torch.device, clock: Clock = time.perf_counter) -> Slices[float]:
    """Measure 3 x 3 convolutions of 32 channels for about 0.3 s, in slices of some 30 ms; a multiply-add counts as two.

    The fastest single one counts: whatever else runs on the machine only ever makes one slower.
    For use inside a job: ``speed = yield from conv_gflops(device)``.
    """
    batch = 1 if device.type == "cpu" else 32  # one picture does not fill a graphics card
    pixels = torch.zeros(batch, 32, 128, 128, device=device)
    weight = torch.zeros(32, 32, 3, 3, device=device)
    flop_per_call = 2 * weight.numel() * batch * 128 * 128
    with torch.inference_mode():
        conv2d(pixels, weight, padding=1)  # the first one chooses its algorithm
    calls_s: list[float] = []
    while sum(calls_s) < _PROBE_S or len(calls_s) < _FEWEST_CALLS:
        yield None
        slice_s = 0.0
        while slice_s < _SLICE_S:
            calls_s.append(_seconds_of(pixels, weight, clock))
            slice_s += calls_s[-1]
    return flop_per_call / min(calls_s) / 1e9


@torch.inference_mode()
def _seconds_of(pixels: Tensor, weight: Tensor, clock: Clock) -> float:
    started_s = clock()
    conv2d(pixels, weight, padding=1)
    _wait_for(pixels.device)
    return clock() - started_s


def _named_device(name: str) -> torch.device:
    kind = name.partition(":")[0]
    if kind not in ("cpu", "cuda", "mps"):
        raise TexGenError(f"TexGen does not know the device {name}.", "Choose cpu, cuda or mps.")
    if not _is_present(kind):
        raise TexGenError(f"This computer offers no device {name}.", "Leave the device to TexGen, or choose cpu.")
    try:
        device = torch.device(name)
    except RuntimeError as exc:
        raise TexGenError(f"TexGen does not know the device {name}.", "Choose cpu, cuda or mps.") from exc
    failure = _failure(device)
    if failure:
        raise TexGenError(f"The device {name} does not work: {failure}", "Update its driver, or choose cpu.")
    return device


def _is_present(kind: str) -> bool:
    match kind:
        case "cuda":
            return torch.cuda.is_available()
        case "mps":
            return torch.backends.mps.is_available()
        case _:
            return True


def _failure(device: torch.device) -> str:
    """Why one small convolution does not run there (old driver, unknown card, no memory), or an empty string."""
    try:
        conv2d(torch.ones(1, 1, 3, 3, device=device), torch.ones(1, 1, 3, 3, device=device)).item()
    except (RuntimeError, AssertionError) as exc:  # torch asserts that it was built for the device
        return str(exc).partition("\n")[0]
    return ""


def _wait_for(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
