"""Where codes lie, and the way between two of them."""

import pytest
import torch

from texgen_desktop.nn.codes import CodeSpace, CodeStatistics, slerp


def test_half_way_on_the_sphere_is_as_long_as_both_ends_where_a_straight_line_is_not():
    torch.manual_seed(0)
    a, b = torch.randn(50, 64), torch.randn(50, 64)
    half = slerp(a, b, torch.full((50, 1), 0.5))
    length = (a.norm(dim=1) + b.norm(dim=1)) / 2
    torch.testing.assert_close(half.norm(dim=1), length)
    assert (((a + b) / 2).norm(dim=1) < 0.9 * length).all()


def test_the_ends_are_reached_and_equal_codes_have_no_way_to_go():
    a, b = torch.randn(3, 8), torch.randn(3, 8)
    torch.testing.assert_close(slerp(a, b, torch.zeros(3, 1)), a)
    torch.testing.assert_close(slerp(a, b, torch.ones(3, 1)), b)
    torch.testing.assert_close(slerp(a, a, torch.full((3, 1), 0.3)), a)


def two_classes(share=0.5, counts=None):
    """Statistics of two clouds of codes, 3 apart on the first axis; ``share`` of all are of the second one."""
    torch.manual_seed(0)
    labels = (torch.arange(4000) % 20 < 20 * share).long()
    codes = torch.randn(4000, 6) * torch.tensor([0.5, 2.0, 1.0, 1.0, 1.0, 0.2]) + 1
    codes[:, 0] += 3.0 * labels
    statistics = CodeStatistics(6, counts or torch.bincount(labels).tolist())
    for step in range(600):
        chosen = torch.randint(4000, (64,))
        statistics.note(codes[chosen], labels[chosen], step)
    return statistics, codes, labels


def test_drawn_codes_have_mean_and_covariance_of_those_that_were_seen():
    statistics, codes, _ = two_classes()
    drawn = CodeSpace.of(statistics, 3).draw(torch.randn(40_000, 8), [0.0, 0.0])
    torch.testing.assert_close(drawn.mean(0), codes.mean(0), rtol=0, atol=0.15)
    torch.testing.assert_close(drawn.T.cov(), codes.T.cov(), rtol=0.12, atol=0.15)


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_a_class_slider_draws_from_that_class(share):
    statistics, codes, labels = two_classes(share)
    drawn = CodeSpace.of(statistics, 3).draw(torch.randn(20_000, 8), [0.0, 1.0])
    own = codes[labels == 1]
    torch.testing.assert_close(drawn.mean(0), own.mean(0), rtol=0, atol=0.25)
    torch.testing.assert_close(drawn[:, 0].std(), own[:, 0].std(), rtol=0.2, atol=0)


def test_classes_of_unequal_size_are_not_taken_for_equal_ones():
    """The control: as equal ones they would lie further apart than all codes together, and next to nothing be left within them."""
    statistics, _, _ = two_classes(0.05, counts=(1, 1))
    drawn = CodeSpace.of(statistics, 3).draw(torch.randn(20_000, 8), [0.0, 1.0])
    assert drawn[:, 0].std() < 0.1


def test_between_equal_classes_the_covariance_is_the_plain_one_to_the_bit():
    torch.manual_seed(0)
    statistics = CodeStatistics(16, (350, 350, 350))
    statistics.class_means.copy_(torch.randn(3, 16))
    apart = statistics.class_means - statistics.class_means.mean(0)
    assert torch.equal(statistics.covariance_between(), apart.T @ apart / 3)
