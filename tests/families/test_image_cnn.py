"""What is particular to the image CNN."""

import torch

from tests.families.conftest import disc_pictures
from texgen_desktop.families import Look, Region, RenderRequest
from texgen_desktop.families.image_cnn import ImageCnnConfig, render, start
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")
TINY = ImageCnnConfig(images=1_000, batch=8, side="32", width=8, code=12)


def trained(steps):
    trainer = run_to_end(start(TINY, disc_pictures(24), 0, CPU))
    for _ in range(steps):
        run_to_end(trainer.step())
    return trainer


def test_what_it_was_shown_comes_back_and_classes_are_where_their_sliders_say():
    trainer = trained(5)
    before = trainer.take_losses()["reconstruction"]
    trainer = trained(110)
    assert trainer.take_losses()["reconstruction"] < 0.75 * before
    model = trainer.model()

    def redness(look):
        sheet = render(model, RenderRequest(look, Region(0, 0, 128, 128)))
        return float(sheet[0].mean() - sheet[2].mean())

    red, blue = redness(Look().with_value("class1", 1.0)), redness(Look().with_value("class2", 1.0))
    assert red > redness(Look()) > blue
    assert red - blue > 0.1


def test_the_axes_are_orthogonal_and_stand_in_the_order_of_what_they_explain():
    space = trained(10).model().space
    torch.testing.assert_close(space.directions @ space.directions.T, torch.eye(8), rtol=0, atol=1e-4)
    assert (space.spreads.diff() <= 1e-6).all()


def test_without_strength_all_cells_are_the_mean_picture():
    model = trained(10).model()
    sheet = render(model, RenderRequest(Look(layout_strength=0.0), Region(0, 0, 64, 64)))
    torch.testing.assert_close(sheet[:, :32, :32], sheet[:, 32:, 32:], rtol=0, atol=1e-5)
    varied = render(model, RenderRequest(Look(), Region(0, 0, 64, 64)))
    assert (varied[:, :32, :32] - varied[:, 32:, 32:]).abs().max() > 1e-2
