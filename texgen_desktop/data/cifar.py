"""CIFAR-10 and CIFAR-100, in the python and in the binary layout (https://www.cs.toronto.edu/~kriz/cifar.html).

The python layout is a pickle, which is a program and not data. This file holds the one exception to the rule that nothing is unpickled: a
reader that knows a closed list of instructions and a closed list of names, calls nothing but four small stand-ins of this file, and hands
no value to numpy that it has not checked. ``tests/test_security.py`` keeps the exception in this file.
"""

from __future__ import annotations

import pickle
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.recognise import COPY_AGAIN, DAMAGED, ImageError

SIDE_PX = 32
MAX_BATCH_BYTES = 256 << 20
"""The largest of the real files, ``train`` of CIFAR-100, has 155 MB; Python 3 writes it half as large again."""
_MAX_INSTRUCTIONS = 1_000_000
_ROW = 3 * SIDE_PX * SIDE_PX
_CIFAR_10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

FileKind = Literal["batch", "names"]
_BATCH = re.compile(r"(data_batch_\d{1,2}|test_batch|train|test)(\.bin)?")
_NAMES = re.compile(r"batches\.meta(\.txt)?|meta|fine_label_names\.txt")
_COMMON_NAMES = frozenset({"train", "test", "meta"})
"""Names that many a file has; these are looked into."""


@dataclass(frozen=True, eq=False)
class CifarBatch:
    """``pixels`` (N, 32, 32, 3) uint8 sRGB, ``labels`` (N,) in [0, class_count); ``class_count`` is 10 or 100."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_count: int


def file_kind(name: str, head: bytes) -> FileKind | None:
    """What a file of this name, with these first bytes, is in a CIFAR folder; None for every other file."""
    if name in _COMMON_NAMES and not head.startswith(pickle.PROTO):
        return None
    if _BATCH.fullmatch(name):
        return "batch"
    return "names" if _NAMES.fullmatch(name) else None


def is_test_batch(name: str) -> bool:
    """Whether the batch is the part that is meant for measuring."""
    return name.startswith("test")


def read_batch(name: str, file: BinaryIO, size_bytes: int) -> CifarBatch:
    """A whole batch. Raises ImageError when it is damaged, cut off, too large, or asks for anything that no batch needs."""
    _check_size(name, size_bytes)
    if name.endswith(".bin"):
        return _read_binary(name, file, size_bytes)
    value = _unpickle(name, file, size_bytes)
    fields = {_text(key): item for key, item in value.items()} if isinstance(value, dict) else {}
    is_fine = "fine_labels" in fields
    data, labels = fields.get("data"), fields.get("fine_labels" if is_fine else "labels")
    if not isinstance(data, _Array) or not isinstance(labels, list):
        raise _foreign(name)
    pixels = data.bytes_of_shape(len(labels), _ROW)
    count = 100 if is_fine else 10
    if pixels is None or not labels or not all(type(label) is int and 0 <= label < count for label in labels):
        raise _foreign(name)
    return _batch(name, pixels, np.array(labels, np.int64), count)


def read_class_names(name: str, file: BinaryIO, size_bytes: int) -> tuple[str, ...]:
    """The names of the classes, in the order of the labels; raises ImageError as ``read_batch`` does."""
    _check_size(name, size_bytes)
    if name.endswith(".txt"):
        names: Any = file.read(1 << 16).decode("utf-8", "replace").split("\n")
    else:
        value = _unpickle(name, file, size_bytes)
        fields = {_text(key): item for key, item in value.items()} if isinstance(value, dict) else {}
        names = fields.get("fine_label_names", fields.get("label_names"))
    if not isinstance(names, list):
        raise _foreign(name)
    found = tuple(text for text in (_text(each).strip() for each in names) if text)
    if len(found) not in (10, 100):
        raise _foreign(name)
    return found


def default_class_names(class_count: int) -> tuple[str, ...]:
    """What the classes are called where no file says so."""
    return _CIFAR_10 if class_count == len(_CIFAR_10) else tuple(f"class {number}" for number in range(class_count))


def _read_binary(name: str, file: BinaryIO, size_bytes: int) -> CifarBatch:
    """Rows of one label (CIFAR-100: coarse and fine), then 1024 bytes each of red, green and blue."""
    label_count = 2 if name.startswith(("train", "test.")) else 1
    row = label_count + _ROW
    data = file.read(size_bytes)
    if not data or len(data) % row or len(data) != size_bytes:
        raise _cut_off(name)
    rows = np.frombuffer(data, np.uint8).reshape(-1, row)
    return _batch(name, rows[:, label_count:], rows[:, label_count - 1].astype(np.int64), 100 if label_count == 2 else 10)


def _batch(name: str, rows: NDArray[np.uint8], labels: NDArray[np.int64], class_count: int) -> CifarBatch:
    if labels.min() < 0 or labels.max() >= class_count:
        raise ImageError(name, f"it holds a label that is not from 0 to {class_count - 1}.", COPY_AGAIN)
    pixels = np.ascontiguousarray(rows.reshape(-1, 3, SIDE_PX, SIDE_PX).transpose(0, 2, 3, 1))
    return CifarBatch(pixels, labels, class_count)


def _check_size(name: str, size_bytes: int) -> None:
    if size_bytes > MAX_BATCH_BYTES:
        limit = MAX_BATCH_BYTES >> 20
        raise ImageError(name, f"it is larger than any CIFAR file ({limit} MB can be read).", "Choose the folder of the data set itself.")


def _foreign(name: str) -> ImageError:
    return ImageError(name, "this is no CIFAR file, or a damaged one.", "Download the data set again, or take the file out of the folder.")


def _cut_off(name: str) -> ImageError:
    return ImageError(name, "the file ends too early: its download was not finished.", "Download the data set again.")


def _text(value: object) -> str:
    """Python 2 wrote bytes where Python 3 writes text."""
    match value:
        case str():
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case _:
            return ""


# ------------------------------------------------------------------------------------------------ the python layout


class _Refused(Exception):  # noqa: N818 - what was asked for is refused
    """The pickle asks for something that no CIFAR file needs; the message says for what."""


class _CutOff(Exception):  # noqa: N818
    """The file ends in the middle of the pickle."""


_DAMAGE = (
    pickle.UnpicklingError, EOFError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, AssertionError, struct.error,
)  # fmt: skip
"""What Python's unpickler raises on senseless instructions, found by feeding it some."""


def _unpickle(name: str, file: BinaryIO, size_bytes: int) -> Any:
    """Lists, dicts, tuples, text, bytes and numbers as they are; numpy's arrays as ``_Array``."""
    try:
        return _ClosedUnpickler(_Bounded(file, size_bytes)).load()
    except _CutOff as error:
        raise _cut_off(name) from error
    except _Refused as error:
        hint = "Nothing of it was run. Download the data set from a source that you trust."
        raise ImageError(name, f"it asks for {error}, which no CIFAR file does.", hint) from error
    except _DAMAGE as error:
        raise ImageError(name, DAMAGED, COPY_AGAIN) from error


class _Bounded:
    """The file, never asked for more than it has left: a promise of gigabytes in a few bytes takes no memory."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._left_bytes = size_bytes

    def read(self, size_bytes: int) -> bytes:
        if not 0 <= size_bytes <= self._left_bytes:
            raise _CutOff
        data = self._file.read(size_bytes)
        if len(data) < size_bytes:
            raise _CutOff
        self._left_bytes -= size_bytes
        return data

    def readline(self) -> bytes:
        line = self._file.readline(min(self._left_bytes, 256))
        self._left_bytes -= len(line)
        if not line.endswith(b"\n"):
            raise _CutOff
        return line


class _Array:
    """Stands in for an array until its state has come; nothing is allocated for it."""

    __slots__ = ("_data", "_item_bytes", "_shape")

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._item_bytes = 0
        self._data = b""

    def __setstate__(self, state: object) -> None:
        match state:
            case (1, tuple(shape), _Dtype(item_bytes=item_bytes), False | 0, bytes(data)):
                if len(shape) > 2 or any(type(size) is not int or not 0 <= size <= MAX_BATCH_BYTES for size in shape):
                    raise ValueError("shape")
                if prod(shape) * item_bytes != len(data):
                    raise ValueError("size")
                self._shape, self._item_bytes, self._data = shape, item_bytes, data
            case _:
                raise ValueError("state of an array")

    def bytes_of_shape(self, rows: int, columns: int) -> NDArray[np.uint8] | None:
        """(rows, columns) uint8, read-only; None when the array has another shape or kind."""
        if self._shape != (rows, columns) or self._item_bytes != 1:
            return None
        return np.frombuffer(self._data, np.uint8).reshape(rows, columns)


class _Dtype:
    """Stands in for a numpy type of unsigned bytes; any other is refused."""

    __slots__ = ("item_bytes",)

    def __init__(self, code: object) -> None:
        if code not in ("u1", b"u1"):
            raise _Refused("an array of another kind than bytes")
        self.item_bytes = 1

    def __setstate__(self, state: object) -> None:
        """Byte order and the like: without meaning for single bytes."""


class _Callable:
    """What a name of the closed list becomes. Slots and its own ``__setstate__`` keep the pickle from changing it."""

    __slots__ = ("_call", "title")

    def __init__(self, title: str, call: Callable[..., Any]) -> None:
        self.title = title
        self._call = call

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)

    def __setstate__(self, state: object) -> NoReturn:
        raise _Refused(f"a change of {self.title}")


def _reconstruct(kind: object, shape: object, code: object) -> _Array:
    if not isinstance(kind, _Callable) or kind.title != "numpy.ndarray":
        raise _Refused("an array of a class of its own")
    return _Array()


def _make_dtype(code: object, align: object = False, copy: object = False) -> _Dtype:
    return _Dtype(code)


def _encode(text: object, encoding: object = "utf-8") -> bytes:
    """How Python 3 writes bytes for Python 2."""
    if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
        raise _Refused("an unusual encoding")
    return text.encode("latin1")


def _refuse_call(*args: object) -> NoReturn:
    raise _Refused("a call of numpy.ndarray")


_NAMED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _refuse_call,  # named as an argument only
    ("numpy", "dtype"): _make_dtype,
    ("_codecs", "encode"): _encode,
}
_INSTRUCTIONS = (
    pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK,
    pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1, pickle.BINFLOAT,
    pickle.BINSTRING, pickle.SHORT_BINSTRING, pickle.BINUNICODE, pickle.SHORT_BINUNICODE, pickle.BINBYTES, pickle.SHORT_BINBYTES,
    pickle.BINBYTES8, pickle.BINUNICODE8,
    pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS, pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS,
    pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3,
    pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE, pickle.BINGET, pickle.LONG_BINGET,
    pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.REDUCE, pickle.BUILD,
)  # fmt: skip


class _Instructions(dict[int, Callable[[Any], None]]):
    """The instructions that are known, and a count of those that were carried out: each may take a hundred bytes of memory."""

    def __init__(self) -> None:
        super().__init__({code[0]: pickle._Unpickler.dispatch[code[0]] for code in _INSTRUCTIONS})
        self._left = _MAX_INSTRUCTIONS

    def __getitem__(self, code: int) -> Callable[[Any], None]:
        self._left -= 1
        if self._left < 0:
            raise _Refused(f"more than {_MAX_INSTRUCTIONS:,} steps")
        if code not in self:
            raise _Refused(f"the instruction {bytes([code])!r}")
        return super().__getitem__(code)


class _ClosedUnpickler(pickle._Unpickler):
    """Python's own unpickler, the one written in Python: the one in C takes no closed list of instructions, and believes in sizes."""

    def __init__(self, file: _Bounded) -> None:
        super().__init__(file, encoding="bytes")
        self.dispatch = _Instructions()  # type: ignore[misc]  # for this one file: it counts

    def find_class(self, module: str, name: str) -> _Callable:
        call = _NAMED.get((module, name))
        if call is None:
            raise _Refused(f"{module}.{name}"[:80])
        return _Callable(f"{module}.{name}", call)

    def persistent_load(self, pid: object) -> NoReturn:
        raise _Refused("something outside the file")
