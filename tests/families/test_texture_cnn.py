"""What is particular to the texture CNN, in both of its modes."""

import msgspec
import numpy as np
import pytest
import torch

from tests.families.conftest import spotted_photo
from texgen_desktop.data.photos import Photo
from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.families import Look, Region, RenderRequest
from texgen_desktop.families.texture_cnn import (
    FAMILY,
    PRESETS,
    TextureCnnConfig,
    TextureTile,
    _level_ends,
    _positions,
    _shapes,
    _tile_sides,
    open_model,
)
from texgen_desktop.nn.pyramid import Generator
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")
TINY = TextureCnnConfig(images=24, levels=3, width=8)
TILE = TextureCnnConfig(mode="instant", images=60, tile_px=64)


def training(config, photos=None, seed=0):
    return run_to_end(FAMILY.start(config, photos or [spotted_photo()], seed, CPU))


def train(run, steps):
    for _ in range(steps):
        run_to_end(run.step())


@pytest.fixture(scope="module")
def network():
    """Before its first step; shared, for a model never changes."""
    return training(TINY).model()


@pytest.fixture(scope="module")
def tile():
    return training(TILE).model()


def whole(model, **place):
    side = model.cell_px
    return FAMILY.render(model, RenderRequest(Look(), Region(0, 0, side, side), **place))


# ------------------------------------------------------------------------------------------------------------ presets


def test_the_presets_cost_more_and_more_from_the_instant_tile_on():
    costs = [FAMILY.cost_gflop(PRESETS[name]) for name in ("instant", "draft", "standard", "high")]
    assert list(PRESETS) == ["instant", "draft", "standard", "high"]
    assert costs == sorted(costs)


@pytest.mark.parametrize("preset", ["draft", "standard", "high"])
def test_a_pixel_costs_at_most_30_000_multiply_adds(preset):
    assert Generator(_shapes(PRESETS[preset]), 5).multiply_adds() <= 30_000


# -------------------------------------------------------------------------------------------------------- the network


def test_every_level_is_trained_within_four_steps():
    run = training(TINY)
    before = run.state()
    train(run, 4)
    after = run.state()
    for k in range(TINY.levels):
        assert any(not torch.equal(before[key], after[key]) for key in before if key.startswith(f"generator/levels.{k}."))


def test_training_brings_the_pictures_nearer_to_the_photo():
    run = training(msgspec.structs.replace(TINY, images=48, learning_rate=0.004))
    losses = []
    for _ in range(2):
        train(run, 12)
        losses.append(run.take_losses())
    falling = [name for name in losses[0] if losses[1][name] < losses[0][name]]
    assert {"patches 1/4", "patches 1/2", "patches 1/1", "features", "spectrum"} <= set(falling)


def test_a_network_learns_other_weights_from_a_photo_that_may_lie_in_other_ways():
    found = set()
    for fields in ({}, {"mirror": True}, {"turn": True}):
        run = training(TextureCnnConfig(images=24, levels=2, width=8, **fields))
        train(run, 1)
        found.add(torch.cat([value.flatten() for value in run.model().tensors().values()]).numpy().tobytes())
    assert len(found) == 3


def test_a_photo_in_one_colour_trains_and_has_no_sliders_of_colour():
    flat = Photo("flat", spotted_photo().pixels * 0 + 0.4, 80, 72)
    run = training(TINY, [flat])
    train(run, 4)
    model = run.model()
    assert [s.id for s in model.sliders][:-3] == ["scale", "stretch", "slant"]
    assert torch.isfinite(whole(model)).all()


def test_only_sliders_that_change_what_they_name_are_kept_and_the_others_stand_still(network, monkeypatch):
    """Followed, ignored, reversed: of three sliders one is left. The control is the model before, which offers all of them."""
    model = network
    rho = {axis.id: 0.1 for axis in model.style.axes} | {"scale": 0.9, "slant": -0.9}

    def proofs(sliders, draw):
        yield
        return rho

    monkeypatch.setattr("texgen_desktop.data.style.slider_proofs", proofs)
    proven = run_to_end(FAMILY.prove(model))
    assert [s.id for s in proven.sliders if not s.id.startswith("direction")] == ["scale"]
    assert len(model.sliders) >= 6
    region = Region(0, 0, 16, 16)
    slanted = RenderRequest(Look().with_value("slant", 1.0), region, (24, 24))
    middle = RenderRequest(Look(), region, (24, 24))
    assert torch.equal(FAMILY.render(proven, slanted), FAMILY.render(model, middle))
    opened = open_model(msgspec.json.decode(msgspec.json.encode(proven.header())), proven.tensors(), CPU)
    assert opened.sliders == proven.sliders


# ---------------------------------------------------------------------------------------------------- the instant tile


def test_a_tile_of_a_photo_that_may_be_turned_has_its_stripes_in_both_directions():
    """The control is the same tile of the photo as it lies."""
    stripes = np.repeat(np.broadcast_to(np.arange(96, dtype=np.float32) % 12 / 12, (96, 96))[..., None], 3, axis=2)
    photo = Photo("stripes", np.ascontiguousarray(stripes), 96, 96)
    steepness = []
    for is_turned in (False, True):
        run = training(msgspec.structs.replace(TILE, turn=is_turned), [photo])
        train(run, run.images_total)
        picture = whole(run.model())
        steepness.append(float(picture.diff(dim=1).abs().mean() / picture.diff(dim=2).abs().mean()))
    assert steepness[0] < 0.5 < steepness[1]


@pytest.mark.parametrize(("is_mirrored", "is_turned", "count"), [(False, False, 1), (True, False, 2), (False, True, 4), (True, True, 8)])
def test_a_tile_is_formed_of_every_way_that_the_photo_may_lie_once(is_mirrored, is_turned, count):
    photo = torch.rand(1, 3, 8, 6)
    found = _positions(photo, msgspec.structs.replace(TILE, mirror=is_mirrored, turn=is_turned))
    assert found[0] is photo
    assert len({each.contiguous().numpy().tobytes() for each in found}) == len(found) == count


def test_the_patches_of_a_finished_tile_are_distributed_as_those_of_the_photo():
    run = training(msgspec.structs.replace(TILE, images=120))
    train(run, 4)
    first = run.take_losses()["patches"]
    train(run, run.images_total - run.images_seen - 4)
    run.take_losses()
    train(run, 4)
    assert run.images_seen == run.images_total
    assert run.take_losses()["patches"] < first / 3


def test_a_tile_is_shown_at_its_full_size_from_the_first_step_on_and_grows_sharper():
    run = training(TILE)
    sharpness = []
    for steps in (1, 59):
        train(run, steps)
        picture = whole(run.model())
        assert picture.shape == (3, 64, 64)
        sharpness.append(float((picture[..., 1:] - picture[..., :-1]).abs().mean()))
    assert sharpness[1] > sharpness[0]


@pytest.mark.parametrize("cells", [(None, None), (1, 1), (3, 2), (None, 2)])
def test_a_tile_repeats_itself_on_every_torus_of_whole_cells(cells):
    model = TextureTile(TILE, torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)))
    far = 10**30 * 64
    for place in (Region(0, 0, 64, 64), Region(-128, 192, 64, 64), Region(far, -far, 64, 64)):
        assert torch.equal(FAMILY.render(model, RenderRequest(Look(), place, cells)), model.picture)


def test_the_tile_is_formed_from_the_coarsest_side_of_use_up_to_its_own():
    config = PRESETS["instant"]
    sides = _tile_sides(config, 640)
    assert sides == [32, 45, 64, 91, 128, 181, 256]
    assert _tile_sides(config, 40) == [128, 181, 256]  # of a smaller photo the coarser scales would be a few pixels
    assert _level_ends(config, sides) == [300, 600, 900, 1050, 1200, 1350, 1500]


def test_several_photos_form_one_tile():
    run = training(TILE, [spotted_photo(72, 80, 0), spotted_photo(60, 130, 1)])
    train(run, 3)
    assert run.images_seen == 3


# ---------------------------------------------------------------------------------------------------- what can go wrong


@pytest.mark.parametrize("config", [TINY, TILE], ids=["network", "instant"])
def test_a_loss_that_is_not_finite_stops_the_step_and_leaves_the_model_whole(config, monkeypatch):
    monkeypatch.setattr(
        "texgen_desktop.nn.sliced.PatchDirections.draw", lambda _, count, generator: torch.full((count, 3, 7, 7), torch.nan)
    )
    run = training(config)
    with pytest.raises(NonFiniteLoss):
        train(run, 1)
    assert all(torch.isfinite(value).all() for value in run.model().tensors().values())
    assert all(torch.isfinite(value).all() for value in run.state().values())


NETWORK_CHANGES = [
    {"style": [{"id": "../evil", "middle": 0, "spread": 1}] * 3},
    {"style": 7},
    {"config": {"levels": 99}},
    {"palette": {"mean": [0, 0, 0], "axes": [], "scales": [1, 1, 1]}},
    {"style": [{"id": "scale", "middle": 0, "spread": 1}] * 4},
    {"style": [{"id": "scale", "middle": 0, "spread": 1}] * 1000},
    {"surprise": 1},
    {"unproven": ["../evil"]},
    {"config": {"mode": "instant"}},
]


@pytest.mark.parametrize("change", NETWORK_CHANGES)
def test_a_network_header_from_a_stranger_has_to_fit(network, change):
    with pytest.raises(msgspec.ValidationError):
        open_model({**network.header(), **change}, network.tensors(), CPU)


@pytest.mark.parametrize("change", [{"surprise": 1}, {"config": {"tile_px": 10**6}}, {"config": {"mode": "network"}}, {"config": None}])
def test_a_tile_header_from_a_stranger_has_to_fit(tile, change):
    with pytest.raises(msgspec.ValidationError):
        open_model({**tile.header(), **change}, tile.tensors(), CPU)


def test_tensors_that_do_not_fit_the_header_are_refused(network, tile):
    with pytest.raises(RuntimeError, match="size mismatch"):
        open_model({**network.header(), "config": {**network.header()["config"], "width": 16}}, network.tensors(), CPU)
    for tensors in ({}, {"picture": torch.zeros(3, 32, 64)}, {"picture": torch.zeros(3, 64, 64).half()}, network.tensors()):
        with pytest.raises(RuntimeError, match="no picture of 64 x 64"):
            open_model(tile.header(), tensors, CPU)


def test_pixels_of_another_run_are_refused():
    run = training(TILE)
    train(run, 1)
    with pytest.raises(RuntimeError, match="not the size"):
        run.load_state({**run.state(), "pixels": torch.zeros(3, 7, 7)}, 1)
