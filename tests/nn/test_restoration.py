"""Restoration networks: bicubic that is Pillow's, results that do not depend on the cut, degradations that stay in place, lessons."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from PIL import Image

from tests.imaging.textures import blurred, grains
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.raster import ArrayRaster
from texgen_desktop.nn.degradations import Degradation, disks, gaussians, lines
from texgen_desktop.nn.layers import frozen
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.restoration import NetShape, RestorationNet, bicubic_down, bicubic_up, shape_of
from texgen_desktop.nn.restoration_tasks import TASKS
from texgen_desktop.nn.restoration_training import Lesson, coarse_pays, draw_crops, spoilt, teach
from texgen_desktop.slices import run_to_end

TILE = (True, True)


def as_tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def by_pillow(picture: np.ndarray, factor: float) -> np.ndarray:
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    bands = [Image.fromarray(np.ascontiguousarray(picture[..., k])).resize(size, Image.Resampling.BICUBIC) for k in range(3)]
    return np.stack([np.asarray(band) for band in bands], 2)


@pytest.mark.parametrize("scale", [2, 4])
def test_bicubic_is_that_of_pillow_both_ways(scale: int) -> None:
    picture = np.random.default_rng(0).random((48, 48, 3), np.float32)
    down = bicubic_down(as_tensor(picture), scale)[0].permute(1, 2, 0).numpy()
    reference = by_pillow(picture, 1 / scale)
    # The first pixel made here is that of the source's pixel 1.5 * scale: for an odd half, of the grid between.
    shifted = by_pillow(np.roll(picture, (scale // 2, scale // 2), (0, 1)), 1 / scale)[2:-2, 2:-2]
    assert np.abs(down[: shifted.shape[0], : shifted.shape[1]] - shifted).max() < 1e-5
    assert down.shape[0] == reference.shape[0] - 3
    up = bicubic_up(as_tensor(picture), scale)[0].permute(1, 2, 0).numpy()
    assert np.abs(up - by_pillow(picture, scale)[2 * scale : -2 * scale, 2 * scale : -2 * scale]).max() < 1e-5


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_poor_picture_lies_exactly_where_the_good_one_does(task: str) -> None:
    """The degradation of a picture that is smooth is nearly that picture: a shift by half a pixel would show."""
    y = np.arange(400, dtype=np.float32)[:, None, None]
    x = np.arange(400, dtype=np.float32)[None, :, None]
    ramp = np.broadcast_to(0.2 + 0.4 * y / 400 + 0.2 * x / 400, (400, 400, 3))
    net = RestorationNet(TASKS[task].shape)
    lesson = Lesson(TASKS[task].lesson.degradation, batch=8, side=32)
    clean = draw_crops([ArrayRaster(np.ascontiguousarray(ramp), (False, False))], lesson, net, stream(0, 0, 0))
    poor, _, wanted = spoilt(clean, lesson.degradation, net, stream(0, 0, 1))
    with torch.no_grad():
        made = net.base(poor)
    assert made.shape == wanted.shape
    shifts = (made - wanted).mean((1, 2, 3)).abs()
    step = 0.2 / 400 / TASKS[task].shape.scale
    assert float(shifts.median()) < step, "on average the levels stay where they are"


def test_kernels_sum_to_one_and_lie_in_the_middle() -> None:
    three = torch.tensor([0.3, 1.0, 2.5])
    for kernels in (gaussians(three), disks(three), lines(three * 3, three)):
        assert torch.allclose(kernels.sum((1, 2)), torch.ones(3))
        assert torch.allclose(kernels, kernels.flip(1, 2), atol=1e-6)


def test_a_network_begins_as_bicubic() -> None:
    torch.manual_seed(0)
    net = RestorationNet(NetShape(2, 8, (1, 1)))
    x = as_tensor(grains(0, 48))
    with torch.no_grad():
        assert float((net(x) - net.base(x)).abs().mean()) < 0.02


def test_a_network_uses_up_exactly_its_halo() -> None:
    net = RestorationNet(NetShape(1, 8, (1, 2), has_level=True))
    x = torch.rand(1, 3, 31, 32)
    with torch.no_grad():
        assert net.shape.halo == 5
        assert net(x, torch.zeros(1)).shape == (1, 3, 21, 22)
        assert torch.equal(net.base(x), x[..., 5:-5, 5:-5])


def test_a_shape_comes_back_from_its_header_and_nothing_else_is_built() -> None:
    shape = NetShape(1, 8, (1, 2), has_level=True)
    assert shape_of({"shape": shape.header()}) == shape
    for change in (
        {"scale": 3},
        {"width": 10**6},
        {"dilations": [1]},
        {"dilations": [10**6, 1]},
        {"dilations": [True, 1]},
        {"has_level": "yes"},
    ):
        with pytest.raises(TexGenError, match="none that enhances"):
            shape_of({"shape": {**shape.header(), **change}})
    with pytest.raises(TexGenError):
        shape_of({})


def taught(seed: int, steps: int, adversarial: float = 0.0) -> RestorationNet:
    torch.manual_seed(0)
    net = RestorationNet(NetShape(1, 8, (1, 1), has_level=True))
    lesson = Lesson(TASKS["denoise"].lesson.degradation, batch=4, side=24, learning_rate=1e-2, adversarial=adversarial)
    pictures = [ArrayRaster(blurred(grains(0, 96), 2), TILE)]
    return run_to_end(teach(net, lesson, pictures, seed=seed, progress=lambda done: done / steps, told=lambda *_: None))


def test_a_lesson_teaches_and_repeats_itself_bit_for_bit() -> None:
    first, again, other = taught(0, 40), taught(0, 40), taught(1, 3)
    clean = as_tensor(blurred(grains(1, 64), 2))
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    halo = first.shape.halo
    wanted = clean[..., halo:-halo, halo:-halo]
    after, before = (float((made - wanted).square().mean()) for made in (first(noisy, torch.tensor([0.1])), first.base(noisy)))
    assert after < 0.7 * before
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    assert not torch.equal(first.tail.weight, other.tail.weight)


def test_a_lesson_with_a_critic_repeats_itself_and_teaches_something_else() -> None:
    first, again, without = (taught(0, 4, adversarial).state_dict() for adversarial in (0.1, 0.1, 0.0))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["tail.weight"], without["tail.weight"])


def test_a_picture_smaller_than_a_crop_is_continued() -> None:
    net = RestorationNet(TASKS["sr2"].shape)
    crops = draw_crops([ArrayRaster(grains(0, 33), (False, False))], TASKS["sr2"].lesson, net, stream(0, 0, 0))
    assert crops.shape[-1] > 33
    assert bool(torch.isfinite(crops).all())


def test_crops_of_a_degradation_without_randomness_are_the_pictures_own() -> None:
    net = frozen(copy.deepcopy(RestorationNet(NetShape(1, 8, (1, 1)))), torch.device("cpu"))
    lesson = Lesson(Degradation(0, lambda clean, _dice: (clean, None)), batch=2, side=16)
    clean = draw_crops([ArrayRaster(grains(0, 64), TILE)], lesson, net, stream(0, 0, 0))
    poor, _, wanted = spoilt(clean, lesson.degradation, net, stream(0, 0, 1))
    assert torch.equal(net.base(poor), wanted)


@pytest.mark.parametrize("has_level", [False, True])
def test_whether_rounding_pays_is_measured_and_leaves_the_network_as_it_was(has_level: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    net = RestorationNet(NetShape(1, 8, (1, 1), has_level=has_level))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    times = iter(range(1000))

    def clock(is_slower: bool) -> float:
        """Each pass takes a second, a coarse one two or half of one."""
        return next(times) * ((2.0 if is_slower else 0.5) if net.is_coarse else 1.0)

    for is_slower in (False, True):
        times = iter(range(1000))
        monkeypatch.setattr("texgen_desktop.nn.restoration_training.time.perf_counter", lambda is_slower=is_slower: clock(is_slower))
        assert run_to_end(coarse_pays(net)) is not is_slower
    assert not net.is_coarse
    assert all(parameter.grad is None for parameter in net.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
