"""The look of the program: Fusion, one neutral dark palette, one accent, spacing, and the icons in those colours."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from texgen_desktop.resources import resource

ICON_SIZES_PX = (16, 20, 24, 32, 48)


@dataclass(frozen=True)
class Spacing:
    """Distances in logical pixels."""

    tiny: int = 2
    small: int = 4
    medium: int = 8
    large: int = 16


@dataclass(frozen=True)
class Colours:
    """Greys without a cast, so that the texture is the only colour on the screen; the accent is for what is active."""

    canvas: str = "#1a1a1a"
    field: str = "#1f1f1f"
    window: str = "#2b2b2b"
    raised: str = "#363636"
    hover: str = "#444444"
    pressed: str = "#4d4d4d"
    line: str = "#5a5a5a"
    text: str = "#e4e4e4"
    muted: str = "#b0b0b0"
    disabled: str = "#7d7d7d"
    accent: str = "#5ea5e8"
    selection: str = "#3778ba"
    selected_text: str = "#ffffff"
    warning: str = "#f0b24a"
    error: str = "#ff8f80"


SPACING = Spacing()
COLOURS = Colours()
CURVE_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#9a8cf5", "#cccccc")
"""Okabe and Ito's set, told apart by colour-blind eyes; its deep blue turned to violet and its black to grey for a dark ground."""


def apply(app: QApplication) -> None:
    """Give the application style, palette and style sheet. (On plain Linux ``setColorScheme`` changes nothing.)"""
    app.setStyle("Fusion")
    app.setPalette(palette())
    sheet = resource("style", "texgen.qss").read_text(encoding="utf-8")
    app.setStyleSheet(Template(sheet).substitute(asdict(COLOURS)))


def palette() -> QPalette:
    role, group, colours = QPalette.ColorRole, QPalette.ColorGroup, COLOURS
    result = QPalette(QColor(colours.raised), QColor(colours.window))
    for target, colour in (
        (role.Base, colours.field),
        (role.AlternateBase, colours.window),
        (role.WindowText, colours.text),
        (role.Text, colours.text),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.selected_text),
        (role.PlaceholderText, colours.muted),
        (role.ToolTipBase, colours.raised),
        (role.ToolTipText, colours.text),
        (role.Highlight, colours.selection),
        (role.HighlightedText, colours.selected_text),
        (role.Accent, colours.accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
    ):
        result.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(group.Disabled, target, QColor(colours.disabled))
    result.setColor(group.Disabled, role.Highlight, QColor(colours.line))
    result.setColor(group.Disabled, role.Base, QColor(colours.window))
    return result


def icon(name: str, checked_name: str | None = None) -> QIcon:
    """``resources/icons/<name>.svg`` in the text colour, paler where disabled, in the accent colour where checked.

    ``checked_name`` is another drawing for the checked state.
    """
    off, on = (resource("icons", f"{each}.svg").read_text(encoding="utf-8") for each in (name, checked_name or name))
    result = QIcon()
    for mode, state, drawing, colour in (
        (QIcon.Mode.Normal, QIcon.State.Off, off, COLOURS.text),
        (QIcon.Mode.Normal, QIcon.State.On, on, COLOURS.accent),
        (QIcon.Mode.Disabled, QIcon.State.Off, off, COLOURS.disabled),
        (QIcon.Mode.Disabled, QIcon.State.On, on, COLOURS.disabled),
    ):
        renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
        for side_px in ICON_SIZES_PX:
            result.addPixmap(_drawn(renderer, side_px), mode, state)
    return result


def _drawn(renderer: QSvgRenderer, side_px: int) -> QPixmap:
    pixmap = QPixmap(side_px, side_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side_px, side_px))
    painter.end()
    return pixmap
