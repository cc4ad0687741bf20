"""Many small pictures of one size: what the families that make images learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from texgen_desktop.data.photos import Photo
from texgen_desktop.imaging.colour import Floats, to_uint8
from texgen_desktop.imaging.read import probe_image, read_image
from texgen_desktop.slices import Slices, run_to_end

_SLICE_PICTURES = 256


@dataclass(frozen=True, eq=False)
class PictureSet(Sequence[Photo]):
    """Pictures with their classes; as a sequence it gives each as a ``Photo`` whose ``group`` is its class.

    ``pixels`` (N, S, S, 3) uint8 sRGB, maybe a read-only memory map; ``labels`` (N,) int64, indices into ``classes``.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def side_px(self) -> int:
        return int(self.pixels.shape[1])

    def __len__(self) -> int:
        return len(self.pixels)

    @overload
    def __getitem__(self, index: int) -> Photo: ...
    @overload
    def __getitem__(self, index: slice) -> PictureSet: ...
    def __getitem__(self, index: int | slice) -> Photo | PictureSet:
        if isinstance(index, slice):
            return PictureSet(self.pixels[index], self.labels[index], self.classes)
        number = range(len(self))[index]
        group = self.classes[int(self.labels[number])]
        pixels: Floats = np.divide(self.pixels[number], 255, dtype=np.float32)
        return Photo(f"{group} {number}".lstrip(), pixels, self.side_px, self.side_px, group)

    def batch(self, indices: Sequence[int] | NDArray[np.int64] | Tensor) -> Tensor:
        """The pictures of these numbers as (B, 3, S, S) float32 in [-1, 1]."""
        taken = np.ascontiguousarray(self.pixels[np.asarray(indices, np.int64)].transpose(0, 3, 1, 2))
        return torch.from_numpy(taken).float().div_(127.5).sub_(1)

    @staticmethod
    def of(photos: Sequence[Photo], side_px: int) -> PictureSet:
        """A set at ``side_px``: itself, resized where it has another side, or the centre squares of photos, grouped by ``Photo.group``."""
        return run_to_end(PictureSet.prepared(photos, side_px))

    @staticmethod
    def prepared(photos: Sequence[Photo], side_px: int) -> Slices[PictureSet]:
        """The same as ``of`` in slices: 50 000 pictures take seconds to resize."""
        if isinstance(photos, PictureSet):
            return photos if photos.side_px == side_px else (yield from photos._resized(side_px))
        classes = tuple(dict.fromkeys(photo.group for photo in photos))
        labels = np.array([classes.index(photo.group) for photo in photos], np.int64)
        pixels = np.empty((len(photos), side_px, side_px, 3), np.uint8)
        for number, photo in enumerate(photos):
            pixels[number] = centre_square(photo.pixels, side_px)
            yield None
        return PictureSet(pixels, labels, classes)

    def _resized(self, side_px: int) -> Slices[PictureSet]:
        pixels = np.empty((len(self), side_px, side_px, 3), np.uint8)
        for number, picture in enumerate(self.pixels):
            pixels[number] = np.asarray(Image.fromarray(picture).resize((side_px, side_px), Image.Resampling.LANCZOS))
            if number % _SLICE_PICTURES == 0:
                yield None
        return PictureSet(pixels, self.labels, self.classes)


def centre_square(pixels: Floats, side_px: int) -> NDArray[np.uint8]:
    """(H, W, 3) in [0, 1] -> the largest square in the middle as (side, side, 3) uint8, by Lanczos, which averages where it shrinks."""
    height, width, _ = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    if side == side_px:
        return to_uint8(square)
    # One channel at a time: Pillow has no colour picture of floats.
    channels = [Image.fromarray(square[..., k]).resize((side_px, side_px), Image.Resampling.LANCZOS) for k in range(3)]
    return to_uint8(np.stack([np.asarray(channel) for channel in channels], axis=-1))


def read_square(path: Path, side_px: int) -> NDArray[np.uint8]:
    """The centre square of a picture on disk, (side, side, 3) uint8; a smaller one is enlarged. Raises ImageError."""
    header = probe_image(path)
    # Twice the resolution that is needed, as for photos: the reader reduces by whole factors.
    needed = min(1.0, 2 * side_px / min(header.width_px, header.height_px)) ** 2 * header.width_px * header.height_px
    return centre_square(read_image(path, max_pixels=max(1, round(needed))).pixels, side_px)
