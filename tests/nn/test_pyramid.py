"""Regions of the plane against an independent pass over the whole torus."""

import pytest
import torch
import torch.nn.functional as F

from texgen_desktop.nn.noise import gaussian_field
from texgen_desktop.nn.pyramid import LOUDEST, Critic, Generator, Level, LevelShape

SHAPES = (LevelShape(8, 5, 3), LevelShape(8, 3, 2), LevelShape(12, 2, 4, antialias=True))
STYLE = torch.tensor([[0.4, -0.7]])


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    made = Generator(SHAPES, 2).eval().requires_grad_(False)
    made.level(0).leave.weight.mul_(0.2)  # pictures of about unit variance, as trained ones are
    for level in list(made.levels)[1:]:
        level.leave.weight.mul_(2)  # an untrained detail is faint: made strong, so that a mistake in it shows
    return made


def plane_noise(cells=(None, None), seed=1):
    def noise(level, y, x, height, width):
        periods = tuple(None if n is None else n * 2 ** max(0, level - 1) for n in cells)
        return gaussian_field(seed, level, SHAPES[level].noise, y, x, height, width, periods)

    return noise


def circular(x: torch.Tensor, edge: int) -> torch.Tensor:
    """A border of any width by index modulo the size."""
    rows, columns = torch.arange(-edge, x.shape[-2] + edge) % x.shape[-2], torch.arange(-edge, x.shape[-1] + edge) % x.shape[-1]
    return x[..., rows, :][..., columns]


def whole_torus(generator: Generator, rows: int, columns: int, seed=1) -> torch.Tensor:
    """The oracle: every level at once over the whole torus, layer by layer with circular borders. Shares no code with ``region``."""
    picture = None
    for k, shape in enumerate(SHAPES):
        level = generator.level(k)
        side = 2 ** max(0, k - 1)
        x = gaussian_field(seed, k, shape.noise, 0, 0, rows * side, columns * side)
        if picture is not None:
            x = torch.cat([picture, x], 1)
        for styled in (level.enter, level.style_again):
            scale, shift = styled.affine(STYLE)[:, :, None, None].chunk(2, 1)
            c = styled.convolution
            y = F.leaky_relu(F.conv2d(circular(x, 1), c.weight, c.bias) * (1 + scale) + shift, 0.2)
            x = y if styled is level.enter else y + x
        for c in level.body:
            x = F.leaky_relu(F.conv2d(circular(x, 1), c.weight, c.bias), 0.2) + x
        if picture is not None:
            x = F.pixel_shuffle(F.leaky_relu(F.conv2d(circular(x, 1), level.split.weight, level.split.bias), 0.2), 2)
        x = F.conv2d(circular(x, 1), level.leave.weight, level.leave.bias)
        if shape.antialias:
            taps = torch.tensor([-1.0, 4.0, 10.0, 4.0, -1.0]) / 16
            x = F.conv2d(circular(x, 2), (taps[:, None] * taps).repeat(3, 1, 1, 1), groups=3)
        if picture is None:
            picture = LOUDEST * torch.tanh(x / LOUDEST)
        else:
            smooth = F.interpolate(circular(picture, 1), scale_factor=2, mode="bilinear", align_corners=False)[..., 2:-2, 2:-2]
            picture = LOUDEST * torch.tanh(x / LOUDEST) + smooth
    return picture


@pytest.mark.parametrize("cells", [(1, 1), (3, 5), (2, 7), (8, 8)])
def test_a_torus_rendered_region_wise_equals_one_unblocked_circular_pass(generator, cells):
    side = 4
    expected = whole_torus(generator, *cells)
    got = generator.region(2, 0, 0, cells[0] * side, cells[1] * side, STYLE, plane_noise(cells))
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)


def test_rolling_the_noise_by_a_cell_rolls_the_picture(generator):
    cells = (3, 5)
    picture = whole_torus(generator, *cells)
    rolled = generator.region(2, 4, -8, 12, 20, STYLE, plane_noise(cells))
    torch.testing.assert_close(rolled, picture.roll((-4, 8), (-2, -1)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("origin", [(0, 0), (-37, 5), (10**9 + 1, -(10**9) - 3), (2**40 + 1, 2**41)])
def test_strips_and_odd_blocks_of_the_endless_plane_equal_the_whole(generator, origin):
    y, x = origin
    whole = generator.region(2, y, x, 30, 26, STYLE, plane_noise())
    for top, height in ((0, 7), (7, 1), (8, 22)):
        strip = generator.region(2, y + top, x, height, 26, STYLE, plane_noise())
        torch.testing.assert_close(strip, whole[..., top : top + height, :], rtol=0, atol=1e-5)
    block = generator.region(2, y + 5, x + 9, 11, 3, STYLE, plane_noise())
    torch.testing.assert_close(block, whole[..., 5:16, 9:12], rtol=0, atol=1e-5)


def test_one_axis_can_wrap_while_the_other_does_not(generator):
    picture = generator.region(2, 0, 0, 24, 40, STYLE, plane_noise((3, None)))
    torch.testing.assert_close(picture[..., :12, :], picture[..., 12:, :], rtol=0, atol=1e-5)
    assert (picture[..., :20] - picture[..., 20:]).abs().mean() > 0.01


def test_a_halo_one_pixel_too_small_is_noticed(generator, monkeypatch):
    """The control: with a margin that hides one pixel too few, blocks no longer equal the whole."""
    forward = Level.forward

    def careless(self, below, noise, style):
        x = forward(self, below, noise, style)
        return F.pad(x[..., 1:-1, 1:-1], (1, 1, 1, 1), mode="replicate")

    monkeypatch.setattr(Level, "forward", careless)
    whole = generator.region(2, 0, 0, 24, 24, STYLE, plane_noise())
    strip = generator.region(2, 8, 0, 8, 24, STYLE, plane_noise())
    with pytest.raises(AssertionError):
        torch.testing.assert_close(strip, whole[..., 8:16, :], rtol=0, atol=1e-5)


def test_an_untrained_level_is_the_smooth_picture_of_the_one_below_and_some_detail(generator):
    whole = generator.region(2, 6, -2, 16, 24, STYLE, plane_noise())
    below = generator.region(1, 2, -2, 10, 14, STYLE, plane_noise())
    smooth = F.interpolate(below, scale_factor=2, mode="bilinear", align_corners=False)[..., 2:-2, 2:-2]
    assert 0.05 < (whole - smooth).abs().mean() < 0.5 * smooth.std()


def test_antialiased_detail_has_nothing_at_the_nyquist_frequency_of_either_axis():
    """The control: the same weights without it draw a mesh of two pixels."""
    mesh = {}
    for antialias in (False, True):
        torch.manual_seed(0)
        level = Level(LevelShape(12, 2, 4, antialias), 2, is_first=False).requires_grad_(False)
        side = 32 + 2 * level.margin
        detail = level(torch.zeros(1, 3, side, side), torch.randn(1, 4, side, side), STYLE)
        window = torch.hann_window(64)  # the crop does not wrap
        spectrum = torch.fft.fft2(detail * window.outer(window)).abs().square().mean((0, 1))
        mesh[antialias] = (spectrum[32, :].mean() + spectrum[:, 32].mean()) / spectrum.mean()
    assert mesh[True] < 1e-3 < 0.1 < mesh[False]


def test_the_critic_sees_no_border(generator):
    """Its scores move with the picture: shifted by its stride of 2, the same scores come out."""
    torch.manual_seed(0)
    critic = Critic(8, 12, 2)
    picture = torch.randn(1, 3, 40, 40)
    whole = critic(picture, STYLE)
    part = critic(picture[..., 4:, 6:], STYLE)
    torch.testing.assert_close(part, whole[..., 2:, 3:])


def test_multiply_adds_count_what_a_pixel_costs():
    first = 9 * (1 * 4 + 4 * 4 + 4 * 3)
    assert Generator([LevelShape(4, 2, 1)], 1).multiply_adds() == first
    # The second level does all but its last convolution at the resolution of the first, for four pixels at once.
    second = 9 * ((3 + 2) * 6 + 6 * 6 + 6 * 32) + 4 * 9 * 8 * 3
    assert Generator([LevelShape(4, 2, 1), LevelShape(6, 2, 2)], 1).multiply_adds() == (first + second) / 4
    lowpass = 4 * 25 * 3
    assert Generator([LevelShape(4, 2, 1), LevelShape(6, 2, 2, antialias=True)], 1).multiply_adds() == (first + second + lowpass) / 4
