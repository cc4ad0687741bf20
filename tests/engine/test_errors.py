from __future__ import annotations

import errno
import os
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch

from texgen_desktop.engine.errors import explain
from texgen_desktop.errors import NonFiniteLoss, TexGenError


def caught(action: Callable[[], object]) -> BaseException:
    try:
        action()
    except Exception as exc:
        return exc
    raise AssertionError("nothing was raised")


def test_an_error_for_people_is_passed_on_as_it_is() -> None:
    problem = explain(TexGenError("Only 3 pictures.", "Use more."))
    assert (problem.message, problem.hint, problem.detail) == ("Only 3 pictures.", "Use more.", "")


@pytest.mark.parametrize(
    "action",
    [
        lambda: torch.empty(1 << 46),
        lambda: np.empty(1 << 46),
        lambda: bytearray(1 << 60),
    ],
    ids=["torch", "numpy", "python"],
)
def test_running_out_of_memory_on_the_cpu_is_recognised(action: Callable[[], object]) -> None:
    problem = explain(caught(action))
    assert problem.message == "There is not enough memory for this."
    assert problem.hint
    assert "Traceback" in problem.detail


@pytest.mark.parametrize(
    "exc",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB)"),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    ],
)
def test_running_out_of_memory_elsewhere_is_recognised(exc: Exception) -> None:
    assert explain(exc).message == "There is not enough memory for this."


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "The disk is full"),
        (errno.EFBIG, "The disk is full"),
        (errno.EROFS, "may not read or write here"),
        (errno.EACCES, "may not read or write here"),
        (errno.ENAMETOOLONG, "name is too long"),
        (errno.ENOENT, "is not there"),
        (errno.EIO, "The disk reports an error"),
    ],
)
def test_what_the_disk_says_is_put_in_words_with_the_name(code: int, message: str) -> None:
    problem = explain(OSError(code, os.strerror(code), "/textures/<b>moss</b>.png"))
    assert message in problem.message
    assert "/textures/<b>moss</b>.png" in problem.message
    assert problem.hint


def test_a_full_disk_is_recognised_for_real() -> None:
    def write() -> None:
        with open("/dev/full", "wb", buffering=0) as file:  # noqa: PTH123 - the device is no path of ours
            file.write(b"x")

    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("this system has no /dev/full")
    assert "The disk is full" in explain(caught(write)).message


def test_an_unstable_training_says_what_became_of_it() -> None:
    problem = explain(NonFiniteLoss("critic", images_seen=640))
    assert "critic" in problem.message
    assert "after 640 images" in problem.message
    assert problem.hint


def test_a_lost_graphics_card_is_recognised() -> None:
    assert "graphics card" in explain(RuntimeError("CUDA error: unspecified launch failure")).message


def test_all_else_is_our_fault_and_told_in_full() -> None:
    problem = explain(caught(lambda: dict[str, int]()["weights"]))
    assert problem.message == "Something in TexGen failed."
    assert "KeyError: 'weights'" in problem.detail
    assert "test_errors.py" in problem.detail


def test_an_explained_error_keeps_no_tensor_alive() -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def step() -> None:
        batch = torch.zeros(8)
        alive.append(weakref.ref(batch))
        raise ValueError("too bad")

    def training() -> None:
        try:
            step()
        except ValueError as exc:
            raise RuntimeError("the step failed") from exc

    exc = caught(training)
    assert alive[0]() is not None  # the traceback holds the frame, the frame holds the batch
    problem = explain(exc)
    assert alive[0]() is None
    assert "too bad" in problem.detail
