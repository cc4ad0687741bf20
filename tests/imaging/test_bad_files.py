"""Whatever is dropped on the window: one clear sentence with a way out, and no decoder that runs wild."""

from __future__ import annotations

import os
import random
import socket
import struct
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tests.imaging.pictures import bytes_of, gradient, png_of_size, save_8_bit, save_deep, save_raw_tiff
from texgen_desktop.imaging.read import MAX_PIXELS, probe_image, read_image
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.imaging.recognise import ImageError

NAMES = ["a.png", "a.jpg", "a.tif", "a.webp", "a.bmp"]


def refusal(path: Path) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert path.name in caught.value.message
    assert caught.value.reason.endswith(".")
    assert caught.value.hint.endswith(".")
    return caught.value


def read_naively(path: Path) -> NDArray[np.uint8]:
    """What every test here is held against: (H, W, 3) as three lines with Pillow read it.

    Where that fails, it is with an OSError, which the program does not take for a sentence to show.
    """
    with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_picture_is_refused(tmp_path: Path, name: str) -> None:
    path = save_8_bit(tmp_path / name, np.random.default_rng(0).random((96, 96, 3)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    if name == "a.jpg":
        with Image.open(path) as control:
            control.verify()  # finds nothing
    with pytest.raises(OSError):
        read_naively(path)
    assert "damaged or incomplete" in refusal(path).reason


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_truncated_16_bit_picture_is_refused(tmp_path: Path, name: str) -> None:
    path = save_deep(tmp_path / name, np.random.default_rng(0).random((96, 96, 3)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(OSError):
        read_naively(path)
    assert "damaged or incomplete" in refusal(path).reason


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UnidentifiedImageError):
        read_naively(tmp_path / name)
    assert "empty" in refusal(tmp_path / name).reason


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("notes.png", b"just some text, and no picture at all", "not a picture"),
        ("page.jpg", b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        ("photo.heic", b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC"),
        ("photo.jpg", b"\0\0\0\x18ftypmif1" + b"\0" * 40, "HEIC"),
        ("photo.avif", b"\0\0\0\x18ftypavif" + b"\0" * 40, "AVIF"),
        ("layers.psd", b"8BPS\0\x01" + b"\0" * 40, "Photoshop"),
        ("anim.gif", b"GIF89a" + b"\0" * 40, "GIF"),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        ("photo.nef", b"MM\0*\0\0\0\x08" + b"\0" * 40, "camera raw"),
        ("map.exr", b"\x76\x2f\x31\x01\x02\0\0\0" + b"\0" * 40, "EXR"),
        ("photo.cr3", b"\0\0\0\x18ftypcrx " + b"\0" * 40, "camera raw"),
    ],
)
def test_what_is_no_readable_picture_is_named_for_what_it_is(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnidentifiedImageError) as naive:
        read_naively(tmp_path / name)
    assert expected not in str(naive.value)
    error = refusal(tmp_path / name)
    assert expected in error.reason
    if "not a picture" not in error.reason and "web page" not in error.reason:
        assert "Save it as JPEG or PNG" in error.hint


@pytest.mark.parametrize("size", [(1, 1), (31, 400), (400, 2)])
def test_a_tiny_picture_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    assert read_naively(tmp_path / "a.png").shape == (*size[::-1], 3)  # handed on, too small to cut a crop from
    assert "too few" in refusal(tmp_path / "a.png").reason
    with pytest.raises(ImageError, match="too few"):
        probe_image(tmp_path / "a.png")


def webp_of_size(width: int, height: int) -> bytes:
    canvas = b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_size(width: int, height: int) -> bytes:
    return (
        b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">2H", height, width) + b"\x03\1\x11\0\2\x11\0\3\x11\0" + b"\xff\xda\0\x0c" + b"\0" * 20
    )


def tiff_of_size(width: int, height: int) -> bytes:
    records = [(256, width), (257, height), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 100)]
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(records)) + b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in records) + b"\0" * 4


def bmp_of_size(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHI", 100, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("make", [png_of_size, jpeg_of_size, webp_of_size, tiff_of_size, bmp_of_size])
def test_a_picture_of_900_million_pixels_is_refused_by_its_header(tmp_path: Path, make: Callable[[int, int], bytes]) -> None:
    path = tmp_path / "a"
    path.write_bytes(make(30_000, 30_000))
    if make is webp_of_size:  # its decoder is made when the file is opened
        with pytest.raises(OSError):
            Image.open(path)
    else:
        with Image.open(path) as naive:
            assert naive.size == (30_000, 30_000)  # believed: the next line of a naive reader asks for 3.6 GB
    assert "30000 × 30000" in refusal(path).reason
    with pytest.raises(ImageError, match="too many"):
        probe_image(path)


@pytest.mark.parametrize("make", [png_of_size, jpeg_of_size, tiff_of_size, bmp_of_size])
def test_a_few_bytes_that_promise_the_largest_picture_are_damage(tmp_path: Path, make: Callable[[int, int], bytes]) -> None:
    path = tmp_path / "a"
    path.write_bytes(make(10_000, MAX_PIXELS // 10_000))
    with Image.open(path) as naive:
        assert naive.size == (10_000, MAX_PIXELS // 10_000)
    assert "damaged" in refusal(path).reason


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_an_animation_is_refused(tmp_path: Path, name: str) -> None:
    frames = [Image.fromarray(bytes_of(frame)) for frame in (gradient(), 1 - gradient())]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100)
    assert read_naively(tmp_path / name).shape == gradient().shape  # the first frame, and not a word of the others
    assert "animation" in refusal(tmp_path / name).reason


def test_a_picture_that_is_transparent_everywhere_is_refused(tmp_path: Path) -> None:
    Image.new("RGBA", (64, 64)).save(tmp_path / "a.png")
    assert read_naively(tmp_path / "a.png").max() == 0  # a black picture to learn from
    assert "transparent" in refusal(tmp_path / "a.png").reason


def test_colour_kinds_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    Image.new("LAB", (64, 64)).save(tmp_path / "a.tif")
    assert "cannot be read" in refusal(tmp_path / "a.tif").reason
    save_raw_tiff(tmp_path / "b.tif", np.zeros((64, 64, 3), np.uint16), photometric=8)
    with pytest.raises(UnidentifiedImageError):
        read_naively(tmp_path / "b.tif")
    assert "cannot be read" in refusal(tmp_path / "b.tif").reason


def test_pipes_sockets_devices_and_folders_are_refused_without_being_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "ordinary" in refusal(tmp_path / "pipe.png").reason
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.png"))
        with pytest.raises(OSError, match="No such device"):
            read_naively(tmp_path / "s.png")
        assert "ordinary" in refusal(tmp_path / "s.png").reason
    with pytest.raises(UnidentifiedImageError):
        read_naively(Path("/dev/zero"))
    assert "ordinary" in refusal(Path("/dev/zero")).reason
    with pytest.raises(IsADirectoryError):
        read_naively(tmp_path)
    assert "ordinary" in refusal(tmp_path).reason


def test_a_naive_reader_waits_at_a_pipe_for_as_long_as_nobody_writes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read_naively, tmp_path / "pipe.png")
        with pytest.raises(TimeoutError):
            reading.result(timeout=0.2)
        os.close(os.open(tmp_path / "pipe.png", os.O_WRONLY))  # lets it go: a writer that says nothing
        assert isinstance(reading.exception(), UnidentifiedImageError)


def test_a_missing_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_naively(tmp_path / "gone.png")
    assert "does not exist" in refusal(tmp_path / "gone.png").reason


@pytest.mark.parametrize("name", ["<b>bold<b>.png", "🪨.png", "line\nbreak.png", "grün.png", "b\udcffd.png", "x" * 251 + ".png"])
@pytest.mark.parametrize("is_deep", [False, True])
def test_names_of_every_kind_are_opened(tmp_path: Path, name: str, is_deep: bool) -> None:
    path = (save_deep if is_deep else save_8_bit)(tmp_path / "plain.png", gradient()).rename(tmp_path / name)
    assert np.abs(read_image(path).pixels - gradient()).max() < 0.51 / 255
    if "\udcff" in name:
        with pytest.raises(UnicodeEncodeError):  # the control
            str(path).encode()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [*NAMES, "deep.png", "deep.tif"])
def test_damaged_bytes_end_in_a_picture_or_in_one_sentence(tmp_path: Path, name: str) -> None:
    dice = random.Random(name)
    pixels = gradient()
    exif = Image.Exif()
    exif[274], exif[270] = 6, "text"
    path = save_deep(tmp_path / name, pixels) if name.startswith("deep") else save_8_bit(tmp_path / name, pixels, exif=exif)
    whole = path.read_bytes()
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(dice.choice((1, 3, 30))):
            damaged[dice.randrange(min(len(whole), dice.choice((64, 600, len(whole)))))] = dice.randrange(256)
        path.write_bytes(damaged[: dice.choice((len(whole), dice.randrange(len(whole))))])
        try:
            picture = read_image(path)
        except ImageError:
            continue
        finally:
            read_metadata(path)
        assert np.isfinite(picture.pixels).all()
