"""What an export dialog offers and says."""

from __future__ import annotations

from pathlib import Path

import pytest

from texgen_desktop.engine.messages import ExportSettings, Look
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.formats import LIMITS
from texgen_desktop.ui import export_words
from texgen_desktop.ui.export_words import FORMATS, ExportFormat

PNG_16, TIFF_FLOAT = FORMATS[0], FORMATS[4]


def settings(path: Path, width_px: int = 1000, height_px: int = 2000, chosen: ExportFormat = PNG_16, count: int = 1) -> ExportSettings:
    return ExportSettings(path, chosen.file_format, chosen.bits, width_px, height_px, Look(), count=count)


def test_every_depth_of_every_format_is_offered_once() -> None:
    offered = [(each.file_format, each.bits) for each in FORMATS]
    assert sorted(offered) == sorted((name, bits) for name, limits in LIMITS.items() for bits in limits.bits)
    assert len({each.label for each in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("text", ["1024x768", " 1024 X 768 px", "1024 × 768", "1024*768", "1024 768"])
def test_a_size_is_read_however_it_is_written(text: str) -> None:
    assert export_words.parse_size(text) == (1024, 768)


def test_one_number_is_a_square() -> None:
    assert export_words.parse_size("2048") == (2048, 2048)


@pytest.mark.parametrize("text", ["", "large", "0x100", "100x", "-5x5", "1e3", "9999999x1", "12x12x12"])
def test_what_is_no_size_is_said_with_an_example(text: str) -> None:
    with pytest.raises(TexGenError) as refused:
        export_words.parse_size(text)
    assert "2048x2048" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/a/stone", "/a/stone.tif"),
        ("/a/stone.png", "/a/stone.tif"),
        ("/a/stone.TIFF", "/a/stone.TIFF"),
        ("/a/stone v1.2", "/a/stone v1.2.tif"),
        ("", ""),
    ],
)
def test_a_suffix_follows_the_format_and_a_name_with_a_dot_keeps_it(text: str, expected: str) -> None:
    assert export_words.with_suffix(text, TIFF_FLOAT) == expected


@pytest.mark.parametrize(
    ("label", "width_px", "fits"), [("WebP", 4096, True), ("WebP", 4097, False), ("JPEG", 65_536, False), ("PNG 8-bit", 65_536, True)]
)
def test_a_format_that_cannot_hold_the_size_is_refused_before_the_start(tmp_path: Path, label: str, width_px: int, fits: bool) -> None:
    chosen = next(each for each in FORMATS if each.label == label)
    wanted = settings(tmp_path / "a", width_px, 16, chosen)
    if fits:
        export_words.replaced_files(wanted)
    else:
        with pytest.raises(TexGenError, match="is written with at most"):
            export_words.replaced_files(wanted)


@pytest.mark.parametrize("path", ["stone.png", "~nobody/stone.png", "{folder}/missing/stone.png", "{folder}/" + 300 * "x", "{folder}", ""])
def test_a_path_that_cannot_be_written_is_refused_before_the_start(tmp_path: Path, path: str) -> None:
    with pytest.raises(TexGenError):
        export_words.replaced_files(settings(Path(path.format(folder=tmp_path))))


def test_the_proposed_name_never_replaces_a_file_and_holds_no_separator(tmp_path: Path) -> None:
    first = export_words.free_path(tmp_path, "a/b:c", ".png")
    assert first.parent == tmp_path
    first.touch()
    assert export_words.free_path(tmp_path, "a/b:c", ".png").name == f"{first.stem} 2.png"


def test_a_name_that_no_disk_takes_is_cut_for_the_proposal(tmp_path: Path) -> None:
    emoji = 100 * "\N{ROCK}"
    with pytest.raises(OSError, match="too long"):
        (tmp_path / f"{emoji}.png").touch()
    first = export_words.free_path(tmp_path, emoji, ".png")
    first.touch()
    assert first.stem == 50 * "\N{ROCK}"
    assert export_words.free_path(tmp_path, emoji, ".png").name == f"{first.stem} 2.png"
    assert export_words.free_path(tmp_path, "lone \udcff byte", ".png").name == "lone _ byte.png"


def test_all_the_files_of_a_batch_are_looked_for(tmp_path: Path) -> None:
    batch = settings(tmp_path / "stone.png", count=12)
    assert [path.name for path in batch.files[:2]] == ["stone-01.png", "stone-02.png"]
    batch.files[7].touch()
    (tmp_path / "stone.png").touch()
    assert export_words.replaced_files(batch) == ("stone-08.png",)
    assert export_words.replaced_files(settings(tmp_path / "stone.png")) == ("stone.png",)


def test_whole_cells_and_resampling_are_told_apart(tmp_path: Path) -> None:
    assert export_words.fit_in_words(settings(tmp_path / "a", 1024, 512), 16) == "Every pixel is generated at this size."
    words = export_words.fit_in_words(settings(tmp_path / "a", 1000, 512), 16)
    assert words.startswith("The nearest whole tile, 992 × 512 px, is resampled")


def test_an_axis_that_does_not_repeat_is_never_resampled(tmp_path: Path) -> None:
    endless = ExportSettings(tmp_path / "a", "png", 16, 1000, 512, Look(), tile_x=False)
    assert export_words.fit_in_words(endless, 16) == "Every pixel is generated at this size."


def test_the_amount_counts_files_pixels_and_bytes(tmp_path: Path) -> None:
    words = export_words.amount_in_words(settings(tmp_path / "a", 4096, 4096, count=3)).replace("\N{NO-BREAK SPACE}", " ")
    assert words == "3 files of 16.8 megapixels, up to 101 MB on disk; memory stays low."
    webp = ExportSettings(tmp_path / "a.webp", "webp", 8, 4096, 4096, Look())
    assert "memory" not in export_words.amount_in_words(webp)
