"""Photos of every kind come in with the right colours, upright, at the right size."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from tests.imaging.pictures import HEIGHT, WIDTH, bytes_of, gradient, save_8_bit, save_deep, save_raw_tiff
from texgen_desktop.imaging.colour import linear_to_srgb, srgb_to_linear
from texgen_desktop.imaging.icc import linear_rec709_profile, srgb_profile
from texgen_desktop.imaging.read import probe_image, read_image

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
HALF_STEP_8, HALF_STEP_16 = 0.51 / 255, 0.51 / 65535


def difference(path: Path, expected: np.ndarray) -> float:
    pixels = read_image(path).pixels
    assert pixels.dtype == np.float32
    assert pixels.shape == expected.shape
    return float(np.abs(pixels - expected).max())


def grey(pixels: np.ndarray) -> np.ndarray:
    return np.repeat((pixels @ LUMA)[..., None], 3, axis=-1)


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGB"), ("a.tif", "RGB"), ("a.bmp", "RGB"), ("a.png", "RGBA"), ("a.bmp", "RGBA")])
def test_8_bit_colour_is_read_as_it_is(tmp_path: Path, name: str, mode: str) -> None:
    assert difference(save_8_bit(tmp_path / name, gradient(), mode), gradient()) <= HALF_STEP_8


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.bmp"])
def test_grey_becomes_three_equal_channels(tmp_path: Path, name: str) -> None:
    options = {"quality": 98} if name == "a.jpg" else {}
    assert difference(save_8_bit(tmp_path / name, gradient(), "L", **options), grey(gradient())) <= 4 / 255


def test_lossy_formats_come_near(tmp_path: Path) -> None:
    assert difference(save_8_bit(tmp_path / "a.jpg", gradient(), quality=98, subsampling=0), gradient()) < 0.03
    lossless_webp = save_8_bit(tmp_path / "a.webp", gradient(), lossless=True)
    assert difference(lossless_webp, gradient()) <= HALF_STEP_8


def test_one_bit_and_palette_pictures_are_read(tmp_path: Path) -> None:
    checks = np.kron(np.indices((5, 6)).sum(0) % 2, np.ones((8, 8)))[..., None].repeat(3, -1).astype(np.float32)
    assert difference(save_8_bit(tmp_path / "a.png", checks, "1"), checks) == 0
    assert difference(save_8_bit(tmp_path / "a.tif", checks, "1"), checks) == 0
    assert difference(save_8_bit(tmp_path / "b.png", checks, "P"), checks) <= HALF_STEP_8


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_colour_keeps_its_precision(tmp_path: Path, name: str) -> None:
    path = save_deep(tmp_path / name, gradient())
    assert difference(path, gradient()) <= HALF_STEP_16
    if name == "a.png":  # the control: Pillow reads the same file, and says nothing of what it drops
        plain = np.asarray(Image.open(path), np.float32) / 255
        assert np.abs(plain - gradient()).max() > 50 * HALF_STEP_16


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_grey_is_scaled_and_not_clipped_to_white(tmp_path: Path, name: str) -> None:
    path = save_deep(tmp_path / name, grey(gradient())[..., :1])
    assert difference(path, grey(gradient())) <= HALF_STEP_16
    plain = np.asarray(Image.open(path).convert("RGB"))
    assert (plain == 255).mean() > 0.9  # the control: nearly all of it is white


def test_tiles_and_inverted_grey_of_16_bits_are_read(tmp_path: Path) -> None:
    assert difference(save_deep(tmp_path / "a.tif", gradient(), tile=16), gradient()) <= HALF_STEP_16
    samples = (grey(gradient())[..., :1] * 65535).astype(np.uint16)
    expected = np.repeat(samples / np.float32(65535), 3, axis=-1)
    assert difference(save_raw_tiff(tmp_path / "b.tif", 65535 - samples, photometric=0), expected) <= 1e-6


def test_a_file_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    assert difference(save_8_bit(tmp_path / "a.png", gradient()).rename(tmp_path / "a.jpg"), gradient()) <= HALF_STEP_8
    assert difference(save_deep(tmp_path / "b.png", gradient()).rename(tmp_path / "b.jpg"), gradient()) <= HALF_STEP_16


def test_float_tiff_is_linear_light(tmp_path: Path) -> None:
    path = save_deep(tmp_path / "a.tif", srgb_to_linear(gradient()), "float")
    assert difference(path, gradient()) < 1e-5


def test_a_few_highlights_of_a_float_tiff_are_clipped_and_many_are_darkened(tmp_path: Path) -> None:
    linear = srgb_to_linear(gradient())
    few = linear.copy()
    few[:2, :3] = 30
    few[2, 0] = np.nan
    expected = gradient()
    expected[:2, :3], expected[2, 0] = 1, 0
    assert difference(save_deep(tmp_path / "few.tif", few, "float"), expected) < 1e-5
    many = read_image(save_deep(tmp_path / "many.tif", linear * 255, "float")).pixels
    assert (many > 0.999).mean() < 0.03  # clipping would whiten nearly all


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_every_orientation_is_turned_upright(tmp_path: Path, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    path = save_8_bit(tmp_path / name, gradient(), exif=exif)
    with Image.open(path) as stored:
        reference = np.asarray(ImageOps.exif_transpose(stored), np.float32) / 255
    assert difference(path, reference) == 0
    assert probe_image(path).width_px == reference.shape[1]
    assert read_image(path).full_height_px == reference.shape[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_pictures_are_turned_like_those_of_8(tmp_path: Path, orientation: int) -> None:
    deep = save_deep(tmp_path / "a.tif", gradient(), Orientation=orientation)
    exif = Image.Exif()
    exif[274] = orientation
    shallow = save_8_bit(tmp_path / "b.tif", gradient(), exif=exif)
    assert difference(deep, read_image(shallow).pixels) <= HALF_STEP_8
    assert probe_image(deep) == probe_image(shallow)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 60, b"nonsense"]
)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_damaged_exif_counts_as_none(tmp_path: Path, name: str, exif: bytes) -> None:
    plain = read_image(save_8_bit(tmp_path / f"plain-{name}", gradient())).pixels
    assert difference(save_8_bit(tmp_path / name, gradient(), exif=exif), plain) == 0


def swap_red_and_green(profile: bytes) -> bytes:
    return profile.replace(b"rXYZ", b"tmp ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tmp ", b"gXYZ", 1)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_an_embedded_profile_is_converted_to_srgb(tmp_path: Path, name: str) -> None:
    exact = {"quality": 100, "subsampling": 0} if name == "a.jpg" else {"lossless": True} if name == "a.webp" else {}
    path = save_8_bit(tmp_path / name, gradient(), icc_profile=swap_red_and_green(srgb_profile()), **exact)
    assert difference(path, gradient()[..., [1, 0, 2]]) < 0.03
    control = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
    assert np.abs(control - gradient()[..., [1, 0, 2]]).max() > 0.9


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_profile_of_a_16_bit_picture_is_applied_at_full_precision(tmp_path: Path, name: str) -> None:
    path = save_deep(tmp_path / name, srgb_to_linear(gradient()), ICCProfile=swap_red_and_green(linear_rec709_profile()))
    assert difference(path, gradient()[..., [1, 0, 2]]) < 4e-4  # 16 bits of linear light are coarse in the dark


def test_both_ways_of_converting_a_profile_agree(tmp_path: Path) -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = swap_red_and_green(wide)
    shallow = save_8_bit(tmp_path / "a.png", gradient(), icc_profile=profile)
    deep = save_deep(tmp_path / "b.png", bytes_of(gradient()) / np.float32(255), ICCProfile=profile)
    assert difference(deep, read_image(shallow).pixels) < 2 / 255


def test_a_damaged_profile_counts_as_srgb(tmp_path: Path) -> None:
    assert difference(save_8_bit(tmp_path / "a.png", gradient(), icc_profile=b"junk" * 50), gradient()) <= HALF_STEP_8
    broken = srgb_profile()[:300]
    assert difference(save_8_bit(tmp_path / "b.png", gradient(), icc_profile=broken), gradient()) <= HALF_STEP_8
    assert difference(save_deep(tmp_path / "c.tif", gradient(), ICCProfile=broken), gradient()) <= HALF_STEP_16


def test_cmyk_is_converted_with_the_inks_the_right_way_round(tmp_path: Path) -> None:
    inks = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    inks[:, : WIDTH // 2, 0] = 255  # cyan on the left, white on the right
    expected = np.ones((HEIGHT, WIDTH, 3), np.float32)
    expected[:, : WIDTH // 2, 0] = 0
    picture = Image.frombytes("CMYK", (WIDTH, HEIGHT), inks.tobytes())
    for name in ("a.jpg", "a.tif"):  # Pillow writes a JPEG of CMYK inverted, as Adobe does
        picture.save(tmp_path / name, quality=100, subsampling=0)
        assert difference(tmp_path / name, expected) < 0.03
    deep = save_raw_tiff(tmp_path / "b.tif", inks.astype(np.uint16) * 257, photometric=5, extra={332: 1})
    assert difference(deep, expected) < 0.03


def with_hidden_red(alpha_of_hidden: float) -> np.ndarray:
    """Grey, and red where it is hidden: (H, W, 4)."""
    rgba = np.full((HEIGHT, WIDTH, 4), 0.5, np.float32)
    rgba[..., 3] = 1
    rgba[:, : WIDTH // 3] = (1, 0, 0, alpha_of_hidden)
    return rgba


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp", "deep.png", "deep.tif"])
def test_colour_under_transparency_does_not_leak(tmp_path: Path, name: str) -> None:
    if name.startswith("deep"):
        path = save_deep(tmp_path / name, with_hidden_red(0), oiio__UnassociatedAlpha=1)
    else:
        path = tmp_path / name
        Image.fromarray(bytes_of(with_hidden_red(0))).save(path, **({"lossless": True, "exact": True} if name == "a.webp" else {}))
        leaked = np.asarray(Image.open(path).convert("RGB"))[:, 0]
        assert (leaked[:, 0] == 255).all()  # the control
    picture = read_image(path)
    assert np.abs(picture.pixels - 0.5).max() < 0.01
    assert picture.alpha is not None
    assert picture.alpha[:, 0].max() == 0
    assert picture.alpha[:, -1].min() == 1
    reduced = read_image(path, max_pixels=WIDTH * HEIGHT // 16)
    assert np.abs(reduced.pixels - 0.5).max() < 0.01


def test_premultiplied_alpha_is_divided_out(tmp_path: Path) -> None:
    rgba = np.dstack([gradient() * 0.5, np.full((HEIGHT, WIDTH), 0.5, np.float32)])
    mean = gradient().mean((0, 1))
    assert difference(save_deep(tmp_path / "a.tif", rgba), gradient() * 0.5 + mean * 0.5) < 1e-3


def test_transparent_palettes_and_grey_with_alpha_are_read(tmp_path: Path) -> None:
    Image.fromarray(bytes_of(with_hidden_red(0))).quantize(16).save(tmp_path / "a.png")
    la = bytes_of(with_hidden_red(0)[..., [1, 3]])
    Image.frombytes("LA", (WIDTH, HEIGHT), la.tobytes()).save(tmp_path / "b.png")
    keyed = Image.fromarray(bytes_of(with_hidden_red(1)[..., :3]))
    keyed.save(tmp_path / "c.png", transparency=(255, 0, 0))
    for name in ("a.png", "b.png", "c.png"):
        assert np.abs(read_image(tmp_path / name).pixels - 0.5).max() < 0.01, name


def test_an_opaque_alpha_channel_is_dropped(tmp_path: Path) -> None:
    assert read_image(save_8_bit(tmp_path / "a.png", gradient(), "RGBA")).alpha is None


def test_the_first_page_of_a_tiff_is_read(tmp_path: Path) -> None:
    pages = [Image.fromarray(bytes_of(page)) for page in (gradient(), 1 - gradient())]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert difference(tmp_path / "a.tif", gradient()) <= HALF_STEP_8


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.bmp", "deep.png", "deep.tif", "tiled.tif"])
def test_a_picture_above_the_working_limit_is_read_reduced(tmp_path: Path, name: str) -> None:
    pixels = gradient(480, 600)
    if name in ("deep.png", "deep.tif", "tiled.tif"):
        path = save_deep(tmp_path / name, pixels, tile=64 if name == "tiled.tif" else 0)
    else:
        path = save_8_bit(tmp_path / name, pixels, **({"lossless": True} if name == "a.webp" else {}))
    picture = read_image(path, max_pixels=480 * 600 // 16)
    assert picture.pixels.shape == (120, 150, 3)
    assert (picture.full_width_px, picture.full_height_px) == (600, 480)
    expected = pixels.reshape(120, 4, 150, 4, 3).mean((1, 3))
    assert np.abs(picture.pixels - expected)[:, :70].max() < 0.02


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "deep.tif"])
def test_a_slim_picture_keeps_at_least_a_pixel(tmp_path: Path, name: str) -> None:
    pixels = gradient(32, 3200)
    path = save_deep(tmp_path / name, pixels) if name == "deep.tif" else save_8_bit(tmp_path / name, pixels)
    assert read_image(path, max_pixels=1).pixels.shape == (1, 100, 3)


def test_bands_join_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [save_8_bit(tmp_path / "a.png", gradient(200, 90)), save_deep(tmp_path / "b.tif", gradient(200, 90), tile=32)]
    whole = [read_image(path, max_pixels=3000).pixels for path in paths]
    monkeypatch.setattr("texgen_desktop.imaging.read._BAND_PIXELS", 90 * 7)
    for path, expected in zip(paths, whole, strict=True):
        assert np.array_equal(read_image(path, max_pixels=3000).pixels, expected)


def test_linear_light_and_back_is_the_same_picture() -> None:
    assert np.abs(linear_to_srgb(srgb_to_linear(gradient())) - gradient()).max() < 1e-6


def test_probing_reads_the_size_alone(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.fromarray(bytes_of(gradient())).save(whole, "JPEG")
    (tmp_path / "a.jpg").write_bytes(whole.getvalue()[:-100])  # not decodable
    assert (probe_image(tmp_path / "a.jpg").width_px, probe_image(tmp_path / "a.jpg").height_px) == (WIDTH, HEIGHT)
