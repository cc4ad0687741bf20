"""The style of a texture: which axes and headers are taken, and what its sliders say and hold."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch

from texgen_desktop.data.palette import Palette
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.style import Style, StyleAxis, StyleHeader
from texgen_desktop.slices import run_to_end

AXES = (StyleAxis("scale"), StyleAxis("slant"), StyleAxis("brightness", 0.4, 0.1))


def style() -> Style:
    photo = Photo("noise", np.random.default_rng(0).random((32, 32, 3), np.float32), 32, 32)
    return Style(Palette.of([photo]), AXES)


@pytest.mark.parametrize(
    "axis",
    [
        {"id": "elsewhere"},
        {"id": "scale", "spread": 0.0},
        {"id": "scale", "spread": 1e999},
        {"id": "group_0", "group": "x", "signature": [1.0]},
        {"id": "group_0", "signature": [0.0] * 8},
    ],
)
def test_an_axis_that_no_sampler_makes_is_refused(axis):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(axis, StyleAxis)


def test_a_style_comes_out_of_its_own_header_as_it_went_in():
    kept = replace(style(), unproven=frozenset({"slant"}))
    header = msgspec.json.decode(msgspec.json.encode(kept.header()))
    assert Style.opened(msgspec.convert(header, StyleHeader)) == kept


@pytest.mark.parametrize("change", [{"style": ["scale", "scale"]}, {"unproven": ["taste"]}])
def test_a_header_with_an_axis_twice_or_an_unknown_one_unproven_is_refused(change):
    header = style().header() | {key: [{"id": id_} for id_ in ids] if key == "style" else ids for key, ids in change.items()}
    told = msgspec.convert(header, StyleHeader)
    with pytest.raises(msgspec.ValidationError, match="style axes"):
        Style.opened(told)


def test_an_axis_that_was_not_proven_has_no_slider_and_stands_in_the_middle():
    """The control is the style before: there it has both."""
    free, held = style(), replace(style(), unproven=frozenset({"slant"}))
    assert free.titles == ["Scale", "Slant", "Brightness"]
    assert held.titles == ["Scale", "Brightness"]
    assert [id_ for id_, _, _ in held.words] == ["scale", "brightness"]
    assert free.values(lambda _: 0.5) == {"scale": 0.5, "slant": 0.5, "brightness": 0.5}
    assert held.values(lambda _: 0.5) == {"scale": 0.5, "slant": 0.0, "brightness": 0.5}
    assert torch.equal(held.row(lambda _: 0.5, torch.device("cpu")), torch.tensor([[0.5, 0.0, 0.5]]))


def test_only_the_sliders_that_the_pictures_follow_are_kept():
    """Brightness does what it says, the others nothing."""

    def draw(seed: int, slider: str, position: float) -> np.ndarray:
        picture = np.random.default_rng(seed).random((32, 32, 3), np.float32) * 0.5
        return picture + 0.2 * (1 + position) if slider == "brightness" else picture

    assert run_to_end(style().proven(draw)).titles == ["Brightness"]
