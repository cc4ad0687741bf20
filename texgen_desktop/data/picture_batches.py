"""Pictures become training batches: drawn at random, mirrored at will, some of them held out, each with its class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from texgen_desktop.data.photos import Photo
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.errors import TexGenError
from texgen_desktop.slices import Slices

MOST_CLASSES = 10
"""So many classes get a slider of their own, the most frequent ones; pictures of all others count as of no class."""
_HELD_OUT_FROM = 40  # pictures: with fewer each one is needed for training
_HELD_OUT_SHARE, _MOST_HELD_OUT = 0.1, 64


@dataclass(frozen=True)
class Batch:
    """``pixels`` (B, 3, S, S) in [-1, 1]; ``labels`` (B,) indices into the sampler's classes, -1 for none."""

    pixels: Tensor
    labels: Tensor


class PictureSampler:
    """Draws batches from a set of pictures, some of which are held out. All of a batch follows from the generator that is handed in."""

    def __init__(self, pictures: PictureSet, seed: int, device: torch.device, *, mirror: bool, hold_out: bool) -> None:
        """Raises TexGenError where there are fewer than two pictures, or none that differs from the first."""
        count = len(pictures)
        if count < 2:
            raise TexGenError(
                "New pictures cannot be learnt from a single one.", "Add more pictures, or choose a model that makes textures."
            )
        if all(np.array_equal(picture, pictures.pixels[0]) for picture in pictures.pixels[1:]):
            raise TexGenError(f"All {count} pictures are the same.", "Add pictures that differ from each other.")
        self.classes, labels = _classes(pictures)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
        held_out = min(_MOST_HELD_OUT, int(count * _HELD_OUT_SHARE)) if hold_out and count >= _HELD_OUT_FROM else 0
        self._held_out, self._training = order[:held_out], order[held_out:]
        self._pictures, self._labels = pictures, torch.from_numpy(labels)
        self._mirror = mirror
        self._device = device

    @classmethod
    def prepared(
        cls, photos: Sequence[Photo], side_px: int, seed: int, device: torch.device, *, mirror: bool, hold_out: bool
    ) -> Slices[PictureSampler]:
        """A sampler of the photos at ``side_px``, in slices. Raises TexGenError, see above."""
        pictures = yield from PictureSet.prepared(photos, side_px)
        yield None
        return cls(pictures, seed, device, mirror=mirror, hold_out=hold_out)

    @property
    def class_counts(self) -> tuple[int, ...]:
        """How many pictures of each of ``classes`` are trained on."""
        labels = self._labels[self._training]
        return tuple(torch.bincount(labels[labels >= 0], minlength=len(self.classes)).tolist())

    @property
    def held_out_count(self) -> int:
        return len(self._held_out)

    def draw(self, dice: torch.Generator, count: int) -> Batch:
        """``count`` pictures of the training set."""
        return self._batch(self._training[torch.randint(len(self._training), (count,), generator=dice)], dice)

    def draw_held_out(self, dice: torch.Generator, count: int) -> Batch:
        """``count`` pictures that are never trained on."""
        return self._batch(self._held_out[torch.randint(len(self._held_out), (count,), generator=dice)], dice)

    def first(self, count: int) -> Batch:
        """The first pictures of the training set, as they are: always the same ones."""
        return self._told(self._training[:count], self._pictures.batch(self._training[:count]))

    def _batch(self, indices: Tensor, dice: torch.Generator) -> Batch:
        pixels = self._pictures.batch(indices)
        if self._mirror:
            is_mirrored = torch.rand(len(indices), generator=dice) < 0.5
            pixels = torch.where(is_mirrored[:, None, None, None], pixels.flip(3), pixels)
        return self._told(indices, pixels)

    def _told(self, indices: Tensor, pixels: Tensor) -> Batch:
        return Batch(pixels.to(self._device), self._labels[indices].to(self._device))


def class_count(photos: Sequence[Photo]) -> int:
    """How many classes the pictures are of, whether they get a slider or not."""
    return len(np.unique(photos.labels)) if isinstance(photos, PictureSet) else len({photo.group for photo in photos})


def _classes(pictures: PictureSet) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes that count, at most ``MOST_CLASSES``, and each picture's index into them. A single class is no class."""
    counts = Counter(pictures.labels.tolist())
    frequent = sorted(sorted(counts), key=lambda label: -counts[label])[:MOST_CLASSES]
    kept = sorted(frequent) if len(frequent) > 1 else []
    index_of = {label: index for index, label in enumerate(kept)}
    labels = np.array([index_of.get(label, -1) for label in pictures.labels.tolist()], np.int64)
    return tuple(pictures.classes[label] for label in kept), labels
