"""Matrix profiles against LittleCMS, which knows them by another road."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from texgen_desktop.imaging.colour import linear_to_srgb, to_uint8
from texgen_desktop.imaging.icc import linear_rec709_profile, parse_matrix_profile, srgb_profile

WIDE_COLUMNS = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]  # Adobe RGB (1998), D50


def fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def parametric(kind: int, *values: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed(*values)


def table(*values: int) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


CURVES = {
    "identity": table(),
    "gamma 2.2": table(563),
    "table": table(*(np.linspace(0, 1, 1024) ** 1.8 * 65535).round().astype(int)),
    "kind 0": parametric(0, 1.8),
    "kind 1": parametric(1, 2.0, 0.9, 0.1),
    "kind 2": parametric(2, 2.0, 0.8, 0.1, 0.05),
    "kind 3": parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "kind 4": parametric(4, 2.2, 0.9, 0.1, 0.1, 0.05, 0.0, 0.0),
}


def build(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    body, records = b"", b""
    start = 132 + 12 * len(tags)
    for name, data in tags.items():
        records += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(">I4xI", start + len(body), 0x04200000) + b"mntr" + space + b"XYZ " + struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    header = (header + b"acsp" + b"\0" * 28 + fixed(0.9642, 1.0, 0.8249)).ljust(128, b"\0")
    return header + struct.pack(">I", len(tags)) + records + body


def wide_profile(curve: bytes) -> bytes:
    columns = {name: b"XYZ \0\0\0\0" + fixed(*column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), WIDE_COLUMNS, strict=True)}
    white = {b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)}
    return build(b"RGB ", white | columns | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def by_littlecms(pixels: np.ndarray, profile: bytes, mode: str) -> np.ndarray:
    source = ImageCms.getOpenProfile(io.BytesIO(profile))
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC  # the perceptual one also stretches the darkest value to black
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", intent)
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform), int)


@pytest.mark.parametrize("name", CURVES)
def test_rgb_profiles_of_every_curve_agree_with_littlecms(name: str) -> None:
    pixels = np.random.default_rng(0).integers(40, 216, (64, 64, 3), np.uint8)
    profile = wide_profile(CURVES[name])
    matrix = parse_matrix_profile(profile)
    assert matrix is not None
    ours = to_uint8(linear_to_srgb(np.clip(matrix.to_linear_rec709(pixels / np.float32(255)), 0, 1)))
    assert np.abs(ours - by_littlecms(pixels, profile, "RGB")).max() <= 2
    assert np.abs(pixels - by_littlecms(pixels, profile, "RGB")).max() > 10  # the control: it does change something


def test_grey_profiles_agree_with_littlecms() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    profile = build(b"GRAY", {b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249), b"kTRC": CURVES["gamma 2.2"]})
    matrix = parse_matrix_profile(profile)
    assert matrix is not None
    ours = to_uint8(linear_to_srgb(matrix.to_linear_rec709(pixels[..., None] / np.float32(255))))
    assert np.abs(ours - by_littlecms(pixels, profile, "L")).max() <= 2


def test_what_is_srgb_is_recognised_whoever_made_it() -> None:
    for profile in (srgb_profile(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        matrix = parse_matrix_profile(profile)
        assert matrix is not None
        assert matrix.is_srgb()
    for profile in (linear_rec709_profile(), wide_profile(CURVES["kind 3"])):
        matrix = parse_matrix_profile(profile)
        assert matrix is not None
        assert not matrix.is_srgb()


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"junk" * 100,
        srgb_profile()[:200],
        wide_profile(parametric(0, -3.0)),
        wide_profile(parametric(9, 1.0)),
        wide_profile(table(5, 0)),
    ],
)
def test_damaged_profiles_are_none(profile: bytes) -> None:
    assert parse_matrix_profile(profile) is None


def test_light_far_above_one_stays_finite() -> None:
    matrix = parse_matrix_profile(wide_profile(parametric(0, 12.0)))
    assert matrix is not None
    assert np.isfinite(matrix.to_linear_rec709(np.full((2, 2, 3), 65504, np.float32))).all()
