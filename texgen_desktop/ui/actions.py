"""The table of all actions: menus, tool bar, shortcuts and the list of keys are built from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from texgen_desktop.studio.state import Comparison, Repeat, StudioState

if TYPE_CHECKING:
    from texgen_desktop.ui.desk import Desk

MENUS = ("&File", "&Edit", "&View", "&Training", "&Help")


def _always(state: StudioState) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing that a person can do. ``id`` is its objectName; ``checked`` tells when an action that stays down is down."""

    id: str
    text: str
    tip: str
    run: Callable[[Desk], None]
    keys: str = ""
    enabled: Callable[[StudioState], bool] = _always
    checked: Callable[[StudioState], bool] | None = None
    icon: str = ""
    in_tool_bar: bool = False
    begins_group: bool = False


def _has_project(state: StudioState) -> bool:
    return state.project is not None


def _has_photo(state: StudioState) -> bool:
    return state.project is not None and bool(state.project.photos)


def _has_model(state: StudioState) -> bool:
    return state.model is not None


def _can_discard(state: StudioState) -> bool:
    return state.can_edit_project and state.project is not None and state.project.is_unsaved


def _can_close(state: StudioState) -> bool:
    return (_has_project(state) or _has_model(state)) and not state.is_training


def _pause_or_resume(desk: Desk) -> None:
    if desk.studio.state.can_pause:
        desk.studio.pause()
    else:
        desk.studio.resume()


def _repeat(id: str, repeat: Repeat, text: str, keys: str, tip: str, begins_group: bool = False) -> Action:
    return Action(
        id=id,
        text=text,
        keys=keys,
        tip=tip,
        run=lambda desk: desk.studio.set_view(repeat=repeat),
        checked=lambda state: state.view.repeat == repeat,
        in_tool_bar=True,
        begins_group=begins_group,
    )


def _compare(id: str, comparison: Comparison, text: str, keys: str, tip: str, begins_group: bool = False) -> Action:
    """An action that switches a comparison on, and when it is on, off again."""

    def toggle(desk: Desk) -> None:
        desk.studio.set_view(comparison="result" if desk.studio.state.view.comparison == comparison else comparison)

    return Action(
        id=id,
        text=text,
        keys=keys,
        tip=tip,
        run=toggle,
        enabled=_has_photo,
        checked=lambda state: state.view.comparison == comparison,
        in_tool_bar=True,
        begins_group=begins_group,
    )


_FILE = (
    Action(
        id="open_action",
        text="&Open Photos…",
        keys="Ctrl+O",
        tip="Start a texture from one or more photos",
        run=lambda desk: desk.open_photos(),
        icon="open",
        in_tool_bar=True,
    ),
    Action(
        id="open_project_action",
        text="Open Pro&ject…",
        keys="Ctrl+Shift+O",
        tip="Open a project folder",
        run=lambda desk: desk.open_project(),
    ),
    Action(
        id="save_as_action",
        text="Save Project &As…",
        keys="Ctrl+Shift+S",
        tip="Keep the project in a folder of your own",
        run=lambda desk: desk.save_as(),
        enabled=_has_project,
        begins_group=True,
    ),
    Action(
        id="rename_action",
        text="&Rename Project…",
        keys="F2",
        tip="Give the project another name",
        run=lambda desk: desk.rename(),
        enabled=lambda state: state.can_edit_project,
    ),
    Action(
        id="discard_action",
        text="&Discard Project",
        tip="Delete a project that was never saved under a name",
        run=lambda desk: desk.studio.discard(),
        enabled=_can_discard,
    ),
    Action(
        id="close_action",
        text="&Close Project",
        keys="Ctrl+W",
        tip="Put the project away; it stays on disk",
        run=lambda desk: desk.studio.close_project(),
        enabled=_can_close,
    ),
    Action(
        id="export_action",
        text="&Export…",
        keys="Ctrl+E",
        tip="Write the texture to a file, at any size",
        run=lambda desk: desk.show_export(),
        enabled=lambda state: state.can_export,
        icon="export",
        in_tool_bar=True,
        begins_group=True,
    ),
    Action(
        id="retouch_action",
        text="Re&pair and Enhance…",
        keys="Ctrl+R",
        tip="Repair and enhance single pictures, in a window of their own",
        run=lambda desk: desk.show_retouch(),
        begins_group=True,
    ),
    Action(
        id="retouch_tile_action",
        text="Repair This &Tile…",
        keys="Ctrl+Shift+R",
        tip="Repair or enhance the tile that is shown",
        run=lambda desk: desk.retouch_tile(),
        enabled=_has_model,
    ),
    Action(id="quit_action", text="&Quit", keys="Ctrl+Q", tip="Save what runs and leave", run=lambda desk: desk.quit(), begins_group=True),
)

_EDIT = (
    Action(
        id="undo_action",
        text="&Undo",
        keys="Ctrl+Z",
        tip="Take back the last change of a slider or seed",
        run=lambda desk: desk.studio.undo(),
        enabled=lambda state: state.can_undo,
        icon="undo",
        in_tool_bar=True,
        begins_group=True,
    ),
    Action(
        id="redo_action",
        text="&Redo",
        keys="Ctrl+Shift+Z",
        tip="Do again what was taken back",
        run=lambda desk: desk.studio.redo(),
        enabled=lambda state: state.can_redo,
        icon="redo",
        in_tool_bar=True,
    ),
    Action(
        id="reroll_action",
        text="New &Seeds",
        keys="R",
        tip="A new layout seed and a new detail seed. A locked seed stays, and so do the sliders",
        run=lambda desk: desk.studio.reroll(),
        enabled=_has_model,
        icon="dice",
        in_tool_bar=True,
        begins_group=True,
    ),
)

_VIEW = (
    _repeat("repeat_1_action", "1x1", "&1 × 1", "1", "Show the tile once", begins_group=True),
    _repeat("repeat_2_action", "2x2", "&2 × 2", "2", "Repeat the tile twice each way"),
    _repeat("repeat_3_action", "3x3", "&3 × 3", "3", "Repeat the tile three times each way"),
    _repeat("endless_action", "endless", "&Endless", "4", "Wander over texture without end"),
    _compare("photo_action", "photo", "&Photo", "P", "Show the photo in place of the texture", begins_group=True),
    _compare("beside_action", "beside", "&Beside", "B", "Show the photo beside the texture"),
    Action(
        id="fit_action",
        text="&Fit",
        keys="F",
        tip="Zoom so that all of it is seen",
        run=lambda desk: desk.canvas.fit(),
        icon="fit",
        in_tool_bar=True,
        begins_group=True,
    ),
    Action(
        id="actual_size_action",
        text="&Actual Size",
        keys="Ctrl+1",
        tip="One pixel of the texture on one pixel of the screen",
        run=lambda desk: desk.canvas.actual_size(),
        icon="actual_size",
        in_tool_bar=True,
    ),
    Action(id="zoom_in_action", text="Zoom &In", keys="Ctrl++", tip="Look closer", run=lambda desk: desk.canvas.zoom_in(), icon="zoom_in"),
    Action(id="zoom_out_action", text="Zoom &Out", keys="Ctrl+-", tip="See more", run=lambda desk: desk.canvas.zoom_out(), icon="zoom_out"),
    Action(
        id="reset_layout_action",
        text="&Reset Window Layout",
        tip="Put all panels back where they were at first",
        run=lambda desk: desk.reset_layout(),
        begins_group=True,
    ),
)

_TRAINING = (
    Action(
        id="train_action",
        text="&Train",
        keys="Ctrl+T",
        tip="Start a new run on the photos of the project",
        run=lambda desk: desk.studio.train(),
        enabled=lambda state: state.can_train,
        icon="play",
    ),
    Action(
        id="pause_action",
        text="&Pause or Resume",
        keys="Ctrl+P",
        tip="Hold the run, or go on with it",
        run=_pause_or_resume,
        enabled=lambda state: state.can_pause or state.can_resume,
        icon="pause",
    ),
    Action(
        id="stop_action",
        text="&Stop",
        keys="Ctrl+.",
        tip="End the run and keep what it has learnt",
        run=lambda desk: desk.studio.stop(),
        enabled=lambda state: state.can_stop,
        icon="stop",
    ),
)

_HELP = (
    Action(id="keys_action", text="&Keys and Mouse", keys="F1", tip="List all keys", run=lambda desk: desk.show_keys(), icon="question"),
    Action(id="about_action", text="&About TexGen Desktop", tip="Version and licences", run=lambda desk: desk.show_about()),
)

ACTIONS: dict[str, tuple[Action, ...]] = dict(zip(MENUS, (_FILE, _EDIT, _VIEW, _TRAINING, _HELP), strict=True))
"""The actions of every menu, in the order of the menu bar."""
