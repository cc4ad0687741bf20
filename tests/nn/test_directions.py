"""Directions in a space of codes."""

import torch

from texgen_desktop.nn.directions import FAR, principal_axes, semantic_directions, steer


def test_the_first_direction_is_the_one_that_the_weights_answer_to_most():
    torch.manual_seed(0)
    wanted = torch.nn.functional.normalize(torch.tensor([1.0, 1.0, -1.0, 1.0]), dim=0)
    weights = torch.randn(30, 1) @ wanted[None] + 0.1 * torch.randn(30, 4)
    first = semantic_directions(weights, 2)[0]
    assert abs(float(first @ wanted)) > 0.98


def test_principal_axes_find_the_long_sides_of_a_cloud_and_how_long_they_are():
    torch.manual_seed(0)
    rotation = torch.linalg.qr(torch.randn(5, 5)).Q
    covariance = rotation @ torch.diag(torch.tensor([9.0, 4.0, 1.0, 0.1, 0.0])) @ rotation.T
    axes, deviations = principal_axes(covariance, 3)
    torch.testing.assert_close(deviations, torch.tensor([3.0, 2.0, 1.0]), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close((axes @ rotation[:, :3]).abs(), torch.eye(3), rtol=0, atol=1e-3)


def test_a_slider_at_its_end_stands_at_the_same_place_for_every_code_and_leaves_all_else():
    torch.manual_seed(0)
    codes, middle = torch.randn(6, 4), torch.randn(4)
    directions, spreads = torch.eye(4)[:2], torch.tensor([2.0, 0.5])
    moved = steer(codes, middle, directions, spreads, torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(moved[:, 0], (middle[0] + FAR * 2.0).expand(6))
    torch.testing.assert_close(moved[:, 1:], codes[:, 1:])
    assert torch.equal(steer(codes, middle, directions, spreads, torch.zeros(2)), codes)
