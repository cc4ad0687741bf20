"""Tensors as safetensors bytes and back. Nothing here is mapped into memory: a file that is replaced while mapped turns to zeros."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, contiguous_format, uint8

from texgen_desktop.engine.files import canonical_json, parse_json
from texgen_desktop.errors import NonFiniteLoss, TexGenError

MAX_FILE_BYTES = 4 << 30
_MAX_HEADER_BYTES = 8 << 20
_MAX_TENSORS = 10_000
_MAX_DIMENSIONS = 8
_MAX_SIDE = 1 << 28
_ANOTHER = "Use another copy of the file, or train again."
_DTYPES = frozenset({"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"})


def encode(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None) -> bytes:
    """The same tensors and metadata (plain JSON values) always give the same bytes. Non-finite tensors raise NonFiniteLoss."""
    # Copies, for safetensors refuses tensors that share memory.
    plain = {name: tensor.detach().cpu().clone(memory_format=contiguous_format) for name, tensor in tensors.items()}
    for name, tensor in plain.items():
        if not bool(tensor.isfinite().all()):
            raise NonFiniteLoss(name)
    # One key only: safetensors writes several in an order of its own, and the file's bytes would not repeat.
    text = None if metadata is None else {"texgen": canonical_json(metadata).decode("ascii")}
    return safetensors.torch.save(plain, text)


def decode(data: bytes, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """(tensors on the CPU, metadata or {}) of a safetensors file called ``name``; TexGenError for what is none or is out of bounds."""
    try:
        metadata = _checked_metadata(data)
        return safetensors.torch.load(data), metadata
    except (ValueError, SafetensorError) as exc:
        raise TexGenError(f"{name} is damaged, or is no safetensors file: {exc}.", _ANOTHER) from exc


def read_tensor_bytes(path: Path) -> bytes:
    """The whole file, unless it is too large to be one of ours."""
    size_bytes = path.stat().st_size
    if size_bytes > MAX_FILE_BYTES:
        sizes = f"{size_bytes >> 30} GB, {MAX_FILE_BYTES >> 30} GB at most"
        raise TexGenError(f"{path.name} is too large to open: {sizes}.", "No model that TexGen wrote is nearly as large.")
    return path.read_bytes()


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata alone, the tensors left unread; TexGenError where there is no such file, or a damaged one."""
    try:
        with path.open("rb") as file:
            length = file.read(8)
            return _checked_metadata(length + file.read(min(int.from_bytes(length, "little"), _MAX_HEADER_BYTES)))
    except (OSError, ValueError) as exc:
        raise TexGenError(f"{path.name} cannot be read, or is no safetensors file: {exc}.", _ANOTHER) from exc


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes, in the order of the names."""
    sha256 = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        sha256.update(canonical_json([name, str(tensor.dtype), list(tensor.shape)]))
        flat = tensor.detach().cpu().reshape(-1).clone(memory_format=contiguous_format)
        sha256.update(flat.view(uint8).numpy().data)
    return sha256.hexdigest()


def _checked_metadata(data: bytes) -> dict[str, Any]:
    """Look at the header before anything is allocated for it."""
    header_bytes = int.from_bytes(data[:8], "little")
    if len(data) < 8 or header_bytes > min(len(data) - 8, _MAX_HEADER_BYTES):
        raise ValueError("it is cut short, or its header is too large")
    header = parse_json(data[8 : 8 + header_bytes])
    if not isinstance(header, dict) or len(header) > _MAX_TENSORS:
        raise ValueError(f"its header is no list of at most {_MAX_TENSORS} tensors")
    texts = header.pop("__metadata__", {})
    for entry in header.values():
        _check_entry(entry)
    match texts:
        case {"texgen": str(text)}:
            metadata = parse_json(text.encode("utf-8"))
        case _:
            return {}
    if not isinstance(metadata, dict):
        raise ValueError("its metadata is no JSON object")
    return metadata


def _check_entry(entry: Any) -> None:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape)} if dtype in _DTYPES and len(shape) <= _MAX_DIMENSIONS:
            if not all(type(side) is int and 0 <= side <= _MAX_SIDE for side in shape):
                raise ValueError("a tensor in it has an impossible shape")
        case _:
            raise ValueError("a tensor in it is of a kind that TexGen does not use")
