"""Scratches and dust put on shipped photos are proposed, and little else: how much of each, in figures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.imaging.textures import sample
from texgen_desktop.imaging.blemishes import propose
from texgen_desktop.imaging.mask import grown, stroke
from texgen_desktop.slices import run_to_end

PLAIN, TILE = (False, False), (True, True)
SIDE_PX = 160
PHOTOS = ("rust", "stone_bricks")
Drawn = tuple[np.ndarray, np.ndarray]


def scratched(photo: np.ndarray, seed: int) -> Drawn:
    """Photo and mask: six thin lines, slightly bent, lighter or darker."""
    random = np.random.default_rng(seed)
    picture, mask = photo.copy(), np.zeros(photo.shape[:2], np.float32)
    for _ in range(6):
        angle, place = random.uniform(0, 2 * np.pi), random.uniform(20, SIDE_PX - 20, 2)
        points = [tuple(place)]
        for _ in range(random.integers(6, 16)):
            angle += random.normal(0, 0.04)
            place = place + 10 * np.array([np.sin(angle), np.cos(angle)])
            points.append(tuple(place))
        line = np.zeros_like(mask)
        stroke(line, points, random.uniform(0.6, 1.6), 1, 1, PLAIN)
        picture += line[..., None] * random.choice([-1, 1]) * np.float32(random.uniform(0.2, 0.4))
        mask = np.maximum(mask, line)
    return np.clip(picture, 0, 1), (mask > 0.5).astype(np.float32)


def dusted(photo: np.ndarray, seed: int) -> Drawn:
    random = np.random.default_rng(seed)
    picture, mask = photo.copy(), np.zeros(photo.shape[:2], np.float32)
    for _ in range(25):
        spot = np.zeros_like(mask)
        stroke(spot, [tuple(random.uniform(5, SIDE_PX - 5, 2))], random.uniform(1, 4), 1, 1, PLAIN)
        picture += spot[..., None] * random.choice([-1, 1]) * np.float32(random.uniform(0.25, 0.5))
        mask = np.maximum(mask, spot)
    return np.clip(picture, 0, 1), (mask > 0.5).astype(np.float32)


def precision_and_recall(found: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """To within two pixels."""
    near_true, near_found = grown(true, 2, PLAIN), grown(found, 2, PLAIN)
    return float((found * near_true).sum() / max(found.sum(), 1)), float((true * near_found).sum() / true.sum())


@pytest.mark.parametrize(("kind", "made"), [("scratches", scratched), ("dust", dusted)])
def test_blemishes_are_found_and_a_clean_texture_is_left_alone(kind: str, made: Callable[[np.ndarray, int], Drawn]) -> None:
    figures = []
    for seed, name in enumerate(PHOTOS):
        photo = sample(name, SIDE_PX)
        damaged, true = made(photo, seed)
        found, clean = (run_to_end(propose(picture, kind, 0.5, PLAIN)) for picture in (damaged, photo))
        steps = np.abs(np.diff(damaged.mean(2), axis=0, prepend=0))
        naive = (steps > np.percentile(steps, 100 * (1 - found.mean()))).astype(np.float32)  # as many pixels, where the steps are steepest
        figures.append([*precision_and_recall(found, true), clean.mean(), *precision_and_recall(naive, true)])
    precision, recall, clean_share, naive_precision, naive_recall = np.mean(figures, axis=0)
    assert precision > 0.7
    assert recall > 0.6
    assert clean_share < 0.02
    assert min(naive_precision, naive_recall) < 0.5  # the control


@pytest.mark.parametrize("kind", ["scratches", "dust"])
def test_more_strength_proposes_more_and_all_of_what_less_does(kind: str) -> None:
    damaged, _ = (scratched if kind == "scratches" else dusted)(sample("rust", 160), 1)
    weak, strong = (run_to_end(propose(damaged, kind, strength, PLAIN)) for strength in (0, 1))
    assert 0 < weak.sum() < strong.sum()
    assert np.all(weak <= strong)


def test_a_scratch_across_the_edge_of_a_tile_is_found_as_in_its_middle() -> None:
    photo = np.full((128, 128, 3), 0.5, np.float32) + np.random.default_rng(0).normal(0, 0.02, (128, 128, 1)).astype(np.float32)
    line = np.zeros((128, 128), np.float32)
    stroke(line, [(-30, 10), (20, 20)], 1, 1, 1, TILE)
    photo += 0.3 * line[..., None]
    found = run_to_end(propose(photo, "scratches", 0.5, TILE))
    moved = run_to_end(propose(np.roll(photo, (64, 64), (0, 1)), "scratches", 0.5, TILE))
    assert precision_and_recall(found, line)[1] > 0.95
    assert np.abs(np.roll(found, (64, 64), (0, 1)) - moved).mean() < 0.002
