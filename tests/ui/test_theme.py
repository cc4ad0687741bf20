from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from texgen_desktop.resources import resource
from texgen_desktop.ui import theme
from texgen_desktop.ui.theme import COLOURS, CURVE_COLOURS

ROLE, GROUP = QPalette.ColorRole, QPalette.ColorGroup
ICONS = sorted(path.stem for path in resource("icons").glob("*.svg"))


def contrast(one: QColor, other: QColor) -> float:
    """WCAG 2.1: (L1 + 0.05) / (L2 + 0.05) of relative luminances."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (colour.redF(), colour.greenF(), colour.blueF())]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_the_standards_own() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (ROLE.WindowText, ROLE.Window),
        (ROLE.Text, ROLE.Base),
        (ROLE.Text, ROLE.AlternateBase),
        (ROLE.ButtonText, ROLE.Button),
        (ROLE.PlaceholderText, ROLE.Base),
        (ROLE.HighlightedText, ROLE.Highlight),
        (ROLE.ToolTipText, ROLE.ToolTipBase),
        (ROLE.Link, ROLE.Window),
    ],
)
def test_text_can_be_read_in_every_role(text: QPalette.ColorRole, ground: QPalette.ColorRole) -> None:
    palette = theme.palette()
    for group in (GROUP.Active, GROUP.Inactive):
        assert contrast(palette.color(group, text), palette.color(group, ground)) >= 4.5


@pytest.mark.parametrize("role", [ROLE.WindowText, ROLE.Text, ROLE.ButtonText])
def test_what_is_disabled_looks_so_and_can_still_be_read(role: QPalette.ColorRole) -> None:
    palette = theme.palette()
    disabled, ground = palette.color(GROUP.Disabled, role), palette.color(GROUP.Disabled, ROLE.Window)
    assert 3.0 <= contrast(disabled, ground) < 4.5
    assert contrast(palette.color(GROUP.Active, role), disabled) >= 2.0


def test_greys_have_no_cast() -> None:
    for name in ("canvas", "field", "window", "raised", "hover", "pressed", "line", "text", "muted", "disabled"):
        colour = QColor(getattr(COLOURS, name))
        assert colour.red() == colour.green() == colour.blue(), name


@pytest.mark.parametrize("colour", [COLOURS.text, COLOURS.warning, COLOURS.error])
def test_every_line_of_the_log_can_be_read(colour: str) -> None:
    assert contrast(QColor(colour), QColor(COLOURS.field)) >= 4.5


def test_focus_sliders_and_curves_stand_out_from_their_ground() -> None:
    assert contrast(QColor(COLOURS.accent), QColor(COLOURS.pressed)) >= 3.0
    assert contrast(QColor(COLOURS.selection), QColor(COLOURS.field)) >= 3.0
    assert len(set(CURVE_COLOURS)) == len(CURVE_COLOURS)
    for colour in CURVE_COLOURS:
        assert contrast(QColor(colour), QColor(COLOURS.canvas)) >= 4.4


def test_the_style_sheet_has_only_the_themes_colours(qapp: QApplication) -> None:
    theme.apply(qapp)
    assert qapp.palette().color(ROLE.Window) == QColor(COLOURS.window)
    assert "$" not in qapp.styleSheet()
    used = set(re.findall(r"#[0-9a-f]{6}", qapp.styleSheet()))
    assert used <= set(vars(COLOURS).values())


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_is_drawn_in_the_colour_of_its_state(qapp: QApplication, name: str) -> None:
    icon = theme.icon(name)
    for mode, state, colour in (
        (QIcon.Mode.Normal, QIcon.State.Off, COLOURS.text),
        (QIcon.Mode.Normal, QIcon.State.On, COLOURS.accent),
        (QIcon.Mode.Disabled, QIcon.State.Off, COLOURS.disabled),
    ):
        image = icon.pixmap(48, 48, mode, state).toImage()
        solid = [image.pixelColor(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() == 255]
        assert len(solid) >= 40
        assert set(map(QColor.name, solid)) == {colour}


def test_the_icons_are_ours_and_complete() -> None:
    assert {"play", "pause", "stop", "open", "export", "undo", "redo", "lock", "unlock", "dice", "reset", "close"} <= set(ICONS)
