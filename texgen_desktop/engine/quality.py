"""How near a run's texture has come to the photo: structure and copies, read off the live model for a small share of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from texgen_desktop.data.photos import Photo
from texgen_desktop.engine.jobs import Clock
from texgen_desktop.engine.rendering import drawn
from texgen_desktop.engine.source import Source
from texgen_desktop.families import Family, Look, Region, RenderRequest
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.patches import patch_distance
from texgen_desktop.imaging.score import LEAST_PHOTO_PX, Judge
from texgen_desktop.slices import Slices

SHARE, AHEAD_S = 0.025, 60.0
"""The share of the time that may be spent, and how much of a run is drawn on in advance: looking at the photo takes seconds, and else the
first reading would come after two minutes. A run of ten minutes spends less than 3 % all the same."""
EARLY_SHARE, EARLY_FROM_S = 0.1, 5.0
"""In the beginning no more than this share is spent, and nothing before the first pictures have come."""
_SLICE_S = 0.05  # after that no other slice of a reading is begun
_SIDE_PX = 256
MOST_PHOTOS, _MOST_PICTURES = 4, 64
_PATCHES_SIDE_PX = 192


def looked_at(family: Family, photos: Sequence[Photo]) -> list[Photo]:
    """Those of the photos or pictures that a run is read by: the first few, of pictures, which lie in the order of their classes, some
    spread evenly over all."""
    if family.makes == "textures":
        return [photos[k] for k in range(min(len(photos), MOST_PHOTOS))]
    chosen = min(len(photos), _MOST_PICTURES)
    return [photos[k * len(photos) // chosen] for k in range(chosen)]


class QualityMeter:
    """Reads a run of a family that makes textures; of others, and of photos that are too small to judge by, it has only a score.

    ``photos`` are those that ``looked_at`` has chosen.
    """

    def __init__(self, family: Family, photos: Sequence[Photo], clock: Clock = time.monotonic) -> None:
        self._photos = [photo.pixels for photo in photos]
        self.can_judge = family.makes == "textures" and all(min(pixels.shape[:2]) >= LEAST_PHOTO_PX for pixels in self._photos)
        self._clock = clock
        self._judge: Judge | None = None
        self._reading: Slices[dict[str, float]] | None = None
        self.begin()

    def begin(self) -> None:
        """A new sitting: what was spent in an earlier one is forgiven."""
        self._began_s = self._clock()
        self.spent_s = 0.0

    @property
    def is_due(self) -> bool:
        """Whether its share of the time allows another slice."""
        seconds = self._clock() - self._began_s
        return self.can_judge and self.spent_s < min(EARLY_SHARE * (seconds - EARLY_FROM_S), SHARE * (seconds + AHEAD_S))

    def advance(self, snapshot: Callable[[], Source]) -> dict[str, float]:
        """One slice: those of a reading that fit into 50 ms, and the one that ends later, for most are far shorter than a slice may be.

        Returns "structure" and "copy share" when they are read, of a snapshot that may be some seconds old, else nothing.
        """
        began_s = self._clock()
        if self._reading is None:
            self._reading = self._read(snapshot)
        try:
            while self._clock() - began_s < _SLICE_S:
                next(self._reading)
        except StopIteration as end:
            self._reading = None
            found: dict[str, float] = end.value
            return found
        finally:
            self.spent_s += self._clock() - began_s
        return {}

    def score(self, source: Source) -> Slices[float | None]:
        """For choosing between the checkpoints of a run; lower is better. None while the photo has not been looked at enough."""
        if not self.can_judge:
            tile = yield from _tile(source, _PATCHES_SIDE_PX)
            return patch_distance(self._photos, tile, seed=0)
        if self._judge is None:
            return None
        tile = yield from _tile(source, _SIDE_PX)
        return (yield from self._judge.structure_of(tile))

    def structure(self, source: Source) -> Slices[float]:
        """``Score.structure`` now, whatever it costs; counted as spent. Only where it ``can_judge``."""
        began_s = self._clock()
        judge = yield from self._prepared()
        tile = yield from _tile(source, _SIDE_PX)
        found = yield from judge.structure_of(tile)
        self.spent_s += self._clock() - began_s
        return found

    def _prepared(self) -> Slices[Judge]:
        if self._judge is None:
            self._judge = yield from Judge.prepared(self._photos)
        return self._judge

    def _read(self, snapshot: Callable[[], Source]) -> Slices[dict[str, float]]:
        judge = yield from self._prepared()
        tile = yield from _tile(snapshot(), _SIDE_PX)
        structure = yield from judge.structure_of(tile)
        copies = yield from judge.copies_of(tile)
        return {"structure": structure, "copy share": copies.share}


def _tile(source: Source, side_px: int) -> Slices[Floats]:
    """The middle position of all sliders, seed 0."""
    return drawn(source, RenderRequest(Look(), Region(0, 0, side_px, side_px)))
