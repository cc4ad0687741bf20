"""CIFAR in both layouts is read exactly, and a pickle that asks for anything else runs nothing."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data import cifar_files as made
from tests.data import trap
from texgen_desktop.data import cifar
from texgen_desktop.imaging.recognise import ImageError

PIXELS = made.pictures(12)
LABELS = [number % 10 for number in range(12)]


def read(data: bytes, name: str = "data_batch_1") -> cifar.CifarBatch:
    return cifar.read_batch(name, io.BytesIO(data), len(data))


# ------------------------------------------------------------------------------------------------ what is read


@pytest.mark.parametrize(
    ("name", "data", "class_count"),
    [
        ("data_batch_1", made.python_2_batch(PIXELS, LABELS), 10),
        *(("test_batch", made.python_3_batch(PIXELS, LABELS, protocol), 10) for protocol in (2, 3, 4)),
        ("train", made.python_3_batch(PIXELS, LABELS, 4, "fine_labels"), 100),
        ("data_batch_3.bin", made.binary_10(PIXELS, LABELS), 10),
        ("train.bin", made.binary_100(PIXELS, LABELS), 100),
    ],
)
def test_every_layout_gives_the_same_pictures(name: str, data: bytes, class_count: int) -> None:
    batch = read(data, name)
    assert np.array_equal(batch.pixels, PIXELS)
    assert batch.labels.tolist() == LABELS
    assert (batch.pixels.dtype, batch.labels.dtype, batch.class_count) == (np.uint8, np.int64, class_count)


def test_the_made_up_file_is_one_that_plain_python_reads_alike() -> None:
    plain = pickle.loads(made.python_2_batch(PIXELS, LABELS), encoding="bytes")
    assert plain[b"labels"] == LABELS
    assert np.array_equal(plain[b"data"], made.rows(PIXELS))


def test_classes_have_their_names() -> None:
    names = made.python_2_names()
    assert cifar.read_class_names("batches.meta", io.BytesIO(names), len(names)) == made.CIFAR_10
    text = "\n".join(made.CIFAR_10).encode() + b"\n\n"
    assert cifar.read_class_names("batches.meta.txt", io.BytesIO(text), len(text)) == made.CIFAR_10
    assert cifar.default_class_names(10) == made.CIFAR_10
    assert len(cifar.default_class_names(100)) == 100


def test_files_are_known_by_name_and_common_names_by_content() -> None:
    assert cifar.file_kind("data_batch_1", b"<") == "batch"
    assert cifar.file_kind("test_batch.bin", b"\3") == "batch"
    assert cifar.file_kind("train", b"\x80") == "batch"
    assert cifar.file_kind("train", b"#") is None
    assert cifar.file_kind("fine_label_names.txt", b"a") == "names"
    assert cifar.file_kind("photo.jpg", b"\xff") is None


# ------------------------------------------------------------------------------------------------ what is damaged


@pytest.mark.parametrize("name", ["data_batch_1", "data_batch_1.bin"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.45, 0.99])
def test_a_batch_that_is_cut_off_says_so_with_a_way_out(name: str, share: float) -> None:
    data = made.binary_10(PIXELS, LABELS) if name.endswith(".bin") else made.python_2_batch(PIXELS, LABELS)
    cut = data[: int(share * len(data))]
    with pytest.raises(ImageError, match="ends too early") as caught:
        read(cut, name)
    assert "again" in caught.value.hint
    if not name.endswith(".bin"):
        with pytest.raises((EOFError, pickle.UnpicklingError)):  # the control: plain Python speaks of pickles
            pickle.loads(cut, encoding="bytes")


def test_bytes_changed_at_random_are_read_or_refused() -> None:
    good = made.python_2_batch(PIXELS[:2], LABELS[:2])
    head = good.index(b"\x89T")  # the pixels themselves may be anything
    dice = random.Random(6)
    refused = 0
    for _ in range(2000):
        damaged = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            damaged[dice.randrange(head)] = dice.randrange(256)
        try:
            read(bytes(damaged))
        except ImageError:
            refused += 1
    assert refused > 1000


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {b"data": b"x" * 3072, b"labels": [1]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]},
        {b"data": np.zeros((1, 3073), np.uint8), b"labels": [1]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": [-1]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": ["1"]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": [2**40]},
        {b"data": np.zeros((1, 3072), np.float64), b"labels": [1]},
        {b"data": np.array([[None]], object), b"labels": [1]},
        {b"data": np.zeros((0, 3072), np.uint8), b"labels": []},
    ],
)
def test_what_is_no_batch_is_refused(value: Any) -> None:
    with pytest.raises(ImageError) as caught:
        read(pickle.dumps(value, 2))
    assert caught.value.hint


def test_a_file_that_is_too_large_is_not_begun() -> None:
    with pytest.raises(ImageError, match="larger than any CIFAR file"):
        cifar.read_batch("train", io.BytesIO(b""), cifar.MAX_BATCH_BYTES + 1)


# ---------------------------------------------------------------------------------------------- what is malicious


class Call:
    """Pickled, it is a call of ``function``."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


def text(value: str) -> bytes:
    return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()


def malicious(kind: str, path: str) -> bytes:
    """A pickle that makes the folder ``path`` when plain Python loads it."""
    code = f"__import__('os').mkdir({path!r})"
    made_trap, filled_trap = f"c{trap.__name__}\nMadeTrap\n".encode(), f"c{trap.__name__}\nFilledTrap\n".encode()
    match kind:
        case "a call of the system, in text":
            return b"cos\nmkdir\n(V" + path.encode() + b"\ntR."
        case "a call of the system":
            return pickle.dumps(Call(os.mkdir, path), 2)
        case "code to run":
            return pickle.dumps(Call(exec, code), 4)
        case "an expression to evaluate":
            return pickle.dumps(Call(eval, code), 3)
        case "an instance, in text":
            return b"(V" + path.encode() + b"\nios\nmkdir\n."
        case "an instance":
            return b"\x80\x02(cos\nmkdir\n" + text(path) + b"o."
        case "a new object":
            return b"\x80\x02" + made_trap + text(path) + b"\x85\x81."
        case "a new object with keywords":
            return b"\x80\x04" + made_trap + text(path) + b"\x85}\x92."
        case "a state":
            return b"\x80\x02" + filled_trap + b")\x81" + text(path) + b"b."
        case "a dotted name":
            return b"\x80\x04" + text("logging") + text("os.mkdir") + b"\x93" + text(path) + b"\x85R."
        case "an extension":
            return b"\x80\x02\x82\xf0" + text(path) + b"\x85R."
        case "a pickle in a pickle":
            return pickle.dumps(Call(pickle.loads, pickle.dumps(Call(os.mkdir, path))), 2)
        case "a name looked up":
            return (
                b"\x80\x02cbuiltins\ngetattr\ncimportlib\nimport_module\n"
                + text("os")
                + b"\x85R"
                + text("mkdir")
                + b"\x86R"
                + text(path)
                + b"\x85R."
            )
        case "an array on the disk":
            return pickle.dumps(Call(np.memmap, path, "u1", "w+", 0, (1,)), 2)
        case "a batch with one bad field":
            return pickle.dumps({b"data": made.rows(PIXELS), b"labels": LABELS, b"filenames": Call(os.mkdir, path)}, 2)
        case _:
            raise AssertionError(kind)


KINDS = [
    "a call of the system, in text",
    "a call of the system",
    "code to run",
    "an expression to evaluate",
    "an instance, in text",
    "an instance",
    "a new object",
    "a new object with keywords",
    "a state",
    "a dotted name",
    "an extension",
    "a pickle in a pickle",
    "a name looked up",
    "an array on the disk",
    "a batch with one bad field",
]


@pytest.fixture
def extension() -> Iterator[None]:
    copyreg.add_extension("os", "mkdir", 0xF0)
    yield
    copyreg.remove_extension("os", "mkdir", 0xF0)


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("kind", KINDS)
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, kind: str) -> None:
    data = malicious(kind, str(tmp_path / "ran"))
    with pytest.raises(ImageError) as caught:
        read(data)
    assert not (tmp_path / "ran").exists()
    assert "Nothing of it was run" in caught.value.hint
    pickle.loads(data)
    assert (tmp_path / "ran").exists(), "the control: plain Python runs it"


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02U\x01aQ.",  # a persistent id
        b"\x80\x02Pa\n.",
        b"\x80\x02cnumpy\nndarray\n)R.",  # a call of what is only named
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nK\x00\x85U\x01b\x87R.",  # an array of another class
        b"\x80\x02cnumpy\ndtype\n}U\x08__call__U\x01asb.",  # attributes for what is named
        b"\x80\x02cnumpy\ndtype\nN}U\x05_callU\x01as\x86b.",
        b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x08\x00\x00\x00zlib_hex\x86R.",
        b"\x80\x02cnumpy\ndtype\nU\x01OK\x00K\x01\x87R.",
        b"\x80\x05\x97.",  # a buffer from outside
        b"\x80\x02}" + b"0}" * 10 + b".",
    ],
)
def test_what_no_batch_needs_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match="which no CIFAR file does"):
        read(data)


def test_a_pickle_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar, "_MAX_INSTRUCTIONS", 1000)
    with pytest.raises(ImageError, match="more than 1,000 steps"):
        read(b"\x80\x02" + b"}" * 1001 + b".")
    assert len(read(made.python_2_batch(PIXELS, LABELS)).labels) == 12


def test_nothing_stays_changed_by_a_pickle_that_was_refused() -> None:
    for state in (b"}U\x05titleU\x01as", b"N}U\x05_callU\x01as\x86"):
        with pytest.raises(ImageError):
            read(b"\x80\x02cnumpy\ndtype\n" + state + b"b.")
    assert np.array_equal(read(made.python_2_batch(PIXELS, LABELS)).pixels, PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02T\xff\xff\xff\x7f.",  # two gigabytes of text
        b"\x80\x04\x8e\xff\xff\xff\xff\x0f\0\0\0.",  # sixteen of bytes
        b"\x80\x04\x95\xff\xff\xff\xff\x0f\0\0\0.",  # a frame of sixteen
        b"\x80\x02Nr\xff\xff\xff\xff.",  # four billion places to remember
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nJ\xff\xff\xff\x7f\x85U\x01b\x87R.",
    ],
)
def test_a_promise_of_gigabytes_takes_no_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ImageError):
            read(data)
        assert tracemalloc.get_traced_memory()[1] < 120e6
    finally:
        tracemalloc.stop()
