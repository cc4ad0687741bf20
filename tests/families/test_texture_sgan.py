"""What is special about the spatial GAN: one network for all scales, whose zero padding no picture shows."""

import pytest
import torch

from tests.families.conftest import spotted_photo
from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.families import Look, Region, RenderRequest, texture_sgan
from texgen_desktop.families.texture_sgan import FAMILY, PRESETS, Generator, TextureSganConfig, Training, render, start
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


def tile_and_four_of_its_cells() -> tuple[torch.Tensor, torch.Tensor]:
    """A torus of 6 by 6 cells as one picture, and what lies there drawn in a call of its own."""
    model = trained(2).model()
    whole = render(model, RenderRequest(Look(), Region(0, 0, 96, 96), (6, 6)))
    return whole[:, 35:61, 21:50], render(model, RenderRequest(Look(), Region(35, 21, 26, 29), (6, 6)))


def test_a_part_drawn_alone_is_the_part_of_the_whole_so_the_zero_padding_is_never_seen(monkeypatch):
    torch.testing.assert_close(*tile_and_four_of_its_cells(), rtol=0, atol=1e-5)
    monkeypatch.setattr(texture_sgan, "_MARGIN_CELLS", 0)  # the control: it looks further than its own cell
    with pytest.raises(AssertionError):
        torch.testing.assert_close(*tile_and_four_of_its_cells(), rtol=0, atol=1e-5)


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
        run = training(TextureSganConfig(**{**{f: getattr(TINY, f) for f in TINY.__struct_fields__}, "loss": name}))
        for _ in range(3):
            run_to_end(run.step())
        found[name] = torch.cat([value.flatten() for value in run.model().tensors().values()])
    assert all(torch.isfinite(weights).all() for weights in found.values())
    assert len({weights.numpy().tobytes() for weights in found.values()}) == len(GAN_LOSSES)


def test_a_loss_that_is_no_number_stops_the_run_before_it_reaches_the_generator():
    run = trained(1)
    before = run.model().tensors()
    with torch.no_grad():
        list(run._critic.parameters())[-1].fill_(float("nan"))
    with pytest.raises(NonFiniteLoss):
        run_to_end(run.step())
    after = run.model().tensors()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_the_layout_strength_makes_the_noise_quieter():
    model = trained(1).model()
    loud, quiet = (render(model, RenderRequest(Look(layout_strength=s), Region(0, 0, 64, 64), (8, 8))) for s in (1.0, 0.0))
    assert quiet[:, :16, :16].sub(quiet[:, 16:32, 16:32]).abs().max() < 1e-5 < loud[:, :16, :16].sub(loud[:, 16:32, 16:32]).abs().max()


def test_it_needs_a_crop_of_four_cells():
    assert FAMILY.crop_px(TINY) == 64
