"""The data panel: the project's photos, the part of each that is learnt, its scale, its picture set, and what was skipped and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from texgen_desktop.engine.messages import ContactSheet, Crop, PhotoInfo, PhotoLoaded, PicturesProgress, SkippedFile
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui import formatting
from texgen_desktop.ui.images import to_qimage
from texgen_desktop.ui.panel import Panel
from texgen_desktop.ui.parts import Disclosure, button, words
from texgen_desktop.ui.photo_dialog import ARCHIVES, ask_for_photos
from texgen_desktop.ui.photo_list import PhotoDelegate, PhotoListModel
from texgen_desktop.ui.picture_set_view import PictureSetView
from texgen_desktop.ui.theme import SPACING
from texgen_desktop.ui.widgets.crop_view import CropView
from texgen_desktop.ui.widgets.wheel import leave_wheel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST_SIDE_PX, LARGEST_SIDE_PX = 64, 4096


class DataPanel(Panel):
    title = "Photos"
    area = Qt.DockWidgetArea.LeftDockWidgetArea
    order = 10

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__(studio, settings)
        self._pictures: dict[str, NDArray[np.uint8]] = {}
        self._model = PhotoListModel(self)
        self._list = self._make_list()
        self._empty = words("No photos yet. Drop photos or a folder on the window, or press Add.", "no_photos")
        self._set = PictureSetView()
        self._progress = words(name="intake_progress")
        self._cancel = button("cancel_intake", "close", "Cancel", "Stop reading; nothing of the new pictures is kept")
        self._add = self._make_add_button()
        self._remove = button("remove_photo", "trash", "Remove", "Take the selected photo out of the project; the file on disk stays")
        self._crop_view = CropView()
        self._crop_view.setObjectName("crop_view")
        self._crop_view.setAccessibleName("Part of the photo that is learnt")
        self._crop_view.setMinimumHeight(100)
        self._scale = self._make_scale()
        self._scale_words = words(name="scale_words", line_count=2)
        self._frame = QWidget()
        self._skipped_text = _make_skipped_text()
        tip = "Files that were offered and could not be used, and why"
        self._skipped = Disclosure("skipped_button", "", tip, self._skipped_text)
        self._lay_out()
        self._connect()

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        photos = new.project.photos if new.project else ()
        if old is None or (old.project.photos if old.project else ()) != photos:
            self._show_photos(photos)
        pictures = new.project.pictures if new.project else None
        if old is None or (old.project.pictures if old.project else None) != pictures:
            self._set.show_info(pictures)
        if old is None or _is_empty(old) != _is_empty(new):
            self._empty.setVisible(_is_empty(new))
        if old is None or old.taking_in != new.taking_in:
            self._show_intake(new.taking_in)
        skipped = new.project.skipped if new.project else ()
        if old is None or (old.project.skipped if old.project else ()) != skipped:
            self._show_skipped(skipped)
        if old is None or _crop_side_px(old) != _crop_side_px(new):
            self._show_scale()
        self._add.setEnabled(new.engine_ready and (new.project is None or new.can_edit_project))
        self._show_rights(new)

    # ----------------------------------------------------------------------------------------------- building

    def _make_list(self) -> QListView:
        view = QListView()
        view.setObjectName("photo_list")
        view.setAccessibleName("Photos")
        view.setModel(self._model)
        view.setItemDelegate(PhotoDelegate(view))
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setMinimumHeight(64)
        return view

    def _make_add_button(self) -> QPushButton:
        add = button("add_photos", "add_photo", "Add", "Add photos, or a folder of photos")
        menu = QMenu(add)
        menu.addAction("Photos…", self._browse_photos)
        menu.addAction("Folder…", self._browse_folder)
        add.setMenu(menu)
        return add

    def _make_scale(self) -> QSpinBox:
        box = QSpinBox()
        box.setObjectName("working_side")
        box.setAccessibleName("Working scale, short side in pixels")
        box.setRange(SMALLEST_SIDE_PX, LARGEST_SIDE_PX)
        box.setSingleStep(32)
        box.setSuffix(" px")
        box.setKeyboardTracking(False)
        leave_wheel(box)
        box.setToolTip(
            formatting.tooltip(
                "The chosen part is scaled until its short side has this many pixels, and learnt like that. "
                "Smaller: larger shapes are learnt, finer grain is lost."
            )
        )
        return box

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self._add)
        buttons.addWidget(self._remove)
        buttons.addStretch()
        intake = QHBoxLayout()
        intake.addWidget(self._progress, stretch=1)
        intake.addWidget(self._cancel)
        scale = QHBoxLayout()
        label = QLabel("Learn at")
        label.setBuddy(self._scale)
        scale.addWidget(label)
        scale.addWidget(self._scale)
        scale.addWidget(QLabel("short side"))
        scale.addStretch()
        frame = QVBoxLayout(self._frame)
        frame.setContentsMargins(0, 0, 0, 0)
        frame.addWidget(self._crop_view, stretch=1)
        frame.addLayout(scale)
        frame.addWidget(self._scale_words)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.medium, SPACING.medium, SPACING.medium, SPACING.medium)
        column.addLayout(buttons)
        column.addWidget(self._empty)
        column.addLayout(intake)
        column.addWidget(self._set, stretch=3)
        column.addWidget(self._list, stretch=1)
        column.addWidget(self._skipped)
        column.addWidget(self._skipped_text)
        column.addWidget(self._frame, stretch=2)
        column.addStretch()

    def _connect(self) -> None:
        self.studio.photo_ready.connect(self._on_photo_ready)
        self.studio.sheet_ready.connect(self._on_sheet_ready)
        self._cancel.clicked.connect(self.studio.cancel_intake)
        self._list.selectionModel().currentChanged.connect(self._on_current_changed)
        self._remove.clicked.connect(self._on_remove)
        self._crop_view.crop_changed.connect(self._on_crop_changed)
        self._scale.valueChanged.connect(self._on_scale_changed)

    # ------------------------------------------------------------------------------------------------ showing

    def _show_photos(self, photos: tuple[PhotoInfo, ...]) -> None:
        selected = self._selected()
        names = {photo.name for photo in photos}
        self._pictures = {name: picture for name, picture in self._pictures.items() if name in names}
        self._model.set_photos(photos)
        self._list.setVisible(bool(photos))
        row = self._model.row_of(selected.name) if selected else None
        if not photos:
            self._show_selected()
        elif row is not None and row == self._list.currentIndex().row():
            self._show_framing(photos[row])
        else:
            self._list.setCurrentIndex(self._model.index(row or 0))

    def _show_selected(self) -> None:
        photo = self._selected()
        self._frame.setVisible(photo is not None)
        if photo is not None:
            self._crop_view.set_photo(self._pictures.get(photo.name))
            self._show_framing(photo)

    def _show_framing(self, photo: PhotoInfo) -> None:
        self._crop_view.set_crop(photo.crop)
        with QSignalBlocker(self._scale):
            self._scale.setValue(photo.working_side_px)
        self._show_scale()

    def _show_scale(self) -> None:
        photo = self._selected()
        if photo is None:
            return
        side_px = _crop_side_px(self.studio.state)
        self._crop_view.set_training_square(side_px, photo.working_side_px)
        scale = f"Learnt at {photo.working_side_px} px"
        self._scale_words.setText(f"{scale}: a training crop of {side_px} px sees the dashed square." if side_px else f"{scale}.")

    def _show_intake(self, progress: PicturesProgress | None) -> None:
        if progress is not None:
            self._progress.setText(f"Reading pictures: {formatting.number(progress.done)} of {formatting.count(progress.total, 'file')}.")
        self._progress.setVisible(progress is not None)
        self._cancel.setVisible(progress is not None)

    def _show_skipped(self, skipped: tuple[SkippedFile, ...]) -> None:
        self._skipped.setText(f"{formatting.count(len(skipped), 'file')} skipped")
        self._skipped_text.setPlainText("\n".join(_skipped_in_words(file) for file in skipped))
        self._skipped.offer(bool(skipped))

    def _show_rights(self, state: StudioState) -> None:
        self._remove.setEnabled(state.can_edit_project and self._selected() is not None)
        self._crop_view.setEnabled(state.can_edit_project)
        self._scale.setEnabled(state.can_edit_project)

    # ------------------------------------------------------------------------------------------- what is heard

    def _selected(self) -> PhotoInfo | None:
        return self._model.photo(self._list.currentIndex().row())

    def _on_photo_ready(self, event: PhotoLoaded) -> None:
        self._model.set_thumbnail(event.name, to_qimage(event.image), self.devicePixelRatioF())
        self._pictures[event.name] = event.image
        photo = self._selected()
        if photo is not None and photo.name == event.name:
            self._show_selected()

    def _on_sheet_ready(self, event: ContactSheet) -> None:
        self._set.show_sheet(to_qimage(event.image))

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        self._show_selected()
        self._show_rights(self.studio.state)

    def _on_remove(self) -> None:
        if photo := self._selected():
            self.studio.remove_photo(photo.name)

    def _on_crop_changed(self, crop: Crop) -> None:
        if photo := self._selected():
            self.studio.frame_photo(photo.name, crop, photo.working_side_px)

    def _on_scale_changed(self, working_side_px: int) -> None:
        if photo := self._selected():
            self.studio.frame_photo(photo.name, photo.crop, working_side_px)

    def _browse_photos(self) -> None:
        ask_for_photos(self, self.settings, "Add Photos", self.studio.add_photos, other_types=(ARCHIVES,))

    def _browse_folder(self) -> None:
        ask_for_photos(self, self.settings, "Add a Folder of Photos", self.studio.add_photos, QFileDialog.FileMode.Directory)


def _is_empty(state: StudioState) -> bool:
    return state.taking_in is None and (state.project is None or not (state.project.photos or state.project.pictures))


def _crop_side_px(state: StudioState) -> int:
    """Side of a training crop under the settings in force; 0 when the family does not say, or not for what was changed by hand."""
    settings = state.settings
    family = next((family for family in state.families if family.id == settings.family), None)
    preset = next((preset for preset in family.presets if preset.id == settings.preset), None) if family else None
    if family is None or preset is None:
        return 0
    changed = {name for name, value in settings.config if value != dict(preset.values).get(name)}
    return 0 if any(field.sets_crop and field.name in changed for field in family.fields) else preset.crop_px


def _skipped_in_words(file: SkippedFile) -> str:
    return f"{formatting.one_line(file.name)}: {file.reason} {file.hint}".rstrip()


def _make_skipped_text() -> QPlainTextEdit:
    text = QPlainTextEdit()
    text.setObjectName("skipped_files")
    text.setAccessibleName("Skipped files and why")
    text.setReadOnly(True)
    text.setTabChangesFocus(True)
    text.setMaximumHeight(120)
    return text
