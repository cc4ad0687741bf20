from __future__ import annotations

import json
import os
import pickle
import random
import re
import struct
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from texgen_desktop.engine.model_file import load_model, model_identity, read_recipe, save_model
from texgen_desktop.errors import NonFiniteLoss, TexGenError

HEADER = {"config": {"width": 8}, "sliders": [{"id": "scale", "title": "Größe"}], "palette": [[0.1, 0.2, 0.3]]}
RECIPE = {"seed": 3, "images_seen": 640, "photos": ["gravel.jpg"]}


def some_tensors() -> dict[str, Tensor]:
    return {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor(0.5), "c": torch.ones(3, dtype=torch.float16)}


def saved(folder: Path, **changes: Any) -> tuple[Path, str]:
    path = folder / "model.safetensors"
    arguments = {"family": "texture_gan", "header": HEADER, "tensors": some_tensors(), "recipe": RECIPE, **changes}
    return path, save_model(path, **arguments)


def with_metadata(path: Path, metadata: Any) -> Path:
    safetensors.torch.save_file(some_tensors(), path, {"texgen": json.dumps(metadata)})
    return path


def hostile(header: Any, body: bytes = b"\0" * 64) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_a_model_comes_back_whole(tmp_path: Path) -> None:
    path, sha256 = saved(tmp_path)
    model = load_model(path)
    assert (model.family, model.header, model.recipe, model.sha256) == ("texture_gan", HEADER, RECIPE, sha256)
    assert model.tensors.keys() == some_tensors().keys()
    assert all(torch.equal(model.tensors[name], tensor) for name, tensor in some_tensors().items())


def test_any_other_program_can_read_the_weights(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    assert torch.equal(safetensors.torch.load_file(path)["b"], some_tensors()["b"])


def test_the_same_model_is_the_same_bytes(tmp_path: Path) -> None:
    path, sha256 = saved(tmp_path)
    first = path.read_bytes()
    _, again = saved(tmp_path, tensors=dict(reversed(some_tensors().items())))
    assert (path.read_bytes(), again) == (first, sha256)


def test_the_identity_is_what_the_pictures_depend_on(tmp_path: Path) -> None:
    _, sha256 = saved(tmp_path)
    assert saved(tmp_path, recipe={})[1] == sha256
    assert saved(tmp_path, header={**HEADER, "palette": []})[1] != sha256
    assert saved(tmp_path, family="other")[1] != sha256
    assert saved(tmp_path, tensors={**some_tensors(), "a": torch.tensor(0.25)})[1] != sha256
    assert saved(tmp_path, tensors={**some_tensors(), "b": some_tensors()["b"].reshape(3, 2)})[1] != sha256


def test_one_flipped_bit_is_noticed_where_safetensors_alone_notices_nothing(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    good = path.read_bytes()
    start_of_weights = 8 + struct.unpack("<Q", good[:8])[0]
    moments = random.Random(4)
    for _ in range(100):
        damaged = bytearray(good)
        damaged[moments.randrange(start_of_weights, len(good))] ^= 1 << moments.randrange(8)
        path.write_bytes(damaged)
        assert len(safetensors.torch.load(bytes(damaged))) == 3
        with pytest.raises(TexGenError, match=r"model\.safetensors is damaged"):
            load_model(path)


def test_damage_anywhere_in_the_header_is_an_error_or_changes_nothing_that_counts(tmp_path: Path) -> None:
    path, sha256 = saved(tmp_path)
    good = path.read_bytes()
    moments = random.Random(5)
    for _ in range(200):
        damaged = bytearray(good)
        damaged[moments.randrange(len(good) // 2)] ^= 1 << moments.randrange(8)
        path.write_bytes(damaged)
        try:
            assert load_model(path).sha256 == sha256  # the flip lay in the recipe
        except TexGenError:
            continue


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
@pytest.mark.timeout(20)  # opened like any other file, a pipe that nobody writes into is waited for without end
def test_a_pipe_and_a_folder_are_no_models(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    for name in ("pipe.safetensors", "folder.safetensors"):
        with pytest.raises(TexGenError, match="no ordinary file"):
            load_model(tmp_path / name)


class Tripwire:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("tripwire"),)


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.ckpt", "model.pkl", "model.safetensors"])
@pytest.mark.parametrize("protocol", [2, 4, 5, "torch"])
def test_pickled_models_are_refused_by_what_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, protocol: int | str
) -> None:
    monkeypatch.chdir(tmp_path)
    if protocol == "torch":
        torch.save(Tripwire(), name)
    else:
        Path(name).write_bytes(pickle.dumps(Tripwire(), int(protocol)))
    with pytest.raises(TexGenError, match="TexGen never opens"):
        load_model(tmp_path / name)
    assert not Path("tripwire").exists()


def test_a_model_file_whose_header_length_looks_like_a_pickle_is_opened(tmp_path: Path) -> None:
    starts = set()
    for padding in range(0, 1100, 8):  # safetensors rounds the length up to eights
        path, _ = saved(tmp_path, recipe={"note": "x" * padding})
        starts.add(path.read_bytes()[:2])
        assert len(load_model(path).recipe["note"]) == padding
    assert {b"\x80\x03", b"\x80\x04", b"\x80\x05"} <= starts  # the control: some begin as pickles do


def test_the_tripwire_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Tripwire()))
    assert Path("tripwire").exists()


def test_weights_of_another_program_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file(some_tensors(), path, {"format": "pt"})
    with pytest.raises(TexGenError, match="another program") as caught:
        load_model(path)
    assert caught.value.hint


def test_a_model_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = with_metadata(tmp_path / "model.safetensors", {"format": "texgen-model", "version": 2, "weights": "elsewhere"})
    with pytest.raises(TexGenError, match="newer version of TexGen") as caught:
        load_model(path)
    assert "Update" in caught.value.hint


@pytest.mark.parametrize("missing", ["family", "header", "recipe", "sha256", "version"])
def test_an_incomplete_header_is_refused(tmp_path: Path, missing: str) -> None:
    about = {"format": "texgen-model", "version": 1, "family": "texture_gan", "header": {}, "recipe": {}, "sha256": ""}
    del about[missing]
    with pytest.raises(TexGenError, match="header is incomplete"):
        load_model(with_metadata(tmp_path / "model.safetensors", about))


def empty_tensors(count: int) -> bytes:
    return hostile({f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(count)}, b"")


REFUSED_BY_SAFETENSORS = [
    b"",
    b"\0",
    b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    b"<html>404</html>",
    struct.pack("<Q", 2**63) + b"{}",
    struct.pack("<Q", 50) + b"{}",
    hostile(b"[" * 5000),
    hostile(b"\xff" * 20),
    hostile([]),
    hostile(None),
    hostile({"x": None}),
    hostile({"x": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 64]}}),
    hostile({"x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 64]}}),
    hostile({"x": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, b"\0" * 4),
    hostile({"x": {"dtype": "O", "shape": [16], "data_offsets": [0, 64]}}),
    hostile({"x": {"dtype": "F32", "shape": [16], "data_offsets": [0, 640]}}),
    hostile({"x": {"dtype": "F32", "shape": [16], "data_offsets": "all"}}),
    hostile({"__metadata__": {"texgen": 5}}, b""),
    hostile({"__metadata__": 5}, b""),
]
OPENED_BY_SAFETENSORS = [
    (hostile({"x": {"dtype": "F32", "shape": [0, 2**40], "data_offsets": [0, 0]}}, b""), 1),
    (hostile({"x": {"dtype": "F32", "shape": [1] * 9, "data_offsets": [0, 4]}}, b"\0" * 4), 1),
    (empty_tensors(10_001), 10_001),  # one more than is taken
    (hostile({"__metadata__": {"texgen": "[]"}}, b""), 0),
    (hostile({"__metadata__": {"texgen": '{"version": NaN}'}}, b""), 0),
]


def refusal(path: Path) -> str:
    with pytest.raises(TexGenError, match=re.escape(path.name)) as caught:
        load_model(path)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("data", REFUSED_BY_SAFETENSORS)
def test_what_is_no_model_ends_in_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(SafetensorError) as naive:  # the control: no error that the program shows, and of which file?
        safetensors.torch.load_file(path)
    assert path.name not in str(naive.value)
    assert "\n" not in refusal(path)


@pytest.mark.parametrize(("data", "count"), OPENED_BY_SAFETENSORS)
def test_what_safetensors_alone_takes_for_a_model_ends_in_one_sentence_too(tmp_path: Path, data: bytes, count: int) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    assert len(safetensors.torch.load_file(path)) == count  # the control
    assert "\n" not in refusal(path)


def test_a_model_without_numbers_is_never_saved(tmp_path: Path) -> None:
    path, sha256 = saved(tmp_path)
    with pytest.raises(NonFiniteLoss):
        saved(tmp_path, tensors={"a": torch.tensor(float("inf"))})
    assert load_model(path).sha256 == sha256


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_model_without_numbers_is_never_opened(tmp_path: Path, value: float) -> None:
    """Its hash may well be right: whoever wrote the file had those weights."""
    tensors = {"a": torch.tensor([1.0, value])}
    about = {"format": "texgen-model", "version": 1, "family": "texture_gan", "header": {}, "recipe": {}}
    about["sha256"] = model_identity("texture_gan", {}, tensors)
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(tensors, path, {"texgen": json.dumps(about)})
    assert not safetensors.torch.load_file(path)["a"].isfinite().all(), "the control: safetensors opens it"
    with pytest.raises(TexGenError, match="no numbers") as caught:
        load_model(path)
    assert caught.value.hint


def test_how_long_a_model_was_trained_is_told_without_reading_its_weights(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    data = path.read_bytes()
    weights_bytes = sum(tensor.nbytes for tensor in some_tensors().values())
    path.write_bytes(data[:-weights_bytes])
    assert read_recipe(path)["images_seen"] == 640
    with pytest.raises(TexGenError):  # the control: whoever reads the weights misses them
        load_model(path)


@pytest.mark.parametrize(
    "data", [None, b"", b"\xff" * 8, b"\0" * 8, hostile(b"{"), hostile({}), hostile({"__metadata__": {"texgen": "[]"}})]
)
def test_a_file_that_tells_nothing_of_its_training_is_no_error(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "model.safetensors"
    if data is not None:
        path.write_bytes(data)
    assert read_recipe(path) == {}
