"""Pictures drawn into batches."""

import numpy as np
import torch

from tests.families.conftest import disc_pictures
from texgen_desktop.data.picture_batches import MOST_CLASSES, PictureSampler, class_count
from texgen_desktop.data.pictures import PictureSet

CPU = torch.device("cpu")


def sampler(pictures, mirror=False, hold_out=True):
    return PictureSampler(pictures, 0, CPU, mirror=mirror, hold_out=hold_out)


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def seen(batch):
    return {picture.numpy().tobytes() for picture in batch.pixels}


def test_held_out_pictures_are_never_drawn_for_training():
    drawn = sampler(disc_pictures(60))
    assert drawn.held_out_count == 6
    training, held_out = seen(drawn.draw(dice(), 2000)), seen(drawn.draw_held_out(dice(), 200))
    assert (len(training), len(held_out)) == (54, 6)
    assert not training & held_out
    assert sampler(disc_pictures(60), hold_out=False).held_out_count == 0


def test_mirrored_pictures_come_about_half_of_the_time():
    pictures = disc_pictures(2)
    drawn = sampler(pictures, mirror=True).draw(dice(), 400)
    plain = seen(sampler(pictures).draw(dice(), 50))
    share = np.mean([picture.numpy().tobytes() in plain for picture in drawn.pixels])
    assert 0.4 < share < 0.6


def test_the_most_frequent_classes_count_and_all_others_are_none():
    labels = np.repeat(np.arange(14), [5, 1, 5, 5, 5, 1, 5, 5, 5, 1, 5, 1, 5, 5])
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 16, 16, 3), np.uint8)
    drawn = sampler(PictureSet(pixels, labels.astype(np.int64), tuple(f"kind {k}" for k in range(14))), hold_out=False)
    assert drawn.classes == tuple(f"kind {k}" for k in (0, 2, 3, 4, 6, 7, 8, 10, 12, 13))
    assert len(drawn.classes) == MOST_CLASSES
    assert set(drawn.draw(dice(), 500).labels.tolist()) == {-1, *range(10)}
    assert drawn.class_counts == (5,) * 10


def test_classes_are_counted_where_there_are_pictures_of_them():
    pictures = disc_pictures(6)
    assert class_count(PictureSet(pictures.pixels, np.array([0, 2, 0, 2, 5, 5]), tuple("abcdef"))) == 3
    assert class_count(list(pictures)) == 2


def test_one_class_is_no_class():
    pictures = disc_pictures(6)
    single = sampler(PictureSet(pictures.pixels, np.zeros(6, np.int64), ("discs",)))
    assert (single.classes, single.class_counts) == ((), ())
