"""The tools that paint a mask, and what can be done to the whole of it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from texgen_desktop.ui.parts import button, highlight
from texgen_desktop.ui.retouch.mask_layer import MaskLayer
from texgen_desktop.ui.retouch.retouch_view import RetouchView, Tool
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.wheel import leave_wheel

TOOLS: tuple[tuple[Tool, str, str, str], ...] = (
    ("brush", "Brush", "B", "Paint what is to be repaired; Alt or the right button wipes it out"),
    ("lasso", "Lasso", "L", "Draw around it"),
    ("rectangle", "Rectangle", "M", "From corner to corner"),
    ("pick", "Pick colour", "W", "All that has the colour that is clicked at"),
    ("part", "Preview part", "P", "Draw a frame: the steps are tried on that part alone"),
    ("hand", "Move", "H", "Move the picture; Space does it with any tool"),
)


class MaskTools(QWidget):
    """Chooses the tool of ``view`` and works on ``layer``; what needs the engine is only asked for."""

    blemishes_wanted = Signal(str, float)
    """("scratches" or "dust", strength in [0, 1])"""
    file_wanted = Signal()
    transparency_wanted = Signal()

    def __init__(self, view: RetouchView, layer: MaskLayer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view, self._layer = view, layer
        self._group = QButtonGroup(self)
        self._tools: dict[Tool, QPushButton] = {}
        self._asking: list[QPushButton] = []
        self._size = QSpinBox()
        self._hardness = QSpinBox()
        self._tolerance = QSpinBox()
        self._everywhere = QPushButton("Everywhere")
        self._amount = QSpinBox()
        self._strength = QSpinBox()
        self._make_tools()
        self._describe()
        self._lay_out()
        view.brush_size_changed.connect(self._show_size)

    @property
    def tolerance(self) -> float:
        """Of the pick tool, in [0, 1]."""
        return self._tolerance.value() / 100

    @property
    def is_contiguous(self) -> bool:
        return not self._everywhere.isChecked()

    def choose(self, tool: Tool) -> None:
        self._tools[tool].setChecked(True)
        self._view.tool = tool
        self._view.update()

    def set_askable(self, can_ask: bool, has_alpha: bool) -> None:
        """Whether a mask can be asked for now, and whether there is any transparency that one could be made of."""
        for each in self._asking:
            each.setEnabled(can_ask)
        self._from_alpha.setEnabled(can_ask and has_alpha)

    # ------------------------------------------------------------------------------------------- building

    def _make_tools(self) -> None:
        for tool, title, key, tip in TOOLS:
            each = button(f"retouch_tool_{tool}", "", title, f"{tip} ({key})")
            _stand_out(each)
            each.clicked.connect(partial(self.choose, tool))
            self._group.addButton(each)
            self._tools[tool] = each
        self.choose("brush")

    def _describe(self) -> None:
        for box, name, title, low, high, value, suffix in (
            (self._size, "size", "Brush size", 1, 2000, round(self._view.brush_px), " px"),
            (self._hardness, "hardness", "Hardness", 0, 100, round(100 * self._view.hardness), " %"),
            (self._tolerance, "tolerance", "Tolerance", 0, 100, 12, " %"),
            (self._strength, "strength", "Strength", 0, 100, 50, " %"),
        ):
            box.setObjectName(f"retouch_{name}")
            box.setAccessibleName(title)
            box.setRange(low, high)
            box.setValue(value)
            box.setSuffix(suffix)
            leave_wheel(box)
        self._amount.setObjectName("retouch_amount")
        self._amount.setAccessibleName("By how much")
        self._amount.setToolTip("By how many pixels the mask grows, shrinks or is feathered")
        self._amount.setRange(1, 200)
        self._amount.setValue(4)
        self._amount.setSuffix(" px")
        leave_wheel(self._amount)
        self._size.setToolTip("Diameter in pixels of the picture; [ and ], or Ctrl and the wheel")
        self._hardness.setToolTip("How much of the brush is full, before its rim fades out")
        self._tolerance.setToolTip("How far a colour may be from the one that is picked")
        self._strength.setToolTip("The higher, the more is found")
        _stand_out(self._everywhere)
        self._everywhere.setObjectName("retouch_everywhere")
        self._everywhere.setToolTip("Pick the colour in the whole picture, not only what hangs together with the place")
        self._size.valueChanged.connect(lambda size: self._view.set_brush(size))
        self._hardness.valueChanged.connect(self._on_hardness)

    def _lay_out(self) -> None:
        tools = QGridLayout()
        tools.setSpacing(SPACING.tiny)
        for index, tool in enumerate(self._tools.values()):
            tools.addWidget(tool, index // 3, index % 3)
        settings = QFormLayout()
        settings.addRow("Brush size", self._size)
        settings.addRow("Hardness", self._hardness)
        tolerance = QHBoxLayout()
        tolerance.addWidget(self._tolerance, 1)
        tolerance.addWidget(self._everywhere)
        settings.addRow("Tolerance", tolerance)
        settings.addRow("Grow, feather by", self._amount)
        amount = self._amount.value
        whole = QGridLayout()
        whole.setSpacing(SPACING.tiny)
        for index, (name, text, tip, work) in enumerate(
            (
                ("grow", "Grow", "Push the border of the mask outwards", lambda: self._layer.grow(amount())),
                ("shrink", "Shrink", "Pull the border of the mask inwards", lambda: self._layer.grow(-amount())),
                ("feather", "Feather", "Soften the border of the mask", lambda: self._layer.feather(amount())),
                ("invert", "Invert", "Mask what is not, and free what is", self._layer.invert),
                ("clear", "Clear", "Take the whole mask away", self._layer.clear),
                ("file", "From file…", "White in a picture of the same size", self.file_wanted.emit),
            )
        ):
            each = button(f"retouch_mask_{name}", "", text, tip)
            each.clicked.connect(lambda _=False, work=work: work())
            if name == "file":
                self._asking.append(each)
            whole.addWidget(each, index // 3, index % 3)
        self._from_alpha = button("retouch_mask_alpha", "", "Transparency", "Mask what is transparent in the picture")
        self._from_alpha.clicked.connect(self.transparency_wanted)
        find = QHBoxLayout()
        find.setSpacing(SPACING.tiny)
        for name, text in (("scratches", "Scratches"), ("dust", "Dust")):
            each = button(f"retouch_find_{name}", "", text, f"Look for {name} and mask them")
            each.clicked.connect(lambda _=False, name=name: self.blemishes_wanted.emit(name, self._strength.value() / 100))
            self._asking.append(each)
            find.addWidget(each)
        find.addWidget(self._from_alpha)
        found = QFormLayout()
        found.addRow("Find, strength", self._strength)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        for part in (tools, settings, whole, found, find):
            column.addLayout(part)

    def _show_size(self, size_px: float) -> None:
        if round(size_px) != self._size.value():
            self._size.blockSignals(True)
            self._size.setValue(round(size_px))
            self._size.blockSignals(False)

    def _on_hardness(self, percent: int) -> None:
        self._view.hardness = percent / 100


def _stand_out(button: QPushButton) -> None:
    """Let it be switched on, and be seen to be: the style makes it a shade darker, which is easily overlooked."""

    button.setCheckable(True)
    button.toggled.connect(partial(highlight, button))
