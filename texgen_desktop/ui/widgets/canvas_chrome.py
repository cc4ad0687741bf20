"""What the canvas paints over the pixels: small labels, the outline of a tile, the frames of focus and of a drop."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from texgen_desktop.ui.formatting import one_line
from texgen_desktop.ui.theme import COLOURS, SPACING


def paint_chip(painter: QPainter, area: QRect, where: Qt.AlignmentFlag, text: str) -> QRect:
    """A label in a corner or at an edge of ``area`` (logical pixels), elided where too long; returns where it went."""
    pad = SPACING.medium
    metrics = painter.fontMetrics()
    room = area.adjusted(pad, pad, -pad, -pad)
    shown = metrics.elidedText(one_line(text), Qt.TextElideMode.ElideMiddle, max(room.width() - 2 * pad, 0))
    chip = QRect(0, 0, metrics.horizontalAdvance(shown) + 2 * pad, metrics.height() + 2 * SPACING.small)
    chip.moveCenter(room.center())
    if where & Qt.AlignmentFlag.AlignTop:
        chip.moveTop(room.top())
    if where & Qt.AlignmentFlag.AlignBottom:
        chip.moveBottom(room.bottom())
    if where & Qt.AlignmentFlag.AlignLeft:
        chip.moveLeft(room.left())
    if where & Qt.AlignmentFlag.AlignRight:
        chip.moveRight(room.right())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(chip, 4, 4)
    painter.setPen(QColor(COLOURS.text))
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, shown)
    return chip


def paint_tile_outline(painter: QPainter, tile: QRectF) -> None:
    """A faint outline in device pixels, light on dark and dark on light."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 120), 1))
    painter.drawRect(tile)
    dashes = QPen(QColor(255, 255, 255, 170), 1)
    dashes.setDashPattern([4, 4])
    painter.setPen(dashes)
    painter.drawRect(tile)


def paint_frame(painter: QPainter, area: QRect, width: int) -> None:
    """A frame in the accent colour just inside ``area``: the keyboard is here, or a drop would land here."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    half = width / 2
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(COLOURS.accent), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
    painter.drawRect(QRectF(QPointF(area.topLeft()), area.size()).adjusted(half, half, -half, -half))
