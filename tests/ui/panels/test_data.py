"""The data panel: photos, crops, scales, and what was skipped."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QListView, QPlainTextEdit, QSpinBox, QWidget

from tests.studio.builders import FAMILY, PHOTO, PROBLEM, PROJECT, READY
from tests.ui.driver import Session, child
from texgen_desktop.engine.messages import (
    CancelIntake,
    CommandFailed,
    ContactSheet,
    Crop,
    FieldInfo,
    FramePhoto,
    JobStarted,
    PhotoInfo,
    PhotoLoaded,
    PictureSetInfo,
    PicturesProgress,
    PresetInfo,
    ProjectChanged,
    RemovePhoto,
    SkippedFile,
    TrainSettings,
)
from texgen_desktop.ui import photo_list
from texgen_desktop.ui.panels.data import DataPanel
from texgen_desktop.ui.widgets.crop_view import CropView

HOSTILE = PhotoInfo("<b>x</b>\n😀.png", 3000, 4000, Crop(0.0, 0.0, 0.5, 0.5), 640)
TWO_PHOTOS = replace(PROJECT, photos=(PHOTO, HOSTILE))
GREY = np.full((48, 64, 3), 128, np.uint8)


@pytest.fixture
def panel(session: Session) -> DataPanel:
    panel = session.show(DataPanel, (300, 640))
    session.say(READY, ProjectChanged(TWO_PHOTOS))
    return panel


def rows(panel: DataPanel) -> QListView:
    return child(panel, QListView, "photo_list")


def index(panel: DataPanel, row: int) -> QModelIndex:
    return rows(panel).model().index(row, 0)


def test_a_photo_is_listed_with_its_name_size_crop_and_scale(panel: DataPanel) -> None:
    spoken = index(panel, 1).data(Qt.ItemDataRole.AccessibleTextRole).replace("\N{NO-BREAK SPACE}", " ")
    assert spoken == "<b>x</b>↵😀.png, 3000 × 4000 px, 25 % used, learnt at 640 px"


def test_a_name_that_looks_like_html_is_no_html_in_the_tooltip(panel: DataPanel) -> None:
    assert "&lt;b&gt;x&lt;/b&gt;<br>" in index(panel, 1).data(Qt.ItemDataRole.ToolTipRole)


def test_the_first_photo_is_selected_and_its_framing_shown(panel: DataPanel) -> None:
    assert rows(panel).currentIndex().row() == 0
    assert child(panel, QSpinBox, "working_side").value() == PHOTO.working_side_px
    rows(panel).setCurrentIndex(index(panel, 1))
    assert child(panel, QSpinBox, "working_side").value() == HOSTILE.working_side_px
    assert child(panel, CropView, "crop_view").crop == HOSTILE.crop


def test_the_thumbnail_comes_when_the_photo_was_read(session: Session, panel: DataPanel) -> None:
    assert index(panel, 0).data(Qt.ItemDataRole.DecorationRole) is None
    session.say(PhotoLoaded(PHOTO.name, GREY))
    thumbnail = index(panel, 0).data(Qt.ItemDataRole.DecorationRole)
    assert thumbnail.deviceIndependentSize().toSize().width() == photo_list.THUMBNAIL_PX


def test_another_crop_or_scale_is_asked_of_the_engine_once(session: Session, panel: DataPanel) -> None:
    crop = Crop(0.25, 0.25, 0.5, 0.5)
    child(panel, CropView, "crop_view").crop_changed.emit(crop)
    session.say(ProjectChanged(replace(TWO_PHOTOS, photos=(replace(PHOTO, crop=crop), HOSTILE))))
    child(panel, QSpinBox, "working_side").setValue(768)
    session.say(ProjectChanged(replace(TWO_PHOTOS, photos=(replace(PHOTO, crop=crop, working_side_px=768), HOSTILE))))
    assert session.engine.others() == [FramePhoto(PHOTO.name, crop, PHOTO.working_side_px), FramePhoto(PHOTO.name, crop, 768)]


def test_the_selection_stays_on_its_photo_when_others_come_and_go(session: Session, panel: DataPanel) -> None:
    rows(panel).setCurrentIndex(index(panel, 1))
    new = replace(PHOTO, name="new.png")
    session.say(ProjectChanged(replace(TWO_PHOTOS, photos=(new, PHOTO, HOSTILE))))
    assert rows(panel).currentIndex().row() == 2
    session.say(ProjectChanged(replace(TWO_PHOTOS, photos=(new, PHOTO))))
    assert rows(panel).currentIndex().row() == 0
    session.say(ProjectChanged(replace(TWO_PHOTOS, photos=())))
    assert not child(panel, CropView, "crop_view").isVisible()


def test_the_sentence_names_the_training_crop_of_the_preset(session: Session, panel: DataPanel) -> None:
    texts = [label.text() for label in panel.findChildren(QWidget) if hasattr(label, "text")]
    assert "Learnt at 512 px." in texts
    preset = PresetInfo("standard", "Standard", 5000, 60.0, (), crop_px=96)
    session.say(replace(READY, families=(replace(FAMILY, presets=(preset,)),)))
    texts = [label.text() for label in panel.findChildren(QWidget) if hasattr(label, "text")]
    assert "Learnt at 512 px: a training crop of 96 px sees the dashed square." in texts


def test_no_crop_is_named_that_a_setting_changed_by_hand_has_made_wrong(session: Session, panel: DataPanel) -> None:
    words = panel.findChild(QLabel, "scale_words")
    fields = (FieldInfo("levels", "int", 4, "", sets_crop=True), FieldInfo("batch", "int", 4, ""))
    preset = PresetInfo("standard", "Standard", 5000, 60.0, (("levels", 4), ("batch", 4)), crop_px=96)
    session.say(replace(READY, families=(replace(FAMILY, fields=fields, presets=(preset,)),)))
    for config, is_named in (((("batch", 8),), True), ((("levels", 5),), False), ((("levels", 4),), True)):
        session.studio.set_train_settings(TrainSettings(config=config))
        assert ("96 px" in words.text()) is is_named


def test_what_was_skipped_is_counted_in_view_and_explained_on_demand(session: Session, panel: DataPanel) -> None:
    button, text = child(panel, QAbstractButton, "skipped_button"), child(panel, QPlainTextEdit, "skipped_files")
    assert not button.isVisible()
    skipped = (SkippedFile("<i>a</i>.heic", "HEIC cannot be read.", "Save it as JPEG."), SkippedFile("b.txt", "This is no picture.", ""))
    session.say(ProjectChanged(replace(TWO_PHOTOS, skipped=skipped)))
    assert button.isVisible()
    assert button.text() == "2 files skipped"
    assert not text.isVisible()
    button.click()
    assert text.isVisible()
    assert text.toPlainText() == "<i>a</i>.heic: HEIC cannot be read. Save it as JPEG.\nb.txt: This is no picture."


def test_the_selected_photo_is_removed(session: Session, panel: DataPanel) -> None:
    rows(panel).setCurrentIndex(index(panel, 1))
    child(panel, QAbstractButton, "remove_photo").click()
    assert session.engine.others() == [RemovePhoto(HOSTILE.name)]


def test_photos_in_use_by_a_run_cannot_be_changed(session: Session, panel: DataPanel) -> None:
    session.say(JobStarted("train"))
    for name in ("remove_photo", "add_photos", "working_side", "crop_view"):
        assert not child(panel, QWidget, name).isEnabled(), name


def test_ten_thousand_photos_cost_no_widget_each(session: Session, panel: DataPanel) -> None:
    widgets_before = len(panel.findChildren(QWidget))
    photos = tuple(replace(PHOTO, name=f"{number}.png") for number in range(10_000))
    session.say(ProjectChanged(replace(TWO_PHOTOS, photos=photos)), PhotoLoaded("9999.png", GREY))
    assert rows(panel).model().rowCount() == 10_000
    assert index(panel, 9999).data(Qt.ItemDataRole.DecorationRole) is not None
    assert len(panel.findChildren(QWidget)) == widgets_before


def test_the_pixels_of_a_photo_that_is_gone_are_let_go(session: Session, panel: DataPanel) -> None:
    pixels = GREY.copy()
    kept_alive = weakref.ref(pixels)
    session.say(PhotoLoaded(HOSTILE.name, pixels))
    del pixels
    assert kept_alive() is not None
    session.say(ProjectChanged(replace(TWO_PHOTOS, photos=(PHOTO,))))
    assert kept_alive() is None


# ----------------------------------------------------------------------------------------------------- a picture set

SHEET = np.full((212, 284, 3), 200, np.uint8)
PICTURES = PictureSetInfo(12_000, 64, (("<b>cat</b>", 11_999), ("dog", 1)), ("The class dog has a single picture.",))
WITH_SET = replace(PROJECT, photos=(), pictures=PICTURES)


def text_of(panel: DataPanel, name: str) -> str:
    return child(panel, QLabel, name).text().replace("\N{NO-BREAK SPACE}", " ")


def test_a_picture_set_is_shown_with_its_size_classes_and_what_is_odd(session: Session, panel: DataPanel) -> None:
    session.say(ProjectChanged(WITH_SET))
    assert text_of(panel, "picture_set_summary") == "12,000 pictures of 64 × 64 px, for models that make images."
    assert text_of(panel, "picture_set_notes") == "The class dog has a single picture."
    button = child(panel, QAbstractButton, "classes_button")
    assert button.text() == "2 classes"
    button.click()
    classes = child(panel, QPlainTextEdit, "class_list")
    assert classes.isVisible()
    assert classes.toPlainText() == "<b>cat</b>: 11,999\ndog: 1"
    for hidden in (rows(panel), child(panel, CropView, "crop_view"), child(panel, QLabel, "no_photos")):
        assert not hidden.isVisible()


def test_a_picture_set_alone_can_be_trained_on(session: Session, panel: DataPanel) -> None:
    session.say(ProjectChanged(replace(WITH_SET, pictures=None)))
    assert not session.studio.state.can_train
    session.say(ProjectChanged(WITH_SET))
    assert session.studio.state.can_train


def test_photos_and_a_picture_set_stand_side_by_side(session: Session, panel: DataPanel) -> None:
    session.say(ProjectChanged(replace(TWO_PHOTOS, pictures=PICTURES)))
    assert rows(panel).isVisible()
    assert child(panel, QWidget, "contact_sheet").isVisible()
    session.say(ProjectChanged(TWO_PHOTOS))
    assert rows(panel).isVisible()
    assert not child(panel, QWidget, "contact_sheet").isVisible()


def test_the_contact_sheet_is_painted_and_leaves_with_its_set(session: Session, panel: DataPanel) -> None:
    session.say(ProjectChanged(WITH_SET))
    sheet = child(panel, QWidget, "contact_sheet")

    def colours() -> set[int]:
        image = sheet.grab().toImage()
        return {image.pixelColor(image.width() // 2, y).red() for y in range(0, image.height(), 5)}

    assert 200 not in colours()
    session.say(ContactSheet(SHEET))
    assert 200 in colours()
    session.say(ProjectChanged(replace(WITH_SET, opening=2, pictures=replace(PICTURES, count=3))))
    assert 200 not in colours()


def test_reading_is_shown_and_can_be_cancelled(session: Session, panel: DataPanel) -> None:
    session.say(PicturesProgress(3400, 10_000))
    assert text_of(panel, "intake_progress") == "Reading pictures: 3,400 of 10,000 files."
    cancel = child(panel, QAbstractButton, "cancel_intake")
    assert cancel.isVisible()
    cancel.click()
    assert session.engine.others() == [CancelIntake()]
    session.say(PicturesProgress(0, 0))
    assert not cancel.isVisible()
    session.say(PicturesProgress(1, 2), CommandFailed(PROBLEM))
    assert not cancel.isVisible()
    session.studio.cancel_intake()
    assert session.engine.others() == [CancelIntake()]
