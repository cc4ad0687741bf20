"""The painted mask: gestures are undone one by one, and only what changed is told."""

from __future__ import annotations

import weakref

import numpy as np

from texgen_desktop.engine.messages import Region
from texgen_desktop.ui.retouch.mask_layer import MaskLayer, MaskMemories, parts_inside


def layer() -> MaskLayer:
    layer = MaskLayer()
    layer.reset(40, 50)
    return layer


def test_a_gesture_of_many_strokes_is_undone_and_redone_in_one_step() -> None:
    mask = layer()
    mask.begin()
    for x in (10, 20, 30):
        mask.stroke([(20, x), (20, x + 10)], 3, 1, 1)
    mask.end()
    painted = mask.pixels.copy()
    assert (mask.is_empty, mask.can_undo, mask.can_redo) == (False, True, False)
    mask.undo()
    assert (mask.is_empty, mask.can_undo, mask.can_redo) == (True, False, True)
    mask.redo()
    np.testing.assert_allclose(mask.pixels, painted, atol=1 / 255)
    mask.clear()
    mask.undo()
    np.testing.assert_allclose(mask.pixels, painted, atol=1 / 255)
    mask.reset(8, 8)
    assert not mask.can_undo


def test_what_is_told_covers_all_that_was_painted_also_over_the_edge() -> None:
    mask = layer()
    mask.wraps = (True, True)
    told: list[Region] = []
    mask.painted.connect(told.extend)
    mask.begin()
    mask.stroke([(38, 45), (44, 58)], 4, 0.5, 1)
    mask.end()
    mask.polygon([(5, -6), (9, 4), (14, -8)], 1)
    rest = mask.pixels.copy()
    assert rest[:, 0].any()
    assert rest[:, -1].any()
    for box in told:
        rest[box.y : box.y + box.height, box.x : box.x + box.width] = 0
    assert not rest.any()


def test_masks_are_laid_on_taken_away_and_changed_as_a_whole() -> None:
    mask = layer()
    mask.rectangle((10, 10), (20, 30), 1)
    half = np.zeros((40, 50), np.float32)
    half[:, :20] = 1
    mask.add(half, 0)
    assert mask.pixels[15, 25] == 1
    assert mask.pixels[15, 15] == 0
    mask.grow(2)
    assert mask.pixels[15, 18] == 1
    mask.invert()
    assert mask.pixels[15, 25] == 0
    mask.add(half)
    assert mask.pixels[15, 19] == 1


def test_a_box_over_the_corner_of_a_tile_has_four_parts() -> None:
    torus, plane = (True, True), (False, False)
    assert parts_inside(Region(38, -3, 5, 6), 40, 50, torus) == [
        Region(38, 47, 2, 3),
        Region(38, 0, 2, 3),
        Region(0, 47, 3, 3),
        Region(0, 0, 3, 3),
    ]
    assert parts_inside(Region(38, -3, 5, 6), 40, 50, plane) == [Region(38, 0, 2, 3)]
    assert parts_inside(Region(60, 0, 5, 6), 40, 50, plane) == []


def test_masks_are_remembered_as_long_as_their_pictures() -> None:
    memories, layer = MaskMemories(), MaskLayer()
    layer.reset(20, 30)
    layer.rectangle((2, 3), (8, 9), 1.0)
    image = np.zeros((20, 30, 3), np.uint8)
    memories.remember(image, layer.memory())
    layer.clear()
    memories.remember(image, layer.memory())  # the newest counts
    layer.reset(5, 5)
    found = memories.of(image)
    assert found is not None
    layer.recall(found)
    assert layer.pixels.shape == (20, 30)
    assert layer.is_empty
    layer.undo()
    assert layer.pixels[4, 5] == 1
    assert memories.of(image.copy()) is None
    gone = weakref.ref(found)
    del image, found
    assert gone() is None  # with the picture, which nothing here holds
