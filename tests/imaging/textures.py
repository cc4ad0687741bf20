"""Made-up textures, what can go wrong with one, and the shipped photos as floats."""

from __future__ import annotations

import numpy as np
from PIL import Image

from texgen_desktop.imaging.colour import Floats
from texgen_desktop.resources import resource


def grains(seed: int, side_px: int = 192) -> Floats:
    """Discs of many sizes and colours that lie on each other (dead leaves), on a torus."""
    random = np.random.default_rng(seed)
    around = np.arange(-7, 9)  # as far as the largest disc reaches
    picture = np.zeros((side_px, side_px, 3), np.float32)
    for _ in range(side_px * side_px // 20):
        radius = 2 / (1 - random.random() * 0.7)
        centre_y, centre_x = random.random(2) * side_px
        y, x = (int(centre) + around for centre in (centre_y, centre_x))
        inside = (y - centre_y)[:, None] ** 2 + (x - centre_x) ** 2 < radius * radius
        rows, columns = np.nonzero(inside)
        colour = random.uniform(0.15, 0.85) * np.array([1, 0.9, 0.7]) + random.normal(0, 0.03, 3)
        picture[y[rows] % side_px, x[columns] % side_px] = colour
    return np.clip(picture, 0, 1)


def sample(name: str, side_px: int = 320) -> Floats:
    """The top left of a photo that ships."""
    with Image.open(resource("samples", f"{name}.jpg")) as image:
        return np.asarray(image.convert("RGB").crop((0, 0, side_px, side_px)), np.float32) / 255


def blurred(picture: Floats, rounds: int) -> Floats:
    """Binomial, on the torus: each round adds half a pixel of variance."""
    for _ in range(rounds):
        for axis in (0, 1):
            picture = (np.roll(picture, 1, axis) + 2 * picture + np.roll(picture, -1, axis)) / 4
    return picture.astype(np.float32)


def noisy(picture: Floats, sigma: float) -> Floats:
    noise = np.random.default_rng(5).standard_normal(picture.shape, np.float32)
    return np.clip(picture + np.float32(sigma) * noise, 0, 1)


def shuffled(picture: Floats, block_px: int) -> Floats:
    """Its square blocks in another order."""
    rows, columns = (side // block_px for side in picture.shape[:2])
    cut = picture[: rows * block_px, : columns * block_px].reshape(rows, block_px, columns, block_px, 3).swapaxes(1, 2)
    order = np.random.default_rng(6).permutation(rows * columns)
    mixed = cut.reshape(rows * columns, block_px, block_px, 3)[order].reshape(rows, columns, block_px, block_px, 3)
    return mixed.swapaxes(1, 2).reshape(rows * block_px, columns * block_px, 3)


def blocky(picture: Floats, block_px: int) -> Floats:
    rows, columns = (side // block_px for side in picture.shape[:2])
    cut = picture[: rows * block_px, : columns * block_px]
    means = cut.reshape(rows, block_px, columns, block_px, 3).mean((1, 3))
    return means.repeat(block_px, 0).repeat(block_px, 1)
