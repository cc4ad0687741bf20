"""Undo and redo as a value."""

from __future__ import annotations

from texgen_desktop.engine.messages import Look
from texgen_desktop.studio.history import LONGEST, History

A, B, C = (Look(layout_seed=seed) for seed in (1, 2, 3))


def test_undo_and_redo_walk_the_same_looks() -> None:
    history = History().recorded(A).recorded(B)
    history, look = history.undone(C)
    assert look == B
    history, look = history.undone(look)
    assert look == A
    history, look = history.redone(look)
    history, look = history.redone(look)
    assert (look, history) == (C, History((A, B)))


def test_without_a_step_undo_and_redo_change_nothing() -> None:
    assert History().undone(A) == (History(), A)
    assert History().redone(A) == (History(), A)


def test_a_new_step_forgets_what_was_undone() -> None:
    history, look = History().recorded(A).undone(B)
    assert history.recorded(look).future == ()


def test_the_oldest_steps_are_forgotten_first() -> None:
    history = History()
    for seed in range(LONGEST + 5):
        history = history.recorded(Look(layout_seed=seed))
    assert len(history.past) == LONGEST
    assert history.past[0] == Look(layout_seed=5)
