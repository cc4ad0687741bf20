"""What is particular to the image VAE."""

import msgspec
import pytest
import torch

from tests.families.conftest import disc_pictures
from texgen_desktop.families import Look, Region, RenderRequest
from texgen_desktop.families.image_vae import ImageVae, ImageVaeConfig, Training, encode, open_model, pull, render, start
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")
TINY = ImageVaeConfig(images=600, batch=4, side="32", width=8, code=16)
SHEET = Region(0, 0, 64, 128)


def training(config=TINY) -> Training:
    return run_to_end(start(config, disc_pictures(), 0, CPU))


def train(trainer, steps):
    for _ in range(steps):
        run_to_end(trainer.step())


@pytest.fixture(scope="module")
def model() -> ImageVae:
    trainer = training()
    train(trainer, 60)
    return trainer.model()


def cell(picture, row, column):
    return picture[:, 32 * row : 32 * row + 32, 32 * column : 32 * column + 32]


def test_beta_is_tuned_while_it_trains_and_pulls_the_codes_to_the_prior():
    assert msgspec.json.schema(ImageVaeConfig)  # the form needs one
    kept = []
    for beta in (0.0, 50.0):
        trainer = training(msgspec.structs.replace(TINY, images=400))
        train(trainer, 20)
        trainer.tune(msgspec.structs.replace(TINY, images=400, beta=beta))
        train(trainer, 30)
        trainer.take_losses()
        train(trainer, 10)
        kept.append(trainer.take_losses()["information kept, bits"])
    assert kept[1] < 0.5 * kept[0]


def test_the_pull_of_the_prior_grows_over_the_first_fifth_of_the_run_to_what_beta_says_now():
    assert [pull(msgspec.structs.replace(TINY, beta=3.0), progress) for progress in (0.0, 0.1, 0.2, 1.0)] == [0.0, 1.5, 3.0, 3.0]


def test_reconstructions_stand_beside_samples(model):
    shown = [
        render(model, RenderRequest(Look(layout_seed=seed).with_value("reconstruction", value), SHEET)) for seed, value in ((0, 1), (1, 1))
    ]
    for row in range(2):
        torch.testing.assert_close(cell(shown[0], row, 1), cell(shown[1], row, 1), rtol=0, atol=1e-4)
        assert (cell(shown[0], row, 0) - cell(shown[1], row, 0)).abs().max() > 1e-3
    plain = render(model, RenderRequest(Look(), SHEET))
    torch.testing.assert_close(cell(shown[0], 0, 0), cell(plain, 0, 0))


def test_a_photo_that_is_read_stands_in_the_first_cell_and_its_variants_around_it(model):
    photo = disc_pictures()[0]
    read = run_to_end(encode(model, photo))
    wanted = torch.from_numpy(photo.pixels).permute(2, 0, 1)
    sheets = [render(read, RenderRequest(Look(layout_seed=seed), SHEET)) for seed in (0, 1)]
    torch.testing.assert_close(cell(sheets[0], 0, 0), cell(sheets[1], 0, 0), rtol=0, atol=1e-5)
    code, _ = model.networks.encode(wanted[None] * 2 - 1)
    torch.testing.assert_close(cell(sheets[0], 0, 0), ((model.networks.decode(code)[0] + 1) / 2).clamp(0, 1), rtol=0, atol=1e-5)
    assert (cell(sheets[0], 1, 1) - cell(sheets[1], 1, 1)).abs().max() > 1e-3
    still = render(read, RenderRequest(Look(layout_strength=0.0), SHEET))
    torch.testing.assert_close(cell(still, 1, 2), cell(still, 0, 0), rtol=0, atol=1e-5)
    edited = render(read, RenderRequest(Look().with_value("direction1", 0.8), SHEET))
    assert (cell(edited, 0, 0) - cell(sheets[0], 0, 0)).abs().max() > 1e-2


def test_a_photo_that_was_read_travels_in_the_file(model):
    read = run_to_end(encode(model, disc_pictures()[1]))
    opened = open_model(msgspec.json.decode(msgspec.json.encode(read.header())), read.tensors(), CPU)
    request = RenderRequest(Look(), SHEET)
    assert torch.equal(render(opened, request), render(read, request))
    with pytest.raises(KeyError):
        open_model({**model.header(), "has_photo": True}, model.tensors(), CPU)


def test_training_pictures_come_back_better_with_training():
    trainer = training()
    train(trainer, 3)
    before = trainer.take_losses()["reconstruction error, levels of 256"]
    train(trainer, 50)
    trainer.take_losses()
    train(trainer, 5)
    assert trainer.take_losses()["reconstruction error, levels of 256"] < 0.6 * before
