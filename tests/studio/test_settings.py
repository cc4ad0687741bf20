"""What is remembered between two starts."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray

from texgen_desktop.studio.settings import RECENT_COUNT, Settings


def test_values_come_back_as_they_were_after_a_new_start(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.remember("export/format", "PNG 16-bit")
    settings.remember("plot/smoothing", 0.9)
    settings.remember("plot/log", True)
    settings.geometry = QByteArray(b"\x00\x01\xff")
    settings.sync()
    again = Settings(tmp_path)
    assert again.text("export/format", "") == "PNG 16-bit"
    assert again.number("plot/smoothing", 0.0) == 0.9
    assert again.flag("plot/log", False) is True
    assert again.geometry == QByteArray(b"\x00\x01\xff")


def test_what_was_never_remembered_is_the_default(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    assert (settings.text("a", "x"), settings.number("b", 0.5), settings.flag("c", True)) == ("x", 0.5, True)
    assert settings.docks.isEmpty()
    assert settings.recent_projects == ()


def test_a_damaged_file_gives_defaults(tmp_path: Path) -> None:
    (tmp_path / "settings.ini").write_text("[plot]\nsmoothing=many\n[window]\ngeometry=7\n[projects]\nrecent=@Invalid()\n")
    settings = Settings(tmp_path)
    assert settings.number("plot/smoothing", 0.25) == 0.25
    assert settings.geometry.isEmpty()
    assert settings.recent_projects == ()


def test_recent_projects_are_the_newest_that_still_exist(tmp_path: Path) -> None:
    folders = [tmp_path / f"project, {number}" for number in range(RECENT_COUNT + 2)]
    settings = Settings(tmp_path)
    for folder in folders:
        folder.mkdir()
        settings.remember_project(folder)
    settings.remember_project(folders[3])
    folders[-1].rmdir()
    settings.sync()
    recent = Settings(tmp_path).recent_projects
    assert recent[0] == folders[3]
    assert len(recent) == RECENT_COUNT - 1
    assert folders[-1] not in recent


def test_a_recent_project_that_the_system_refuses_to_look_at_is_passed_over(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.remember_project(tmp_path)
    settings.remember_project(tmp_path / ("a" * 300))
    assert settings.recent_projects == (tmp_path,)
