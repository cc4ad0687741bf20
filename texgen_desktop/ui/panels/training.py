"""The training panel: what to train, how long it takes here, and the three buttons that run it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from texgen_desktop.engine.messages import LARGEST_SEED, FamilyInfo, PresetInfo
from texgen_desktop.studio.settings import Settings
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui import formatting
from texgen_desktop.ui.config_form import ConfigForm
from texgen_desktop.ui.panel import Panel
from texgen_desktop.ui.parts import Disclosure, ScrolledColumn, button, combo, highlight, words
from texgen_desktop.ui.samples import models
from texgen_desktop.ui.theme import SPACING, icon
from texgen_desktop.ui.training_words import advice_on, figures, share_done, status
from texgen_desktop.ui.widgets.wheel import leave_wheel

PROGRESS_STEPS = 1000


class TrainingPanel(Panel):
    title = "Training"
    area = Qt.DockWidgetArea.LeftDockWidgetArea
    order = 20

    def __init__(self, studio: Studio, settings: Settings) -> None:
        super().__init__(studio, settings)
        self._family = combo("family", "Family", "The kind of model that is trained")
        self._preset = combo("preset", "Preset", "How long to train: longer gives a closer likeness and finer grain")
        tip = "Train for ten seconds, keep nothing, and say how long each preset takes on this computer"
        self._measure = button("measure_button", "", "Measure the times here", tip)
        self._start_from = combo("start_from", "Start from", "The weights to begin with: a trained model saves the first minutes")
        self._seed = _seed_box()
        self._about = words(name="training_about")
        self._suggestion = button("suggestion_button", "", "", "")
        self._form = ConfigForm()
        tip = "Every setting of the family; what you leave alone follows the preset"
        self._advanced = Disclosure("advanced_button", "All settings", tip, self._form)
        self._shipped = _shipped_models()
        self._choices = self._make_choices()
        self._train = button("train_button", "play", "Train", "Start a new run on the photos of the project")
        self._pause = button("pause_button", "pause", "Pause", "")
        self._stop = button("stop_button", "stop", "Stop", "End the run: its model is saved, its memory freed")
        self._progress = QProgressBar()
        self._progress.setObjectName("progress")
        self._progress.setAccessibleName("Training progress")
        self._progress.setRange(0, PROGRESS_STEPS)
        self._status = words(name="training_status")
        self._figures = {
            name: words(name=f"training_{name.lower().replace(' ', '_')}") for name in ("Images", "Speed", "Time left", "Device")
        }
        self._lay_out()
        self._connect()

    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        families_changed = old is None or old.families != new.families
        if families_changed:
            self._show_families(new)
        if old is None or families_changed or old.settings.family != new.settings.family:
            self._show_family(_family_of(new))
        if old is None or families_changed or old.settings != new.settings or old.project != new.project:
            self._show_settings(new)
        self._show_what_is_open(new, is_anew=old is None or families_changed or old.settings.family != new.settings.family)
        if old is None or (old.suggested, old.settings.family) != (new.suggested, new.settings.family):
            self._show_suggestion(new)
        self._show_buttons(new)
        if old is None or old.can_resume != new.can_resume:  # an icon is drawn anew, which is too dear for every step of progress
            self._show_pause_or_resume(new)
        self._show_progress(new)

    # ----------------------------------------------------------------------------------------------- building

    def _make_choices(self) -> QWidget:
        content = QWidget()
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Family", self._family)
        form.addRow("Preset", self._preset)
        form.addRow("Start from", self._start_from)
        form.addRow("Seed", self._seed)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, SPACING.small, 0)
        column.addLayout(form)
        column.addWidget(self._about)
        column.addWidget(self._suggestion)
        column.addWidget(self._measure)
        column.addWidget(self._advanced)
        column.addWidget(self._form)
        column.addStretch()
        for editor in (self._family, self._preset, self._start_from, self._seed):
            leave_wheel(editor)
        return content

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for each in (self._train, self._pause, self._stop):
            buttons.addWidget(each, stretch=1)
        numbers = QFormLayout()
        numbers.setVerticalSpacing(SPACING.tiny)
        for name, label in self._figures.items():
            label.setAccessibleName(name)
            numbers.addRow(name, label)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.medium, SPACING.medium, SPACING.medium, SPACING.medium)
        column.addWidget(ScrolledColumn(self._choices), stretch=1)
        column.addLayout(buttons)
        column.addWidget(self._progress)
        column.addWidget(self._status)
        column.addLayout(numbers)

    def _connect(self) -> None:
        self._preset.currentIndexChanged.connect(self._on_preset_chosen)
        self._start_from.currentIndexChanged.connect(self._on_start_chosen)
        self._family.currentIndexChanged.connect(self._on_family_chosen)
        self._seed.valueChanged.connect(self._on_seed_changed)
        self._form.values_changed.connect(self._on_config_changed)
        self._train.clicked.connect(self.studio.train)
        self._pause.clicked.connect(self._on_pause_clicked)
        self._stop.clicked.connect(self.studio.stop)
        self._suggestion.clicked.connect(self._on_suggestion_taken)
        self._measure.clicked.connect(self.studio.measure_machine)

    # ------------------------------------------------------------------------------------------------ showing

    def _show_families(self, state: StudioState) -> None:
        with QSignalBlocker(self._family):
            self._family.clear()
            for family in state.families:
                self._family.addItem(family.title, family.id)
                self._family.setItemData(self._family.count() - 1, formatting.tooltip(family.description), Qt.ItemDataRole.ToolTipRole)

    def _show_family(self, family: FamilyInfo | None) -> None:
        with QSignalBlocker(self._family), QSignalBlocker(self._preset):
            self._family.setCurrentIndex(self._family.findData(family.id if family else None))
            self._preset.clear()
            for preset in family.presets if family else ():
                self._preset.addItem(_preset_inwords(preset), preset.id)
        self._form.set_fields(family.fields if family else ())
        self._advanced.offer(bool(family and family.fields))

    def _show_settings(self, state: StudioState) -> None:
        family, settings = _family_of(state), state.settings
        preset = next((preset for preset in family.presets if preset.id == settings.preset), None) if family else None
        with QSignalBlocker(self._preset), QSignalBlocker(self._seed):
            self._preset.setCurrentIndex(self._preset.findData(settings.preset))
            self._seed.setValue(min(max(settings.seed, 0), LARGEST_SEED))
        self._show_starts(state)
        self._form.set_values(dict(preset.values) if preset else {}, dict(settings.config))
        self._about.setText(_about(family, preset, dict(settings.config)))
        self._about.setVisible(bool(self._about.text()))

    def _show_starts(self, state: StudioState) -> None:
        """New weights, the models of this project's runs, and those that ship."""
        chosen = state.settings.start_from
        starts = {"": "New weights"} | _own_models(state) | self._shipped.get(state.settings.family, {})
        starts.setdefault(chosen, Path(chosen).name)
        with QSignalBlocker(self._start_from):
            self._start_from.clear()
            for name, title in starts.items():
                self._start_from.addItem(title, name)
            self._start_from.setCurrentIndex(self._start_from.findData(chosen))

    def _show_suggestion(self, state: StudioState) -> None:
        """Told by what is learnt from: it looks the same so, and would give more."""
        family, what = _family_of(state), " and ".join(state.suggested)
        if family is not None and family.makes == "images":
            text, why = f"{what.capitalize()} the pictures", f"The pictures allow it: nobody would see that some were changed so ({what})"
        else:
            text, why = f"{what.capitalize()} the crops", f"The photo allows it: nobody would see that a crop was changed so ({what})"
        self._suggestion.setText(text)
        self._suggestion.setToolTip(formatting.tooltip(why))
        self._suggestion.setVisible(bool(what))

    def _show_what_is_open(self, state: StudioState, is_anew: bool) -> None:
        """While a run trains only live settings can be changed."""
        is_idle = state.training == "idle"
        self._choices.setEnabled(state.engine_ready and state.training in ("idle", "running", "paused") and not state.is_read_only)
        if is_anew or self._family.isEnabled() != is_idle:
            for editor in (self._family, self._preset, self._start_from, self._seed):
                editor.setEnabled(is_idle)
            self._form.set_live_only(not is_idle)

    def _show_buttons(self, state: StudioState) -> None:
        self._train.setEnabled(state.can_train)
        self._pause.setEnabled(state.can_pause or state.can_resume)
        self._stop.setEnabled(state.can_stop)
        self._measure.setEnabled(state.can_train and not state.is_measuring)

    def _show_pause_or_resume(self, state: StudioState) -> None:
        for each, leads in ((self._pause, state.can_resume), (self._train, not state.can_resume)):
            highlight(each, leads)
        if state.can_resume:
            self._pause.setText("Resume")
            self._pause.setIcon(icon("play"))
            self._pause.setToolTip("Go on exactly where the run was left")
        else:
            self._pause.setText("Pause")
            self._pause.setIcon(icon("pause"))
            self._pause.setToolTip("Hold the run; everything stays ready to go on")

    def _show_progress(self, state: StudioState) -> None:
        done = share_done(state)
        self._progress.setValue(round(PROGRESS_STEPS * done))
        self._progress.setFormat(f"{100 * done:.0f} %")
        self._status.setText(status(state))
        for name, text in figures(state).items():
            self._figures[name].setText(text)

    # ------------------------------------------------------------------------------------------- what is heard

    def _on_family_chosen(self, index: int) -> None:
        family_id = self._family.itemData(index)
        family = next((family for family in self.studio.state.families if family.id == family_id), None)
        if family is None or family.id == self.studio.state.settings.family:
            return
        known = [preset.id for preset in family.presets]
        preset = self.studio.state.settings.preset
        self._change(family=family.id, preset=preset if preset in known else known[0], config=(), start_from="")

    def _on_preset_chosen(self, index: int) -> None:
        self._change(preset=self._preset.itemData(index))

    def _on_start_chosen(self, index: int) -> None:
        self._change(start_from=self._start_from.itemData(index))

    def _on_seed_changed(self, seed: int) -> None:
        self._change(seed=seed)

    def _on_config_changed(self) -> None:
        self._change(config=self._form.overrides())
        self.studio.tune(self._form.live_values())

    def _on_suggestion_taken(self) -> None:
        state = self.studio.state
        config = dict(state.settings.config) | dict.fromkeys(state.suggested, True)
        self._change(config=tuple(config.items()))

    def _on_pause_clicked(self) -> None:
        if self.studio.state.can_resume:
            self.studio.resume()
        else:
            self.studio.pause()

    def _change(self, **changes: object) -> None:
        self.studio.set_train_settings(replace(self.studio.state.settings, **changes))  # type: ignore[arg-type]


def _family_of(state: StudioState) -> FamilyInfo | None:
    return next((family for family in state.families if family.id == state.settings.family), None)


def _own_models(state: StudioState) -> dict[str, str]:
    """Title by ``TrainSettings.start_from`` of every model of the project that a run of the chosen family can begin with."""
    runs = state.project.runs if state.project else ()
    return {run.id: f"This project: {run.id}" for run in runs if run.has_model and run.settings.family == state.settings.family}


def _shipped_models() -> dict[str, dict[str, str]]:
    """Title by ``TrainSettings.start_from``, by family."""
    found: dict[str, dict[str, str]] = {}
    for model in models():
        found.setdefault(model.family, {})[model.path.stem] = model.title
    return found


def _preset_inwords(preset: PresetInfo) -> str:
    return preset.title if preset.seconds is None else f"{preset.title} – about {formatting.duration(preset.seconds)}"


def _about(family: FamilyInfo | None, preset: PresetInfo | None, changes: dict[str, Any]) -> str:
    if family is None or preset is None:
        return ""
    sentences = [f"{family.description.rstrip('.')}.", f"{formatting.count(changes.get('images', preset.images), 'training image')}."]
    if changes:
        sentences.append(f"{formatting.count(len(changes), 'setting')} changed: the time is that of the preset without changes.")
    if advice := advice_on(family, preset):
        sentences.append(advice)
    return " ".join(sentences)


def _seed_box() -> QSpinBox:
    box = QSpinBox()
    box.setObjectName("train_seed")
    box.setAccessibleName("Training seed")
    box.setRange(0, LARGEST_SEED)
    box.setKeyboardTracking(False)
    box.setToolTip("The same seed, photos and settings give the same model")
    return box
