"""How near a run has come to its photos or pictures, read off the live model for a small share of the time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from texgen_desktop.data.photos import Photo
from texgen_desktop.engine.instruments import Reading, instrument_for
from texgen_desktop.engine.jobs import Clock
from texgen_desktop.engine.rendering import drawn
from texgen_desktop.engine.source import Source
from texgen_desktop.families import Look, Region, RenderRequest
from texgen_desktop.imaging.patches import patch_distance
from texgen_desktop.slices import Slices

SHARE, AHEAD_S = 0.025, 60.0
"""The share of the time that may be spent, and how much of a run is drawn on in advance: looking at the photo takes seconds, and else the
first reading would come after two minutes. A run of ten minutes spends less than 3 % all the same."""
EARLY_SHARE, EARLY_FROM_S = 0.1, 5.0
"""In the beginning no more than this share is spent, and nothing before the first pictures have come."""
_SLICE_S = 0.05  # after that no other slice of a reading is begun
_PATCHES_SIDE_PX = 192


class QualityMeter:
    """Reads a run by the instrument of its family; where there is too little to judge by, it has only a score.

    ``photos`` are those that ``instruments.looked_at`` has chosen.
    """

    def __init__(self, photos: Sequence[Photo], clock: Clock = time.monotonic) -> None:
        self._photos = photos
        self._instrument = instrument_for(photos)
        self._clock = clock
        self._reading: Slices[Reading] | None = None
        self._found: dict[str, float] = {}
        self.begin()

    def begin(self) -> None:
        """A new sitting: what was spent in an earlier one is forgiven."""
        self._began_s = self._clock()
        self.spent_s = 0.0

    @property
    def can_judge(self) -> bool:
        return self._instrument is not None

    @property
    def is_due(self) -> bool:
        """Whether its share of the time allows another slice."""
        seconds = self._clock() - self._began_s
        return self.can_judge and self.spent_s < min(EARLY_SHARE * (seconds - EARLY_FROM_S), SHARE * (seconds + AHEAD_S))

    def advance(self, snapshot: Callable[[], Source]) -> None:
        """One slice: those of a reading that fit into 50 ms, and the one that ends later, for most are far shorter than a slice may be.
        Only where it ``can_judge``; of a snapshot that may be some seconds old when the reading is done."""
        assert self._instrument is not None
        began_s = self._clock()
        if self._reading is None:
            self._reading = self._instrument.read(snapshot)
        try:
            while self._clock() - began_s < _SLICE_S:
                next(self._reading)
        except StopIteration as end:
            self._reading = None
            self._note(end.value)
        finally:
            self.spent_s += self._clock() - began_s

    def take(self) -> dict[str, float]:
        """What has been read since the last call, by the names of the curves."""
        found, self._found = self._found, {}
        return found

    @property
    def scored_by(self) -> str:
        """Scores are compared only with those of the same."""
        return self._instrument.name if self._instrument else "patches"

    def score(self, source: Source) -> Slices[float | None]:
        """For choosing between the checkpoints of a run; lower is better. None while the photos have not been looked at enough, and where
        there is nothing finite to read."""
        if self._instrument is None:
            tile = yield from drawn(source, RenderRequest(Look(), Region(0, 0, _PATCHES_SIDE_PX, _PATCHES_SIDE_PX)))
            found = patch_distance([photo.pixels for photo in self._photos], tile, seed=0)
        elif self._instrument.is_ready:
            found = yield from self.worth(source)
        else:
            return None
        return found if math.isfinite(found) else None

    def worth(self, source: Source) -> Slices[float]:
        """``Reading.worth`` now, whatever it costs; its own slices are counted as spent. Only where it ``can_judge``."""
        assert self._instrument is not None
        reading = self._instrument.read(lambda: source)
        while True:
            began_s = self._clock()
            try:
                next(reading)
            except StopIteration as end:
                self._note(end.value)
                return float(end.value.worth)
            finally:
                self.spent_s += self._clock() - began_s
            yield None

    def _note(self, reading: Reading) -> None:
        self._found |= reading.curves
