"""What every registered family has to keep, whatever it is made of."""

import ast
import time
from pathlib import Path

import msgspec
import pytest
import torch

import texgen_desktop.families as families
from tests.families.conftest import disc_pictures, spotted_photo
from texgen_desktop.engine.rehearsal import predicted_s
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Look, Region, RenderRequest, discover
from texgen_desktop.slices import run_to_end

FAMILIES = discover()
CPU = torch.device("cpu")

# Configs that are quicker than a default one with few images, and still have every part of the family: one for each of its modes.
FEW = [{"images": 24}]
SMALL = {
    "image_cnn": [{"images": 24, "batch": 2, "side": "32", "width": 8}],
    "image_gan": [
        {"images": 24, "batch": 2, "side": "32", "width": 8},
        {"images": 24, "batch": 2, "side": "32", "width": 8, "network": "classic"},
    ],
    "image_vae": [{"images": 24, "batch": 2, "side": "32", "width": 8}],
    "texture_cnn": [{"images": 24, "levels": 2, "width": 8}, {"mode": "instant", "images": 24, "tile_px": 64}],
    "texture_gan": [{"images": 24, "batch": 2, "levels": 3, "width": 8, "critic_width": 8, "antialias": True}],
    "texture_sgan": [{"images": 24, "batch": 2, "noise": 8, "width": 8, "critic_width": 8}],
    "texture_vae": [{"images": 24, "batch": 2, "local": 4, "whole": 2, "width": 16, "critic_width": 8}],
}
VARIANTS = {
    "-".join([family.id, *(fields[key] for key in ("mode", "network") if key in fields)]): (family, fields)
    for family in FAMILIES.values()
    for fields in SMALL.get(family.id, FEW)
}
MATERIAL = {"textures": [spotted_photo()], "images": disc_pictures()}
CLASSES = {"textures": 0, "images": 2}


@pytest.fixture(scope="module", params=list(VARIANTS.values()), ids=list(VARIANTS))
def variant(request):
    return request.param


@pytest.fixture(scope="module")
def family(variant):
    return variant[0]


@pytest.fixture(scope="module")
def start(variant):
    """Begins a small run."""

    def begin(seed=0):
        family, fields = variant
        return run_to_end(family.start(msgspec.convert(fields, family.config), MATERIAL[family.makes], seed, CPU))

    return begin


def train(trainer, steps):
    for _ in range(steps):
        run_to_end(trainer.step())


@pytest.fixture(scope="module")
def model(start):
    """After a few steps; shared, for a model never changes."""
    trainer = start()
    train(trainer, 3)
    return trainer.model()


def test_a_family_is_one_file_that_no_other_family_knows(family):
    source = Path(families.__file__).with_name(f"{family.id}.py")
    imported = {
        node.module for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.ImportFrom) and node.module is not None
    }
    assert not [name for name in imported if name.startswith("texgen_desktop.families.")]


def test_every_preset_is_a_config_and_costs_more_than_the_one_before(family):
    costs = [family.cost_gflop(family.presets[name]) for name in ("draft", "standard", "high")]
    assert all(isinstance(preset, family.config) for preset in family.presets.values())
    assert costs == sorted(costs)
    assert costs[0] > 0


def test_a_fresh_run_can_be_tried_out_at_any_place_of_its_schedule(start):
    assert run_to_end(predicted_s(start(), 0.0, time.perf_counter)) > 0


def test_an_unknown_field_and_a_value_out_of_range_are_refused(family):
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"imagse": 5}, family.config)
    with pytest.raises(msgspec.ValidationError, match="Expected `int` >="):
        msgspec.convert({"images": -1}, family.config)


def test_a_render_has_the_asked_size_lies_in_range_and_is_finite(family, model):
    for height, width in ((1, 1), (17, 33), (40, 8)):
        picture = family.render(model, RenderRequest(Look(), Region(-3, 5, height, width)))
        assert picture.shape == (3, height, width)
        assert picture.dtype == torch.float32
        assert torch.isfinite(picture).all()
        assert picture.min() >= 0
        assert picture.max() <= 1


def test_rendering_changes_nothing_and_draws_nothing_from_the_global_random_numbers(family, model):
    request = RenderRequest(Look(layout_seed=3, detail_seed=4), Region(0, 0, 24, 24), (4, 4))
    state = torch.random.get_rng_state()
    first = family.render(model, request)
    assert torch.equal(first, family.render(model, request))
    assert torch.equal(state, torch.random.get_rng_state())


def test_rolling_a_tile_by_whole_cells_is_rendering_it_elsewhere(family, model):
    cell, cells = model.cell_px, (3, 5)
    height, width = cells[0] * cell, cells[1] * cell
    tile = family.render(model, RenderRequest(Look(), Region(0, 0, height, width), cells))
    elsewhere = family.render(model, RenderRequest(Look(), Region(cell, -2 * cell, height, width), cells))
    torch.testing.assert_close(elsewhere, tile.roll((-cell, 2 * cell), (1, 2)), rtol=0, atol=1e-5)


def test_a_skipped_level_halves_the_picture_and_keeps_its_look(family, model):
    if model.level_count == 1:
        pytest.skip("it has no level to skip")
    cell, cells = model.cell_px, (6, 6)
    full = family.render(model, RenderRequest(Look(), Region(0, 0, 6 * cell, 6 * cell), cells))
    half = family.render(model, RenderRequest(Look(), Region(0, 0, 3 * cell, 3 * cell), cells, skip_levels=1))
    small = torch.nn.functional.avg_pool2d(full[None], 2)[0]
    # Another layout, or where there is but one the same elsewhere.
    y = 0 if "layout" in model.seeds else cell // 4
    other = family.render(model, RenderRequest(Look(layout_seed=9), Region(y, 0, 3 * cell, 3 * cell), cells, skip_levels=1))
    assert (half - small).abs().mean() < 0.6 * (other - small).abs().mean()


def test_seeds_strengths_and_every_slider_change_the_picture(family, model):
    def picture(look):
        return family.render(model, RenderRequest(look, Region(0, 0, 32, max(32, 2 * model.cell_px)), (8, 8)))

    looks = [Look(**{f"{seed}_seed": 1}) for seed in model.seeds] + [Look(**{f"{seed}_strength": 0.5}) for seed in model.seeds]
    looks += [Look().with_value(slider.id, 0.8) for slider in model.sliders]
    middle = picture(Look())
    for look in looks:
        assert (picture(look) - middle).abs().max() > 1e-3, look


def test_there_are_three_to_eight_sliders_beside_those_of_classes_and_none_where_nothing_can_be_chosen(family, model):
    assert 3 <= len(model.sliders) - CLASSES[family.makes] <= 8 if model.seeds else model.sliders == ()
    assert len({s.id for s in model.sliders}) == len(model.sliders)
    assert all(s.title and s.description for s in model.sliders)


@pytest.mark.usefixtures("brief_measurements")
def test_proving_a_model_leaves_out_sliders_and_changes_nothing_else(family, model):
    proven = run_to_end(family.prove(model))
    assert {s.id for s in proven.sliders} <= {s.id for s in model.sliders}
    request = RenderRequest(Look(), Region(0, 0, 16, 16), (4, 4))
    assert torch.equal(family.render(proven, request), family.render(model, request))


def test_every_weight_learns_at_some_point_of_the_schedule(start):
    trainer = start()
    before = trainer.state()
    while trainer.images_seen < trainer.images_total:
        train(trainer, 1)
    after = trainer.state()
    still = [k for k, v in before.items() if v.is_floating_point() and torch.equal(v, after[k])]
    assert not still


def test_the_same_seed_trains_the_same_weights_and_another_seed_others(start):
    states = []
    for seed in (5, 5, 6):
        trainer = start(seed)
        torch.rand(3)  # whatever else draws random numbers in the program
        train(trainer, 3)
        states.append(trainer.state())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert any(not torch.equal(value, states[2][name]) for name, value in states[0].items())


def test_a_run_resumed_at_any_step_equals_one_that_never_stopped(family, start):
    straight = start()
    train(straight, 12)
    first, steps = start(), 0
    for stop_after in (1, 4, 7, 11):
        train(first, stop_after - steps)
        steps = stop_after
        tensors, seen = {name: value.clone() for name, value in first.state().items()}, first.images_seen
        second = start()
        second.load_state(tensors, seen)
        family.render(second.model(), RenderRequest(Look(), Region(0, 0, 16, 16)))
        train(second, 12 - stop_after)
        state = second.state()
        for name, value in straight.state().items():
            assert torch.equal(value, state[name]), (stop_after, name)


def test_a_model_opened_from_its_header_and_tensors_renders_the_same(family, model):
    header = msgspec.json.decode(msgspec.json.encode(model.header()))
    opened = family.open(header, model.tensors(), CPU)
    request = RenderRequest(Look(style=tuple((s.id, 0.5) for s in model.sliders[:1])), Region(0, 0, 24, 24), (4, 4))
    assert torch.equal(family.render(model, request), family.render(opened, request))
    assert opened.sliders == model.sliders


def test_a_snapshot_does_not_change_when_training_goes_on(family, start):
    trainer = start()
    train(trainer, 2)
    model = trainer.model()
    request = RenderRequest(Look(), Region(0, 0, 16, 16))
    before = family.render(model, request)
    train(trainer, 3)
    assert torch.equal(before, family.render(model, request))


def test_losses_are_finite_means_and_are_handed_out_once(start):
    trainer = start()
    train(trainer, 6)
    losses = trainer.take_losses()
    assert losses
    assert all(abs(value) < 1e3 for value in losses.values())
    assert trainer.take_losses() == {}


def test_a_run_can_start_from_a_model_and_is_then_not_what_it_would_have_been(start, model):
    trainer = start(seed=7)
    before = trainer.state()
    if not model.seeds:
        with pytest.raises(TexGenError, match="starts afresh"):
            trainer.start_from(model)
        return
    trainer.start_from(model)
    after = trainer.state()
    assert any(not torch.equal(value, after[name]) for name, value in before.items())
    train(trainer, 2)
