"""The window that repairs and enhances: the picture in the middle, mask, steps and result beside it. It holds no logic."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QProgressBar,
    QSpinBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from texgen_desktop.engine import messages as m
from texgen_desktop.imaging.formats import LIMITS, batch_path, format_of
from texgen_desktop.studio.retouching import RetouchState
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.formatting import one_line, tooltip
from texgen_desktop.ui.images import from_qimage, to_qimage
from texgen_desktop.ui.parts import ScrolledColumn, button, words
from texgen_desktop.ui.retouch.mask_layer import MaskLayer, MaskMemories
from texgen_desktop.ui.retouch.mask_tools import TOOLS, MaskTools
from texgen_desktop.ui.retouch.retouch_view import ZOOM_STEP, RetouchView
from texgen_desktop.ui.retouch.retouch_words import busy_words, done_words, failure_words, picture_words, seam_words
from texgen_desktop.ui.retouch.steps import Presets, StepsEditor
from texgen_desktop.ui.theme import SPACING, icon
from texgen_desktop.ui.widgets.canvas_hand import local_paths
from texgen_desktop.ui.widgets.error_bar import ErrorBar
from texgen_desktop.ui.widgets.wheel import leave_wheel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIRST_SIZE_PX = (1280, 820)
SIDE_WIDTH_PX = 330
_OPEN_FILTER = "Pictures (*.png *.jpg *.jpeg *.tif *.tiff *.exr *.webp *.bmp)"
_FIRST_MINUTES = 5.0
_Answer = QMessageBox.StandardButton


class RetouchWindow(QMainWindow):
    """A window of its own beside the main one; what is on its desk stays there while it is closed."""

    def __init__(self, studio: Studio, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("retouch_window")
        self.setAcceptDrops(True)
        self._studio, self._desk, self._settings = studio, studio.retouching, settings
        self._mask_value = 1.0  # whether the mask that was asked for is laid on, or taken away
        self._learning = ""  # the operator that is being taught
        self._image: NDArray[np.uint8] | None = None
        self._masks = MaskMemories()
        self.layer = MaskLayer(self)
        self.view = RetouchView(self.layer)
        self.tools = MaskTools(self.view, self.layer)
        self.steps = StepsEditor()
        self.presets = Presets(settings.folder / "steps")
        self._seed = QSpinBox()
        self._dice = button("retouch_dice", "dice", "New seed", "Run again with another seed")
        self._run = button("retouch_run", "play", "Run", "Carry out the steps on the whole picture (Ctrl+Return)")
        self._preview = button("retouch_preview", "zoom_in", "Preview", "Try the steps on the part in the middle of the view")
        self._cancel = button("retouch_cancel", "close", "Cancel", "Stop; the picture stays as it is (Esc)")
        self._files = button("retouch_files", "open", "Run on files…", "Carry out the steps on many files")
        self._keep = button("retouch_keep", "", "Keep", "Go on with the result (Ctrl+K)")
        self._drop = button("retouch_drop", "", "Discard", "Forget the result (Ctrl+D)")
        self._bar = QProgressBar()
        self._said = words(name="retouch_said")
        self._errors = ErrorBar()
        self._about = QLabel()
        self._pages = QStackedWidget()
        self._actions: dict[str, QAction] = {}
        self._make_actions()
        self._lay_out()
        self._connect()
        self.resize(*FIRST_SIZE_PX)
        self.steps.set_operators(self._desk.state.operators)
        self._show(None, self._desk.state)

    # ------------------------------------------------------------------------------------------------ building

    def _make_actions(self) -> None:
        bar = self.addToolBar("Retouching")
        bar.setObjectName("retouch_bar")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for name, text, icon_name, keys, tip, run in (
            ("open", "Open…", "open", "Ctrl+O", "Lay a picture on the desk", self.ask_for_picture),
            ("take", "Take tile", "repeat", "", "Lay the tile that the main window shows on the desk", self.take_texture),
            ("save", "Save as…", "export", "Ctrl+S", "Write the picture to a file", self.ask_to_save),
            ("copy", "Copy", "", "Ctrl+C", "Copy the picture, or the result that is seen", self._desk.copy),
            ("paste", "Paste", "", "Ctrl+V", "Lay the picture that was copied on the desk", self.paste),
            ("undo", "Undo", "undo", "Ctrl+Z", "", self.undo),
            ("redo", "Redo", "redo", "Ctrl+Shift+Z", "", self.redo),
            ("fit", "Fit", "fit", "F", "Zoom so that all of it is seen", self.view.fit),
            ("actual", "100 %", "actual_size", "Ctrl+1", "One pixel of the picture on one pixel of the screen", self.view.actual_size),
            (
                "rows",
                "Wrap rows",
                "",
                "",
                "Treat it as a tile from top to bottom: masks and repairs go over the edge",
                self._set_wraps,
            ),
            ("columns", "Wrap columns", "", "", "Treat it as a tile from left to right", self._set_wraps),
            ("mask", "Mask", "", "V", "Show the mask", None),
            ("flip", "Before / after", "compare", "X", "All of the picture as it was, or all of the result", self.view.flip),
        ):
            action = QAction(icon(icon_name), text, self) if icon_name else QAction(text, self)
            action.setObjectName(f"retouch_{name}_action")
            action.setShortcut(keys)
            action.setToolTip(f"{tip} ({keys})" if keys else tip)
            if run is not None:
                action.triggered.connect(run)
            action.setCheckable(name in ("rows", "columns", "mask"))
            bar.addAction(action)
            self._actions[name] = action
            if name in ("save", "paste", "redo", "actual", "columns"):
                bar.addSeparator()
        self._actions["mask"].setChecked(True)
        self._actions["mask"].toggled.connect(self.view.set_shows_mask)
        for tool, _, key, _ in TOOLS:
            self._shortcut(key, partial(self.tools.choose, tool))
        self._shortcut("[", lambda: self.view.set_brush(self.view.brush_px / 1.2))
        self._shortcut("]", lambda: self.view.set_brush(self.view.brush_px * 1.2))
        self._shortcut("Ctrl++", lambda: self.view.zoom_by(ZOOM_STEP))
        self._shortcut("Ctrl+-", lambda: self.view.zoom_by(1 / ZOOM_STEP))
        self._shortcut("Ctrl+Return", self.run)
        self._shortcut("Esc", self._desk.cancel)
        self._shortcut("Ctrl+K", self._desk.keep)
        self._shortcut("Ctrl+D", self._desk.drop)

    def _shortcut(self, keys: str, run: Callable[[], None]) -> None:
        action = QAction(self)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(run)
        self.addAction(action)

    def _lay_out(self) -> None:
        self._seed.setRange(0, m.LARGEST_SEED)
        self._seed.setObjectName("retouch_seed")
        self._seed.setAccessibleName("Seed")
        leave_wheel(self._seed)
        self._bar.setTextVisible(True)
        self._bar.setRange(0, 1000)
        seed = QHBoxLayout()
        seed.addWidget(QLabel("Seed"))
        seed.addWidget(self._seed, 1)
        seed.addWidget(self._dice)
        run = QHBoxLayout()
        run.addWidget(self._run, 1)
        run.addWidget(self._preview, 1)
        keep = QHBoxLayout()
        keep.addWidget(self._keep, 1)
        keep.addWidget(self._drop, 1)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setSpacing(SPACING.medium)
        for title, parts in (("Mask", (self.tools,)), ("Steps", (self.presets, self.steps))):
            column.addWidget(_heading(title))
            for part in parts:
                column.addWidget(part)
        column.addStretch(1)
        foot = QWidget()  # always in sight, however long the forms above are
        foot_column = QVBoxLayout(foot)
        foot_column.setSpacing(SPACING.small)
        foot_column.addWidget(_heading("Result"))
        foot_column.addLayout(seed)
        foot_column.addLayout(run)
        for widget in (self._files, self._bar, self._cancel, self._said):
            foot_column.addWidget(widget)
        foot_column.addLayout(keep)
        beside = QWidget()
        beside_column = QVBoxLayout(beside)
        beside_column.setContentsMargins(0, 0, 0, 0)
        beside_column.setSpacing(0)
        beside_column.addWidget(ScrolledColumn(side), 1)
        beside_column.addWidget(foot)
        empty = QWidget()
        middle = QVBoxLayout(empty)
        middle.addStretch(1)
        invitation = words("Drop a photo or a tile here to repair or enhance it.")
        invitation.setAlignment(Qt.AlignmentFlag.AlignCenter)
        middle.addWidget(invitation)
        first = button("retouch_open", "open", "Open a picture…", "Lay a picture on the desk")
        first.clicked.connect(self.ask_for_picture)
        middle.addWidget(first, 0, Qt.AlignmentFlag.AlignCenter)
        middle.addStretch(1)
        self._pages.addWidget(empty)
        self._pages.addWidget(self.view)
        left = QWidget()
        left_column = QVBoxLayout(left)
        left_column.setContentsMargins(0, 0, 0, 0)
        left_column.setSpacing(0)
        left_column.addWidget(self._errors)
        left_column.addWidget(self._pages, 1)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(beside)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([FIRST_SIZE_PX[0] - SIDE_WIDTH_PX, SIDE_WIDTH_PX])
        splitter.setChildrenCollapsible(False)
        self.setCentralWidget(splitter)
        self.statusBar().addWidget(self._about)

    def _connect(self) -> None:
        desk = self._desk
        desk.state_changed.connect(self._show)
        desk.picture_changed.connect(self._on_picture)
        desk.result_shown.connect(self._on_result)
        desk.mask_proposed.connect(self._on_mask)
        desk.picture_copied.connect(self._on_copied)
        self._studio.state_changed.connect(self._show_studio)
        self.layer.history_changed.connect(self._show_history)
        self.view.colour_picked.connect(self._on_picked)
        self.view.part_chosen.connect(self.preview)
        self.view.corner_moved.connect(self.steps.move_corner)
        self.view.zoom_changed.connect(self._show_about)
        self.tools.blemishes_wanted.connect(self._on_blemishes)
        self.tools.file_wanted.connect(self._ask_for_mask)
        self.tools.transparency_wanted.connect(self._on_transparency)
        self.steps.learn_wanted.connect(self.ask_to_learn)
        self.steps.changed.connect(self._show_buttons)
        for signal in (self.steps.changed, self.steps.selected):
            signal.connect(self._show_corners)
        self.presets.chosen.connect(self._on_preset)
        self.presets.failed.connect(self._on_failed)
        self.presets.save.clicked.connect(self._ask_for_name)
        self._dice.clicked.connect(self._roll)
        self._run.clicked.connect(self.run)
        self._preview.clicked.connect(self._preview_middle)
        self._cancel.clicked.connect(desk.cancel)
        self._files.clicked.connect(self.ask_for_files)
        self._keep.clicked.connect(desk.keep)
        self._drop.clicked.connect(desk.drop)
        self._errors.dismissed.connect(self._on_dismissed)

    # --------------------------------------------------------------------------------------------------- verbs

    def ask_for_picture(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a picture", self._folder(), _OPEN_FILTER)
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Lay a picture on the desk, unless what lies there is still wanted."""
        if not self._is_at_work() and self._may_leave():
            self._settings.remember("retouch/folder", str(path.parent))
            self._desk.open(path)

    def paste(self) -> None:
        """Lay what another program has copied on the desk, a picture or a picture's file."""
        data = QGuiApplication.clipboard().mimeData()
        if data is not None and (paths := local_paths(data)):  # type: ignore[redundant-expr]  # it is None where nothing was copied
            self.open(paths[0])
            return
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self._errors.show_problem(m.Problem("No picture has been copied.", "Copy one in another program first.", ""))
        elif image.width() * image.height() > m.LARGEST_DESK_PX:
            size = f"{image.width()} × {image.height()} pixels are too many to be worked on in the window."
            self._errors.show_problem(m.Problem(size, "Save it to a file, and use “Run on files”.", ""))
        elif not self._is_at_work() and self._may_leave():
            self._desk.take_pixels(from_qimage(image), "Pasted picture")

    def take_texture(self) -> None:
        state = self._studio.state
        if state.model is not None and not self._is_at_work() and self._may_leave():
            self._desk.take_texture(state.look, state.view.tile_cells)

    def _is_at_work(self) -> bool:
        if self._desk.state.is_busy:
            self._errors.show_problem(m.Problem("Another picture cannot be opened while this one is worked on.", "Wait, or cancel it.", ""))
        return self._desk.state.is_busy

    def ask_to_save(self) -> None:
        picture = self._desk.state.picture
        if picture is None:
            return
        keeps = False
        if self._desk.state.result is not None:
            answer = self._ask(
                "A result waits to be kept. Keep it, so that it is saved?", _Answer.Yes | _Answer.No | _Answer.Cancel, _Answer.Yes
            )
            if answer == _Answer.Cancel:
                return
            keeps = answer == _Answer.Yes
        start = str(Path(self._folder()) / f"{picture.name}.png")
        if picture.path is not None:
            suffix = picture.path.suffix if format_of(picture.path) else ".png"
            start = str(picture.path.with_name(f"{picture.path.stem} retouched{suffix}"))
        filters = [f"{limits.title} ({' '.join('*' + suffix for suffix in limits.suffixes)})" for limits in LIMITS.values()]
        path = self._ask_for_file("Save the picture", start, filters, [suffix for limits in LIMITS.values() for suffix in limits.suffixes])
        if path is not None:
            if keeps:
                self._desk.keep()
            self._desk.save(path)

    def undo(self) -> None:
        """The mask first, stroke by stroke; then results that were kept."""
        if self.layer.can_undo:
            self.layer.undo()
        else:
            self._desk.undo()

    def redo(self) -> None:
        if self.layer.can_redo:
            self.layer.redo()
        else:
            self._desk.redo()

    def run(self) -> None:
        self._desk.run(self.steps.steps(), self._seed.value(), self._mask())

    def preview(self, region: m.Region) -> None:
        """Try the steps on a part."""
        self._desk.run(self.steps.steps(), self._seed.value(), self._mask(), region)

    def _preview_middle(self) -> None:
        seen = self.view.visible_part()
        side_y, side_x = min(256, seen.height()), min(256, seen.width())
        self.preview(m.Region(seen.center().y() - side_y // 2, seen.center().x() - side_x // 2, side_y, side_x))

    def _roll(self) -> None:
        self._seed.setValue(secrets.randbelow(10_000))
        self.run()

    def ask_for_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Run the steps on these files", self._folder(), _OPEN_FILTER)
        if not names:
            return
        folder = QFileDialog.getExistingDirectory(self, "Write the results into this folder", str(Path(names[0]).parent))
        if not folder:
            return
        paths = tuple(map(Path, names))
        there = [out for out in (batch_path(path, Path(folder)) for path in paths) if out.exists() and out not in paths]
        if not there or self._may_replace(there):
            self._desk.run_on_files(paths, self.steps.steps(), Path(folder), self._seed.value())

    def ask_to_learn(self, info: m.OperatorInfo, from_this: bool) -> None:
        """Teach a step on the picture that is open, or on files; it uses what it has learnt from then on."""
        if self._desk.state.is_busy:
            return
        picture = self._desk.state.picture
        if from_this and picture is not None and picture.path is not None:
            names = [str(picture.path)]
        else:
            names, _ = QFileDialog.getOpenFileNames(self, f"{info.title}: learn from these pictures", self._folder(), _OPEN_FILTER)
        if not names:
            return
        minutes, is_accepted = QInputDialog.getDouble(self, info.title, "Learn for so many minutes:", _FIRST_MINUTES, 0.1, 600, 1)
        if not is_accepted:
            return
        start = str(Path(self._folder()) / f"{info.id} {Path(names[0]).stem}.safetensors")
        path = self._ask_for_file("Keep what it learns in", start, ["Models (*.safetensors)"], (".safetensors",))
        if path is not None and not self._desk.state.is_busy:
            self._learning = info.id
            self._desk.learn(info.id, tuple(map(Path, names)), minutes, path, self._seed.value())

    def _mask(self) -> NDArray[np.float32] | None:
        return None if self.layer.is_empty else self.layer.pixels.copy()

    def _folder(self) -> str:
        return self._settings.text("retouch/folder", str(Path.home()))

    def _set_wraps(self) -> None:
        self._desk.set_wraps((self._actions["rows"].isChecked(), self._actions["columns"].isChecked()))

    # --------------------------------------------------------------------------------------------------- masks

    @Slot(int, int, float)
    def _on_picked(self, row: int, column: int, value: float) -> None:
        if self._desk.state.is_busy:
            self._errors.show_problem(m.Problem("No colour can be picked while the picture is worked on.", "Wait, or cancel it.", ""))
            return
        self._mask_value = value
        self._desk.pick((row, column), self.tools.tolerance, self.tools.is_contiguous)

    @Slot(str, float)
    def _on_blemishes(self, blemish: m.Blemish, strength: float) -> None:
        self._mask_value = 1.0
        self._desk.propose(blemish, strength)

    def _ask_for_mask(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Read a mask", self._folder(), _OPEN_FILTER)
        if name and self._desk.state.can_work:
            self._mask_value = 1.0
            self._desk.read_mask(Path(name))

    def _on_transparency(self) -> None:
        self._mask_value = 1.0
        self._desk.read_mask(None)

    @Slot(object)
    def _on_mask(self, mask: NDArray[np.float32]) -> None:
        if mask.shape == self.layer.pixels.shape:
            self.layer.add(mask, self._mask_value)

    # ------------------------------------------------------------------------------------------- what it shows

    @Slot(object)
    def _on_picture(self, event: m.PictureChanged) -> None:
        picture = event.picture
        if picture is None or event.image is None:
            return
        self.layer.wraps = picture.wraps
        if event.image is not self._image:  # else it is the same picture, saved or treated otherwise at its edges
            if self._image is not None:
                self._masks.remember(self._image, self.layer.memory())
            self._image = event.image
            self.view.set_picture(event.image, picture.height_px, picture.width_px)
            if (mask := self._masks.of(event.image)) is not None:
                self.layer.recall(mask)
            else:
                self.layer.reset(picture.height_px, picture.width_px)
        self.view.update()
        self._pages.setCurrentWidget(self.view)

    @Slot(object)
    def _on_result(self, event: m.ResultShown) -> None:
        if event.region is not None:
            self.view.set_preview(event.region, event.image)
        else:
            self.view.set_result(event.image)

    @Slot(object)
    def _on_copied(self, pixels: NDArray[np.uint8]) -> None:
        QGuiApplication.clipboard().setImage(to_qimage(pixels))

    @Slot(list)
    def _on_preset(self, plain: list[dict[str, object]]) -> None:
        if unknown := self.steps.set_steps(plain):
            self._on_failed(f"Some steps are not known here and were left out: {', '.join(unknown)}.")

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._errors.show_problem(m.Problem(sentence, "", ""))

    def _on_dismissed(self) -> None:
        self._errors.show_problem(None)  # it may be one of this window alone
        self._desk.dismiss_problem()

    def _show_corners(self) -> None:
        self.view.set_corners(self.steps.corners)

    def _ask_for_name(self) -> None:
        name, is_accepted = QInputDialog.getText(self, "Save steps", "Name:")
        if is_accepted and name.strip():
            path = self.presets.path_of(name)
            if not path.exists() or self._may_replace([path]):
                self.presets.keep(name, self.steps.plain())

    @Slot(object, object)
    def _show_studio(self, old: object, new: object) -> None:
        self._show_buttons()

    @Slot(object, object)
    def _show(self, old: RetouchState | None, new: RetouchState) -> None:
        if old is None or old.operators != new.operators:
            self.steps.set_operators(new.operators)
        if old is not None and (old.result or old.preview) and not (new.result or new.preview):
            self.view.clear_results()
        elif old is not None and old.preview and not new.preview:
            self.view.clear_preview()
        if old is not None and old.is_busy and not new.is_busy and new.outcome != "finished":
            self.view.clear_results()  # a coarse picture of what was given up
            if new.result is not None:
                self.view.set_result(new.result.image)
            if new.preview is not None and new.preview.region is not None:
                self.view.set_preview(new.preview.region, new.preview.image)
        if new.outcome == "finished" and old is not None and old.is_busy and self._learning and new.written:
            self.steps.set_model(self._learning, str(new.written[0]))
        if not new.is_busy and old is not None and old.is_busy:
            self._learning = ""
        if old is None or (old.problem, old.failures, old.is_busy) != (new.problem, new.failures, new.is_busy):
            self._errors.show_problem(new.problem or failure_words(new.failures))
        if new.picture is not None and (old is None or old.picture is None or old.picture.wraps != new.picture.wraps):
            self._actions["rows"].setChecked(new.picture.wraps[0])
            self._actions["columns"].setChecked(new.picture.wraps[1])
        self.tools.set_askable(new.can_work, new.picture is not None and new.picture.has_alpha)
        self.steps.offer_learning(not new.is_busy, new.picture is not None and new.picture.path is not None and new.picture.is_saved)
        self._bar.setVisible(new.is_busy)
        self._cancel.setVisible(new.is_busy)
        if new.progress is not None:
            self._bar.setValue(round(1000 * new.progress.done))
        shown = new.preview or new.result
        if new.is_busy:
            self._said.setText(busy_words(new.progress))
        elif shown is not None:
            self._said.setText("\n".join(filter(None, (*shown.notes, seam_words(shown, new.picture)))))
        else:
            self._said.setText(done_words(new))
        self.setWindowTitle(f"{picture_words(new)} – Repair and Enhance")
        self.setWindowModified(new.picture is not None and not new.picture.is_saved)
        self._show_about()
        self._show_history()
        self._show_buttons()

    def _show_buttons(self) -> None:
        state = self._desk.state
        has_steps = bool(self.steps.steps())
        for each in (self._run, self._preview, self._dice):
            each.setEnabled(state.can_work and has_steps)
        self._files.setEnabled(not state.is_busy and has_steps)
        self._files.setVisible(not state.is_busy)
        self._keep.setVisible(state.result is not None)
        self._drop.setVisible(state.result is not None or state.preview is not None)
        for each in (self._keep, self._drop):
            each.setEnabled(not state.is_busy)
        self._actions["open"].setEnabled(not state.is_busy)
        self._actions["take"].setEnabled(not state.is_busy and self._studio.state.model is not None)
        self._actions["paste"].setEnabled(not state.is_busy)
        for name in ("save", "copy"):
            self._actions[name].setEnabled(state.can_work)
        for name in ("rows", "columns"):
            self._actions[name].setEnabled(state.can_work)
        self._actions["flip"].setEnabled(state.result is not None or state.preview is not None)
        self.tools.setEnabled(state.picture is not None)

    def _show_history(self) -> None:
        state, layer = self._desk.state, self.layer
        self._actions["undo"].setEnabled(layer.can_undo or state.can_undo)
        self._actions["redo"].setEnabled(layer.can_redo or state.can_redo)
        undone, redone = ("Take back the last change of the mask", "Change the mask again")
        self._actions["undo"].setToolTip(f"{undone if layer.can_undo else 'Take back the result that was kept'} (Ctrl+Z)")
        self._actions["redo"].setToolTip(f"{redone if layer.can_redo else 'Keep the result again'} (Ctrl+Shift+Z)")

    def _show_about(self) -> None:
        picture = self._desk.state.picture
        if picture is None:
            self._about.clear()
            return
        parts = (f"{picture.width_px} × {picture.height_px} px", f"{picture.bits} bit", f"{100 * self.view.zoom:.0f} %")
        self._about.setText("   ".join(parts))
        self._about.setToolTip(tooltip(str(picture.path or one_line(picture.name))))

    # ------------------------------------------------------------------------------------------ drops, the end

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open(local_paths(event.mimeData())[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()  # what lies on the desk stays there

    def _may_leave(self) -> bool:
        """Asks when another picture would take the place of one that was changed and not saved."""
        picture = self._desk.state.picture
        if picture is None or not self._desk.state.is_unsaved:
            return True
        question = f"{one_line(picture.name)} was changed and not saved. Open another picture all the same?"
        return self._ask(question, _Answer.Discard | _Answer.Cancel, _Answer.Cancel) == _Answer.Discard

    def _may_replace(self, paths: Sequence[Path]) -> bool:
        """Asks before files are written over."""
        what = f"{one_line(paths[0].name)} exists" if len(paths) == 1 else f"{len(paths)} of these files exist"
        return self._ask(f"{what} already. Replace?", _Answer.Yes | _Answer.Cancel, _Answer.Cancel) == _Answer.Yes

    def _ask(self, question: str, answers: QMessageBox.StandardButton, usual: QMessageBox.StandardButton) -> QMessageBox.StandardButton:
        return QMessageBox.question(self, "Repair and Enhance", question, answers, usual)

    def _ask_for_file(self, title: str, start: str, filters: Sequence[str], suffixes: Sequence[str]) -> Path | None:
        """One that has one of these suffixes, at first that of the chosen filter.

        The dialog asks before a file is replaced, but does not know which suffix a name will get.
        """
        usual = next((each for each in filters if f"*{Path(start).suffix.lower()}" in each), filters[0])
        name, chosen = QFileDialog.getSaveFileName(self, title, start, ";;".join(filters), usual)
        if not name or Path(name).suffix.lower() in suffixes:
            return Path(name) if name else None
        path = Path(name + next((suffix for suffix in suffixes if f"*{suffix}" in chosen), suffixes[0]))
        return path if not path.exists() or self._may_replace([path]) else None


def _heading(text: str) -> QWidget:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, SPACING.small, 0, 0)
    row.addWidget(label)
    row.addWidget(line, 1)
    return box
