"""Directions named by what they are measured to change."""

import numpy as np

from texgen_desktop.imaging.naming import name_directions, unmeasured
from texgen_desktop.slices import run_to_end

SIDE, COUNT = 24, 6


def base():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    cells = []
    for _ in range(COUNT):
        phase, colour = rng.uniform(0, 6, 2), rng.uniform(0.35, 0.65, 3)
        waves = 0.08 * np.sin(x / 3 + phase[0]) * np.sin(y / 2 + phase[1])
        cells.append(np.clip(colour + waves[..., None] + rng.normal(0, 0.01, (SIDE, SIDE, 3)), 0, 1).astype(np.float32))
    return np.concatenate(cells, 1)


def draw(direction, position):
    sheet = base()
    if direction == 0:  # darker as it goes right
        return np.clip(sheet - 0.2 * position, 0, 1)
    if direction == 1:  # redder
        return np.clip(sheet + 0.2 * position * np.array([1, 0, -1], np.float32), 0, 1)
    if direction == 2:  # nothing that could be seen
        return sheet + 0.001 * position
    if direction == 3:  # visible, but with no word for it: some noise comes, whatever the side
        return np.clip(sheet + 0.15 * np.random.default_rng(round(8 * position) + 9).normal(size=sheet.shape), 0, 1).astype(np.float32)
    return np.clip(sheet - 0.1 * position, 0, 1)  # darker as well, by less


def test_each_direction_is_named_by_what_it_changes_most_and_those_without_a_name_go():
    named = run_to_end(name_directions(unmeasured(5), SIDE, draw))
    found = {n.direction: (n.title, n.sign) for n in named}
    assert found[0] == ("Brightness", -1)
    assert found[1] == ("Warmth", 1)
    assert not {2, 3} & set(found)
    assert found.get(4, ("", 1))[0] != "Brightness"


def test_where_no_direction_has_a_name_the_visible_ones_stay():
    named = run_to_end(name_directions(unmeasured(5)[2:4], SIDE, draw))
    assert [(n.direction, n.title) for n in named] == [(3, "Direction 4")]


def test_a_name_that_another_slider_has_is_not_given_again():
    titles = [n.title for n in run_to_end(name_directions(unmeasured(2), SIDE, draw))]
    others = [n.title for n in run_to_end(name_directions(unmeasured(2), SIDE, draw, titles[:1]))]
    assert titles[0] not in others


def test_names_are_given_once():
    titles = [n.title for n in run_to_end(name_directions(unmeasured(5), SIDE, draw))]
    assert len(set(titles)) == len(titles)
