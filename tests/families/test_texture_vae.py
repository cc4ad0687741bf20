"""What is particular to the texture VAE."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch

from tests.families.conftest import spotted_photo
from texgen_desktop.data.photos import Photo
from texgen_desktop.errors import NonFiniteLoss, TexGenError
from texgen_desktop.families import Look, Region, RenderRequest
from texgen_desktop.families.texture_vae import (
    FAMILY,
    PRESETS,
    TextureVae,
    TextureVaeConfig,
    Training,
    _decoder,
    encode,
    open_model,
    render,
    start,
)
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")
TINY = TextureVaeConfig(images=24, batch=2, local=4, whole=2, width=16, critic_width=8)


def training(*photos: Photo, config: TextureVaeConfig = TINY) -> Training:
    return run_to_end(start(config, photos, 0, CPU))


def step(run: Training, count: int = 1) -> None:
    for _ in range(count):
        run_to_end(run.step())


def picture(model: TextureVae, look: Look, side: int = 64) -> np.ndarray:
    return render(model, RenderRequest(look, Region(0, 0, side, side), (side // 8, side // 8))).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_pixel_costs_at_most_30_000_multiply_adds(preset):
    assert _decoder(PRESETS[preset]).multiply_adds() <= 30_000


def test_learning_begins_at_block_pca():
    """The first reconstruction, before any step, is that of the principal axes of 8 x 8 blocks, but for what the deep path adds."""
    photo = spotted_photo(240, 240)
    model = training(photo, config=msgspec.structs.replace(TINY, local=12)).model()
    drawn = picture(run_to_end(encode(model, photo)), Look(detail_strength=0.0).with_value("variation", -1.0), 160)
    inside = slice(64, 96)  # of the tile, which is the middle of the photo with its ends blended
    wanted = photo.pixels[40:200, 40:200][inside, inside]
    error = ((drawn[inside, inside] - wanted) ** 2).mean()
    assert error < 0.6 * wanted.var((0, 1)).mean()


def test_a_photo_that_is_encoded_can_be_varied_from_itself_to_something_new():
    photo = spotted_photo(240, 256, seed=3)
    model = training(spotted_photo()).model()
    assert "variation" not in [s.id for s in model.sliders]
    own = run_to_end(FAMILY.encode(model, photo))
    assert own.sliders[0].id == "variation"
    assert own.sliders[1:] == model.sliders
    inside = slice(64, 96)  # beyond the ends of the photo, which are blended
    tiles = [picture(own, Look().with_value("variation", v), 160)[inside, inside] for v in (-1.0, 0.0, 1.0)]
    again = [picture(own, Look(layout_seed=5).with_value("variation", v), 160)[inside, inside] for v in (-1.0, 0.0, 1.0)]
    changed = [float(np.abs(a - b).mean()) for a, b in zip(tiles, again, strict=True)]
    assert changed[0] < 1e-3  # the photo is the photo, whatever the seed
    assert changed[0] < changed[1] < changed[2]


def test_an_encoded_photo_goes_into_a_file_and_back():
    own = run_to_end(encode(training(spotted_photo()).model(), spotted_photo(120, 136, seed=3)))
    opened = open_model(msgspec.json.decode(msgspec.json.encode(own.header())), own.tensors(), CPU)
    look = Look().with_value("variation", -0.5)
    assert opened.sliders == own.sliders
    assert np.array_equal(picture(opened, look), picture(own, look))


def test_a_bent_photo_is_read_anew_and_the_way_back_is_exact():
    model = training(spotted_photo()).model()
    middle = picture(model, Look())
    bent = picture(model, Look().with_value("slant", 0.7))
    assert np.abs(bent - middle).max() > 1e-3
    assert np.array_equal(picture(model, Look()), middle)


def test_several_photos_become_mixing_sliders():
    light = spotted_photo()
    dark = replace(light, name="dark", pixels=light.pixels / 4)
    model = training(light, dark).model()
    assert [slider.title for slider in model.sliders][-2:] == ["dark", "spots"]
    more, less = (picture(model, Look().with_value("group_0", v)).mean() for v in (1.0, -1.0))
    assert more < less - 0.1
    both_gone = Look().with_value("group_0", -1.0).with_value("group_1", -1.0)
    assert np.isfinite(picture(model, both_gone)).all()


def test_beta_is_turned_while_it_trains():
    """Dearer codes say less: their cost falls when beta rises in the middle of a run. The control goes on as it was."""
    config = msgspec.structs.replace(TINY, images=4000, beta=0.0)
    runs = [training(spotted_photo(), config=config) for _ in range(2)]
    for run, beta in zip(runs, (0.0, 20.0), strict=True):
        step(run, 2)
        run.images_seen = 1000  # after the warm-up, before the critics
        run.tune(msgspec.structs.replace(config, beta=beta))
        step(run, 20)
        run.take_losses()
        step(run, 3)
    free, dear = (run.take_losses()["cost of codes"] for run in runs)
    assert dear < 0.7 * free


def test_a_grey_photo_gives_a_grey_texture():
    photo = spotted_photo()
    grey = Photo("grey", np.repeat(photo.pixels.mean(2, keepdims=True), 3, axis=2).astype(np.float32), 80, 72)
    run = training(grey)
    step(run, 4)
    made = picture(run.model(), Look())
    assert (made.max(2) - made.min(2)).max() < 0.12
    assert "warmth" not in [s.id for s in run.model().sliders]


def test_a_photo_of_32_pixels_is_enough():
    run = training(spotted_photo(32, 35))
    step(run, 6)
    assert np.isfinite(picture(run.model(), Look())).all()


def test_a_loss_that_is_not_finite_stops_the_step_and_leaves_the_weights_whole():
    run = training(spotted_photo())
    step(run)
    with torch.no_grad():
        run._decoder.leave.weight.fill_(float("inf"))
    with pytest.raises(NonFiniteLoss):
        step(run)
    assert all(torch.isfinite(value.float()).all() for value in run.model().tensors().values())


def test_a_run_begins_with_the_weights_of_another_and_not_with_those_of_another_build():
    first = training(spotted_photo())
    step(first, 2)
    model = first.model()
    second = training(spotted_photo(seed=1))
    second.start_from(model)
    assert torch.equal(second.model().tensors()["decoder.body.convolution.weight"], model.tensors()["decoder.body.convolution.weight"])
    with pytest.raises(TexGenError, match="built differently"):
        training(spotted_photo(), config=msgspec.structs.replace(TINY, width=32)).start_from(model)


@pytest.mark.parametrize(
    "change",
    [
        {"style": [{"id": "../evil", "middle": 0, "spread": 1}] * 3},
        {"style": [{"id": "scale"}, {"id": "stretch"}]},
        {"style": [{"id": "scale", "middle": 0, "spread": 1}] * 4},
        {"config": {"local": 99_999}},
        {"palette": {"mean": [0, 0, 0], "axes": [], "scales": [1, 1, 1]}},
        {"groups": []},
        {"groups": ["../evil"]},
        {"surprise": 1},
        {"unproven": ["../evil"]},
    ],
)
def test_a_header_from_a_stranger_has_to_fit(change):
    model = training(spotted_photo()).model()
    with pytest.raises(msgspec.ValidationError):
        open_model({**model.header(), **change}, model.tensors(), CPU)


@pytest.mark.parametrize(
    "photo",
    [torch.zeros(64, 64, 3), torch.zeros(64, 64, dtype=torch.uint8), torch.zeros(4, 64, 3, dtype=torch.uint8), None],
    ids=["floats", "flat", "too small", "missing"],
)
def test_a_photo_in_the_file_that_is_none_is_refused(photo):
    model = training(spotted_photo()).model()
    tensors = {name: value for name, value in {**model.tensors(), "photo.0": photo}.items() if value is not None}
    with pytest.raises(RuntimeError, match="a photo is missing"):
        open_model(model.header(), tensors, CPU)


def test_weights_that_do_not_fit_the_header_are_refused():
    model = training(spotted_photo()).model()
    with pytest.raises(RuntimeError, match="size mismatch"):
        open_model({**model.header(), "config": {**model.header()["config"], "width": 32}}, model.tensors(), CPU)
    with pytest.raises(RuntimeError, match="nexpected key"):
        open_model(model.header(), {**model.tensors(), "photo.1": torch.zeros(8, 8, 3)}, CPU)
