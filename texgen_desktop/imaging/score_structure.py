"""Structure beyond the spectrum: how a fixed set of random filters answers to a picture, compared with how it answers to the photo.

Two kinds of statistics on up to four scales. How the answers to random filters are distributed: grains, cracks and leaves answer seldom
and strongly, noise of the same spectrum like a bell. And how the strengths of two answers go together at some distance from each other
and across scales, which is what shapes are made of and noise has not. They are the ideas of Portilla and Simoncelli (2000) on random
filters (Ustyuzhaninov et al. 2017). Each picture's answers are measured in units of their own spread: contrast and spectrum do not
count, they have readings of their own. These filters are fixed, and used nowhere else: ``texture_cnn`` is taught by others, which
are drawn anew at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

import numpy as np

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.colour_axes import ColourAxes
from texgen_desktop.imaging.phase_noise import phase_noise
from texgen_desktop.slices import Slices

SCALES = 4
_LEAST_SIDE_PX = 56  # of a scale that is looked at; the finest one always is
_SEED = 2026
_SIZE, _FILTERS = 7, 24
_WINDOWS_PX = (0.8, 1.3, 2.0)  # standard deviations of the filters' envelopes
_THRESHOLDS = (0.0, 1.0, 2.0)  # in standard deviations of the answers
_OFFSETS = ((0, 0), (0, 2), (2, 0), (2, 2), (2, -2), (0, 5), (5, 0), (4, 4), (4, -4))  # (y, x) in positions of the coarser scale
_LEAST_SPREAD = 0.05  # of the photo's: weaker answers are not blown up to full
_LEAST_GAP = 0.5  # of the distance between two crops: a photo that is noise itself does not make noise infinitely bad
_VEIL = 0.1  # white noise over every picture, in spreads of the photo's colours: what is fainter than this is not seen
_NOISES, _NOISE_SIDE_PX = 2, 512
_BLOCK = 1 << 13  # positions that are filtered at a time
_SLAB = 1 << 15  # positions that are looked at at a time; readings do not depend on it

Statistics = list[Floats]
"""One flat array for the distributions on each scale, and one for what goes together on each scale and the next coarser one."""


@cache
def _filters() -> Floats:
    """(3 * 7 * 7, filters): noise under a bell, without a mean in any channel."""
    random = np.random.default_rng(_SEED)
    y, x = np.mgrid[:_SIZE, :_SIZE] - _SIZE // 2
    bells = np.stack([np.exp(-(x * x + y * y) / (2 * _WINDOWS_PX[k % len(_WINDOWS_PX)] ** 2)) for k in range(_FILTERS)])
    filters = random.standard_normal((_FILTERS, 3, _SIZE, _SIZE)) * bells[:, None]
    filters -= bells[:, None] * filters.sum((2, 3), keepdims=True) / bells.sum((1, 2))[:, None, None, None]
    flat: Floats = filters.reshape(_FILTERS, -1).T.astype(np.float32)
    return flat


def _means(
    answers: Floats, pictures: Callable[[Floats], Iterable[Floats]], with_squares: bool = False
) -> Slices[tuple[list[Floats], list[Floats]]]:
    """Of each of the ``pictures`` that are made of the answers the mean over all positions, (h, w, C) to (C,), and of its square if asked.

    Some columns a slice, and each column from top to bottom: so every sum has its one order, however many columns are done at a time.
    """
    means: list[list[Floats]] = []
    squares: list[list[Floats]] = []
    height, width = answers.shape[:2]
    columns = max(1, _SLAB // height)
    for left in range(0, width, columns):
        means.append([])
        squares.append([])
        for picture in pictures(answers[:, left : left + columns]):
            means[-1].append(picture.mean(0))
            if with_squares:
                squares[-1].append(np.square(picture).mean(0))
        yield None
    return _across(means), _across(squares)


def _across(columns: Sequence[Sequence[Floats]]) -> list[Floats]:
    """The means of some columns after the other, (w, C) each, become those of all: (C,)."""
    return [np.concatenate(found).mean(0) for found in zip(*columns, strict=True)]


def _spread(mean: Floats, square: Floats) -> Floats:
    """Standard deviation, from a mean and that of the squares."""
    return np.sqrt(np.maximum(square - np.square(mean), 0))


def _usual(answers: Floats) -> Slices[Floats]:
    """Their spread if they were distributed like a bell, by their mean strength: a rare strong answer counts as one, not by its square."""
    (mean,), _ = yield from _means(answers, lambda some: [np.abs(some)])
    usual: Floats = mean * np.float32((np.pi / 2) ** 0.5)
    return usual


def _unit(answers: Floats, usual: Floats) -> Slices[Floats]:
    """What they are measured in: the picture's own spread, (C,)."""
    own = yield from _usual(answers)
    unit: Floats = np.maximum(own, _LEAST_SPREAD * usual)
    return unit


def _beyond(answers: Floats, unit: Floats) -> Iterator[Floats]:
    """How far they lie beyond each threshold, up and down."""
    scaled = answers / unit
    for sign, threshold in product((1, -1), _THRESHOLDS):
        yield np.maximum(sign * scaled - threshold, 0)


def _strengths(answers: Floats, unit: Floats) -> list[Floats]:
    """The root of how strong they are: one bright spot is not the whole texture."""
    return [np.sqrt(np.abs(answers / unit))]


def _compared(answers: Floats, unit: Floats, mean: Floats, spread: Floats) -> Slices[Floats]:
    """Their strengths in spreads of the photo's, from its mean on: (h, w, C)."""
    found = np.empty_like(answers)
    for rows in _rows(*answers.shape[:2]):
        (strengths,) = _strengths(answers[rows], unit)
        found[rows] = (strengths - mean) / spread
        yield None
    return found


def _rows(height: int, width: int) -> Iterator[slice]:
    """Some rows at a time."""
    count = max(1, _SLAB // width)
    for top in range(0, height, count):
        yield slice(top, min(top + count, height))


@dataclass(frozen=True, eq=False)
class _Limits:
    """Of each array of statistics: the distance of two crops of the photo, and that of phase noise."""

    near: Floats
    far: Floats

    def placed(self, distances: Floats) -> float:
        """0 at the distance of two crops, 1 at that of phase noise, at most 2.

        The mean over the arrays, each by how much lies between the two: where crops differ as much as noise does nothing can be told.
        """
        gap = np.maximum(self.far - self.near, _LEAST_GAP * self.near)
        return float(np.average(np.minimum((distances - self.near) / gap, 2), weights=gap / (gap + self.near)))


class Structure:
    """The photos' side. Made once, it judges any number of tiles."""

    def __init__(self, photos: Sequence[Floats], axes: ColourAxes) -> None:
        self._photos = photos
        self._scales = min(scale_count(*photo.shape[:2]) for photo in photos)
        self._axes = axes
        self._usual: list[Floats] = []  # on each scale: spread of the photos' answers
        self._strengths: list[tuple[Floats, Floats]] = []  # mean and spread of their strengths, in such spreads
        self._whole: Statistics = []
        self._spread: Statistics = []  # of what the whole's are means of
        self._noises: list[Floats] = []
        self._limits: dict[tuple[int, int], _Limits] = {}

    @classmethod
    def prepared(cls, photos: Sequence[Floats], axes: ColourAxes) -> Slices[Structure]:
        """In slices. The photos are (H, W, 3) with sides of at least 64 pixels, ``axes`` those of their colours."""
        made = cls(photos, axes)
        answers = []
        for photo in photos:
            answers.append((yield from made._answers(photo, made._scales)))
        for scale in range(made._scales):
            yield from made._learn_scale([found[scale] for found in answers])
        areas, means, spreads = [photo.shape[0] * photo.shape[1] for photo in photos], [], []
        for found in answers:
            mean, spread = yield from made._statistics(found, with_spreads=True)
            means.append(mean)
            spreads.append(spread)
        made._whole = [np.average(group, axis=0, weights=areas) for group in zip(*means, strict=True)]
        made._spread = [np.maximum(np.average(group, axis=0, weights=areas), 1e-3) for group in zip(*spreads, strict=True)]
        for k, photo in enumerate(photos):
            for seed in range(_NOISES):
                made._noises.append((yield from phase_noise(_middle(photo, _NOISE_SIDE_PX, _NOISE_SIDE_PX), _NOISES * k + seed)))
        return made

    def _learn_scale(self, answers: Sequence[Floats]) -> Slices[None]:
        each = []
        for found in answers:
            each.append((yield from _usual(found)))
        usual = np.mean(each, axis=0)
        self._usual.append(usual)
        means, spreads = [], []
        for found in answers:
            unit = yield from _unit(found, usual)
            (mean,), (square,) = yield from _means(found, partial(_strengths, unit=unit), with_squares=True)
            means.append(mean)
            spreads.append(_spread(mean, square))
        self._strengths.append((np.mean(means, axis=0), np.mean(spreads, axis=0)))

    # ------------------------------------------------------------------------------------------------ what it says

    def judged(self, tile: Floats) -> Slices[float]:
        """The structure of a tile, in slices: 0 is another crop of the photo, 1 phase noise; it may be a little below, and up to 2."""
        height, width = tile.shape[:2]
        limits = self._limits.get((height, width))
        if limits is None:
            limits = self._limits[height, width] = yield from self._found_limits(height, width)
        distances = yield from self._distances(tile, min(scale_count(height, width), self._scales))
        return limits.placed(distances)

    def _found_limits(self, height: int, width: int) -> Slices[_Limits]:
        """What a tile of this size is measured by."""
        scales = min(scale_count(height, width), self._scales)
        whole_px = sum(photo.shape[0] * photo.shape[1] for photo in self._photos)
        near, far = [], []
        for photo in self._photos:
            rows, columns = (min(side, whole // 2) for side, whole in zip((height, width), photo.shape[:2], strict=True))
            # A crop is part of the photo and a tile is not: two samples of their own lie further apart than a part and its whole.
            share = (1 / (height * width) + 1 / whole_px) / (1 / (rows * columns) - 1 / whole_px)
            for crop in _crops(photo, rows, columns):
                near.append(share**0.5 * (yield from self._distances(crop, scales)))
        for noise in self._noises:
            far.append((yield from self._distances(_middle(noise, height, width), scales)))
        return _Limits(np.mean(near, axis=0), np.mean(far, axis=0))

    def _distances(self, picture: Floats, scales: int) -> Slices[Floats]:
        """Of each array of statistics, in spreads of what it is a mean of."""
        answers = yield from self._answers(picture, scales)
        means, _ = yield from self._statistics(answers)
        return np.array([(np.abs(m - w) / s).mean() for m, w, s in zip(means, self._whole, self._spread, strict=False)], np.float32)

    # -------------------------------------------------------------------------------------------------- statistics

    def _answers(self, picture: Floats, scales: int) -> Slices[list[Floats]]:
        """(h, w, filters) on each scale, fine to coarse."""
        encoded = self._axes.encode(picture)
        yield None
        channels = np.ascontiguousarray(encoded.transpose(2, 0, 1))
        random = np.random.default_rng(_SEED)
        for channel in channels:
            channel += np.float32(_VEIL) * random.standard_normal(channel.shape, np.float32)
            yield None
        found = []
        for _ in range(scales):
            details = yield from _details(channels)
            found.append((yield from _convolved(details)))
            channels = _halved(channels)
            yield None
        return found

    def _statistics(self, answers: Sequence[Floats], with_spreads: bool = False) -> Slices[tuple[Statistics, Statistics]]:
        """Means, and spreads if asked for. Scale by scale, so that those of fewer scales are the first of these."""
        all_means: Statistics = []
        all_spreads: Statistics = []
        finer = None
        for scale, answer in enumerate(answers):
            unit = yield from _unit(answer, self._usual[scale])
            means, squares = yield from _means(answer, partial(_beyond, unit=unit), with_spreads)
            all_means.append(np.concatenate(means))
            if with_spreads:
                all_spreads.append(np.concatenate([_spread(mean, square) for mean, square in zip(means, squares, strict=True)]))
            strength = yield from _compared(answer, unit, *self._strengths[scale])
            if finer is not None:
                means, spreads = yield from _together(finer, strength, with_spreads)
                all_means.append(np.concatenate(means))
                if with_spreads:
                    all_spreads.append(np.concatenate(spreads))
            finer = strength
        return all_means, all_spreads


def scale_count(height: int, width: int) -> int:
    """The scales that a picture of this size is looked at on."""
    count = 1
    while count < SCALES and min(height, width) >= _LEAST_SIDE_PX << count:
        count += 1
    return count


def _together(fine: Floats, coarse: Floats, with_spreads: bool) -> Slices[tuple[list[Floats], list[Floats]]]:
    """At each offset means, and spreads if asked for, of the products of the strengths of any two answers, flattened."""
    # A valid 7 x 7 convolution of a halved picture begins nearly two positions further in.
    height, width = (min(f // 2 - 2, c) for f, c in zip(fine.shape[:2], coarse.shape[:2], strict=True))
    filters = fine.shape[-1]
    both = np.empty((height, width, 2 * filters), fine.dtype)
    # Room that is used again and again: to get so much memory, and to write to it for the first time, takes longer than the work in it.
    room_here, room_there = room = np.empty((2, height * width, 2 * filters), fine.dtype)
    for rows in _rows(height, width):
        room[:, rows.start * width : rows.stop * width] = 0
        part = fine[2 * rows.start + 4 : 2 * rows.stop + 4, 4 : 4 + 2 * width]
        both[rows, :, :filters] = _halved(part.transpose(2, 0, 1)).transpose(1, 2, 0)
        both[rows, :, filters:] = coarse[rows, :width]
        yield None
    means: list[Floats] = []
    spreads: list[Floats] = []
    for y, x in _OFFSETS:
        here, there = both[: height - y, max(0, -x) : width - max(0, x)], both[y:, max(0, x) : width - max(0, -x)]
        if y or x:
            here = _copied(here, room_here)
            yield None
            there = _copied(there, room_there)
            yield None
        here, there = here.reshape(-1, 2 * filters), there.reshape(-1, 2 * filters)
        mean = _mean_products(here, there)
        means.append(mean.ravel())
        yield None
        if with_spreads:
            here = np.square(here, out=room_here[: len(here)])
            yield None
            there = np.square(there, out=room_there[: len(there)])
            yield None
            spreads.append(_spread(mean, _mean_products(here, there)).ravel())
            yield None
    return means, spreads


def _mean_products(here: Floats, there: Floats) -> Floats:
    """(positions, C) twice to (C, C)."""
    products: Floats = here.T @ there
    mean: Floats = products / np.float32(len(here))
    return mean


def _copied(part: Floats, room: Floats) -> Floats:
    """The part in the beginning of the room, of the same shape."""
    copy = room[: part.shape[0] * part.shape[1]].reshape(part.shape)
    copy[:] = part
    return copy


def _convolved(channels: Floats) -> Slices[Floats]:
    """(3, H, W) to (h, w, filters), valid; in slices."""
    windows = np.lib.stride_tricks.sliding_window_view(channels, (_SIZE, _SIZE), axis=(1, 2)).transpose(1, 2, 0, 3, 4)  # (h, w, 3, 7, 7)
    height, width = windows.shape[:2]
    rows, filters = max(1, _BLOCK // width), _filters()
    found = np.empty((height, width, _FILTERS), np.float32)
    for top in range(0, height, rows):
        found[top : top + rows] = (windows[top : top + rows].reshape(-1, len(filters)) @ filters).reshape(-1, width, _FILTERS)
        yield None
    return found


def _details(channels: Floats) -> Slices[Floats]:
    """(3, H, W) without the binomial mean of 5 x 5 around each pixel, valid; a channel a slice."""
    found = channels[:, 2:-2, 2:-2].copy()
    for own, channel in zip(found, channels, strict=True):
        own -= _blurred(channel)
        yield None
    return found


def _blurred(channel: Floats) -> Floats:
    """The binomial mean of 5 x 5, valid: (H, W) to (H - 4, W - 4)."""
    for _ in range(2):
        count = len(channel) - 4
        taps = [channel[k : k + count] * np.float32(weight / 16) for k, weight in enumerate((1, 4, 6, 4, 1))]
        channel = sum(taps[1:], start=taps[0]).T
    return channel


def _halved(channels: Floats) -> Floats:
    """Means of 2 x 2; an odd row or column at the end is dropped."""
    even = channels[:, : channels.shape[1] // 2 * 2, : channels.shape[2] // 2 * 2]
    halved: Floats = (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) * np.float32(0.25)
    return halved


def _middle(photo: Floats, height: int, width: int) -> Floats:
    top, left = (max(0, (whole - side) // 2) for whole, side in zip(photo.shape[:2], (height, width), strict=True))
    return photo[top : top + height, left : left + width]


def _crops(photo: Floats, height: int, width: int) -> list[Floats]:
    """At the four corners and in the middle."""
    bottom, right = photo.shape[0] - height, photo.shape[1] - width
    places = ((0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2))
    return [photo[y : y + height, x : x + width] for y, x in places]
