"""Checkpoints of a run: every tensor that an exact continuation needs, sealed by SHA-256.

A checkpoint is ``<images seen>.safetensors`` and, written last, ``<images seen>.json`` (header, size, hash, and a hash of its own).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from texgen_desktop.engine import tensor_file
from texgen_desktop.engine.files import canonical_json, read_json, sha256_of, write_atomically, write_json
from texgen_desktop.errors import TexGenError

if TYPE_CHECKING:
    from torch import Tensor

_FORMAT = "texgen-checkpoint"
_VERSION = 1


@dataclass(frozen=True, eq=False)
class Loaded:
    """An intact checkpoint. ``passed_over`` holds a sentence for each newer one that is damaged."""

    tensors: dict[str, Tensor]
    header: dict[str, Any]
    path: Path
    passed_over: tuple[str, ...]

    @property
    def images_seen(self) -> int:
        return int(self.header["images_seen"])


@dataclass(frozen=True)
class Kept:
    """What retention needs to know of a checkpoint. ``score``: lower is better, None where there is none; comparable only with others
    ``scored_by`` the same."""

    images_seen: int
    is_intact: bool
    score: float | None = None
    scored_by: str = ""


class _NewerVersionError(TexGenError):
    """Intact, but not for this version of the program to judge or to delete."""


def save_checkpoint(folder: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any], keep: int = 2) -> Path:
    """Write a checkpoint and return the path of its tensors. Tensors that are not finite raise NonFiniteLoss and nothing is written."""
    return write_checkpoint(folder, tensor_file.encode(tensors), header, keep)


def write_checkpoint(folder: Path, data: bytes, header: Mapping[str, Any], keep: int = 2) -> Path:
    """Write encoded tensors as a checkpoint, return their path; then let go of all but the last ``keep`` and the best.

    ``header`` holds plain JSON values, among them ``images_seen`` (int) and, where there is one, ``score`` (float, lower is better;
    comparable only with others that have the same ``scored_by``).
    """
    images_seen = int(header["images_seen"])
    folder.mkdir(parents=True, exist_ok=True)
    tensors_path, json_path = _paths(folder, images_seen)
    sha256 = write_atomically(tensors_path, lambda file: file.write(data))
    record = {"format": _FORMAT, "version": _VERSION, "sha256": sha256, "size_bytes": len(data), "header": dict(header)}
    try:
        write_json(json_path, {**record, "seal": _seal(record)})
    except OSError:
        tensors_path.unlink()  # half a checkpoint is none, and the disk may be full
        raise
    _let_go(folder, keep)
    return tensors_path


def load_newest(folder: Path) -> Loaded | None:
    """The newest intact checkpoint, on the CPU; None when there is none at all.

    TexGenError when all are damaged, or when the newest was written by a newer version of the program (it is left as it is).
    """
    passed_over: list[str] = []
    for images_seen in sorted(_found(folder), reverse=True):
        try:
            return _load(folder, images_seen, tuple(passed_over))
        except _NewerVersionError:
            raise
        except TexGenError as exc:
            passed_over.append(f"The checkpoint at {images_seen} images was passed over: {exc.message}")
    if passed_over:
        raise TexGenError(f"No checkpoint in {folder} can be read. {passed_over[0]}.", "Start a new run; the photos are still there.")
    return None


def load_best(folder: Path) -> Loaded:
    """The checkpoint that ``best_images_seen`` names, on the CPU. TexGenError when there is none, or when it is damaged."""
    images_seen = best_images_seen(folder)
    if images_seen is None:
        raise TexGenError("No checkpoint of this run comes nearer to the photo than its newest.", "Use the model as it is.")
    try:
        return _load(folder, images_seen)
    except _NewerVersionError:
        raise
    except TexGenError as exc:
        raise TexGenError(f"The checkpoint at {images_seen} images cannot be used: {exc.message}.", "Use the model as it is.") from exc


def best_images_seen(folder: Path) -> int | None:
    """Where the checkpoint with the best score stands, told without reading any weights.

    None when that is the newest, and when the newest has no score to be compared by.
    """
    found = []
    for images_seen in _found(folder):
        with suppress(TexGenError):  # a damaged one is no choice
            found.append(_kept(images_seen, True, _checked_record(folder, images_seen)["header"]))
    newest = max(found, key=lambda kept: kept.images_seen, default=None)
    if newest is None or newest.score is None:
        return None
    best = _best(found)
    return None if best == newest.images_seen else best


def newest_images_seen(folder: Path) -> int | None:
    """Where the newest whole checkpoint stands, told by the file names alone; None when there is none."""
    return max((n for n in _found(folder) if all(path.is_file() for path in _paths(folder, n))), default=None)


def to_keep(found: Iterable[Kept], keep: int) -> frozenset[int]:
    """The ``images_seen`` to keep: the last ``keep`` and the best of the intact ones. A damaged one never takes the place of a good one."""
    intact = sorted((kept for kept in found if kept.is_intact), key=lambda kept: kept.images_seen)
    best = _best(intact)
    return frozenset({kept.images_seen for kept in intact[-keep:]} | ({best} if best is not None else set()))


def _best(found: Iterable[Kept]) -> int | None:
    """The ``images_seen`` of the one with the lowest score, the newest of equal ones. A newer program may score otherwise than the one that
    began the run: those count that are scored by what the newest is scored by."""
    scored = [(kept.images_seen, kept.score, kept.scored_by) for kept in found if kept.score is not None]
    if not scored:
        return None
    _, _, scored_by = max(scored)
    return -min((score, -images_seen) for images_seen, score, by in scored if by == scored_by)[1]


def _load(folder: Path, images_seen: int, passed_over: tuple[str, ...] = ()) -> Loaded:
    record = _checked_record(folder, images_seen)
    tensors_path, _ = _paths(folder, images_seen)
    data = tensor_file.read_tensor_bytes(tensors_path)
    if hashlib.sha256(data).hexdigest() != record["sha256"]:
        raise TexGenError("its weights are damaged")
    tensors, _ = tensor_file.decode(data, tensors_path.name)
    return Loaded(tensors, record["header"], tensors_path, passed_over)


def _let_go(folder: Path, keep: int) -> None:
    found = []
    for images_seen in _found(folder):
        try:
            record = _checked_record(folder, images_seen)
            is_intact = sha256_of(_paths(folder, images_seen)[0]) == record["sha256"]
            found.append(_kept(images_seen, is_intact, record["header"]))
        except _NewerVersionError:
            continue
        except TexGenError:
            found.append(Kept(images_seen, is_intact=False))
    kept = to_keep(found, keep)
    for candidate in found:
        if candidate.images_seen not in kept:
            for path in reversed(_paths(folder, candidate.images_seen)):
                path.unlink(missing_ok=True)


def _checked_record(folder: Path, images_seen: int) -> dict[str, Any]:
    """The sealed JSON half, and that the other half is there in full length; its hash is still to be compared."""
    tensors_path, json_path = _paths(folder, images_seen)
    if not json_path.is_file():
        raise TexGenError("it was never finished")
    if not tensors_path.is_file():
        raise TexGenError("its weights are missing")
    sealed = read_json(json_path)
    record: dict[str, Any] = dict(sealed) if isinstance(sealed, dict) else {}
    # The seal comes first and holds for all versions: a flipped bit must not pass for a newer version.
    if record.pop("seal", None) != _seal(record):
        raise TexGenError(f"{json_path.name} is damaged")
    if record["version"] > _VERSION:
        raise _NewerVersionError(
            f"The checkpoint at {images_seen} images was written by a newer version of TexGen.", "Update TexGen to go on with this run."
        )
    if tensors_path.stat().st_size != record["size_bytes"]:
        raise TexGenError("its weights are cut short")
    return record


def _found(folder: Path) -> set[int]:
    names = (path for path in folder.glob("*") if path.suffix in (".json", ".safetensors"))
    return {int(path.stem) for path in names if path.stem.isascii() and path.stem.isdigit() and len(path.stem) >= 12}


def _paths(folder: Path, images_seen: int) -> tuple[Path, Path]:
    stem = f"{images_seen:012d}"
    return folder / f"{stem}.safetensors", folder / f"{stem}.json"


def _seal(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(record)).hexdigest()


def _kept(images_seen: int, is_intact: bool, header: Mapping[str, Any]) -> Kept:
    score = header.get("score")
    is_score = isinstance(score, int | float) and isfinite(score)
    return Kept(images_seen, is_intact, score if is_score else None, str(header.get("scored_by", "")))
