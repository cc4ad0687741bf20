from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny_family
from texgen_desktop.engine.messages import Look, Region, Render, Rendered, RenderRequest
from texgen_desktop.engine.rendering import LIVE_SHARE, Renderer, blocks, coarser
from texgen_desktop.engine.source import Source
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import to_uint8

LARGE = RenderRequest(Look(), Region(-5, 3, 600, 520), (80, 80))
SMALL = RenderRequest(Look(layout_seed=1), Region(0, 0, 32, 32), (4, 4))


def source(images_seen: int | None = None, seed: int = 0) -> Source:
    torch.manual_seed(seed)
    model = tiny_family.TinyModel(dict(tiny_family.build_network().state_dict()))
    return Source(Path("model.safetensors"), tiny_family.FAMILY, model, images_seen)


class Screen:
    """A renderer, what it shows, and a clock that stands still unless told."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.shown: list[Rendered] = []
        self.renderer = Renderer(self.shown.append, lambda: self.now_s)

    def draw(self, most_slices: int = 1000) -> int:
        """Returns the slices that were needed."""
        for slices in range(most_slices):
            if not self.renderer.is_active:
                return slices
            self.renderer.advance()
        return most_slices


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_blocks_cover_every_pixel_once() -> None:
    covered = np.zeros((60, 70), int)
    for block in blocks(Region(-10, 20, 60, 70), 32):
        assert max(block.height, block.width) <= 32
        covered[block.y + 10 : block.y + 10 + block.height, block.x - 20 : block.x - 20 + block.width] += 1
    assert np.all(covered == 1)


def test_a_picture_drawn_in_blocks_is_the_picture_drawn_at_once(screen: Screen) -> None:
    screen.renderer.show(source())
    screen.renderer.ask(Render(LARGE, 1))
    assert screen.draw() > 4
    (picture,) = screen.shown
    whole = to_uint8(source().render(LARGE))
    assert np.abs(picture.image.astype(int) - whole).max() <= 1
    assert (picture.ticket, picture.request) == (1, LARGE)


def test_a_wish_without_a_model_is_answered_as_soon_as_there_is_one(screen: Screen) -> None:
    screen.renderer.ask(Render(SMALL, 1))
    assert not screen.renderer.is_active
    screen.renderer.show(source(images_seen=2))
    screen.draw()
    assert [(picture.ticket, picture.images_seen) for picture in screen.shown] == [(1, 2)]


def test_a_small_picture_takes_the_place_of_a_large_one_in_the_making(screen: Screen) -> None:
    screen.renderer.show(source())
    screen.renderer.ask(Render(LARGE, 1))
    screen.renderer.advance()
    screen.renderer.ask(Render(SMALL, 2))
    screen.draw()
    assert [picture.ticket for picture in screen.shown] == [2]


def test_a_slider_that_never_stands_still_shows_something_all_the_while(screen: Screen) -> None:
    screen.renderer.show(source())
    for ticket in range(40):
        screen.renderer.ask(Render(replace(LARGE, look=Look(layout_seed=ticket)), ticket))
        screen.renderer.advance()
    assert len(screen.shown) >= 3
    screen.draw()
    assert screen.shown[-1].ticket == 39
    assert [picture.ticket for picture in screen.shown] == sorted(picture.ticket for picture in screen.shown)


def test_newer_weights_draw_again_what_is_shown(screen: Screen) -> None:
    screen.renderer.show(source(2))
    screen.renderer.ask(Render(SMALL, 7))
    screen.draw()
    screen.renderer.refresh(source(4, seed=1), is_live=True)
    screen.draw()
    assert [(picture.ticket, picture.images_seen) for picture in screen.shown] == [(7, 2), (7, 4)]
    assert not np.array_equal(screen.shown[0].image, screen.shown[1].image)


def test_live_pictures_of_a_dear_texture_come_coarser_and_the_last_one_fine(screen: Screen) -> None:
    class Slow(tiny_family.TinyModel):
        pass

    def slow_render(model: tiny_family.TinyModel, request: RenderRequest) -> torch.Tensor:
        screen.now_s += request.region.height * request.region.width * 1e-6
        return tiny_family.render(model, request)

    slow = replace(source(2), family=replace(tiny_family.FAMILY, render=slow_render))
    screen.renderer.show(slow)
    screen.renderer.ask(Render(LARGE, 1))
    screen.draw()
    screen.renderer.refresh(slow, is_live=True)
    screen.draw()
    screen.renderer.refresh(slow, is_live=False)
    screen.draw()
    assert [picture.request for picture in screen.shown] == [LARGE, coarser(LARGE, 1), LARGE]
    assert screen.renderer.live_interval_s <= 3.0


def test_live_pictures_that_cost_more_than_their_share_come_less_often(screen: Screen) -> None:
    def very_slow_render(model: tiny_family.TinyModel, request: RenderRequest) -> torch.Tensor:
        screen.now_s += 1.0
        return tiny_family.render(model, request)

    slow = replace(source(2), family=replace(tiny_family.FAMILY, render=very_slow_render))
    screen.renderer.show(slow)
    screen.renderer.ask(Render(SMALL, 1))
    screen.draw()
    screen.renderer.refresh(slow, is_live=True)
    screen.draw()
    assert screen.renderer.live_interval_s == pytest.approx(1.0 / LIVE_SHARE)


def test_a_coarser_request_covers_the_same_part_of_the_plane() -> None:
    request = coarser(RenderRequest(Look(), Region(-5, 3, 11, 8)), 1)
    assert request.region == Region(-3, 1, 6, 5)
    assert request.skip_levels == 1


def test_a_picture_that_fails_is_not_tried_again_and_again(screen: Screen) -> None:
    def broken(model: tiny_family.TinyModel, request: RenderRequest) -> torch.Tensor:
        raise MemoryError

    screen.renderer.show(replace(source(2), family=replace(tiny_family.FAMILY, render=broken)))
    screen.renderer.ask(Render(SMALL, 1))
    with pytest.raises(MemoryError):
        screen.renderer.advance()
    assert not screen.renderer.is_active
    screen.renderer.refresh(source(4), is_live=True)
    assert not screen.renderer.is_active


@pytest.mark.parametrize("region", [Region(0, 0, 0, 5), Region(0, 0, 5, -1), Region(0, 0, 40_000, 40_000)])
def test_a_region_that_no_screen_shows_is_refused(screen: Screen, region: Region) -> None:
    with pytest.raises(TexGenError):
        screen.renderer.ask(Render(RenderRequest(Look(), region), 1))
