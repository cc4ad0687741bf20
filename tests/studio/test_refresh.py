"""At most one render is on its way, and the newest wish always wins."""

from __future__ import annotations

from dataclasses import replace

from tests.studio.builders import MODEL, Recorder
from texgen_desktop.engine.messages import Look, Region, RenderRequest
from texgen_desktop.studio.refresh import Refresh, request_for
from texgen_desktop.studio.state import StudioState, ViewState


def request(seed: int) -> RenderRequest:
    return RenderRequest(Look(layout_seed=seed), Region(0, 0, 64, 64), (4, 4))


def test_of_many_wishes_only_the_first_and_the_newest_are_posted() -> None:
    recorder = Recorder()
    refresh = Refresh(recorder)
    for seed in range(100):
        refresh.want(request(seed), 1)
    assert [render.request for render in recorder.renders()] == [request(0)]
    assert refresh.answered(recorder.renders()[0].ticket)
    assert [render.request for render in recorder.renders()] == [request(0), request(99)]


def test_the_same_wish_is_posted_once() -> None:
    recorder = Recorder()
    refresh = Refresh(recorder)
    refresh.want(request(1), 1)
    refresh.answered(recorder.renders()[0].ticket)
    refresh.want(request(1), 1)
    assert len(recorder.renders()) == 1


def test_the_same_look_of_another_project_is_another_wish() -> None:
    recorder = Recorder()
    refresh = Refresh(recorder)
    refresh.want(request(1), 1)
    refresh.want(request(1), 2)
    refresh.flush()
    assert [render.opening for render in recorder.renders()] == [1, 2]


def test_an_answer_older_than_the_newest_shown_is_dropped() -> None:
    recorder = Recorder()
    refresh = Refresh(recorder)
    refresh.want(request(1), 1)
    refresh.want(request(2), 1)
    first = recorder.renders()[0].ticket
    assert refresh.answered(first)
    assert refresh.answered(recorder.renders()[1].ticket)
    assert not refresh.answered(first)


def test_a_live_sample_of_the_newest_ticket_is_shown_again_and_again() -> None:
    recorder = Recorder()
    refresh = Refresh(recorder)
    refresh.want(request(1), 1)
    assert [refresh.answered(recorder.renders()[0].ticket) for _ in range(3)] == [True, True, True]


def test_a_failed_render_does_not_block_the_next() -> None:
    recorder = Recorder()
    refresh = Refresh(recorder)
    refresh.want(request(1), 1)
    refresh.want(request(2), 1)
    refresh.free()
    assert [render.request for render in recorder.renders()] == [request(1), request(2)]


def test_another_model_is_asked_for_the_same_picture_again() -> None:
    recorder = Recorder()
    refresh = Refresh(recorder)
    refresh.want(request(1), 1)
    refresh.forget()
    refresh.want(request(1), 1)
    assert len(recorder.renders()) == 2


def test_a_tile_is_asked_for_whole_and_a_rough_one_at_half_its_size() -> None:
    state = StudioState(model=MODEL, view=ViewState(tile_cells=(4, 6)))
    whole, rough = (request_for(state, None, is_rough) for is_rough in (False, True))
    assert whole == RenderRequest(state.look, Region(0, 0, 64, 96), (4, 6), 0)
    assert rough == RenderRequest(state.look, Region(0, 0, 32, 48), (4, 6), 1)


def test_a_model_of_one_level_has_nothing_to_leave_out() -> None:
    state = StudioState(model=replace(MODEL, level_count=1))
    rough = request_for(state, None, is_rough=True)
    assert rough is not None
    assert rough.skip_levels == 0


def test_the_endless_plane_is_asked_for_in_pixels_of_the_level_that_is_rendered() -> None:
    state = StudioState(model=MODEL, view=ViewState(repeat="endless"))
    assert request_for(state, None, is_rough=False) is None
    assert request_for(state, (Region(-64, 128, 100, 200), 2), is_rough=True) == RenderRequest(
        state.look, Region(-16, 32, 25, 50), (None, None), 2
    )


def test_a_model_with_fewer_levels_than_are_to_be_skipped_skips_those_it_has() -> None:
    state = StudioState(model=replace(MODEL, level_count=2), view=ViewState(repeat="endless"))
    request = request_for(state, (Region(-64, 128, 96, 200), 3), is_rough=False)
    assert request == RenderRequest(state.look, Region(-32, 64, 48, 100), (None, None), 1)


def test_without_a_model_nothing_is_asked_for() -> None:
    assert request_for(StudioState(), None, is_rough=False) is None
