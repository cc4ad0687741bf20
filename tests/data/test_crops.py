"""Crops and the style that is told with them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.families.conftest import spotted_photo
from texgen_desktop.data.crops import CropSampler
from texgen_desktop.data.palette import Palette
from texgen_desktop.data.photos import Photo
from texgen_desktop.nn.noise import stream
from texgen_desktop.slices import run_to_end

CPU = torch.device("cpu")


def grating(angle_degrees: float = 0.0, period: float = 8.0, size: int = 160) -> Photo:
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    angle = np.radians(angle_degrees)
    wave = 0.5 + 0.4 * np.sin(2 * np.pi / period * (x * np.cos(angle) + y * np.sin(angle)))
    ramp = 0.1 * (y / size - 0.5)
    return Photo("grating", np.stack([wave + ramp, wave, wave - ramp], -1).astype(np.float32), size, size)


def sampler(photo: Photo, coarse_crop_px: int = 12) -> CropSampler:
    return run_to_end(CropSampler.prepared([photo], 3, coarse_crop_px, CPU))


def test_the_same_generator_draws_the_same_crops():
    crops = sampler(spotted_photo())
    first, again = (crops.draw(stream(1, 8, 0), 1, 4, 16) for _ in range(2))
    assert torch.equal(first.patches, again.patches)
    assert torch.equal(first.style, again.style)
    assert not torch.equal(first.patches, crops.draw(stream(1, 12, 0), 1, 4, 16).patches)


def test_the_surround_adds_to_the_crop_and_does_not_move_it():
    crops = sampler(grating())
    plain = crops.draw(stream(0, 0, 0), 2, 3, 16).patches
    wide = crops.draw(stream(0, 0, 0), 2, 3, 16, surround=5).patches
    torch.testing.assert_close(wide[..., 5:-5, 5:-5], plain, atol=2e-3, rtol=0)


def test_scale_tells_how_large_the_photo_was_made():
    crops = sampler(grating(), 24)
    batch = crops.draw(stream(0, 0, 0), 2, 64, 48)
    spectrum = torch.fft.rfft(batch.patches[:, 0].mean(1) * torch.hann_window(48), n=512).abs()
    frequency = spectrum[:, 4:].argmax(1) + 4.0
    scale = batch.style[:, [a.id for a in crops.axes].index("scale")]
    assert torch.corrcoef(torch.stack([scale, frequency.log()]))[0, 1] < -0.7


def test_brightness_is_measured_and_lies_within_the_sliders_range():
    crops = sampler(grating())
    names = [a.id for a in crops.axes]
    style = crops.draw(stream(0, 0, 0), 0, 64, 12).style
    assert "warmth" in names
    for name in names[2:]:
        values = style[:, names.index(name)]
        assert values.abs().max() <= 2
        assert values.std() > 0.2


def test_slant_tells_which_way_the_crop_leans():
    crops = sampler(spotted_photo(200, 200), 24)
    batch = crops.draw(stream(0, 0, 0), 2, 64, 48)
    dy, dx = torch.gradient(batch.patches[:, 0], dim=(1, 2))
    lean = (dx * dy).mean((1, 2)) / (dx.square() + dy.square()).mean((1, 2))
    slant = batch.style[:, [a.id for a in crops.axes].index("slant")]
    assert torch.corrcoef(torch.stack([slant, lean]))[0, 1].abs() > 0.7


def test_a_photo_without_any_change_of_colour_still_has_three_sliders():
    flat = Photo("flat", np.full((96, 96, 3), 0.5, np.float32), 96, 96)
    assert [a.id for a in sampler(flat).axes] == ["scale", "stretch", "slant"]


@pytest.mark.parametrize("shape", [(20, 20), (20, 300)])
def test_a_photo_smaller_than_a_coarse_crop_is_mirrored_not_refused(shape):
    rng = np.random.default_rng(0)
    photo = Photo("small", rng.random((*shape, 3), dtype=np.float32), shape[1], shape[0])
    batch = sampler(photo, 16).draw(stream(0, 0, 0), 2, 4, 24, surround=4)
    assert batch.patches.shape == (4, 3, 32, 32)
    assert torch.isfinite(batch.patches).all()


def test_a_palette_goes_there_and_back():
    palette = Palette.of([spotted_photo()])
    rgb = torch.rand(2, 3, 5, 7)
    torch.testing.assert_close(palette.decode(palette.encode(rgb)), rgb, atol=1e-5, rtol=0)


def test_palette_coordinates_have_about_unit_variance_and_a_sign_that_is_always_the_same():
    photo = spotted_photo()
    coordinates = Palette.of([photo]).encode(torch.from_numpy(photo.pixels).permute(2, 0, 1)[None])
    assert coordinates.var((0, 2, 3))[0] == pytest.approx(1, abs=0.05)
    assert (coordinates.var((0, 2, 3)) < 1.1).all()
    assert all(sum(axis) >= 0 for axis in Palette.of([photo]).axes)


@pytest.mark.parametrize("size", [(64, 72), (67, 77)])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_half_of_the_crops_are_the_photo_pixel_for_pixel(level, size):
    photo = spotted_photo(*size)
    crops = sampler(photo)
    plane = crops.palette.encode(torch.from_numpy(photo.pixels).permute(2, 0, 1)[None])
    for _ in range(2 - level):
        plane = torch.nn.functional.avg_pool2d(plane, 2)
    batch = crops.draw(stream(3, 0, 0), level, 32, 12)
    is_bent = batch.style[:, :3].any(1)
    assert 8 <= is_bent.sum() <= 24
    places = plane.unfold(2, 12, 1).unfold(3, 12, 1)[0].permute(1, 2, 0, 3, 4)
    off = torch.stack([(places - patch).abs().amax((2, 3, 4)).min() for patch in batch.patches])
    assert off[~is_bent].max() < 1e-4
    assert off[is_bent].min() > 1e-3


def two_materials() -> list[Photo]:
    dark = np.full((96, 96, 3), 0.1, np.float32) + grating(size=96).pixels / 20
    return [Photo("dark.png", dark, 96, 96), Photo("light.png", 1 - dark, 96, 96)]


def test_of_several_photos_each_gets_an_axis_that_tells_which_one_a_crop_is_from():
    crops = run_to_end(CropSampler.prepared(two_materials(), 3, 12, CPU))
    groups = [axis for axis in crops.axes if axis.group]
    assert [axis.group for axis in groups] == ["dark", "light"]
    batch = crops.draw(stream(0, 0, 0), 1, 200, 16)
    told = batch.style[:, -2:]
    is_light = batch.patches.mean((1, 2, 3)) > batch.patches.mean()
    assert set(told.unique().tolist()) == {-1.0, 0.0, 1.0}
    assert not told[~is_light, 1].gt(0).any()
    assert not told[is_light, 1].lt(0).any()
    shares = [(told[:, 1] == value).float().mean() for value in (-1, 0, 1)]
    assert all(share > 0.15 for share in shares)


def test_one_photo_photos_of_one_folder_and_too_many_photos_get_no_axes_of_their_own():
    dark, light = two_materials()
    one_folder = [replace(photo, group="stone") for photo in (dark, light)]
    many = [replace(dark, name=f"{k}.png") for k in range(7)]
    for photos in ([dark], one_folder, many):
        crops = run_to_end(CropSampler.prepared(photos, 3, 12, CPU))
        assert not [axis for axis in crops.axes if axis.group]


def lit_from_the_left(height: int = 96, width: int = 120) -> Photo:
    """Steps that rise quickly and fall slowly to the right: mirrored and turned it is told from what it was."""
    x = np.arange(width, dtype=np.float32) % 12 / 12
    pixels = np.repeat(np.broadcast_to(x, (height, width))[..., None], 3, axis=2).astype(np.float32)
    pixels[..., 2] *= 0.9
    return Photo("steps", np.ascontiguousarray(pixels), width, height)


def slopes(crops: CropSampler) -> tuple[float, float, float, float]:
    """Shares of crops that rise to the right, to the left, downwards and upwards."""
    batch = crops.draw(stream(0, 0, 0), 2, 200, 16)
    plain = batch.patches[(batch.style[:, :3] == 0).all(1), 0]
    dx, dy = plain.diff(dim=2).flatten(1).median(1).values, plain.diff(dim=1).flatten(1).median(1).values
    is_x = dx.abs() > dy.abs()
    shares = [is_x & (dx > 0), is_x & (dx < 0), ~is_x & (dy > 0), ~is_x & (dy < 0)]
    return tuple(float(share.float().mean()) for share in shares)


@pytest.mark.parametrize(
    ("is_mirrored", "is_turned", "expected"),
    [
        (False, False, (True, False, False, False)),
        (True, False, (True, True, False, False)),
        (False, True, (True, True, True, True)),
        (True, True, (True, True, True, True)),
    ],
)
def test_crops_are_mirrored_and_turned_only_where_that_is_allowed(is_mirrored, is_turned, expected):
    crops = run_to_end(CropSampler.prepared([lit_from_the_left()], 3, 12, CPU, is_mirrored, is_turned))
    assert tuple(share > 0.1 for share in slopes(crops)) == expected


def test_a_mirrored_crop_is_the_photo_itself_mirrored():
    photo = spotted_photo(64, 64)
    crops = run_to_end(CropSampler.prepared([photo], 3, 12, CPU, True, True))
    upright = run_to_end(CropSampler.prepared([photo], 3, 12, CPU))
    whole = upright._pyramids[0][0][0]
    versions = [turned for k in range(4) for turned in (whole.rot90(k, (1, 2)), whole.rot90(k, (1, 2)).flip(2))]
    windows = torch.stack([version.unfold(1, 16, 1).unfold(2, 16, 1) for version in versions])
    batch = crops.draw(stream(0, 0, 0), 2, 12, 16)
    for patch in batch.patches[(batch.style[:, :3] == 0).all(1)]:
        nearest = (windows - patch[None, :, None, None]).abs().amax((1, 4, 5)).min()
        assert nearest < 1e-3


def test_crops_that_are_bent_alike_share_the_bend_and_not_the_place():
    crops = sampler(spotted_photo())
    batches = [crops.draw(stream(0, k, 0), 1, 4, 16, is_bent_alike=True) for k in range(6)]
    assert all(torch.equal(batch.style[:, :3], batch.style[:1, :3].expand(4, -1)) for batch in batches)
    assert any(batch.style[0, :3].abs().max() > 0 for batch in batches)
    assert not torch.equal(batches[0].patches[0], batches[0].patches[1])
    free = crops.draw(stream(0, 1, 0), 1, 8, 16)
    assert not torch.equal(free.style[:, :3], free.style[:1, :3].expand(8, -1))


def test_pictures_are_measured_as_the_crops_are():
    crops = sampler(spotted_photo())
    batch = crops.draw(stream(0, 0, 0), 0, 32, 12)
    measured = crops.measured(batch.patches)
    assert measured.shape == (32, len(crops.axes) - 3)
    assert (measured.clamp(-2, 2) - batch.style[:, 3:]).abs().max() < 0.3  # told only roughly


def test_crops_that_are_bent_alike_are_of_one_group():
    crops = run_to_end(CropSampler.prepared(two_materials(), 3, 12, CPU))
    for k in range(6):
        batch = crops.draw(stream(0, k, 0), 1, 8, 16, is_bent_alike=True)
        assert torch.equal(batch.style[:, -2:], batch.style[:1, -2:].expand(8, -1))
        assert batch.patches.mean((1, 2, 3)).std() < 0.2
