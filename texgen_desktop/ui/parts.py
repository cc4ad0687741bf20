"""Small widgets that several panels make alike: plain words, buttons, scrolled columns and disclosures."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QPushButton, QScrollArea, QToolButton, QWidget

from texgen_desktop.ui.theme import COLOURS, icon


def words(text: str = "", name: str = "", line_count: int = 0) -> QLabel:
    """Text that wraps and is never read as HTML, with room for so many lines: a wrapped label asks for one, however long it is."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if line_count:
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setMinimumHeight(line_count * label.fontMetrics().lineSpacing())
    return label


def warn(label: QLabel, is_warning: bool = True) -> None:
    """Colour the words as a warning, or as ordinary text."""
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor(COLOURS.warning if is_warning else COLOURS.text))
    label.setPalette(palette)


def button(name: str, icon_name: str, text: str, tip: str) -> QPushButton:
    result = QPushButton(icon(icon_name), text) if icon_name else QPushButton(text)
    result.setObjectName(name)
    result.setToolTip(tip)
    return result


def highlight(button: QPushButton, is_on: bool) -> None:
    """Let a button stand out, as one that is switched on or that leads on; not while it is disabled."""
    palette = QPalette()
    if is_on:
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
            palette.setColor(group, QPalette.ColorRole.Button, QColor(COLOURS.selection))
    button.setPalette(palette)


def combo(name: str, title: str, tip: str) -> QComboBox:
    """As wide as its place, not as its longest item."""
    result = QComboBox()
    result.setObjectName(name)
    result.setAccessibleName(title)
    result.setToolTip(tip)
    result.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    result.setMinimumContentsLength(12)
    return result


class ScrolledColumn(QScrollArea):
    """``content`` scrolled up and down; never narrower than the content can be, so that nothing is cut off at the side."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        width_px = self._content.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width_px, super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class Disclosure(QToolButton):
    """A heading that opens and closes the widget below it."""

    def __init__(self, name: str, text: str, tip: str, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setObjectName(name)
        self.setText(text)
        self.setToolTip(tip)
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggled.connect(self._show_content)
        self._show_content(False)

    def offer(self, is_offered: bool) -> None:
        """Hide heading and content alike where there is nothing to open."""
        self.setVisible(is_offered)
        self._content.setVisible(is_offered and self.isChecked())

    def _show_content(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        self.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
