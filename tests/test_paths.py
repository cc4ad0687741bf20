"""Paths that the system itself refuses are answered, not raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from texgen_desktop.paths import is_folder, is_project


def test_a_folder_is_a_project_when_it_holds_the_file_of_one(tmp_path: Path) -> None:
    assert is_folder(tmp_path)
    assert not is_project(tmp_path)
    (tmp_path / "project.json").write_text("{}")
    assert is_project(tmp_path)


def test_a_name_that_is_too_long_is_neither_folder_nor_project(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 300)
    assert not is_folder(path)
    assert not is_project(path)


def test_what_may_not_be_looked_at_is_neither_folder_nor_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(path: Path, *, follow_symlinks: bool = True) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", refuse)
    assert not is_folder(tmp_path)
    assert not is_project(tmp_path)
