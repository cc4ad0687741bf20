"""Work that is cut into slices, done at once."""

import threading
from collections.abc import Generator
from typing import Literal

import pytest

from texgen_desktop.slices import run_to_end


def work(done: list[int]) -> Generator[None, None, str]:
    for k in range(3):
        done.append(k)
        yield
    return "all of it"


def test_all_slices_are_done_and_the_result_comes_out() -> None:
    done: list[int] = []
    assert run_to_end(work(done)) == "all of it"
    assert done == [0, 1, 2]


def test_what_a_slice_raises_comes_out() -> None:
    def fails() -> Generator[None, None, None]:
        yield
        raise ValueError("in the second slice")

    with pytest.raises(ValueError, match="in the second slice"):
        run_to_end(fails())


@pytest.mark.parametrize("does_sleep", [True, False])
def test_it_sleeps_while_the_work_only_waits(monkeypatch: pytest.MonkeyPatch, does_sleep: bool) -> None:
    asked = 0

    def waits() -> Generator[Literal["waiting"], None, None]:
        nonlocal asked
        done = threading.Event()
        timer = threading.Timer(0.2, done.set)
        timer.start()
        while not done.is_set():
            asked += 1
            yield "waiting"
        timer.join()

    if not does_sleep:
        monkeypatch.setattr("texgen_desktop.slices.WAIT_S", 0.0)
    run_to_end(waits())
    assert (asked < 60) == does_sleep
