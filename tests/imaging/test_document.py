"""Pictures that are read and written again: whatever a file holds is still there, and what was not changed is the same to the last bit.

What is written is read by Pillow or OpenImageIO here, and what is read was written by them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from numpy.typing import NDArray
from PIL import Image

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.document import Document, DocumentRaster, open_document_writer, read_document
from texgen_desktop.imaging.icc import linear_rec709_profile, srgb_profile
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.imaging.recognise import ImageError
from texgen_desktop.imaging.write import FileFormat

RANDOM = np.random.default_rng(0)
PROFILE = srgb_profile().replace(b"sRGB", b"mine")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>an artist</rdf:RDF></x:xmpmeta>'
SAID = {"Software": "TexGen Desktop", "ImageDescription": "what was done"}


def again(document: Document, path: Path, file_format: FileFormat | None = None, bits: int | None = None) -> Path:
    """Written as it is, row by row."""
    raster = DocumentRaster(document, (False, False))
    height, width = document.height_px, document.width_px
    with open_document_writer(path, file_format or document.file_format, bits or document.bits, width, height, document, SAID) as writer:
        for top in range(0, height, 7):
            count = min(7, height - top)
            writer.write_rows(raster.read(top, 0, count, width), raster.read_alpha(top, 0, count, width))
    return path


def stored(path: Path, kind: str) -> NDArray[Any]:
    source = oiio.ImageInput.open(str(path))
    source_spec = source.spec()
    assert str(source_spec.format) == kind
    pixels = source.read_image(kind)
    source.close()
    return np.asarray(pixels)


def save(path: Path, pixels: NDArray[Any], kind: str, **attributes: str) -> Path:
    """By OpenImageIO."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    for name, value in attributes.items():
        spec.attribute(name.replace("_", ":"), value)
    target = oiio.ImageOutput.create(str(path))
    assert target.open(str(path), spec)
    assert target.write_image(pixels)
    target.close()
    return path


def exif(**tags: int | str) -> Image.Exif:
    block = Image.Exif()
    block[0x010F] = "A camera"
    block[0x8298] = "An artist"
    for name, value in tags.items():
        block[{"orientation": 0x0112}[name]] = value
    return block


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_eight_bits_with_and_without_colour_and_alpha_are_the_same_again(suffix: str, mode: str, tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 256, (20, 30, len(mode)), np.uint8)
    source = tmp_path / f"source{suffix}"
    Image.fromarray(pixels if len(mode) > 1 else pixels[..., 0]).save(source)
    document = read_document(source)
    assert (document.bits, document.is_grey, document.alpha is not None) == (8, mode in ("L", "LA"), mode.endswith("A"))
    with Image.open(again(document, tmp_path / f"out{suffix}")) as image:
        assert image.mode == mode
        np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "uint16"), ("a.tif", "uint16"), ("a.tif", "float"), ("a.exr", "float"), ("a.exr", "half")]
)
@pytest.mark.parametrize("channels", [3, 4])
def test_deep_pictures_are_the_same_again_to_the_last_bit_also_above_one(name: str, kind: str, channels: int, tmp_path: Path) -> None:
    if kind == "uint16":
        pixels = RANDOM.integers(0, 65536, (20, 30, channels)).astype(np.uint16)
    else:
        pixels = (RANDOM.random((20, 30, channels)) * 3).astype(np.float16).astype(np.float32)
        if channels == 4:
            pixels[..., 3] /= 3
    source = save(tmp_path / name, pixels, kind, oiio_UnassociatedAlpha="1" if kind == "uint16" else "0")
    written = stored(again(read_document(source), tmp_path / f"again{Path(name).suffix}"), kind)
    np.testing.assert_array_equal(written, stored(source, kind))
    if kind == "uint16":  # the control: Pillow cuts such files down to 8 bits
        with Image.open(source) as image:
            image.save(tmp_path / f"pillow{Path(name).suffix}")
        assert str(oiio.ImageInput.open(str(tmp_path / f"pillow{Path(name).suffix}")).spec().format) == "uint8"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_profile_exif_and_xmp_survive_beside_our_own_words(suffix: str, tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 256, (20, 30, 3), np.uint8)
    source, out = tmp_path / f"source{suffix}", tmp_path / f"out{suffix}"
    more: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    if suffix == ".tif":
        more["tiffinfo"] = {700: XMP, 0x010F: "A camera", 0x8298: "An artist"}
    elif suffix == ".png":
        more |= {"exif": exif()}
    else:
        more |= {"exif": exif(), "xmp": XMP}
    Image.fromarray(pixels).save(source, icc_profile=PROFILE, **more)
    again(read_document(source), out)
    with Image.open(out) as image, Image.open(source) as plain:
        assert image.info["icc_profile"] == PROFILE
        assert image.getexif()[0x8298] == "An artist"
        if suffix != ".png":
            assert image.info.get("xmp", XMP) == XMP
        plain.save(tmp_path / f"naive{suffix}")
    assert read_metadata(out) == "what was done"
    with Image.open(tmp_path / f"naive{suffix}") as naive:  # the control: a plain save loses the artist
        assert 0x8298 not in naive.getexif() or suffix == ".tif"


def test_a_picture_that_lies_on_its_side_is_stood_up_once(tmp_path: Path) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:5, :, 0] = 200
    Image.fromarray(pixels).save(tmp_path / "source.png", exif=exif(orientation=6))
    document = read_document(tmp_path / "source.png")
    assert (document.height_px, document.width_px) == (30, 20)
    with Image.open(again(document, tmp_path / "out.png")) as image:
        assert image.getexif().get(0x0112, 1) == 1
        np.testing.assert_array_equal(np.asarray(image), np.rot90(pixels, -1))


def test_colour_under_full_transparency_is_kept(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 256, (20, 30, 4), np.uint8)
    pixels[..., 3] = 0
    Image.fromarray(pixels).save(tmp_path / "source.png")
    with Image.open(again(read_document(tmp_path / "source.png"), tmp_path / "out.png")) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_linear_light_is_seen_encoded_and_wraps_or_mirrors(tmp_path: Path) -> None:
    pixels = np.full((20, 30, 3), 0.214, np.float32)
    pixels[0] = 4
    document = read_document(save(tmp_path / "a.exr", pixels, "float"))
    assert document.is_linear
    seen = DocumentRaster(document, (True, False)).read(-1, -1, 3, 3)
    np.testing.assert_allclose(seen[0], 0.5, atol=1e-3)
    assert (seen[1] > 1).all()
    mirrored = DocumentRaster(document, (False, False)).read(-1, 0, 1, 1)
    assert mirrored[0, 0, 0] > 1


def test_what_a_format_cannot_hold_is_refused_with_a_way_out(tmp_path: Path) -> None:
    clear = RANDOM.integers(0, 256, (20, 30, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    with pytest.raises(TexGenError, match="JPEG cannot hold the transparency") as caught:
        again(read_document(tmp_path / "clear.png"), tmp_path / "out.jpg", "jpeg", 8)
    assert "PNG" in caught.value.hint
    opaque = tmp_path / "opaque.png"
    Image.fromarray(np.dstack([clear[..., :3], np.full((20, 30), 255, np.uint8)])).save(opaque)
    with Image.open(again(read_document(opaque), tmp_path / "opaque.jpg", "jpeg", 8)) as image:
        assert image.mode == "RGB"
    opaque.unlink()
    (tmp_path / "opaque.jpg").unlink()
    wide = srgb_profile()
    curve = wide.index(b"para")
    Image.fromarray(clear[..., :3]).save(tmp_path / "wide.png", icc_profile=wide[: curve + 12] + b"\0\x01\0\0" + wide[curve + 16 :])
    with pytest.raises(TexGenError, match="cannot hold the colour profile"):
        again(read_document(tmp_path / "wide.png"), tmp_path / "out.exr", "exr", 32)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clear.png", "wide.png"]


def tagged(path: Path, samples: NDArray[Any], kind: str, profile: bytes) -> Path:
    """A TIFF with a profile, by OpenImageIO."""
    spec = oiio.ImageSpec(samples.shape[1], samples.shape[0], samples.shape[2], kind)
    spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(profile)}]"), np.frombuffer(profile, np.uint8))
    target = oiio.ImageOutput.create("tiff")
    assert target.open(str(path), spec)
    assert target.write_image(samples)
    target.close()
    return path


def test_light_of_other_primaries_never_passes_for_rec_709(tmp_path: Path) -> None:
    grey = np.full((20, 30, 3), 0.25, np.float32)
    profile = linear_rec709_profile()
    plain = read_document(tagged(tmp_path / "plain.tif", grey, "float", profile))
    assert stored(again(plain, tmp_path / "plain.exr", "exr", 32), "float")[0, 0] == pytest.approx(0.25)
    # The control: what is Rec. 709 goes anywhere, also to integers.
    assert np.asarray(stored(again(plain, tmp_path / "plain.png", "png", 16), "uint16"))[0, 0] == pytest.approx(0.5371 * 65535, abs=5)
    place = profile.index(b"XYZ ", profile.index(b"sf32"))
    wide = profile[: place + 8] + (40000).to_bytes(4, "big") + profile[place + 12 :]
    with pytest.raises(TexGenError, match="cannot hold the colour profile"):
        again(read_document(tagged(tmp_path / "wide.tif", grey, "float", wide)), tmp_path / "out.exr", "exr", 32)
    spec = oiio.ImageSpec(30, 20, 3, "half")
    spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), np.float32([0.7347, 0.2653, 0, 1, 0, -0.077, 0.32168, 0.33767]))
    target = oiio.ImageOutput.create("exr")
    assert target.open(str(tmp_path / "aces.exr"), spec)
    assert target.write_image(grey)
    target.close()
    aces = read_document(tmp_path / "aces.exr")
    with pytest.raises(TexGenError, match="cannot hold the colour profile"):
        again(aces, tmp_path / "out.tif", "tiff", 32)
    assert read_document(again(aces, tmp_path / "aces again.exr")).kept.chromaticities == aces.kept.chromaticities


def test_a_profile_for_grey_is_not_put_into_a_webp_which_has_only_colour(tmp_path: Path) -> None:
    profile = srgb_profile().replace(b"RGB XYZ", b"GRAYXYZ").replace(b"rTRC", b"kTRC")
    Image.new("L", (40, 20), 77).save(tmp_path / "grey.png", icc_profile=profile)
    document = read_document(tmp_path / "grey.png")
    for name, file_format, space in (("out.png", "png", b"GRAY"), ("out.webp", "webp", b"RGB ")):
        with Image.open(again(document, tmp_path / name, file_format)) as image:
            assert image.info["icc_profile"][16:20] == space


@pytest.mark.parametrize(("kind", "out", "bits"), [("uint8", "png", 8), ("uint8", "tiff", 8), ("float", "png", 16), ("float", "tiff", 16)])
def test_colour_multiplied_with_alpha_is_the_same_colour_elsewhere(kind: str, out: FileFormat, bits: int, tmp_path: Path) -> None:
    """Integers are multiplied as they are encoded, the floats of an EXR as light."""
    colour, alpha = (100, 128) if kind == "uint8" else (0.25, 0.5)
    pixels = np.full((20, 30, 4), colour, np.uint8 if kind == "uint8" else np.float32)
    pixels[..., 3] = alpha
    path = tmp_path / ("in.tif" if kind == "uint8" else "in.exr")
    spec = oiio.ImageSpec(30, 20, 4, kind)
    target = oiio.ImageOutput.create(str(path))
    assert target.open(str(path), spec)
    assert target.write_image(pixels)
    target.close()
    document = read_document(path)
    assert document.is_premultiplied
    straight = oiio.ImageSpec()
    straight.attribute("oiio:UnassociatedAlpha", 1)
    written = again(document, tmp_path / f"out.{out}", out, bits)
    source = oiio.ImageInput.open(str(written), straight)
    seen = source.read_image("float")[5, 5]
    is_straight = out == "png" or source.spec().getattribute("oiio:UnassociatedAlpha") == 1
    source.close()
    expected = 100 / 128 if kind == "uint8" else 0.7354  # 0.5 of light, encoded
    assert seen[0] / (1 if is_straight else seen[3]) == pytest.approx(expected, abs=0.01)


def test_cmyk_comes_as_srgb_and_damaged_files_as_a_sentence(tmp_path: Path) -> None:
    Image.new("CMYK", (40, 40), (0, 200, 200, 0)).save(tmp_path / "print.jpg")
    document = read_document(tmp_path / "print.jpg")
    assert (document.pixels.shape, document.kept.icc) == ((40, 40, 3), b"")
    assert document.pixels[20, 20, 0] > 150 > document.pixels[20, 20, 1]
    (tmp_path / "broken.png").write_bytes((tmp_path / "print.jpg").read_bytes()[:200])
    with pytest.raises(ImageError):
        read_document(tmp_path / "broken.png")
