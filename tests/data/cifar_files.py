"""Small files in the formats of CIFAR, made up: for the tests of whatever reads them."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np

CIFAR_10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """(N, 32, 32, 3) uint8; every corner and every channel differs."""
    random = np.random.default_rng(seed)
    made = random.integers(0, 60, (count, 32, 32, 3), dtype=np.uint8)
    made[:, :16, :, 0] += 120
    made[:, :, :16, 1] += 90
    return made


def rows(pixels: np.ndarray) -> np.ndarray:
    """(N, 3072): red, then green, then blue."""
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)).reshape(len(pixels), -1)


def python_2_batch(pixels: np.ndarray, labels: list[int]) -> bytes:
    """As Python 2 wrote the real files: protocol 2, byte strings, numpy's array with its state."""
    data = rows(pixels).tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        + b"(K\x01"
        + b"J"
        + struct.pack("<i", len(labels))
        + b"M\x00\x0c\x86"
        + b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + b"\x89T"
        + struct.pack("<i", len(data))
        + data
        + b"tb"
    )
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    return b"\x80\x02}q\x01(U\x0bbatch_labelU\x0etraining batchU\x06labels](" + numbers + b"eU\x04data" + array + b"u."


def python_2_names(names: tuple[str, ...] = CIFAR_10) -> bytes:
    listed = b"".join(b"U" + bytes([len(name)]) + name.encode() for name in names)
    return b"\x80\x02}(U\x0blabel_names](" + listed + b"eU\x07num_visM\x00\x0cu."


def python_3_batch(pixels: np.ndarray, labels: list[int], protocol: int, key: str = "labels") -> bytes:
    return pickle.dumps({b"data": rows(pixels), key.encode(): labels, b"filenames": [b"a.png"] * len(labels)}, protocol)


def binary_10(pixels: np.ndarray, labels: list[int]) -> bytes:
    return np.hstack([np.array(labels, np.uint8)[:, None], rows(pixels)]).tobytes()


def binary_100(pixels: np.ndarray, labels: list[int]) -> bytes:
    fine = np.array(labels, np.uint8)[:, None]
    return np.hstack([fine // 5, fine, rows(pixels)]).tobytes()


def python_folder(folder: Path, batches: int = 2, count: int = 20) -> Path:
    """A small CIFAR-10 as it comes out of the archive: ``count`` pictures a batch, and a test batch."""
    folder.mkdir(parents=True)
    (folder / "batches.meta").write_bytes(python_2_names())
    (folder / "readme.html").write_text("<html>")
    labels = [number % 10 for number in range(count)]
    for number in range(1, batches + 1):
        (folder / f"data_batch_{number}").write_bytes(python_2_batch(pictures(count, number), labels))
    (folder / "test_batch").write_bytes(python_2_batch(pictures(count, 99), labels))
    return folder
