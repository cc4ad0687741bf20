"""What is particular to the image GAN, and what all families that make pictures share."""

import msgspec
import numpy as np
import pytest
import torch

from tests.families.conftest import disc_pictures, spotted_photo
from texgen_desktop.data.picture_batches import MOST_CLASSES
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.errors import NonFiniteLoss, TexGenError
from texgen_desktop.families import Look, Region, RenderRequest, discover
from texgen_desktop.families.image_gan import PRESETS, ImageGanConfig, Training, _networks, open_model, prove, render, start
from texgen_desktop.nn.losses import GAN_LOSSES
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")
TINY = ImageGanConfig(images=24, batch=4, side="32", width=8)
TINY_CLASSIC = msgspec.structs.replace(PRESETS["classic"], images=24, batch=4, side="32", width=4)
IMAGE_FAMILIES = [family for family in discover().values() if family.makes == "images"]


def training(config=TINY, pictures=None) -> Training:
    return run_to_end(start(config, disc_pictures() if pictures is None else pictures, 0, CPU))


def train(trainer, steps):
    for _ in range(steps):
        run_to_end(trainer.step())


def test_the_classic_networks_are_those_of_the_worked_example():
    with torch.device("meta"):
        generator, critic = _networks(PRESETS["classic"], 0)
        picture = generator(torch.empty(2, 100), torch.empty(2, 0))
        score = critic(picture, torch.empty(2, 0))
    assert [rung.out_features for rung in generator.ladder] == [128, 256, 512, 1024, 2048, 4096, 8192]
    assert generator.ladder[0].in_features == 100
    upwards = [generator.first, *generator.later, generator.leave]
    assert [(layer.out_channels, layer.kernel_size, layer.stride[0]) for layer in upwards] == [
        (256, (4, 4), 1),
        (128, (4, 4), 2),
        (64, (4, 4), 2),
        (3, (4, 4), 2),
    ]
    assert picture.shape == (2, 3, 64, 64)
    assert [(layer.out_channels, layer.kernel_size, layer.stride[0]) for layer in critic.body] == [
        (channels, (3, 3), 2) for channels in (128, 256, 512, 1024)
    ]
    assert score.shape == (2, 1)


@pytest.mark.parametrize("side", ["32", "64", "128"])
@pytest.mark.parametrize("network", ["resize", "classic"])
def test_pictures_of_every_side_come_out_at_their_side(side, network):
    generator, critic = _networks(ImageGanConfig(side=side, network=network, width=4), 0)
    picture = generator(torch.randn(2, generator.code), torch.empty(2, 0))
    assert picture.shape == (2, 3, int(side), int(side))
    assert critic(picture, torch.empty(2, 0)).shape == (2, 1)


@pytest.mark.parametrize("config", [TINY, TINY_CLASSIC], ids=["resize", "classic"])
@pytest.mark.parametrize("loss", GAN_LOSSES)
def test_both_networks_learn_by_every_loss(loss, config):
    trainer = training(msgspec.structs.replace(config, loss=loss))
    before = trainer.state()
    train(trainer, 2)
    after = trainer.state()
    assert not [name for name, value in before.items() if name.endswith("weight") and torch.equal(value, after[name])]


def test_a_classic_run_resumed_equals_one_that_never_stopped():
    """Its batch norm remembers what it saw: without those buffers the continuation would differ."""
    straight, first, second = training(TINY_CLASSIC), training(TINY_CLASSIC), training(TINY_CLASSIC)
    train(straight, 5)
    train(first, 2)
    second.load_state(first.state(), first.images_seen)
    train(second, 3)
    found = second.state()
    assert all(torch.equal(value, found[name]) for name, value in straight.state().items())


def test_a_step_cut_into_parts_teaches_what_a_whole_one_does():
    states = []
    for at_once in (100, 1):
        trainer = training(msgspec.structs.replace(TINY, smoothness=0.0, augmentation="none"))
        trainer._judged_at_once, trainer._made_at_once = at_once, max(2, at_once)
        train(trainer, 1)
        states.append(trainer.state())
    for name, value in states[0].items():
        if name.startswith("critic_adam/") and name.endswith("weight.exp_avg"):
            assert (states[1][name] - value).norm() < 1e-3 * value.norm(), name


def test_a_loss_that_is_not_finite_stops_the_step_and_leaves_the_weights_whole():
    trainer = training()
    train(trainer, 1)
    with torch.no_grad():
        trainer._critic.leave.weight.fill_(float("inf"))
    with pytest.raises(NonFiniteLoss):
        train(trainer, 1)
    assert all(torch.isfinite(value).all() for value in trainer.model().tensors().values())


def test_overfitting_is_read_from_pictures_that_are_held_out():
    trainer = training(pictures=disc_pictures(50))
    train(trainer, 1)
    assert {"critic", "generator", "augment p", "overfitting sign", "learnt by heart"} == set(trainer.take_losses())
    few = training(pictures=disc_pictures(12))
    train(few, 1)
    assert "learnt by heart" not in few.take_losses()


def test_a_class_slider_changes_the_picture_and_the_middle_is_no_class():
    model = training().model()
    assert [s.title for s in model.sliders[-2:]] == ["red", "blue"]
    request = RenderRequest(Look(), Region(0, 0, 32, 32))

    def shown(**values):
        look = Look()
        for name, value in values.items():
            look = look.with_value(name, value)
        return render(model, RenderRequest(look, request.region))

    assert not torch.equal(shown(class1=1.0), shown())
    assert not torch.equal(shown(class1=1.0), shown(class2=1.0))
    torch.testing.assert_close(shown(class1=0.5, class2=0.5), shown())


@pytest.mark.parametrize("family", IMAGE_FAMILIES, ids=lambda f: f.id)
def test_a_picture_is_the_same_alone_and_on_a_sheet(family):
    config = msgspec.convert({"images": 24, "batch": 2, "side": "32", "width": 8}, family.config)
    model = run_to_end(family.start(config, disc_pictures(), 0, CPU)).model()
    sheet = family.render(model, RenderRequest(Look(), Region(-32, -64, 96, 128)))
    alone = family.render(model, RenderRequest(Look(), Region(3, 5, 20, 11)))
    torch.testing.assert_close(sheet[:, 35:55, 69:80], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", IMAGE_FAMILIES, ids=lambda f: f.id)
def test_one_picture_and_pictures_that_are_all_the_same_are_refused_in_one_sentence(family):
    one, same = disc_pictures(1), disc_pictures(6)
    same = PictureSet(np.repeat(same.pixels[:1], 6, 0), same.labels, same.classes)
    for pictures, sentence in ((one, "a single one"), (same, "All 6 pictures are the same"), ([], "a single one")):
        with pytest.raises(TexGenError, match=sentence) as caught:
            run_to_end(family.start(family.presets["draft"], pictures, 0, CPU))
        assert caught.value.hint


@pytest.mark.parametrize("family", IMAGE_FAMILIES, ids=lambda f: f.id)
def test_a_few_photos_of_different_size_are_pictures_too(family):
    config = msgspec.convert({"images": 24, "batch": 4, "side": "32", "width": 8}, family.config)
    trainer = run_to_end(family.start(config, [spotted_photo(72, 80, 0), spotted_photo(40, 130, 1)], 0, CPU))
    train(trainer, 2)
    assert trainer.images_seen == 8
    assert not [s for s in trainer.model().sliders if s.id.startswith("class")]


def test_a_proven_model_keeps_its_names_through_a_file():
    proven = run_to_end(prove(training().model()))
    opened = open_model(msgspec.json.decode(msgspec.json.encode(proven.header())), proven.tensors(), CPU)
    assert opened.sliders == proven.sliders
    look = Look().with_value(proven.sliders[0].id, 0.7)
    request = RenderRequest(look, Region(0, 0, 32, 32))
    assert torch.equal(render(opened, request), render(proven, request))


@pytest.mark.parametrize(
    "change",
    [
        {"directions": [{"direction": 99, "title": "x", "description": "y"}]},
        {"directions": [{"direction": 0, "title": "x", "description": "y"}] * 2},
        {"directions": [{"direction": 0, "title": "x" * 1000, "description": "y"}]},
        {"config": {"width": 9999}},
        {"classes": ["many"] * (MOST_CLASSES + 1)},
        {"surprise": 1},
    ],
)
def test_a_header_from_a_stranger_has_to_fit(change):
    model = training().model()
    with pytest.raises(msgspec.ValidationError):
        open_model({**model.header(), **change}, model.tensors(), CPU)


@pytest.mark.parametrize("family", IMAGE_FAMILIES, ids=lambda f: f.id)
def test_weights_that_do_not_fit_the_header_are_refused(family):
    config = msgspec.convert({"images": 24, "batch": 2, "side": "32", "width": 8}, family.config)
    model = run_to_end(family.start(config, disc_pictures(), 0, CPU)).model()
    with pytest.raises(RuntimeError):
        family.open({**model.header(), "config": {**model.header()["config"], "width": 16}}, model.tensors(), CPU)
    with pytest.raises(RuntimeError):
        family.open(model.header(), {**model.tensors(), "stowaway": torch.zeros(3)}, CPU)
