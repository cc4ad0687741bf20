from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from tests import tiny_family
from texgen_desktop.engine.exporting import BLOCK_PX, export, plan_export
from texgen_desktop.engine.messages import ExportProgress, ExportSettings, Look, Region, RenderRequest
from texgen_desktop.engine.model_file import save_model
from texgen_desktop.engine.recipe import recipe_from_json
from texgen_desktop.engine.source import Source
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.part_files import part_beside
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.imaging.resize import resize_rows
from texgen_desktop.slices import run_to_end

LOOK = Look((("contrast", 0.5),), 3, 4)


@pytest.fixture
def source() -> Source:
    torch.manual_seed(5)
    model = tiny_family.TinyModel(dict(tiny_family.build_network().state_dict()))
    return Source(Path("model.safetensors"), tiny_family.FAMILY, model, None, "ab" * 32)


def settings(path: Path, width_px: int, height_px: int, **changes: Any) -> ExportSettings:
    return replace(ExportSettings(path, "png", 8, width_px, height_px, LOOK), **changes)


def write(source: Source, wanted: ExportSettings) -> NDArray[np.uint8]:
    run_to_end(export(source, wanted, lambda progress: None, []))
    return np.asarray(Image.open(wanted.path))


def at_once(source: Source, height_px: int, width_px: int, cells: tuple[int | None, int | None]) -> NDArray[np.float32]:
    return source.render(RenderRequest(LOOK, Region(0, 0, height_px, width_px), cells))


def write_codes(source: Source, wanted: ExportSettings) -> NDArray[np.int64]:
    """The code values in the file, (H, W, 3): Pillow would cut 16 bits down to 8."""
    write(source, wanted)
    stored = oiio.ImageInput.open(str(wanted.path))
    codes = stored.read_image(f"uint{wanted.bits}")
    assert str(stored.spec().format) == f"uint{wanted.bits}"
    stored.close()
    return codes.astype(np.int64)


def distance(codes: NDArray[np.int64], pixels: NDArray[np.float32], bits: int) -> int:
    """The largest, in code values."""
    expected = np.rint(np.clip(pixels.astype(np.float64), 0, 1) * (2**bits - 1)).astype(np.int64)
    assert codes.shape == expected.shape
    return int(np.abs(codes - expected).max())


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tile_of_whole_cells_is_the_texture_rendered_at_once(source: Source, tmp_path: Path, bits: int) -> None:
    codes = write_codes(source, settings(tmp_path / "tile.png", 304, 520, bits=bits))
    assert distance(codes, at_once(source, 520, 304, (65, 38)), bits) <= 1
    # The control: the plane that does not repeat is another one where the tile meets itself.
    assert distance(codes, at_once(source, 520, 304, (None, None)), bits) > 1


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tile_of_another_size_is_whole_cells_resized_around_the_seam(source: Source, tmp_path: Path, bits: int) -> None:
    codes = write_codes(source, settings(tmp_path / "tile.png", 13, 405, bits=bits))
    torus = at_once(source, 408, 16, (51, 2))
    rows = lambda first, last: torus[np.arange(first, last) % 408]  # noqa: E731
    assert distance(codes, np.concatenate(list(resize_rows(rows, (408, 16), (405, 13)))), bits) <= 1
    # The control: resized without wrapping, the same tile differs at its edge.
    cut = np.concatenate(list(resize_rows(rows, (408, 16), (405, 13), wraps=(False, False))))
    assert distance(codes, cut, bits) > 1


@pytest.mark.parametrize("bits", [8, 16])
def test_an_axis_that_does_not_repeat_is_cut_out_of_the_endless_plane(source: Source, tmp_path: Path, bits: int) -> None:
    codes = write_codes(source, settings(tmp_path / "strip.png", 128, 101, bits=bits, tile_y=False))
    assert distance(codes, at_once(source, 101, 128, (None, 16)), bits) <= 1
    codes = write_codes(source, settings(tmp_path / "piece.png", 99, 101, bits=bits, tile_x=False, tile_y=False))
    assert distance(codes, at_once(source, 101, 99, (None, None)), bits) <= 1


@pytest.mark.parametrize(("size_px", "cells"), [(1, 1), (8, 1), (11, 1), (13, 2), (16384, 2048)])
def test_a_tile_is_made_of_the_nearest_number_of_cells(size_px: int, cells: int) -> None:
    plan = plan_export(settings(Path("tile.png"), size_px, size_px), tiny_family.CELL_PX)
    assert plan.cells == (cells, cells)
    assert plan.height_px == plan.width_px == cells * tiny_family.CELL_PX


@pytest.mark.parametrize("side_px", [1, 5, 8])
def test_tiles_smaller_than_a_cell_are_written_too(source: Source, tmp_path: Path, side_px: int) -> None:
    assert write(source, settings(tmp_path / "tile.png", side_px, side_px)).shape == (side_px, side_px, 3)


def test_equal_settings_give_equal_bytes(source: Source, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        write(source, settings(tmp_path / name, 300, 300, bits=16))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_the_recipe_travels_in_the_file(source: Source, tmp_path: Path) -> None:
    write(source, settings(tmp_path / "tile.png", 64, 32, tile_y=False))
    recipe = recipe_from_json(read_metadata(tmp_path / "tile.png") or "")
    assert recipe is not None
    assert (recipe.look, recipe.model_sha256, recipe.family) == (LOOK, source.sha256, "tiny")
    assert (recipe.width_px, recipe.height_px, recipe.tile_x, recipe.tile_y) == (64, 32, True, False)


def test_an_export_of_weights_that_are_in_no_file_yet_names_them_as_their_model_file_will(source: Source, tmp_path: Path) -> None:
    snapshot = replace(source, images_seen=40, sha256="")
    write(snapshot, settings(tmp_path / "tile.png", 32, 32))
    recipe = recipe_from_json(read_metadata(tmp_path / "tile.png") or "")
    assert recipe is not None
    model = snapshot.model
    assert recipe.model_sha256 == save_model(tmp_path / "model.safetensors", "tiny", model.header(), model.tensors(), {})
    assert recipe.images_seen == 40


def test_a_batch_counts_up_the_layout_seed(source: Source, tmp_path: Path) -> None:
    written: list[Path] = []
    run_to_end(export(source, settings(tmp_path / "tile.png", 32, 32, count=3), lambda progress: None, written))
    assert [path.name for path in written] == ["tile-1.png", "tile-2.png", "tile-3.png"]
    third = np.asarray(Image.open(written[2]))
    alone = write(source, settings(tmp_path / "alone.png", 32, 32, look=replace(LOOK, layout_seed=5)))
    assert np.array_equal(third, alone)


def test_a_cancelled_export_leaves_no_file_and_the_old_one_in_place(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "tile.png"
    path.write_bytes(b"the old one")
    work = export(source, settings(path, 600, 600), lambda progress: None, [])
    for _ in range(4):
        next(work)
    work.close()
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"the old one"]


def test_an_export_tidies_up_after_one_that_was_killed(source: Source, tmp_path: Path) -> None:
    left = part_beside(tmp_path / "tile.png")
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    write(source, settings(tmp_path / "tile.png", 32, 32))
    assert [path.name for path in tmp_path.iterdir()] == ["tile.png"]


def test_no_slice_renders_more_than_a_block(source: Source, tmp_path: Path) -> None:
    rendered_px: list[int] = []

    def counting(model: tiny_family.TinyModel, request: RenderRequest) -> torch.Tensor:
        rendered_px[-1] += request.region.height * request.region.width
        return tiny_family.render(model, request)

    work = export(
        replace(source, family=replace(tiny_family.FAMILY, render=counting)), settings(tmp_path / "t.png", 700, 700), lambda _: None, []
    )
    rendered_px.append(0)
    for _ in work:
        rendered_px.append(0)
    assert max(rendered_px) <= BLOCK_PX**2


def test_progress_only_goes_forward_and_ends_at_one(source: Source, tmp_path: Path) -> None:
    told: list[ExportProgress] = []
    ticks = iter(range(10_000))
    run_to_end(export(source, settings(tmp_path / "tile.png", 300, 300, count=2), told.append, [], clock=lambda: float(next(ticks))))
    shares = [progress.done for progress in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert told[-1].seconds_left == 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"file_format": "jpeg", "bits": 16}, "cannot hold 16 bits"),
        ({"file_format": "webp", "width_px": 4097}, "WebP is written with at most 4,096"),
        ({"height_px": 0}, "at least one pixel"),
        ({"look": Look(layout_seed=2**31 - 1), "count": 2}, "a seed above 2147483647"),
        ({"look": Look(layout_seed=2**31)}, "layout seed 2147483648 cannot be used"),
        ({"path": Path("/nowhere/tile.png")}, "does not exist"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(source: Source, tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(TexGenError, match=says):
        next(export(source, replace(settings(tmp_path / "tile.png", 64, 64), **changes), lambda progress: None, []))
