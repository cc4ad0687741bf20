"""What is particular to the texture GAN."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch

from tests.families.conftest import spotted_photo
from texgen_desktop.data.photos import Photo
from texgen_desktop.engine.family_info import config_of_run
from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.families import Look, Region, RenderRequest
from texgen_desktop.families.texture_gan import FAMILY, PRESETS, TextureGanConfig, Training, _Plan, _shapes, open_model, render, start
from texgen_desktop.nn.losses import GAN_LOSSES
from texgen_desktop.nn.pyramid import Generator
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")
TINY = TextureGanConfig(images=24, batch=2, levels=3, width=8, critic_width=8, antialias=True)


def training(photos: list[Photo]) -> Training:
    return run_to_end(start(TINY, photos, 0, CPU))


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_pixel_costs_at_most_30_000_multiply_adds_beside_the_low_pass(preset):
    generator = Generator(_shapes(PRESETS[preset]), 4)
    lowpass = 3 * 5 * 5
    assert generator.multiply_adds() - lowpass <= 30_000
    assert preset == "high" or generator.multiply_adds() <= 30_000


def test_every_level_has_its_turns_evenly_over_the_run():
    plan = _Plan(4)
    levels = [plan.level(step) for step in range(1000)]
    for part in (levels[:200], levels[400:600], levels[-200:]):
        counts = [part.count(level) for level in range(4)]
        assert counts == sorted(counts, reverse=True)
        assert min(counts) >= 20
    assert all(plan.turns_before(777, level) == levels[:777].count(level) for level in range(4))


def test_a_grey_photo_gives_a_grey_texture():
    photo = spotted_photo()
    grey = Photo("grey", np.repeat(photo.pixels.mean(2, keepdims=True), 3, axis=2).astype(np.float32), 80, 72)
    run = training([grey])
    for _ in range(4):
        run_to_end(run.step())
    model = run.model()
    picture = FAMILY.render(model, RenderRequest(Look(), Region(0, 0, 32, 32)))
    assert (picture.max(0).values - picture.min(0).values).max() < 0.12
    assert "warmth" not in [s.id for s in model.sliders]


def test_a_loss_that_is_not_finite_stops_the_step_and_leaves_the_weights_whole():
    run = training([spotted_photo()])
    run_to_end(run.step())
    with torch.no_grad():
        for critic in run._critics:
            critic.leave.weight.fill_(float("inf"))
    with pytest.raises(NonFiniteLoss):
        run_to_end(run.step())
    assert all(torch.isfinite(value).all() for value in run.model().tensors().values())


def test_every_loss_trains_to_weights_of_its_own():
    found = {}
    for name in GAN_LOSSES:
        run = run_to_end(start(msgspec.structs.replace(TINY, levels=2, loss=name), [spotted_photo()], 0, CPU))
        for _ in range(3):
            run_to_end(run.step())
        found[name] = torch.cat([value.flatten() for value in run.model().tensors().values()])
        assert all(np.isfinite(value) for value in run.take_losses().values())
    assert all(torch.isfinite(weights).all() for weights in found.values())
    assert len({weights.numpy().tobytes() for weights in found.values()}) == len(GAN_LOSSES)


def test_a_model_and_a_run_from_before_there_were_losses_to_choose_from_are_relativistic():
    run = training([spotted_photo()])
    model, old = run.model(), msgspec.to_builtins(TINY)
    assert old.pop("loss") == "relativistic"
    assert config_of_run(FAMILY, old) == TINY
    assert open_model({**model.header(), "config": old}, model.tensors(), CPU).config == TINY


def test_a_model_and_a_run_from_before_antialiasing_are_as_they_were():
    old = {key: value for key, value in msgspec.to_builtins(TINY).items() if key != "antialias"}
    plain = msgspec.structs.replace(TINY, antialias=False)
    assert config_of_run(FAMILY, old) == plain
    model = run_to_end(start(plain, [spotted_photo()], 0, CPU)).model()
    opened = open_model({**model.header(), "config": old}, model.tensors(), CPU)
    request = RenderRequest(Look(), Region(0, 0, 32, 32), (8, 8))
    assert torch.equal(render(opened, request), render(model, request))
    smoothed = open_model({**model.header(), "config": {**old, "antialias": True}}, model.tensors(), CPU)
    assert not torch.equal(render(smoothed, request), render(model, request))  # the control: the same weights


def test_several_photos_of_different_size_are_learnt_together():
    run = training([spotted_photo(72, 80, 0), spotted_photo(40, 130, 1)])
    for _ in range(3):
        run_to_end(run.step())
    assert run.images_seen == 6


def test_only_sliders_that_change_what_they_name_are_handed_to_the_artist(monkeypatch):
    """Followed, ignored, reversed: of three sliders one is left. The control is the model before, which offers all of them."""
    model = training([spotted_photo()]).model()
    names = [axis.id for axis in model.style.axes[:3]]

    def follows(name, sign):
        def measure(picture):
            return sign * float(picture[0, 0, names.index(name)])

        return measure

    def shown(_, request):
        values = torch.tensor([request.look.value(name) for name in names])
        return values[:, None, None].expand(3, 4, 4)

    monkeypatch.setattr("texgen_desktop.families.texture_gan.render", shown)
    monkeypatch.setattr("texgen_desktop.imaging.slider_proof.matched", lambda made, middle: made)
    properties = {axis.id: lambda picture: 0.0 for axis in model.style.axes} | {
        names[0]: follows(names[0], 1),
        names[2]: follows(names[2], -1),
    }
    monkeypatch.setattr("texgen_desktop.imaging.slider_proof.PROPERTIES", properties)
    proven = run_to_end(FAMILY.prove(model))
    assert [s.id for s in proven.sliders] == names[:1]
    assert len(model.sliders) >= 3
    request = RenderRequest(Look().with_value(names[1], 1.0), Region(0, 0, 8, 8), (8, 8))
    monkeypatch.undo()
    assert torch.equal(render(proven, request), render(model, RenderRequest(Look(), request.region, request.cells)))
    assert open_model(msgspec.json.decode(msgspec.json.encode(proven.header())), proven.tensors(), CPU).sliders == proven.sliders


def test_directions_of_the_noise_are_named_by_what_they_change_and_kept_in_the_file(monkeypatch):
    """The measuring of the axes has tests of its own: here none of them holds."""
    monkeypatch.setattr("texgen_desktop.data.style.slider_proofs", no_axis_holds)
    model = training([spotted_photo()]).model()
    assert [s.title for s in model.sliders][-3:] == ["Direction 1", "Direction 2", "Direction 3"]
    proven = run_to_end(FAMILY.prove(model))
    opened = open_model(msgspec.json.decode(msgspec.json.encode(proven.header())), proven.tensors(), CPU)
    assert opened.sliders == proven.sliders
    assert 1 <= len(proven.sliders) <= 3
    for slider in proven.sliders:
        request = RenderRequest(Look().with_value(slider.id, 0.7), Region(0, 0, 32, 32), (8, 8))
        assert torch.equal(render(opened, request), render(proven, request))
        assert not torch.equal(render(opened, request), render(proven, RenderRequest(Look(), request.region, request.cells)))


def no_axis_holds(sliders, draw):
    yield
    return dict.fromkeys(sliders, 0.0)


@pytest.mark.parametrize("change", [{"direction": 3}, {"direction": 0}, None])
def test_directions_of_a_stranger_have_to_fit(change):
    model = training([spotted_photo()]).model()
    header, tensors = model.header(), dict(model.tensors())
    if change is None:
        tensors["directions"] = tensors["directions"][:, :-1].contiguous()
    else:
        header["directions"][1] = header["directions"][1] | change
    with pytest.raises((msgspec.ValidationError, RuntimeError)):
        open_model(header, tensors, CPU)


def test_models_of_early_versions_have_no_directions():
    model = training([spotted_photo()]).model()
    header, tensors = model.header(), dict(model.tensors())
    del header["directions"], tensors["directions"]
    opened = open_model(header, tensors, CPU)
    assert not any(s.id.startswith("direction") for s in opened.sliders)
    request = RenderRequest(Look().with_value("direction1", 1.0), Region(0, 0, 32, 32), (8, 8))
    assert torch.equal(render(opened, request), render(model, RenderRequest(Look(), request.region, request.cells)))


@pytest.mark.parametrize(
    "change",
    [
        {"style": [{"id": "../evil", "middle": 0, "spread": 1}] * 3},
        {"style": 7},
        {"config": {"levels": 99}},
        {"palette": {"mean": [0, 0, 0], "axes": [], "scales": [1, 1, 1]}},
        {"style": [{"id": "scale", "middle": 0, "spread": 1}] * 4},
        {"style": [{"id": "scale", "middle": 0, "spread": 1}] * 1000},
        {"surprise": 1},
        {"unproven": ["../evil"]},
        {"unproven": "scale"},
    ],
)
def test_a_header_from_a_stranger_has_to_fit(change):
    model = training([spotted_photo()]).model()
    with pytest.raises(msgspec.ValidationError):
        open_model({**model.header(), **change}, model.tensors(), CPU)


def test_weights_that_do_not_fit_the_header_are_refused():
    model = training([spotted_photo()]).model()
    with pytest.raises(RuntimeError, match="size mismatch"):
        open_model({**model.header(), "config": {**model.header()["config"], "width": 16}}, model.tensors(), CPU)


def test_several_photos_become_mixing_sliders():
    light = spotted_photo()
    dark = replace(light, name="dark", pixels=light.pixels / 4)
    model = training([light, dark]).model()
    assert [slider.title for slider in model.sliders][-5:-3] == ["dark", "spots"]
    opened = open_model(msgspec.json.decode(msgspec.json.encode(model.header())), model.tensors(), CPU)
    assert opened.sliders == model.sliders
