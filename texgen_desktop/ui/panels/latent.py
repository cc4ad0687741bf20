"""The style panel: the model's sliders, and the seeds of layout and detail."""

from __future__ import annotations

from functools import partial
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from texgen_desktop.engine.messages import Look, Slider
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import SeedName, Studio
from texgen_desktop.ui.panel import Panel
from texgen_desktop.ui.parts import ScrolledColumn, button, words
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.seed_row import SeedRow
from texgen_desktop.ui.widgets.slider_row import SliderRow

_NO_MODEL = (
    "Sliders and seeds appear here as soon as there is a model: press Train, and the first one comes within seconds. "
    "They can be moved while the training goes on."
)
_LAYOUT_TIP = "Where the large shapes lie. Another seed is another piece of the same material"
_DETAIL_TIP = "The fine grain on top of the layout"
_REROLL_TIP = "A new layout seed and a new detail seed (R). A locked seed stays, and so do the sliders"
_RESET_TIP = "Sliders, seeds and strengths back to where they began. What is locked stays, a locked seed with its strength"


class LatentPanel(Panel):
    title = "Style"
    area = Qt.DockWidgetArea.RightDockWidgetArea
    order = 10

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__(studio, settings)
        self._rows: dict[str, SliderRow] = {}
        self._explanation = words(_NO_MODEL)
        self._explanation.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._layout_row = self._seed_row("layout_seed", "Layout", _LAYOUT_TIP)
        self._detail_row = self._seed_row("detail_seed", "Detail", _DETAIL_TIP)
        self._reroll = button("reroll_all", "dice", "Re-roll all", _REROLL_TIP)
        self._reset = button("reset_all", "reset", "Reset all", _RESET_TIP)
        self._line = _line()
        self._controls = self._lay_out()
        self._reroll.clicked.connect(self._on_reroll)
        self._reset.clicked.connect(studio.reset_all)

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        sliders = new.model.sliders if new.model else ()
        if old is None or (old.model is None) != (new.model is None):
            self._explanation.setVisible(new.model is None)
            self._controls.setVisible(new.model is not None)
        seeds = new.model.seeds if new.model else ()
        if old is None or (old.model.seeds if old.model else ()) != seeds:
            self._layout_row.setVisible("layout" in seeds)
            self._detail_row.setVisible("detail" in seeds)
            self._reroll.setVisible(bool(seeds))
        is_rebuilt = old is None or (old.model.sliders if old.model else ()) != sliders
        if is_rebuilt:
            self._rebuild(sliders)
            self._line.setVisible(bool(sliders))
        if old is None or is_rebuilt or old.look != new.look or old.locked != new.locked:
            self._show_look(new)

    # ----------------------------------------------------------------------------------------------- building

    def _seed_row(self, name: SeedName, title: str, tip: str) -> SeedRow:
        studio = self.studio
        strength: Literal["layout", "detail"] = "layout" if name == "layout_seed" else "detail"
        row = SeedRow(title, tip)
        row.field.setObjectName(name)
        row.strength.slider.setObjectName(f"{strength}_strength")
        row.value_changed.connect(partial(studio.set_seed, name))
        row.rerolled.connect(partial(studio.reroll, name))
        row.lock_toggled.connect(partial(self._on_lock, name))
        row.strength_changed.connect(partial(studio.set_strength, strength))
        row.strength_pressed.connect(studio.begin_gesture)
        row.strength_released.connect(studio.end_gesture)
        row.strength_reset.connect(partial(studio.reset, f"{strength}_strength"))
        return row

    def _slider_row(self, index: int, slider: Slider) -> SliderRow:
        studio = self.studio
        row = SliderRow(slider.title, tip=slider.description)
        row.slider.setObjectName(f"latent_slider_{index}")
        row.field.setObjectName(f"latent_field_{index}")
        row.value_changed.connect(partial(studio.set_slider, slider.id))
        row.pressed.connect(studio.begin_gesture)
        row.released.connect(studio.end_gesture)
        row.reset.connect(partial(studio.reset, slider.id))
        row.lock_toggled.connect(partial(self._on_lock, slider.id))
        return row

    def _lay_out(self) -> QWidget:
        buttons = QHBoxLayout()
        buttons.addWidget(self._reroll)
        buttons.addWidget(self._reset)
        self._slider_box = QVBoxLayout()
        self._slider_box.setSpacing(SPACING.small)
        controls = QWidget()
        inside = QVBoxLayout(controls)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACING.medium)
        inside.addLayout(self._slider_box)
        inside.addWidget(self._line)
        inside.addWidget(self._layout_row)
        inside.addWidget(self._detail_row)
        inside.addLayout(buttons)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(SPACING.medium, SPACING.medium, SPACING.medium, SPACING.medium)
        column.addWidget(self._explanation)
        column.addWidget(controls)
        column.addStretch()
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(ScrolledColumn(content))
        return controls

    def _rebuild(self, sliders: tuple[Slider, ...]) -> None:
        for row in self._rows.values():
            row.setParent(None)  # out of the tree at once: the new rows bear the same names
            row.deleteLater()
        self._rows = {slider.id: self._slider_row(index, slider) for index, slider in enumerate(sliders)}
        for row in self._rows.values():
            self._slider_box.addWidget(row)

    # ------------------------------------------------------------------------------------- showing and changing

    def _show_look(self, state: StudioState) -> None:
        look, locked = state.look, state.locked
        for slider_id, row in self._rows.items():
            row.set_value(look.value(slider_id))
            row.set_locked(slider_id in locked)
        self._layout_row.set_value(look.layout_seed)
        self._layout_row.set_strength(look.layout_strength)
        self._layout_row.set_locked("layout_seed" in locked)
        self._detail_row.set_value(look.detail_seed)
        self._detail_row.set_strength(look.detail_strength)
        self._detail_row.set_locked("detail_seed" in locked)
        self._reset.setEnabled(look != Look())

    def _on_lock(self, which: str, is_locked: bool) -> None:
        if (which in self.studio.state.locked) != is_locked:
            self.studio.toggle_lock(which)

    def _on_reroll(self) -> None:
        self.studio.reroll()


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Sunken)
    return line
