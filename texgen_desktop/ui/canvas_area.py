"""The middle of the window: joins the canvas to the studio, and says in words what is on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from texgen_desktop.engine.messages import PhotoInfo, PhotoLoaded, ProjectInfo, Region, Rendered
from texgen_desktop.studio.state import StudioState
from texgen_desktop.studio.studio import Studio
from texgen_desktop.ui.formatting import number, one_line
from texgen_desktop.ui.samples import Sample
from texgen_desktop.ui.widgets.canvas_view import CanvasView
from texgen_desktop.ui.widgets.empty_state import Shelf
from texgen_desktop.ui.widgets.error_bar import ErrorBar
from texgen_desktop.ui.widgets.offer_bar import OfferBar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RESTORE, _VARY, _LEARN = ("settings", "Restore its settings"), ("vary", "Vary it"), ("photo", "Use as photo")


class CanvasArea(QWidget):
    """The bars that ask or warn, and the canvas under them."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.canvas = CanvasView()
        self.error_bar = ErrorBar()
        self.offer_bar = OfferBar()
        self._photos: dict[str, NDArray[np.uint8]] = {}
        self._shown: Rendered | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.error_bar)
        layout.addWidget(self.offer_bar)
        layout.addWidget(self.canvas, 1)
        self.canvas.setAccessibleName("Canvas")
        self._connect()

    def _connect(self) -> None:
        self.error_bar.dismissed.connect(self.studio.dismiss_problem)
        self.offer_bar.chosen.connect(self.studio.accept_offer)
        self.offer_bar.dismissed.connect(self.studio.dismiss_offer)
        self.canvas.files_dropped.connect(self.studio.open_paths)
        self.canvas.region_wanted.connect(self.studio.show_region)
        self.canvas.sample_chosen.connect(self._on_sample_chosen)
        self.studio.state_changed.connect(self.show_state)
        self.studio.image_ready.connect(self._on_image_ready)
        self.studio.photo_ready.connect(self._on_photo_ready)

    def offer(self, models: Sequence[Sample], photos: Sequence[Sample]) -> None:
        """Show what ships under the empty canvas's message."""
        self.canvas.set_shelves(
            (
                Shelf("Or play with a trained texture", "Play with", _items(models)),
                Shelf("Or learn from a sample photo", "Start with the sample", _items(photos)),
            )
        )

    @Slot(object, object)
    def show_state(self, old: StudioState | None, new: StudioState) -> None:
        if old is None or old.problem != new.problem:
            self.error_bar.show_problem(new.problem)
        if old is None or old.offer != new.offer:
            self._show_offer(new)
        if old is not None and _photos(old.project) != _photos(new.project):
            self._show_photo(new)
        if old is not None and old.model is not None and new.model is None:
            self._shown = None
            self.canvas.clear_result()
        if old is not None and (old.judged, old.view.shows_copies) != (new.judged, new.view.shows_copies) and self._shown is not None:
            self._show_rendered(self._shown, new)
        if old is None or old.view.repeat != new.view.repeat:
            self.canvas.set_repeat(new.view.repeat)
        if new.model is not None and (old is None or old.model != new.model):
            self.canvas.expect_model(new.model.level_count)
        # Until there is a texture, its photo is the best picture of it.
        self.canvas.set_comparison(new.view.comparison if new.model or not self._photo_name(new) else "photo")
        self._show_words(new)

    def _show_offer(self, state: StudioState) -> None:
        if state.offer is None:
            self.offer_bar.show_offer("", ())
        else:
            name = one_line(state.offer.path.name)
            choices = (_VARY, _LEARN) if state.can_vary_photos else (_LEARN,)
            if state.offer.recipe is None:
                self.offer_bar.show_offer(f"The model can vary {name}, or a new one can learn from it.", choices)
            else:
                self.offer_bar.show_offer(f"{name} was exported from this program, and remembers how it was made.", (_RESTORE, *choices))

    def _show_photo(self, state: StudioState) -> None:
        """Show the part of the project's first photo that is learnt, at the scale that it is learnt at."""
        names = {photo.name for photo in _photos(state.project)}
        self._photos = {name: image for name, image in self._photos.items() if name in names}
        photo = next(iter(_photos(state.project)), None)
        image = self._photos.get(photo.name) if photo else None
        if photo is None or image is None:
            self.canvas.set_photo(None)
            return
        height, width, _ = image.shape
        top, left = round(photo.crop.y * height), round(photo.crop.x * width)
        bottom, right = round((photo.crop.y + photo.crop.height) * height), round((photo.crop.x + photo.crop.width) * width)
        crop = image[top : max(bottom, top + 1), left : max(right, left + 1)]
        self.canvas.set_photo(crop, photo.working_side_px / min(crop.shape[:2]))

    def _show_words(self, state: StudioState) -> None:
        name = self._photo_name(state)
        if state.project is None and state.model is None:
            self.canvas.set_message("Drop a photo here", "or press Ctrl+O")
        elif name:
            self.canvas.set_message("One moment…", f"Reading {one_line(name)}")
        else:
            self.canvas.set_message("No texture yet", "Drop a photo here to learn from.")
        self._show_caption(state)

    def _show_caption(self, state: StudioState) -> None:
        name = self._photo_name(state)
        if self._shown is not None and state.view.comparison != "photo":
            seen = self._shown.images_seen
            self.canvas.set_caption(f"After {number(seen)} images" if seen is not None else "")
        elif name and state.model is None:
            is_waiting = state.training in ("starting", "running")
            advice = "the first sample comes in a few seconds" if is_waiting else "press Train to make a texture of it"
            self.canvas.set_caption(f"{one_line(name)} – {advice}")
        else:
            self.canvas.set_caption(one_line(name) if state.view.comparison == "photo" else "")

    def _photo_name(self, state: StudioState) -> str:
        return next((photo.name for photo in _photos(state.project)), "")

    @Slot(object)
    def _on_image_ready(self, rendered: Rendered) -> None:
        self._shown = rendered
        self._show_rendered(rendered, self.studio.state)
        self._show_caption(self.studio.state)

    def _show_rendered(self, rendered: Rendered, state: StudioState) -> None:
        request, skip = rendered.request, rendered.request.skip_levels
        if request.cells == (None, None):
            at = request.region
            texels = Region(at.y << skip, at.x << skip, at.height << skip, at.width << skip)
            self.canvas.set_region_image(texels, rendered.image, skip)
        else:
            self.canvas.set_tile(with_copies(rendered, state), float(1 << skip))

    @Slot(object)
    def _on_photo_ready(self, photo: PhotoLoaded) -> None:
        self._photos[photo.name] = photo.image
        self._show_photo(self.studio.state)

    @Slot(str)
    def _on_sample_chosen(self, path: str) -> None:
        self.studio.open_paths([Path(path)])


def _items(samples: Sequence[Sample]) -> list[tuple[str, str, QImage]]:
    return [(str(sample.path), sample.title, sample.thumbnail()) for sample in samples]


def _photos(project: ProjectInfo | None) -> tuple[PhotoInfo, ...]:
    return project.photos if project else ()


def with_copies(rendered: Rendered, state: StudioState) -> NDArray[np.uint8]:
    """The tile with a red veil where it lies too near to the photo, if that is wanted and known of this very tile."""
    judged, request = state.judged, rendered.request
    if judged is None or not state.view.shows_copies:
        return rendered.image
    if (request.look, request.cells, rendered.images_seen) != (judged.look, judged.cells, judged.images_seen):
        return rendered.image
    import numpy as np  # after the first paint: it was loaded with the first picture

    step = 1 << request.skip_levels
    veil = 0.6 * judged.copies[::step, ::step, None]
    veiled: NDArray[np.uint8] = (rendered.image * (1 - veil) + np.array([230, 40, 40], np.float32) * veil).astype(np.uint8)
    return veiled
