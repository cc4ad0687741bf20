"""What is special about the spatial GAN: one network for all scales, whose zero padding no picture shows."""

from dataclasses import replace

import msgspec
import pytest
import torch

from tests.families.conftest import spotted_photo
from texgen_desktop.data.photos import Photo
from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.families import Look, Region, RenderRequest, texture_sgan
from texgen_desktop.families.texture_sgan import PRESETS, Generator, TextureSganConfig, Training, open_model, render, start
from texgen_desktop.nn.losses import GAN_LOSSES
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")
TINY = TextureSganConfig(images=48, batch=4, noise=8, width=8, critic_width=8)


def training(config: TextureSganConfig = TINY) -> Training:
    return run_to_end(start(config, [spotted_photo()], 0, CPU))


def trained(steps: int) -> Training:
    run = training()
    for _ in range(steps):
        run_to_end(run.step())
    return run


@pytest.mark.parametrize("preset", ["draft", "standard"])
def test_a_pixel_costs_at_most_30_000_multiply_adds(preset):
    config = PRESETS[preset]
    assert Generator(config.noise, 4, config.width).multiply_adds() <= 30_000


def part_of_a_tile_and_the_same_alone() -> tuple[torch.Tensor, torch.Tensor]:
    """A torus of 6 by 6 cells as one picture, and what lies there drawn in a call of its own."""
    model = trained(2).model()
    whole = render(model, RenderRequest(Look(), Region(0, 0, 96, 96), (6, 6)))
    return whole[:, 35:61, 21:50], render(model, RenderRequest(Look(), Region(35, 21, 26, 29), (6, 6)))


def test_a_part_drawn_alone_is_the_part_of_the_whole_so_the_zero_padding_is_never_seen(monkeypatch):
    torch.testing.assert_close(*part_of_a_tile_and_the_same_alone(), rtol=0, atol=1e-5)
    monkeypatch.setattr(texture_sgan, "_MARGIN_CELLS", 0)  # the control: it looks further than its own cell
    with pytest.raises(AssertionError):
        torch.testing.assert_close(*part_of_a_tile_and_the_same_alone(), rtol=0, atol=1e-5)


def test_the_first_weights_already_draw_something():
    """The control: running means of batch norm that begin at 0 and 1, as torch has them, leave it grey."""
    contrast = {}
    for is_calibrated in (True, False):
        model = training().model()
        if not is_calibrated:
            for layer in model.generator.modules():
                if isinstance(layer, torch.nn.BatchNorm2d):
                    layer.reset_running_stats()
        contrast[is_calibrated] = render(model, RenderRequest(Look(), Region(0, 0, 64, 64))).std((1, 2)).mean()
    assert contrast[True] > 10 * contrast[False]


def test_a_model_has_the_averaged_weights_and_the_newest_means_of_batch_norm():
    run = trained(3)
    own, average = run._generator.state_dict(), run.model().generator.state_dict()
    for name, value in own.items():
        assert torch.equal(value, average[name]) == ("running" in name or "tracked" in name), name


def test_every_loss_trains_to_weights_of_its_own():
    found = {}
    for name in GAN_LOSSES:
        run = training(msgspec.structs.replace(TINY, loss=name))
        for _ in range(3):
            run_to_end(run.step())
        found[name] = torch.cat([value.flatten() for value in run.model().tensors().values()])
    assert all(torch.isfinite(weights).all() for weights in found.values())
    assert len({weights.numpy().tobytes() for weights in found.values()}) == len(GAN_LOSSES)


@pytest.mark.parametrize("broken", ["critic", "generator"])
def test_a_loss_that_is_no_number_stops_the_run_before_it_reaches_any_weight(broken, monkeypatch):
    run = trained(1)
    before = weights_of(run)
    honest = GAN_LOSSES[TINY.loss]
    monkeypatch.setattr(run, "_loss", replace(honest, **{broken: lambda first, second: (first + second).sum() * float("nan")}))
    with pytest.raises(NonFiniteLoss):
        run_to_end(run.step())
    after = weights_of(run)
    own = "critic" if broken == "critic" else "generator"
    assert all(torch.equal(value, after[name]) for name, value in before.items() if name.startswith(own))
    assert torch.equal(torch.cat([v.flatten() for v in after.values()]).isfinite().all(), torch.tensor(True))


def weights_of(run: Training) -> dict[str, torch.Tensor]:
    return {
        f"{part}.{name}": value.detach().clone()
        for part, network in (("generator", run._generator), ("critic", run._critic))
        for name, value in network.named_parameters()
    }


def test_noise_is_uniform_as_in_training():
    uniform = texture_sgan._uniform(torch.randn(100_000, generator=torch.Generator().manual_seed(0)))
    expected = torch.linspace(-1, 1, 9)
    torch.testing.assert_close(torch.quantile(uniform, (expected + 1) / 2), expected, rtol=0, atol=0.02)


def test_the_reader_of_the_noise_answers_as_the_first_layer_does_to_noise_that_is_alike_everywhere():
    generator = Generator(8, 3, 8).requires_grad_(False)
    noise = torch.randn(8)
    cells = torch.cat([torch.zeros(3), noise])[None, :, None, None].expand(-1, -1, 6, 6)
    answer = generator.body[0](cells)[0, :, 5:7, 5:7]  # odd places are reached by even weights, so they come first
    torch.testing.assert_close(generator.noise_reader.weights @ noise, answer.flatten())


def test_a_slider_that_was_not_proven_stands_in_the_middle():
    model = trained(2).model()
    held = replace(model, style=replace(model.style, unproven=frozenset({"scale"})))
    look, request = Look().with_value("scale", 1.0), Region(0, 0, 32, 32)
    assert "scale" not in [slider.id for slider in held.sliders]
    assert torch.equal(render(held, RenderRequest(look, request)), render(held, RenderRequest(Look(), request)))
    assert not torch.equal(render(model, RenderRequest(look, request)), render(model, RenderRequest(Look(), request)))


def test_a_model_of_a_stranger_with_repeated_axes_a_variance_below_0_or_other_weights_is_refused():
    model = trained(1).model()
    header, tensors = model.header(), model.tensors()
    assert open_model(header, tensors, CPU).sliders == model.sliders  # the control
    with pytest.raises(msgspec.ValidationError, match="style axes"):
        open_model({**header, "style": [*header["style"], header["style"][0]]}, tensors, CPU)
    with pytest.raises(msgspec.ValidationError, match="style axes"):
        open_model({**header, "unproven": ["taste"]}, tensors, CPU)
    with pytest.raises(RuntimeError, match="variance"):
        open_model(header, {**tensors, "body.1.running_var": -tensors["body.1.running_var"]}, CPU)
    with pytest.raises(RuntimeError, match="size mismatch"):
        open_model({**header, "config": {**header["config"], "width": 16}}, tensors, CPU)
    with pytest.raises(RuntimeError, match="directions"):
        open_model(header, {**tensors, "directions": torch.zeros(3, 5)}, CPU)


def test_two_photos_become_sliders_that_mix_them():
    photos = [Photo(name, spotted_photo(seed=k).pixels, 80, 72) for k, name in enumerate(("moss", "rust"))]
    run = run_to_end(start(TINY, photos, 0, CPU))
    run_to_end(run.step())
    assert {"moss", "rust"} <= {slider.title for slider in run.model().sliders}


def test_the_layout_strength_makes_the_noise_quieter():
    model = trained(1).model()
    loud, quiet = (render(model, RenderRequest(Look(layout_strength=s), Region(0, 0, 64, 64), (8, 8))) for s in (1.0, 0.0))
    assert quiet[:, :16, :16].sub(quiet[:, 16:32, 16:32]).abs().max() < 1e-5 < loud[:, :16, :16].sub(loud[:, 16:32, 16:32]).abs().max()
