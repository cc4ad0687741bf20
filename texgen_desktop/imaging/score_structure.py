"""Structure beyond the spectrum: how a fixed set of random filters answers to a picture, compared with how it answers to the photo.

Two kinds of statistics on up to four scales. How the answers to random filters are distributed: grains, cracks and leaves answer seldom
and strongly, noise of the same spectrum like a bell. And how the strengths of two answers go together at some distance from each other
and across scales, which is what shapes are made of and noise has not. They are the ideas of Portilla and Simoncelli (2000) on random
filters (Ustyuzhaninov et al. 2017). Each picture's answers are measured in units of their own spread: contrast and spectrum do not
count, they have readings of their own. Nothing is trained, so nothing can be trained against.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
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
_BLOCK = 1 << 13  # positions at a time

Summary = Callable[[Floats], Floats]
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


def _mean(answers: Floats) -> Floats:
    """Over all positions: (h, w, C) to (C,). Rows first, which is many times faster than both at once."""
    mean: Floats = answers.mean(0).mean(0)
    return mean


def _spread(answers: Floats) -> Floats:
    """Standard deviation over all positions: (h, w, C) to (C,)."""
    return np.sqrt(np.maximum(_mean(np.square(answers)) - np.square(_mean(answers)), 0))


def _usual(answers: Floats) -> Floats:
    """Their spread if they were distributed like a bell, by their mean strength: a rare strong answer counts as one, not by its square."""
    usual: Floats = _mean(np.abs(answers)) * np.float32((np.pi / 2) ** 0.5)
    return usual


def _strengths(scaled: Floats) -> Floats:
    """The root of how strong they are: one bright spot is not the whole texture."""
    return np.sqrt(np.abs(scaled))


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

    def __init__(self, photos: Sequence[Floats]) -> None:
        self._photos = photos
        self._scales = min(scale_count(*photo.shape[:2]) for photo in photos)
        self._axes = ColourAxes.of(*photos)
        self._usual: list[Floats] = []  # on each scale: spread of the photos' answers
        self._strengths: list[tuple[Floats, Floats]] = []  # mean and spread of their strengths, in such spreads
        self._whole: Statistics = []
        self._spread: Statistics = []  # of what the whole's are means of
        self._noises: list[Floats] = []
        self._limits: dict[tuple[int, int], _Limits] = {}

    @classmethod
    def prepared(cls, photos: Sequence[Floats]) -> Slices[Structure]:
        """In slices. The photos are (H, W, 3) with sides of at least 64 pixels."""
        made = cls(photos)
        answers = []
        for photo in photos:
            answers.append((yield from made._answers(photo, made._scales)))
        for scale in range(made._scales):
            yield from made._learn_scale([found[scale] for found in answers])
        areas, means, spreads = [photo.shape[0] * photo.shape[1] for photo in photos], [], []
        for found in answers:
            means.append((yield from made._statistics(found)))
            spreads.append((yield from made._statistics(found, _spread)))
        made._whole = [np.average(group, axis=0, weights=areas) for group in zip(*means, strict=True)]
        made._spread = [np.maximum(np.average(group, axis=0, weights=areas), 1e-3) for group in zip(*spreads, strict=True)]
        for k, photo in enumerate(photos):
            for seed in range(_NOISES):
                made._noises.append((yield from phase_noise(_middle(photo, _NOISE_SIDE_PX, _NOISE_SIDE_PX), _NOISES * k + seed)))
        return made

    def _learn_scale(self, answers: Sequence[Floats]) -> Slices[None]:
        usual = np.mean([_usual(found) for found in answers], axis=0)
        self._usual.append(usual)
        means, spreads = [], []
        for found in answers:
            yield None
            scaled = self._scaled(found, usual)
            yield None
            strengths = _strengths(scaled)
            yield None
            means.append(_mean(strengths))
            spreads.append(_spread(strengths))
            yield None
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
        means = yield from self._statistics(answers)
        return np.array([(np.abs(m - w) / s).mean() for m, w, s in zip(means, self._whole, self._spread, strict=False)], np.float32)

    # -------------------------------------------------------------------------------------------------- statistics

    def _answers(self, picture: Floats, scales: int) -> Slices[list[Floats]]:
        """(h, w, filters) on each scale, fine to coarse."""
        channels = np.ascontiguousarray(self._axes.encode(picture).transpose(2, 0, 1))
        channels += np.float32(_VEIL) * np.random.default_rng(_SEED).standard_normal(channels.shape, np.float32)
        found = []
        for _ in range(scales):
            found.append((yield from _convolved(channels[:, 2:-2, 2:-2] - _blurred(channels))))
            channels = _halved(channels)
        return found

    def _statistics(self, answers: Sequence[Floats], of: Summary = _mean) -> Slices[Statistics]:
        """Scale by scale, so that those of fewer scales are the first of these."""
        found: Statistics = []
        finer = None
        for scale, answer in enumerate(answers):
            scaled, beyond = self._scaled(answer, self._usual[scale]), []
            for sign, threshold in product((1, -1), _THRESHOLDS):
                beyond.append(of(np.maximum(sign * scaled - threshold, 0)))
                yield None
            found.append(np.concatenate(beyond))
            mean, spread = self._strengths[scale]
            strength = (_strengths(scaled) - mean) / spread
            if finer is not None:
                found.append((yield from _together(finer, strength, of)))
            finer = strength
        return found

    def _scaled(self, answers: Floats, usual: Floats) -> Floats:
        """In units of the picture's own spread."""
        scaled: Floats = answers / np.maximum(_usual(answers), _LEAST_SPREAD * usual)
        return scaled


def scale_count(height: int, width: int) -> int:
    """The scales that a picture of this size is looked at on."""
    count = 1
    while count < SCALES and min(height, width) >= _LEAST_SIDE_PX << count:
        count += 1
    return count


def _together(fine: Floats, coarse: Floats, of: Summary) -> Slices[Floats]:
    """Means or spreads of the products of the strengths of any two answers at each offset, flattened."""
    fine = _halved(fine.transpose(2, 0, 1)).transpose(1, 2, 0)
    # A valid 7 x 7 convolution of a halved picture begins nearly two positions further in.
    height, width = (min(f - 2, c) for f, c in zip(fine.shape[:2], coarse.shape[:2], strict=True))
    both = np.concatenate([fine[2 : 2 + height, 2 : 2 + width], coarse[:height, :width]], axis=-1)
    found = []
    for y, x in _OFFSETS:
        here = both[: height - y, max(0, -x) : width - max(0, x)].reshape(-1, both.shape[-1])
        there = both[y:, max(0, x) : width - max(0, -x)].reshape(-1, both.shape[-1])
        mean = here.T @ there / len(here)
        if of is _spread:
            mean = np.sqrt(np.maximum(np.square(here).T @ np.square(there) / len(here) - mean**2, 0))
        found.append(mean.ravel())
        yield None
    return np.concatenate(found)


def _convolved(channels: Floats) -> Slices[Floats]:
    """(3, H, W) to (h, w, filters), valid; in slices."""
    windows = np.lib.stride_tricks.sliding_window_view(channels, (_SIZE, _SIZE), axis=(1, 2)).transpose(1, 2, 0, 3, 4)  # (h, w, 3, 7, 7)
    height, width = windows.shape[:2]
    rows, filters, found = max(1, _BLOCK // width), _filters(), []
    for top in range(0, height, rows):
        found.append(windows[top : top + rows].reshape(-1, len(filters)) @ filters)
        yield None
    return np.concatenate(found).reshape(height, width, -1)


def _blurred(channels: Floats) -> Floats:
    """The binomial mean of 5 x 5, valid."""
    for axis in (1, 2):
        count = channels.shape[axis] - 4
        taps = [np.take(channels, range(k, k + count), axis) * np.float32(weight / 16) for k, weight in enumerate((1, 4, 6, 4, 1))]
        channels = sum(taps[1:], start=taps[0])
    return channels


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
