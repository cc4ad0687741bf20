"""The retouching window: what the hand does becomes commands, what the engine says becomes pictures, words and buttons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QMessageBox,
    QSpinBox,
    QToolButton,
)  # fmt: skip
from pytestqt.qtbot import QtBot

from tests.tiny_operators import OPERATORS
from tests.ui.driver import child
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.operator_info import describe_operator
from texgen_desktop.operators import perspective
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.formatting import duration
from texgen_desktop.ui.images import from_qimage
from texgen_desktop.ui.retouch.window import RetouchWindow
from texgen_desktop.ui.widgets.error_bar import ErrorBar

IMAGE = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
TILE = m.PictureInfo("tile.png", Path("/pictures/tile.png"), 128, 96, 8, False, (True, True), (0, 0))
STEPS = [{"operator": "fill", "settings": {}}, {"operator": "darken", "settings": {"amount": 0.25}}]


class Desk:
    """A window, and the commands that came out of it."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.posted: list[m.Command] = []
        self.studio = Studio(self.posted.append)
        self.window = RetouchWindow(self.studio, Settings(folder))
        qtbot.addWidget(self.window)
        self.window.show()
        infos = tuple(describe_operator(operator) for operator in OPERATORS.values())
        self.say(m.EngineReady("CPU", (), 80.0, infos))
        self.window.steps.set_steps(STEPS)

    def say(self, *events: m.Event) -> None:
        for event in events:
            self.studio.on_event(event)

    def press(self, name: str) -> None:
        child(self.window, QAbstractButton, name).click()

    def action(self, name: str) -> QAction:
        return child(self.window, QAction, f"retouch_{name}_action")

    def drag(self, qtbot: QtBot, *places: tuple[float, float], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        """Press at the first (y, x) of the picture, move over all, and let go."""
        view = self.window.view
        points = [QPoint(round(p.x()), round(p.y())) for p in map(view.position_of, places)]
        qtbot.mousePress(view, button, pos=points[0])
        for point in points[1:]:
            qtbot.mouseMove(view, point)
        qtbot.mouseRelease(view, button, pos=points[-1])

    def end(self) -> None:
        """What was asked for is done."""
        self.say(m.JobStarted("retouch"), m.JobEnded("retouch", "finished"))

    @property
    def last(self) -> m.Command:
        return self.posted[-1]


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Desk:
    desk = Desk(qtbot, tmp_path)
    desk.say(m.PictureChanged(TILE, IMAGE))
    return desk


def test_an_empty_desk_invites_and_can_do_nothing_else(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(qtbot, tmp_path)
    assert not child(desk.window, QAbstractButton, "retouch_run").isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("/pictures/a.png", ""))
    desk.press("retouch_open")
    assert desk.last == m.OpenPicture(Path("/pictures/a.png"))


def test_a_painted_mask_goes_with_the_steps_and_the_seed(qtbot: QtBot, desk: Desk) -> None:
    desk.drag(qtbot, (40, 40), (44, 60))
    child(desk.window, QSpinBox, "retouch_seed").setValue(7)
    desk.press("retouch_run")
    command = desk.last
    assert isinstance(command, m.Retouch)
    assert command.steps == (m.StepSettings("fill"), m.StepSettings("darken", (("amount", 0.25),)))
    assert command.seed == 7
    assert command.mask is not None
    assert command.mask[42, 50] == 1
    assert command.mask[80, 50] == 0
    assert command.mask is not desk.window.layer.pixels  # which may be painted on meanwhile


def test_the_mask_goes_over_the_edge_of_a_tile_is_wiped_out_and_undone(qtbot: QtBot, desk: Desk) -> None:
    layer = desk.window.layer
    desk.drag(qtbot, (40, 122), (40, 134))
    assert layer.pixels[40, 125] == 1
    assert layer.pixels[40, 4] == 1
    desk.window.view.set_brush(60)
    desk.drag(qtbot, (40, 122), (40, 134), button=Qt.MouseButton.RightButton)
    assert layer.is_empty
    desk.action("undo").trigger()
    assert layer.pixels[40, 4] > 0.9
    desk.say(m.PictureChanged(m.PictureInfo("tile.png", None, 128, 96, 8, False, (False, True), (0, 0)), IMAGE))
    assert layer.pixels[40, 4] > 0.9  # it is the same picture
    other = IMAGE.copy()
    desk.say(m.PictureChanged(TILE, other))
    assert layer.is_empty


def test_the_mask_comes_back_with_the_picture_that_is_undone(qtbot: QtBot, desk: Desk) -> None:
    layer, kept = desk.window.layer, IMAGE.copy()
    desk.drag(qtbot, (40, 40), (44, 60))
    desk.drag(qtbot, (70, 40), (74, 60))
    painted = layer.pixels.copy()
    desk.say(m.PictureChanged(replace(TILE, can_undo=True, is_saved=False), kept))
    assert layer.is_empty
    desk.action("undo").trigger()
    assert desk.last == m.UndoPicture()
    desk.say(m.PictureChanged(replace(TILE, can_redo=True), IMAGE))
    np.testing.assert_allclose(layer.pixels, painted, atol=1 / 255)
    desk.action("undo").trigger()  # and stroke by stroke, as before
    assert 0 < np.count_nonzero(layer.pixels) < np.count_nonzero(painted)
    desk.action("redo").trigger()
    desk.action("redo").trigger()
    assert desk.last == m.RedoPicture()
    desk.say(m.PictureChanged(replace(TILE, can_undo=True, is_saved=False), kept))
    assert layer.is_empty


def test_lasso_rectangle_pick_and_part_do_what_they_say(qtbot: QtBot, desk: Desk) -> None:
    window, layer = desk.window, desk.window.layer
    desk.press("retouch_tool_lasso")
    desk.drag(qtbot, (20, 20), (20, 60), (60, 60), (60, 20))
    assert layer.pixels[40, 40] == 1
    qtbot.keyClick(window, Qt.Key.Key_M)
    desk.drag(qtbot, (70, 80), (90, 120))
    assert layer.pixels[80, 100] == 1
    desk.press("retouch_tool_pick")
    desk.drag(qtbot, (10.5, 30.5))
    assert desk.last == m.PickMask((10, 30), 0.12, True)
    picked = np.zeros((96, 128), np.float32)
    picked[:5] = 1
    desk.say(m.MaskProposed(picked))
    desk.end()
    assert layer.pixels[2, 100] == 1
    desk.press("retouch_tool_part")
    desk.drag(qtbot, (10, 10), (50, 70))
    command = desk.last
    assert isinstance(command, m.Retouch)
    assert command.region is not None
    assert abs(command.region.height - 40) <= 2
    assert abs(command.region.width - 60) <= 2


def test_a_result_is_shown_with_what_was_done_kept_or_discarded(desk: Desk) -> None:
    window = desk.window
    desk.press("retouch_run")
    desk.say(m.JobStarted("retouch"), m.RetouchProgress(0.4, 75, "Repair: level 3 of 5"))
    said = child(window, QLabel, "retouch_said")
    assert said.text() == f"Repair: level 3 of 5, {duration(75)} left"
    assert not child(window, QAbstractButton, "retouch_run").isEnabled()
    desk.press("retouch_cancel")
    assert desk.last == m.Cancel("retouch")
    desk.say(m.ResultShown(IMAGE, True, 128, 96, ("patch",), ((0.4, 0.1), (0, 0))), m.JobEnded("retouch", "finished"))
    assert said.text() == "patch\nIts edges fit now: no seam."
    assert window.view.has_result
    desk.press("retouch_keep")
    assert desk.last == m.KeepResult()
    desk.press("retouch_drop")
    assert desk.last == m.DropResult()
    assert not window.view.has_result


def test_a_cancelled_run_leaves_no_half_picture_behind(desk: Desk) -> None:
    desk.say(m.JobStarted("retouch"), m.ResultShown(IMAGE[::2, ::2]))
    assert desk.window.view.has_result
    desk.say(m.JobEnded("retouch", "stopped"))
    assert not desk.window.view.has_result
    assert child(desk.window, QLabel, "retouch_said").text() == "Cancelled. The picture is as it was."


def test_what_goes_wrong_is_said_in_this_window_and_not_in_the_other(desk: Desk) -> None:
    desk.say(m.RetouchRefused(m.Problem("The mask is of another size.", "Make another.", "")))
    assert desk.studio.state.problem is None
    assert desk.studio.retouching.state.problem is not None
    desk.say(m.FilesFailed(((Path("/a/x.png"), "It is damaged."),)), m.JobEnded("retouch", "finished", None, (Path("/b/y.png"),)))
    assert child(desk.window, QLabel, "retouch_said").text() == f"Written: {Path('/b/y.png')}"
    assert desk.studio.state.training == "idle"


def finished() -> tuple[m.Event, ...]:
    """A result that waits to be kept."""
    return (
        m.JobStarted("retouch"),
        m.ResultShown(IMAGE, True, 128, 96, ("patch",)),
        m.JobEnded("retouch", "finished"),
    )


def test_a_result_waits_through_cancelled_runs_previews_and_saving_and_is_never_undone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window, before = desk.window, replace(TILE, can_undo=True, has_result=True)
    desk.say(m.PictureChanged(replace(TILE, can_undo=True), IMAGE), *finished())
    desk.press("retouch_run")
    desk.say(m.JobStarted("retouch"), m.ResultShown(IMAGE[::2, ::2]), m.JobEnded("retouch", "stopped"))
    assert window.view.has_result
    desk.say(m.JobStarted("retouch"), m.ResultShown(IMAGE[:9, :9], True, 9, 9, ("tried",), None, m.Region(0, 0, 9, 9)))
    desk.say(m.JobEnded("retouch", "finished"))
    assert child(window, QLabel, "retouch_said").text() == "tried"
    desk.press("retouch_drop")
    assert child(window, QLabel, "retouch_said").text() == "patch"
    assert not desk.action("undo").isEnabled()
    assert window.view.has_result
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *args: answers.pop(0))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "new.png"), ""))
    count = len(desk.posted)
    desk.action("save").trigger()
    desk.action("save").trigger()
    assert desk.posted[count:] == [m.SavePicture(tmp_path / "new.png")]
    desk.say(m.PictureChanged(before, IMAGE))
    desk.end()
    assert window.view.has_result
    desk.action("save").trigger()
    assert desk.posted[count + 1 :] == [m.KeepResult(), m.SavePicture(tmp_path / "new.png")]


def test_a_picture_comes_from_the_clipboard_and_goes_there(desk: Desk, tmp_path: Path) -> None:
    clipboard = QApplication.clipboard()
    pixels = np.random.default_rng(1).integers(0, 255, (40, 50, 4), np.uint8)
    desk.action("copy").trigger()
    assert desk.last == m.CopyPicture()
    desk.say(m.PictureCopied(pixels))
    desk.end()
    np.testing.assert_array_equal(from_qimage(clipboard.image()), pixels)
    desk.action("paste").trigger()
    assert isinstance(desk.last, m.TakePixels)
    np.testing.assert_array_equal(desk.last.pixels, pixels)
    desk.end()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "wall.png"))])
    clipboard.setMimeData(data)
    desk.action("paste").trigger()
    assert desk.last == m.OpenPicture(tmp_path / "wall.png")
    desk.end()
    clipboard.clear()
    count = len(desk.posted)
    desk.action("paste").trigger()
    assert len(desk.posted) == count
    assert child(desk.window, ErrorBar, "error_bar").isVisible()


def test_between_run_and_the_word_of_the_engine_nothing_else_can_be_done(desk: Desk) -> None:
    """A result that waits would be gone from sight, but not from the desk."""
    desk.say(m.PictureChanged(replace(TILE, has_result=True), IMAGE), *finished())
    desk.press("retouch_run")
    count = len(desk.posted)
    desk.press("retouch_drop")
    desk.press("retouch_keep")
    desk.press("retouch_run")
    desk.action("rows").trigger()
    assert len(desk.posted) == count
    assert desk.window.view.has_result
    desk.say(m.RetouchRefused(m.Problem("The mask is empty.", "Paint one.", "")))
    desk.press("retouch_drop")
    assert desk.last == m.DropResult()


def test_the_chosen_type_gives_a_name_its_suffix(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[object, ...]] = []

    def answer(*args: object) -> tuple[str, str]:
        asked.append(args)
        return str(tmp_path / "wall"), "JPEG (*.jpg *.jpeg)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    desk.say(m.PictureChanged(replace(TILE, path=Path("/pictures/tile.bmp")), IMAGE))
    desk.action("save").trigger()
    assert desk.last == m.SavePicture(tmp_path / "wall.jpg")
    assert asked[0][2] == str(Path("/pictures/tile retouched.png"))
    assert asked[0][4] == "PNG (*.png)"


def test_files_are_not_replaced_without_a_question(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(*args: object) -> QMessageBox.StandardButton:
        asked.append(str(args[2]))
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", answer)
    for name in ("x.png", "tile.png"):
        (tmp_path / name).touch()
    count = len(desk.posted)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: (["/a/x.bmp", "/a/y.png"], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    desk.press("retouch_files")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "tile"), ""))
    desk.action("save").trigger()
    assert asked == ["x.png exists already. Replace?", "tile.png exists already. Replace?"]
    assert len(desk.posted) == count


def test_while_it_works_nothing_else_is_asked_for(qtbot: QtBot, desk: Desk) -> None:
    child(desk.window, QListWidget, "retouch_steps").setCurrentRow(1)
    names = ("retouch_learn", "retouch_learn_this", "retouch_mask_file", "retouch_find_dust", "retouch_find_scratches")
    assert all(child(desk.window, QAbstractButton, name).isEnabled() for name in names)
    desk.say(m.JobStarted("retouch"))
    assert not any(child(desk.window, QAbstractButton, name).isEnabled() for name in names)
    count = len(desk.posted)
    desk.window.tools.choose("pick")
    desk.drag(qtbot, (10, 10))
    assert len(desk.posted) == count
    assert child(desk.window, ErrorBar, "error_bar").isVisible()


def test_steps_are_added_ordered_switched_off_and_kept_under_a_name(desk: Desk) -> None:
    window = desk.window
    add = child(window, QComboBox, "retouch_add_step")
    add.setCurrentIndex(add.findData("enlarge"))
    add.activated.emit(add.currentIndex())
    desk.press("retouch_step_up")
    assert [step.operator for step in window.steps.steps()] == ["fill", "enlarge", "darken"]
    child(window, QListWidget, "retouch_steps").item(0).setCheckState(Qt.CheckState.Unchecked)
    assert [step.operator for step in window.steps.steps()] == ["enlarge", "darken"]
    window.presets.keep("Dark & large", window.steps.plain())
    window.steps.set_steps([])
    box = child(window, QComboBox, "retouch_presets")
    box.activated.emit(box.findText("Dark  large"))
    assert window.steps.steps() == (m.StepSettings("enlarge"), m.StepSettings("darken", (("amount", 0.25),)))
    assert [step["operator"] for step in window.steps.plain()] == ["fill", "enlarge", "darken"]
    assert window.steps.set_steps([{"operator": "newer"}, {"operator": "turn"}]) == ["newer"]


def test_many_files_and_a_lesson_are_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    window = desk.window
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: (["/a/x.png", "/a/y.png"], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    desk.press("retouch_files")
    command = desk.last
    assert isinstance(command, m.RetouchFiles)
    assert (command.paths, command.folder) == ((Path("/a/x.png"), Path("/a/y.png")), tmp_path)
    desk.end()
    monkeypatch.setattr("texgen_desktop.ui.retouch.window.QInputDialog.getDouble", lambda *args: (3.0, True))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "mine"), ""))
    child(window, QListWidget, "retouch_steps").setCurrentRow(1)
    desk.press("retouch_learn")
    assert desk.last == m.LearnEnhancer("darken", (Path("/a/x.png"), Path("/a/y.png")), 3.0, tmp_path / "mine.safetensors")
    desk.say(m.JobStarted("retouch"), m.JobEnded("retouch", "finished", None, (tmp_path / "mine.safetensors",)))
    assert ("model", str(tmp_path / "mine.safetensors")) in window.steps.steps()[1].values


def test_another_picture_is_not_opened_over_unsaved_work_without_a_question(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(*args: object) -> QMessageBox.StandardButton:
        asked.append(str(args[2]))
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", answer)
    desk.window.open(Path("/b/other.png"))
    assert desk.last == m.OpenPicture(Path("/b/other.png"))
    assert not asked
    desk.end()
    untouched = replace(TILE, path=None, is_saved=False)  # taken from a model, which can be done again
    desk.say(m.PictureChanged(untouched, IMAGE))
    assert not desk.studio.retouching.state.is_unsaved
    desk.say(m.PictureChanged(replace(untouched, can_undo=True), IMAGE))
    desk.window.open(Path("/b/third.png"))
    assert len(asked) == 1
    assert desk.last == m.OpenPicture(Path("/b/other.png"))


def test_the_keys_zoom_move_and_size_the_brush(qtbot: QtBot, desk: Desk) -> None:
    view = desk.window.view
    qtbot.keyClick(view, Qt.Key.Key_BracketRight)
    assert view.brush_px == pytest.approx(24 * 1.2)
    assert child(desk.window, QSpinBox, "retouch_size").value() == 29
    desk.action("actual").trigger()
    assert view.zoom == 1
    before = view.position_of((0, 0))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.position_of((0, 0)) != before
    desk.action("fit").trigger()
    assert view.zoom > 1


def test_a_click_with_the_lasso_is_no_gesture(qtbot: QtBot, desk: Desk) -> None:
    desk.press("retouch_tool_lasso")
    desk.drag(qtbot, (20, 20))
    assert not desk.window.layer.can_undo


def test_a_gesture_ends_with_the_tool_that_it_began_with(qtbot: QtBot, desk: Desk) -> None:
    view, layer = desk.window.view, desk.window.layer
    start = view.position_of((40, 40)).toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.keyClick(desk.window, Qt.Key.Key_L)
    qtbot.mousePress(view, Qt.MouseButton.RightButton, pos=start)  # nor does another button begin one
    qtbot.mouseMove(view, start + QPoint(30, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.RightButton, pos=start + QPoint(30, 0))  # or Qt takes it for held in every test after this
    assert not layer.is_empty
    layer.undo()
    assert (layer.is_empty, layer.can_undo) == (True, False)


def test_the_corners_of_a_step_are_dragged_on_the_picture(qtbot: QtBot, desk: Desk) -> None:
    window = desk.window
    straighten = describe_operator(perspective.OPERATORS[0])
    window.steps.set_operators((*desk.studio.retouching.state.operators, straighten))
    window.steps.set_steps([{"operator": "perspective", "settings": {"top_left_x": "damaged"}}])
    desk.drag(qtbot, (0, 0), (24, 32))
    desk.drag(qtbot, (96, 128), (120, 64))  # a corner stays on the picture
    assert window.layer.is_empty
    (step,) = window.steps.steps()
    values = dict(step.values)
    assert values["top_left_x"] == pytest.approx(0.25, abs=0.01)
    assert values["top_left_y"] == pytest.approx(0.25, abs=0.01)
    assert values["bottom_right_x"] == pytest.approx(0.5, abs=0.01)
    assert "bottom_right_y" not in values
    window.steps.set_steps(STEPS)
    desk.drag(qtbot, (0, 0), (24, 32))  # another step has none: the brush paints
    assert not window.layer.is_empty


def test_a_result_of_other_proportions_is_not_stretched(desk: Desk) -> None:
    view = desk.window.view
    view.actual_size()
    view.resize(400, 300)
    desk.say(m.PictureChanged(TILE, np.zeros_like(IMAGE)), m.ResultShown(np.full((96, 64, 3), 255, np.uint8), True, 64, 96))
    view.flip()  # all as it was
    view.flip()
    shown = view.grab().toImage()
    middle = shown.height() // 2
    row = [shown.pixelColor(x, middle).lightness() > 250 for x in range(shown.width())]
    assert sum(row) == pytest.approx(64 * shown.devicePixelRatio(), abs=6)


def test_a_tile_that_is_seen_from_afar_fills_the_pane(desk: Desk) -> None:
    view = desk.window.view
    desk.say(m.PictureChanged(TILE, np.full((96, 128, 3), 255, np.uint8)))
    view.resize(400, 300)
    for _ in range(20):
        view.zoom_by(0.8)
        if view.zoom < 0.3:
            break
    shown = view.grab().toImage()
    assert shown.pixelColor(8, 8).lightness() > 250
    assert shown.pixelColor(391, 291).lightness() > 250


def test_while_it_works_no_other_picture_is_opened_and_it_says_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *args: pytest.fail("it asked for what it cannot do"))
    desk.say(m.JobStarted("retouch"))
    count = len(desk.posted)
    desk.window.open(Path("/b/other.png"))
    assert len(desk.posted) == count
    bar = child(desk.window, ErrorBar, "error_bar")
    assert bar.isVisible()
    desk.say(m.JobEnded("retouch", "stopped"))
    assert not bar.isVisible()


def test_what_the_window_itself_complains_of_can_be_closed(desk: Desk) -> None:
    desk.window.presets.failed.emit("The steps could not be saved: no space.")
    bar = child(desk.window, ErrorBar, "error_bar")
    assert bar.isVisible()
    bar.dismissed.emit()
    assert not bar.isVisible()


def test_a_step_learns_from_the_picture_that_is_open(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("texgen_desktop.ui.retouch.window.QInputDialog.getDouble", lambda *args: (2.0, True))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "mine"), ""))
    child(desk.window, QListWidget, "retouch_steps").setCurrentRow(1)
    desk.press("retouch_learn_this")
    assert desk.last == m.LearnEnhancer("darken", (TILE.path,), 2.0, tmp_path / "mine.safetensors")
    desk.say(m.PictureChanged(replace(TILE, is_saved=False), IMAGE))
    assert not child(desk.window, QAbstractButton, "retouch_learn_this").isEnabled()  # its file is of another picture


def test_nothing_is_cut_off_and_everything_has_a_name(desk: Desk, qapp: QApplication) -> None:
    desk.window.resize(1280, 800)
    qapp.processEvents()
    for widget in desk.window.findChildren(QAbstractButton):
        if widget.isVisible() and widget.text():
            assert widget.width() >= widget.minimumSizeHint().width(), widget.objectName()
            assert widget.toolTip(), widget.objectName()
    extension = desk.window.findChild(QToolButton, "qt_toolbar_ext_button")
    assert extension is None or not extension.isVisible()
    for box in desk.window.findChildren(QAbstractSpinBox):
        assert box.accessibleName()


def test_a_part_ends_where_the_picture_does_unless_it_wraps(qtbot: QtBot, desk: Desk) -> None:
    desk.press("retouch_tool_part")
    for wraps, y, height in (((False, True), 0, 30), ((True, True), -4, 34)):
        desk.say(m.PictureChanged(replace(TILE, wraps=wraps), IMAGE), m.JobEnded("retouch", "finished"))
        desk.drag(qtbot, (-4, 10), (30, 60))
        command = desk.last
        assert isinstance(command, m.Retouch)
        assert command.region is not None
        assert abs(command.region.y - y) <= 1
        assert abs(command.region.height - height) <= 1
