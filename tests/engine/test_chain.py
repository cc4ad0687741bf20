"""Steps one after the other: what they are given, what comes of the transparency, and what is refused before anything is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny_operators import OPERATORS
from texgen_desktop.engine.chain import Chain, Layers, block_px, check_steps, open_weights, plain_steps
from texgen_desktop.engine.model_file import save_model
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import ArrayRaster, read_whole
from texgen_desktop.operators import WEIGHTS, Step, open_chain
from texgen_desktop.slices import run_to_end

COLOUR = np.random.default_rng(0).random((12, 10, 3), np.float32)
ALPHA = np.linspace(0, 1, 120, dtype=np.float32).reshape(12, 10, 1)
MASK = np.zeros((12, 10), np.float32)
MASK[3:5, 4:8] = 1


def chain(*steps: Step) -> Chain:
    return Chain(check_steps(steps, OPERATORS), torch.device("cpu"))


def applied(made: Chain, mask: Floats | None = None, with_alpha: bool = True) -> Layers:
    alpha = ArrayRaster(ALPHA, (False, False)) if with_alpha else None
    return run_to_end(made.apply(ArrayRaster(COLOUR, (False, False)), alpha, mask, lambda done, words: None))


def test_each_step_works_on_what_the_one_before_has_made_and_all_say_what_they_did() -> None:
    layers = applied(chain(Step("enlarge"), Step("darken", {"amount": 0.25}), Step("darken")))
    assert layers.notes == ("Enlarge", "darkened by 0.25", "darkened by 0.5")
    whole = run_to_end(read_whole(layers.colour))
    assert whole.shape == (24, 20, 3)
    np.testing.assert_allclose(whole.mean(), COLOUR.mean() * 0.375, rtol=0.02)
    assert layers.alpha is not None
    assert (layers.alpha.height_px, layers.alpha.width_px) == (24, 20)


def test_transparency_goes_where_the_colours_go_and_what_is_filled_can_be_seen() -> None:
    turned = applied(chain(Step("turn"))).alpha
    assert turned is not None
    np.testing.assert_array_equal(run_to_end(read_whole(turned)), ALPHA[::-1])
    filled = applied(chain(Step("fill")), MASK).alpha
    assert filled is not None
    np.testing.assert_array_equal(run_to_end(read_whole(filled))[..., 0], np.maximum(ALPHA[..., 0], MASK))
    with pytest.raises(TexGenError, match="no tile can be made of it"):
        applied(chain(Step("tile")))
    assert applied(chain(Step("tile")), with_alpha=False).colour.wraps == (True, True)


def test_a_step_that_needs_a_mask_gets_one_of_the_size_of_its_picture_or_says_what_is_wrong() -> None:
    filled = run_to_end(read_whole(applied(chain(Step("darken", {"amount": 0}), Step("fill")), MASK).colour))
    assert (filled[MASK > 0] == 1).all()
    np.testing.assert_array_equal(filled[MASK == 0], COLOUR[MASK == 0])
    for mask, words in ((None, "nothing is masked"), (np.zeros_like(MASK), "nothing is masked"), (MASK[:9], "of another size: 10 × 9")):
        with pytest.raises(TexGenError, match=words):
            applied(chain(Step("fill")), mask)
    with pytest.raises(TexGenError, match="of another size"):
        applied(chain(Step("enlarge"), Step("fill")), MASK)


def test_wrong_steps_are_refused_with_what_could_be_used_instead() -> None:
    for steps, message, hint in (
        ((), "nothing to do", "darken, enlarge"),
        ((Step("blur"),), "no step named blur", "darken, enlarge"),
        ((Step("darken", {"amount": 2}),), "amount cannot be used with the value 2", "from 0 up to 1"),
        ((Step("darken", {"depth": 1}),), "no setting named depth", "amount"),
    ):
        with pytest.raises(TexGenError, match=message) as caught:
            check_steps(steps, OPERATORS)
        assert hint in caught.value.hint


def test_steps_are_written_with_what_differs_from_their_defaults_and_read_back() -> None:
    plain = plain_steps(check_steps([Step("darken", {"amount": "0.25"}), Step("darken"), Step("turn")], OPERATORS))
    assert plain == [
        {"operator": "darken", "settings": {"amount": 0.25}},
        {"operator": "darken", "settings": {}},
        {"operator": "turn", "settings": {}},
    ]
    assert open_chain('[{"operator": "darken", "settings": {"amount": 0.25}}, {"operator": "turn"}]') == (
        Step("darken", {"amount": 0.25}),
        Step("turn"),
    )
    for broken in ("", "{}", '[{"settings": {}}]', '[{"operator": 3}]', '[{"operator": "turn", "run": "rm"}]'):
        with pytest.raises(ValueError, match="no list of steps"):
            open_chain(broken)


def test_blocks_are_as_large_as_their_source_allows() -> None:
    small, large = ArrayRaster(COLOUR, (False, False)), ArrayRaster(np.zeros((48, 40, 3), np.float32), (False, False))
    assert (block_px(small, small), block_px(small, large)) == (320, 640)


def test_a_texture_model_is_no_model_of_a_step(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_model(path, "texture_gan", {}, {"weight": torch.zeros(2)}, {})
    with pytest.raises(TexGenError, match="makes textures"):
        open_weights(str(path))
    save_model(path, WEIGHTS, {"operator": "darken"}, {"weight": torch.ones(2)}, {})
    assert open_weights(str(path)).header == {"operator": "darken"}
