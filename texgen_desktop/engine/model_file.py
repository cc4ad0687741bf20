"""``model.safetensors``: averaged weights and all that is needed to render them, in one file for other programs and people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from texgen_desktop.engine import tensor_file
from texgen_desktop.engine.files import canonical_json, check_ordinary, write_atomically
from texgen_desktop.errors import TexGenError

if TYPE_CHECKING:
    from torch import Tensor

_FORMAT = "texgen-model"
_VERSION = 1
_PICKLE_SUFFIXES = frozenset({".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin"})
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # torch.save writes a zip around a pickle


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What the file holds. ``header`` and ``tensors`` go to ``Family.open``; ``recipe`` tells how it was trained."""

    family: str
    header: dict[str, Any]
    recipe: dict[str, Any]
    tensors: dict[str, Tensor]
    sha256: str


def save_model(path: Path, family: str, header: Mapping[str, Any], tensors: Mapping[str, Tensor], recipe: Mapping[str, Any]) -> str:
    """Write the file atomically and return the model's identity, a SHA-256 over family, header and weights (not the recipe).

    ``header`` and ``recipe`` hold plain JSON values. Weights that are not finite raise NonFiniteLoss.
    """
    sha256 = model_identity(family, header, tensors)
    about = {"format": _FORMAT, "version": _VERSION, "family": family, "header": header, "recipe": recipe, "sha256": sha256}
    data = tensor_file.encode(tensors, about)
    write_atomically(path, lambda file: file.write(data))
    return sha256


def load_model(path: Path) -> ModelFile:
    """Read and check a model file; the tensors lie on the CPU. Every other file raises TexGenError, whatever is in it."""
    check_is_no_pickle(path)
    tensors, about = tensor_file.decode(tensor_file.read_tensor_bytes(path), path.name)
    if about.get("format") != _FORMAT:
        raise TexGenError(f"{path.name} holds weights of another program.", "Open a model.safetensors that TexGen wrote.")
    match about:
        case {"version": int(version)} if version > _VERSION:
            raise TexGenError(f"{path.name} was written by a newer version of TexGen.", "Update TexGen to open it.")
        case {"version": 1, "family": str(family), "header": dict(header), "recipe": dict(recipe), "sha256": str(sha256)}:
            if sha256 != model_identity(family, header, tensors):
                raise TexGenError(f"{path.name} is damaged: it does not match its own SHA-256.", "Train again, or use another copy.")
            if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
                raise TexGenError(f"{path.name} holds weights that are no numbers.", "Train again, or use another copy.")
            return ModelFile(family, header, recipe, tensors, sha256)
        case _:
            raise TexGenError(f"{path.name} is damaged: its header is incomplete.", "Train again, or use another copy.")


def check_is_no_pickle(path: Path) -> None:
    """TexGenError for what is no ordinary file, and for pickled models, by their names and by what is in them."""
    check_ordinary(path, "Open a model in .safetensors.")
    with path.open("rb") as file:
        start = file.read(9)
    # The first eight bytes of a model file are the length of its header, which may be any number; then the header's "{" comes.
    is_pickle = start.startswith(_PICKLE_STARTS) and start[8:] != b"{"
    if is_pickle or path.suffix.lower() in _PICKLE_SUFFIXES:
        raise TexGenError(
            f"{path.name} is a pickled model. TexGen never opens those: they can run any program.", "Open a model in .safetensors."
        )


def read_recipe(path: Path) -> dict[str, Any]:
    """How the model was made, by its file; empty where there is no model, or none that tells."""
    try:
        about = tensor_file.read_metadata(path)
    except TexGenError:
        return {}
    match about:
        case {"recipe": dict(recipe)}:
            return recipe
        case _:
            return {}


def model_identity(family: str, header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """What the model's pictures depend on, as one hash: two models of the same identity render the same pixels."""
    return hashlib.sha256(canonical_json([family, header, tensor_file.digest(tensors)])).hexdigest()
