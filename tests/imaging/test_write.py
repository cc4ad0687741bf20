"""Every format and depth by value, in blocks, and nothing left behind when writing fails."""

from __future__ import annotations

import io
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from PIL import Image, ImageCms

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats, srgb_to_linear
from texgen_desktop.imaging.exr_header import read_attributes
from texgen_desktop.imaging.formats import LIMITS, check_size
from texgen_desktop.imaging.read import read_image
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.imaging.write import open_writer

HEIGHT, WIDTH = 203, 97  # a multiple of no block size
RECIPE = '{"layout_seed": 7, "name": "Kies, grün"}'
METADATA = {"Software": "TexGen Desktop 1.0", "ImageDescription": RECIPE}
PAIRS = [(name, bits) for name, limits in LIMITS.items() for bits in limits.bits]
LINEAR = [("tiff", 32), ("exr", 16), ("exr", 32)]


def texture() -> Floats:
    """(H, W, 3) float32: all code values, sharp edges and noise."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.stack([x / (WIDTH - 1), y / (HEIGHT - 1), ((x // 8 + y // 8) % 2) * 0.6 + random.random((HEIGHT, WIDTH)) * 0.4], -1)
    return pixels.astype(np.float32)


def save(path: Path, file_format: str, bits: int, pixels: Floats, block_rows: int = 37, metadata: dict[str, str] = METADATA) -> Path:
    height, width, _ = pixels.shape
    with open_writer(path, file_format, bits, width, height, metadata) as writer:
        for top in range(0, height, block_rows):
            writer.write_rows(pixels[top : top + block_rows])
    return path


def read_independently(path: Path) -> tuple[np.ndarray, oiio.ImageSpec]:
    """The stored samples as floats, by a library that took no part in writing them."""
    source = oiio.ImageInput.open(str(path))
    assert source is not None, oiio.geterror()
    pixels, spec = source.read_image("float"), source.spec()
    assert not source.geterror()
    source.close()
    return pixels, spec


@pytest.mark.parametrize(("file_format", "bits"), PAIRS)
def test_every_format_holds_the_right_values(tmp_path: Path, file_format: str, bits: int) -> None:
    stored, spec = read_independently(save(tmp_path / f"a.{file_format}", file_format, bits, texture()))
    assert (spec.width, spec.height, spec.nchannels) == (WIDTH, HEIGHT, 3)
    assert str(spec.format) == {8: "uint8", 16: "half" if file_format == "exr" else "uint16", 32: "float"}[bits]
    expected = srgb_to_linear(texture()) if (file_format, bits) in LINEAR else texture()
    error = np.abs(stored - expected)
    if file_format == "jpeg":
        assert error.mean() < 0.015
    elif (file_format, bits) == ("exr", 16):
        assert error.max() <= 2.5e-4
    else:
        assert error.max() <= {8: 0.5001 / 255, 16: 0.5005 / 65535, 32: 0}[bits]


@pytest.mark.parametrize("sync_bytes", [1 << 14, 1 << 40])
def test_a_large_file_goes_to_the_disk_while_it_is_written_and_not_all_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync_bytes: int
) -> None:
    synced_bytes: list[int] = []
    fsync = os.fsync

    def listening(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            synced_bytes.append(os.fstat(handle).st_size)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", listening)
    monkeypatch.setattr("texgen_desktop.imaging.write._SYNC_BYTES", sync_bytes)
    path = save(tmp_path / "a.tif", "tiff", 16, texture(), block_rows=8)
    at_once = np.diff([0, *synced_bytes])
    if sync_bytes < path.stat().st_size:
        assert max(at_once) < path.stat().st_size / 2
    else:  # the control: left to the end, it is all written there
        assert list(at_once) == [path.stat().st_size]


@pytest.mark.parametrize(("file_format", "bits"), PAIRS)
def test_the_result_does_not_depend_on_the_blocks(tmp_path: Path, file_format: str, bits: int) -> None:
    whole, _ = read_independently(save(tmp_path / f"a.{file_format}", file_format, bits, texture(), block_rows=HEIGHT))
    for block_rows in (1, 16, 64, 100):
        blocks, _ = read_independently(save(tmp_path / f"b.{file_format}", file_format, bits, texture(), block_rows))
        assert np.array_equal(blocks, whole)


@pytest.mark.parametrize(("file_format", "bits"), PAIRS)
def test_the_same_picture_gives_the_same_bytes_and_names_no_time(tmp_path: Path, file_format: str, bits: int) -> None:
    first = save(tmp_path / "a", file_format, bits, texture()).read_bytes()
    assert save(tmp_path / "b", file_format, bits, texture()).read_bytes() == first
    _, spec = read_independently(tmp_path / "b")
    assert spec.getattribute("DateTime") is None


@pytest.mark.parametrize(("file_format", "bits"), PAIRS)
def test_the_recipe_is_found_again(tmp_path: Path, file_format: str, bits: int) -> None:
    path = save(tmp_path / f"a.{file_format}", file_format, bits, texture())
    assert read_metadata(path) == RECIPE
    _, spec = read_independently(path)
    if file_format != "webp":  # openimageio does not look into the EXIF of a WebP
        assert spec.getattribute("ImageDescription") == RECIPE
        assert spec.getattribute("Software") == METADATA["Software"]
    assert read_metadata(save(tmp_path / "plain", file_format, bits, texture(), metadata={})) is None


def test_the_recipe_survives_sixty_kilobytes_and_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    long = '{"x": "' + "y" * 60_000 + '"}'
    for file_format in LIMITS:
        path = save(
            tmp_path / f"b\udcff.{file_format}", file_format, LIMITS[file_format].bits[0], texture(), metadata={"ImageDescription": long}
        )
        assert read_metadata(path) == long


def test_what_is_no_picture_holds_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"text")
    assert read_metadata(tmp_path / "a.png") is None


@pytest.mark.parametrize(("file_format", "bits"), [pair for pair in PAIRS if pair not in LINEAR])
def test_integer_formats_are_tagged_as_srgb(tmp_path: Path, file_format: str, bits: int) -> None:
    path = save(tmp_path / f"a.{file_format}", file_format, bits, texture())
    with Image.open(path) as image:
        if file_format == "png":
            assert (image.info["srgb"], image.info["gamma"]) == (0, 0.45455)
            return
        profile = ImageCms.getOpenProfile(io.BytesIO(image.info["icc_profile"]))
        assert ImageCms.getProfileDescription(profile).strip() == "sRGB"
        converted = ImageCms.profileToProfile(image.convert("RGB"), profile, ImageCms.createProfile("sRGB"))
        assert converted is not None
        assert np.abs(np.asarray(converted, int) - np.asarray(image.convert("RGB"), int)).max() <= 1


def test_linear_formats_are_tagged_as_linear_rec_709(tmp_path: Path) -> None:
    path = save(tmp_path / "a.exr", "exr", 16, texture())
    _, spec = read_independently(path)
    assert spec.getattribute("oiio:ColorSpace") == "lin_rec709_scene"
    with path.open("rb") as file:
        chromaticities = struct.unpack("<8f", read_attributes(file)[b"chromaticities"])
    assert np.allclose(chromaticities, (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290))
    _, spec = read_independently(save(tmp_path / "a.tiff", "tiff", 32, texture()))
    profile = ImageCms.getOpenProfile(io.BytesIO(spec.getattribute("ICCProfile").tobytes()))
    assert ImageCms.getProfileDescription(profile).strip() == "Linear Rec. 709"


@pytest.mark.parametrize(("file_format", "bits"), [pair for pair in PAIRS if pair[0] not in ("exr", "jpeg")])
def test_our_own_export_comes_in_again_as_it_went_out(tmp_path: Path, file_format: str, bits: int) -> None:
    pixels = read_image(save(tmp_path / f"a.{file_format}", file_format, bits, texture())).pixels
    assert np.abs(pixels - texture()).max() <= {8: 0.51 / 255, 16: 0.51 / 65535, 32: 1e-5}[bits]


def test_values_outside_are_clipped_and_rounding_is_to_the_nearest(tmp_path: Path) -> None:
    pixels = np.array([[[-1, 2, 0.5], [100.4 / 255, 100.6 / 255, 1]]], np.float32)
    stored = np.asarray(Image.open(save(tmp_path / "a.png", "png", 8, pixels)))
    assert stored.tolist() == [[[0, 255, 128], [100, 101, 255]]]
    naive = (np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    assert naive[0, 1].tolist() == [100, 100, 255]  # the control


def test_a_picture_of_one_row_and_one_of_one_column_are_whole(tmp_path: Path) -> None:
    for file_format, bits in PAIRS:
        for shape in ((1, 70, 3), (70, 1, 3)):
            pixels = np.full(shape, 0.5, np.float32)
            stored, _ = read_independently(save(tmp_path / f"a.{file_format}", file_format, bits, pixels))
            assert stored.shape == shape


def test_a_tall_jpeg_of_many_strips_is_whole(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0, 1, 1000, dtype=np.float32)[:, None, None], 3, axis=-1).repeat(40, axis=1)
    stored, _ = read_independently(save(tmp_path / "a.jpg", "jpeg", 8, ramp))
    assert np.abs(stored - ramp).max() < 0.02


@pytest.mark.parametrize("file_format", LIMITS)
def test_a_size_above_the_limit_of_a_format_is_refused_before_anything_is_written(tmp_path: Path, file_format: str) -> None:
    limit_px = LIMITS[file_format].max_side_px
    check_size(file_format, limit_px, limit_px)
    for size in ((limit_px + 1, 1), (1, limit_px + 1)):
        with pytest.raises(TexGenError, match=f"{limit_px:,}") as caught:
            open_writer(tmp_path / "a", file_format, LIMITS[file_format].bits[0], *size, {})
        assert caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("file_format", ["jpeg", "webp", "png"])
def test_the_longest_side_that_a_format_promises_can_be_read(tmp_path: Path, file_format: str) -> None:
    stored, _ = read_independently(save(tmp_path / "a", file_format, 8, np.full((2, LIMITS[file_format].max_side_px, 3), 0.5, np.float32)))
    assert stored.shape[1] == LIMITS[file_format].max_side_px


def test_a_depth_that_a_format_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TexGenError, match="JPEG cannot be written with 16 bits") as caught:
        open_writer(tmp_path / "a", "jpeg", 16, 8, 8, {})
    assert caught.value.hint == "Choose 8."


def test_above_four_gigabytes_a_tiff_is_a_bigtiff(tmp_path: Path) -> None:
    def begin() -> None:
        with open_writer(tmp_path / "a.tif", "tiff", 16, 40_000, 40_000, {}) as writer:
            writer.write_rows(np.zeros((64, 40_000, 3), np.float32))
            (part,) = tmp_path.iterdir()
            assert part.read_bytes()[:4] == b"II+\0"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin()


def test_a_bigtiff_holds_the_right_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("texgen_desktop.imaging.encoders.tiff._CLASSIC_LIMIT_BYTES", 0)
    path = save(tmp_path / "a.tif", "tiff", 16, texture())
    assert path.read_bytes()[:4] == b"II+\0"
    stored, _ = read_independently(path)
    assert np.abs(stored - texture()).max() <= 0.5005 / 65535
    assert read_metadata(path) == RECIPE
    assert np.abs(read_image(path).pixels - texture()).max() <= 0.51 / 65535


@pytest.mark.parametrize(("file_format", "bits"), PAIRS)
def test_an_abandoned_file_leaves_nothing_and_the_old_one_untouched(tmp_path: Path, file_format: str, bits: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def export() -> Iterator[None]:
        with open_writer(path, file_format, bits, WIDTH, HEIGHT, METADATA) as writer:
            writer.write_rows(texture()[:100])
            yield

    job = export()
    next(job)
    assert len(list(tmp_path.iterdir())) == 2
    job.close()  # how a job is cancelled
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"


def test_missing_rows_are_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="100 rows were written of 203"),
        open_writer(tmp_path / "a", "png", 8, WIDTH, HEIGHT, {}) as writer,
    ):
        writer.write_rows(texture()[:100])
    assert not list(tmp_path.iterdir())


WRITE_ON_A_DISK_OF_64_KB = """
import resource, sys
from pathlib import Path
import numpy as np
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.write import open_writer
folder, file_format, bits = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
noise = np.random.default_rng(0).random((512, 512, 3), np.float32)
try:
    with open_writer(folder / "a", file_format, bits, 512, 512, {}) as writer:
        for top in range(0, 512, 64):
            writer.write_rows(noise[top : top + 64])
except TexGenError as error:
    print(error.message, "|", error.hint)
"""


@pytest.mark.parametrize(("file_format", "bits"), [("png", 16), ("tiff", 16), ("exr", 16), ("jpeg", 8), ("webp", 8)])
def test_a_disk_that_takes_no_more_ends_in_a_sentence_and_leaves_nothing(tmp_path: Path, file_format: str, bits: int) -> None:
    (tmp_path / "a").write_bytes(b"old")
    arguments = [sys.executable, "-c", WRITE_ON_A_DISK_OF_64_KB, str(tmp_path), file_format, str(bits)]
    child = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=60)
    assert child.stdout.strip() == "The disk takes no file as large as a. | Choose another folder or a smaller size."
    assert child.stderr == ""
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"old")]


NAIVE_JPEG = """
import numpy as np, OpenImageIO as oiio
output = oiio.ImageOutput.create("jpeg")
output.open("/dev/full", oiio.ImageSpec(512, 512, 3, "uint8"))
output.write_image(np.random.default_rng(0).random((512, 512, 3)).astype("f"))
print("still here")
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_control_openimageio_ends_the_program_when_the_disk_is_full() -> None:
    child = subprocess.run([sys.executable, "-c", NAIVE_JPEG], capture_output=True, text=True, check=False, timeout=60)
    assert "still here" not in child.stdout
    assert child.returncode != 0


@pytest.fixture
def disk_of_100_kb(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(("file_format", "bits"), [("png", 16), ("tiff", 16), ("exr", 16), ("jpeg", 8), ("webp", 8)])
def test_a_full_disk_ends_in_a_sentence_and_leaves_nothing(disk_of_100_kb: Path, file_format: str, bits: int) -> None:
    noise = np.random.default_rng(0).random((512, 512, 3), np.float32)
    with pytest.raises(TexGenError, match="The disk is full") as caught:
        save(disk_of_100_kb / "a", file_format, bits, noise)
    assert caught.value.hint == "Free some space, or choose another folder."
    assert not list(disk_of_100_kb.iterdir())


def test_a_folder_that_is_missing_or_may_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(TexGenError, match="does not exist"):
        save(tmp_path / "gone" / "a.png", "png", 8, texture())
    if os.geteuid() != 0:
        tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
        with pytest.raises(TexGenError, match="cannot be written to"):
            save(tmp_path / "a.png", "png", 8, texture())
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(TexGenError, match=r"folder\.png could not be written"):
        save(tmp_path / "folder.png", "png", 8, texture())
    assert [p.name for p in tmp_path.iterdir()] == ["folder.png"]


# Not by getrusage: its peak is inherited from the process of the tests, which is larger than anything that is written here.
MEASURE_PEAK = """
import re, sys
from pathlib import Path
import numpy as np
from texgen_desktop.imaging.write import open_writer
path, file_format, bits = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
rows = np.random.default_rng(0).random((64, 512, 3), np.float32)
for height in map(int, sys.argv[4:]):
    with open_writer(path, file_format, bits, 512, height, {}) as writer:
        for top in range(0, height, 64):
            writer.write_rows(rows)
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize(("file_format", "bits"), [("png", 16), ("tiff", 16), ("exr", 16), ("jpeg", 8)])
def test_memory_does_not_grow_with_the_height(tmp_path: Path, file_format: str, bits: int) -> None:
    arguments = [sys.executable, "-c", MEASURE_PEAK, str(tmp_path / "a"), file_format, str(bits), "512", "8192"]  # 1.5 MB, then 25 MB
    low, high = map(int, subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=60).stdout.split())
    assert high - low < 6_000  # KB
