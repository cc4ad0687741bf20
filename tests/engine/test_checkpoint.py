from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from texgen_desktop.engine.checkpoint import Kept, best_images_seen, load_best, load_newest, newest_images_seen, save_checkpoint, to_keep
from texgen_desktop.engine.files import canonical_json
from texgen_desktop.errors import NonFiniteLoss, TexGenError


def some_tensors(seed: int = 0) -> dict[str, Tensor]:
    random_numbers = torch.Generator().manual_seed(seed)
    return {
        "generator.weight": torch.randn(4, 3, 3, 3, generator=random_numbers).contiguous(memory_format=torch.channels_last),
        "optimiser.step": torch.tensor(float(seed)),
        "half": torch.randn(5, generator=random_numbers).to(torch.bfloat16),
        "counter": torch.tensor([2**40 + seed]),
        "mask": torch.tensor([True, False]),
        "empty": torch.zeros(0, 3),
    }


def save(folder: Path, images_seen: int, **header: Any) -> Path:
    return save_checkpoint(folder, some_tensors(images_seen), {"images_seen": images_seen, **header})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def saved_at(folder: Path) -> list[int]:
    return [int(path.stem) for path in sorted(folder.glob("*.json"))]


def test_every_tensor_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "checkpoints", some_tensors(3), {"images_seen": 640, "stage": {"level": 2}, "score": 0.5})
    assert names(tmp_path / "checkpoints") == ["000000000640.json", "000000000640.safetensors"]
    loaded = load_newest(tmp_path / "checkpoints")
    assert loaded is not None
    assert (loaded.path, loaded.images_seen, loaded.passed_over) == (path, 640, ())
    assert loaded.header == {"images_seen": 640, "stage": {"level": 2}, "score": 0.5}
    for name, tensor in some_tensors(3).items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert torch.equal(loaded.tensors[name], tensor)


def test_tensors_that_share_memory_come_back_each_by_itself(tmp_path: Path) -> None:
    whole = torch.arange(10.0)
    views = {"whole": whole, "half": whole[5:], "every second": whole[::2], "again": whole}
    save_checkpoint(tmp_path, views, {"images_seen": 1})
    loaded = load_newest(tmp_path)
    assert loaded is not None
    assert all(torch.equal(loaded.tensors[name], view) for name, view in views.items())


def test_no_checkpoint_is_none_and_no_error(tmp_path: Path) -> None:
    assert load_newest(tmp_path / "missing") is None
    assert newest_images_seen(tmp_path / "missing") is None


def test_the_newest_is_loaded_also_when_the_numbers_grow_longer(tmp_path: Path) -> None:
    save(tmp_path, 999_999_999_999)
    save(tmp_path, 1_000_000_000_000)
    assert newest_images_seen(tmp_path) == 1_000_000_000_000
    loaded = load_newest(tmp_path)
    assert loaded is not None
    assert loaded.images_seen == 1_000_000_000_000


@pytest.mark.parametrize("suffix", ["safetensors", "json"])
def test_one_flipped_bit_anywhere_is_noticed_and_the_one_before_is_used(tmp_path: Path, suffix: str) -> None:
    save(tmp_path, 100)
    save(tmp_path, 200)
    path = tmp_path / f"000000000200.{suffix}"
    good = path.read_bytes()
    moments = random.Random(2)
    for _ in range(100):
        damaged = bytearray(good)
        damaged[moments.randrange(len(good))] ^= 1 << moments.randrange(8)
        path.write_bytes(damaged)
        loaded = load_newest(tmp_path)
        assert loaded is not None
        assert loaded.images_seen == 100
        assert len(loaded.passed_over) == 1
        assert loaded.passed_over[0].startswith("The checkpoint at 200 images was passed over: ")


def test_safetensors_alone_would_load_a_flipped_bit(tmp_path: Path) -> None:
    path = save(tmp_path, 100)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert safetensors.torch.load_file(path).keys() == some_tensors().keys()
    with pytest.raises(TexGenError, match="weights are damaged"):
        load_newest(tmp_path)


@pytest.mark.parametrize("suffix", ["safetensors", "json"])
@pytest.mark.parametrize("keep_bytes", [0, 1, 8, 100, -1, None])
def test_a_cut_or_missing_half_is_passed_over(tmp_path: Path, suffix: str, keep_bytes: int | None) -> None:
    save(tmp_path, 100)
    save(tmp_path, 200)
    path = tmp_path / f"000000000200.{suffix}"
    if keep_bytes is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:keep_bytes])
    loaded = load_newest(tmp_path)
    assert loaded is not None
    assert loaded.images_seen == 100
    assert len(loaded.passed_over) == 1


def test_when_all_are_damaged_it_says_so(tmp_path: Path) -> None:
    for images_seen in (100, 200):
        save(tmp_path, images_seen).write_bytes(b"")
    with pytest.raises(TexGenError, match=r"No checkpoint in .* can be read") as caught:
        load_newest(tmp_path)
    assert caught.value.hint


def test_a_checkpoint_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    save(tmp_path, 100)
    path = save(tmp_path, 200).with_suffix(".json")
    record = json.loads(path.read_text())
    del record["seal"]
    record["version"] = 2
    record["something"] = "new"
    path.write_text(json.dumps({**record, "seal": hashlib.sha256(canonical_json(record)).hexdigest()}))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(TexGenError, match="newer version of TexGen") as caught:
        load_newest(tmp_path)
    assert "Update" in caught.value.hint
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    for images_seen in (300, 400, 500):
        save(tmp_path, images_seen)
    assert saved_at(tmp_path) == [200, 400, 500]


def good(images_seen: int, score: float | None = None) -> Kept:
    return Kept(images_seen, is_intact=True, score=score)


def damaged(images_seen: int, score: float | None = None) -> Kept:
    return Kept(images_seen, is_intact=False, score=score)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([], set()),
        ([good(1)], {1}),
        ([good(1), good(2), good(3)], {2, 3}),
        ([good(3), good(1), good(2)], {2, 3}),
        ([good(1, 0.1), good(2, 0.5), good(3, 0.3), good(4, 0.4)], {1, 3, 4}),
        ([good(1), good(2, 0.5), good(3), good(4)], {2, 3, 4}),
        ([good(1, 0.5), good(2, 0.5), good(3, 0.9), good(4, 0.9)], {2, 3, 4}),
        ([good(1), good(2), damaged(3), damaged(4), damaged(5)], {1, 2}),
        ([good(1, 0.9), good(2, 0.8), good(3, 0.9), good(4, 0.9), damaged(5, 0.1)], {2, 3, 4}),
    ],
)
def test_the_last_two_and_the_best_of_the_intact_ones_are_kept(found: list[Kept], kept: set[int]) -> None:
    assert to_keep(found, keep=2) == kept


def test_a_score_of_another_instrument_is_no_better_and_no_worse(tmp_path: Path) -> None:
    tensors = {"weight": torch.zeros(2)}
    for images_seen, score, scored_by in ((1, 0.1, {}), (2, 3.0, {"scored_by": "new"}), (3, 4.0, {"scored_by": "new"})):
        save_checkpoint(tmp_path, tensors, {"images_seen": images_seen, "score": score, **scored_by}, keep=3)
    assert best_images_seen(tmp_path) == 2
    save_checkpoint(tmp_path, tensors, {"images_seen": 4, "score": 5.0, "scored_by": "new"}, keep=1)
    assert sorted(int(path.stem) for path in tmp_path.glob("*.json")) == [2, 4]


def test_saving_keeps_the_last_two_and_the_best(tmp_path: Path) -> None:
    for images_seen, score in ((1, 0.9), (2, 0.2), (3, 0.5), (4, 0.4), (5, 0.6)):
        save(tmp_path, images_seen, score=score)
    assert saved_at(tmp_path) == [2, 4, 5]
    assert len(names(tmp_path)) == 6


def test_the_best_is_known_and_loaded_unless_it_is_the_newest(tmp_path: Path) -> None:
    assert best_images_seen(tmp_path / "missing") is None
    for images_seen, score, best in ((1, 0.9, None), (2, 0.2, None), (3, 0.5, 2), (4, 0.4, 2), (5, 0.2, None)):
        save(tmp_path, images_seen, score=score)
        assert best_images_seen(tmp_path) == best
    with pytest.raises(TexGenError, match="nearer to the photo"):
        load_best(tmp_path)
    save(tmp_path, 6, score=0.8)
    loaded = load_best(tmp_path)
    assert (loaded.images_seen, loaded.header["score"]) == (5, 0.2)
    assert torch.equal(loaded.tensors["counter"], some_tensors(5)["counter"])


def test_a_best_that_is_damaged_is_not_offered_or_at_least_not_used(tmp_path: Path) -> None:
    best = save(tmp_path, 1, score=0.1)
    save(tmp_path, 2, score=0.5)
    data = bytearray(best.read_bytes())
    data[-1] ^= 1
    best.write_bytes(data)
    assert best_images_seen(tmp_path) == 1  # of the same length: only reading it all would tell
    with pytest.raises(TexGenError, match=r"at 1 images cannot be used: its weights are damaged"):
        load_best(tmp_path)
    best.write_bytes(data[:-1])
    assert best_images_seen(tmp_path) is None


def test_damage_on_the_disk_never_pushes_the_last_good_one_out(tmp_path: Path) -> None:
    save(tmp_path, 1)
    for images_seen in range(2, 30):
        path = save(tmp_path, images_seen)
        if images_seen < 29:
            path.write_bytes(path.read_bytes()[:-1])
    assert saved_at(tmp_path) == [1, 29]


def test_weights_that_are_no_numbers_are_never_saved(tmp_path: Path) -> None:
    save(tmp_path, 100)
    poisoned = {**some_tensors(), "half": torch.tensor([1.0, float("nan")])}
    with pytest.raises(NonFiniteLoss, match="half"):
        save_checkpoint(tmp_path, poisoned, {"images_seen": 200})
    assert saved_at(tmp_path) == [100]


def test_a_full_disk_costs_no_checkpoint(small_disk: Path) -> None:
    save(small_disk, 100)
    newest = 100
    for size in range(5_000, 21_000, 5_000):
        newest = 100 + size
        save_checkpoint(small_disk, {"x": torch.randn(size)}, {"images_seen": newest}, keep=1)
    before = names(small_disk)
    for size in (50_000, 60_000, 90_000):
        with pytest.raises(OSError, match="No space left"):
            save_checkpoint(small_disk, {"x": torch.randn(size)}, {"images_seen": 100 + size}, keep=1)
        assert names(small_disk) == before
        loaded = load_newest(small_disk)
        assert loaded is not None
        assert loaded.images_seen == newest


KILL_WHILE_SAVING = """
import os, random, signal, sys
from pathlib import Path
import torch
from texgen_desktop.engine.checkpoint import load_newest, save_checkpoint
from texgen_desktop.engine.files import sweep
torch.set_num_threads(1)

def save(images_seen):
    save_checkpoint(folder, {"x": torch.full((50_000,), float(images_seen))}, {"images_seen": images_seen})

def save_plainly(images_seen):
    data = safetensors_bytes({"x": torch.full((50_000,), float(images_seen))})
    with open(folder / "last.safetensors", "wb") as file:
        for start in range(0, len(data), 8192):
            file.write(data[start : start + 8192])

def killed(save, start):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        images_seen = start
        while True:
            images_seen += 1
            save(images_seen)
            os.write(writer, b"x")
    os.close(writer)
    reported = len(os.read(reader, 1))
    for _ in range(moments.randrange(6)):
        reported += len(os.read(reader, 1))
    for _ in range(moments.randrange(20_000)):  # somewhere inside the next save
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader)
    return start + reported

from safetensors.torch import load as load_bytes, save as safetensors_bytes
folder, moments = Path(sys.argv[1]), random.Random(5)
lost, start = 0, 0
for _ in range(20):
    reported = killed(save, start)
    sweep(folder)
    loaded = load_newest(folder)
    start = loaded.images_seen
    lost += start < reported or not bool((loaded.tensors["x"] == start).all())
torn = 0
for _ in range(20):
    killed(save_plainly, 0)
    try:
        x = load_bytes((folder / "last.safetensors").read_bytes())["x"]
        torn += not bool((x == x[0]).all())
    except Exception:
        torn += 1
print(lost, torn)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_a_program_that_is_killed_while_it_saves_loses_no_checkpoint(tmp_path: Path) -> None:
    program = [sys.executable, "-c", KILL_WHILE_SAVING, str(tmp_path)]
    run = subprocess.run(program, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    lost, torn_by_plain_writing = map(int, run.stdout.split())
    assert lost == 0
    assert torn_by_plain_writing > 0
