"""The decoder draws the same however its codes are cut, and the linear path begins as block PCA."""

import pytest
import torch
import torch.nn.functional as F

from texgen_desktop.nn.autoencoder import MARGIN_CELLS, BlockAxes, Decoder, Encoder, begin_linear


def decoder() -> Decoder:
    made = Decoder(5, 1, (16, 8, 8))
    with torch.no_grad():  # the linear path and the way out are faint at first: here they have to be seen
        made.leave.weight.mul_(10)
    return made


def silence(octave: int, _y: int, _x: int, height: int, width: int) -> torch.Tensor:
    return torch.zeros(1, 4 if octave else 2, height, width)


def test_a_torus_is_drawn_as_its_codes_repeated_and_cut():
    network, codes, style = decoder(), torch.randn(1, 5, 7, 9), torch.ones(1, 1)
    wrapped = F.pad(codes.repeat(1, 1, 3, 3), (-9 + MARGIN_CELLS, -9 + MARGIN_CELLS, -7 + MARGIN_CELLS, -7 + MARGIN_CELLS))
    cut, around = network(wrapped, style, silence), network(codes, style, silence, border="circular")
    for k, (valid, circular) in enumerate(zip(cut, around, strict=True)):
        assert valid.shape == (1, 3, 7 * 2 ** (k + 1), 9 * 2 ** (k + 1))
        torch.testing.assert_close(valid, circular, rtol=0, atol=1e-4)


def test_noise_is_asked_for_at_its_absolute_place():
    network, style = decoder(), torch.ones(1, 1)
    codes = torch.randn(1, 5, 30, 30)
    field = {octave: torch.randn(1, 4 if octave else 2, 360, 360) for octave in (0, 1, 2)}

    def noise(octave: int, y: int, x: int, height: int, width: int) -> torch.Tensor:
        return field[octave][..., 40 + y : 40 + y + height, 40 + x : 40 + x + width]

    whole = network(codes, style, noise, (6, 6))
    part = network(codes[..., 3:24, 5:22], style, noise, (9, 11))
    for k, (large, small) in enumerate(zip(whole, part, strict=True)):
        grain = 2 ** (k + 1)
        torch.testing.assert_close(small, large[..., 3 * grain : 12 * grain, 5 * grain : 10 * grain], rtol=0, atol=1e-4)


def test_the_coarser_pictures_alone_are_drawn_where_the_finer_ones_are_skipped():
    network, codes, style = decoder(), torch.randn(1, 5, 14, 14), torch.ones(1, 1)
    full = network(codes, style, silence)
    for skip in (1, 2):
        fewer = network(codes, style, silence, skip=skip)
        assert len(fewer) == 3 - skip
        assert torch.equal(fewer[-1], full[2 - skip])


def test_the_linear_path_begins_as_the_principal_axes_of_blocks():
    picture = F.interpolate(torch.randn(1, 3, 24, 24), scale_factor=4, mode="bicubic")
    blocks = BlockAxes.of([picture], torch.tensor([1.0, 0.5, 0.2])[:, None, None])
    encoder, network = Encoder(24, 12, 12), Decoder(24, 1, (16, 8, 8))
    begin_linear(encoder, network, blocks)
    with torch.no_grad():
        codes = encoder.linear(F.pad(picture, (4,) * 4))[:, :12]
        drawn = F.conv_transpose2d(codes, network.linear.weight[:12], stride=8, padding=4)
    flat = F.pixel_unshuffle(picture * blocks.weights, 8)
    axes = blocks.axes[:, :12]
    expected = F.pixel_shuffle(torch.einsum("ck,dk,ndhw->nchw", axes, axes, flat), 8) / blocks.weights
    torch.testing.assert_close(drawn, expected, rtol=0, atol=1e-4)
    assert float(codes.std()) == pytest.approx(1, abs=0.1)


def test_what_a_crop_has_in_common_is_in_the_code_of_the_whole_alone():
    encoder = Encoder(24, 5, 3)
    told = encoder.posterior(torch.randn(2, 3, 48, 48) + 2)
    assert told.local_mean.shape == (2, 5, 6, 6)
    assert told.whole_mean.shape == (2, 3, 1, 1)
    assert float(told.local_mean.detach().mean((2, 3)).abs().max()) < 1e-5
