from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import msgspec
import pytest

from tests import tiny_family
from texgen_desktop.engine.family_info import build_config, config_of_run, describe_family, describe_fields, find_family
from texgen_desktop.engine.messages import TrainSettings
from texgen_desktop.errors import TexGenError

FAMILY = tiny_family.FAMILY


def test_fields_carry_limits_units_and_defaults_of_the_config() -> None:
    images, batch, _, rate = describe_family(FAMILY, 100.0).fields
    assert (images.name, images.kind, images.default, images.unit) == ("images", "int", 60, "images")
    assert (batch.minimum, batch.maximum, batch.description) == (1, 16, "Crops a step.")
    assert (rate.kind, rate.minimum) == ("float", 0)


class Sized(msgspec.Struct, frozen=True):
    side: Annotated[Literal["32", "64", "128"], msgspec.Meta(description="Side.")] = "64"


def test_choices_come_in_the_order_of_the_config() -> None:
    assert sorted(("32", "64", "128")) != ["32", "64", "128"]  # the control: as texts they would not
    (side,) = describe_fields(replace(FAMILY, config=Sized, presets={"draft": Sized()}))
    assert side.choices == ("32", "64", "128")


def test_the_fields_that_the_size_of_a_crop_depends_on_say_so() -> None:
    family = replace(FAMILY, crop_px=lambda config: 2 * config.crop_px)
    info = describe_family(family, 100.0)
    assert [field.name for field in info.fields if field.sets_crop] == ["crop_px"]
    assert info.presets[0].crop_px == 2 * family.presets[info.presets[0].id].crop_px
    assert not any(field.sets_crop for field in describe_family(FAMILY, 100.0).fields)


def test_presets_cost_what_the_machine_was_measured_at() -> None:
    slow, fast = (describe_family(FAMILY, speed).presets[1].seconds for speed in (10.0, 100.0))
    assert slow is not None
    assert fast is not None
    assert slow == pytest.approx(10 * fast)
    assert describe_family(FAMILY, 0.0).presets[1].seconds is None


def test_what_a_preset_costs_is_worked_out_once() -> None:
    asked: list[tiny_family.Config] = []

    def cost_gflop(config: tiny_family.Config) -> float:
        asked.append(config)
        return 1.0

    family = replace(FAMILY, cost_gflop=cost_gflop)
    assert describe_family(family, 10.0).presets[0].seconds == 0.1
    assert describe_family(family, 1.0).presets[0].seconds == 1.0
    assert asked == list(family.presets.values())


def test_settings_change_single_fields_of_the_preset() -> None:
    config = build_config(FAMILY, TrainSettings("tiny", "draft", (("batch", "4"),), images=44))
    assert config == tiny_family.Config(images=44, batch=4)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (TrainSettings("tiny", "enormous"), "no preset named enormous"),
        (TrainSettings("tiny", config=(("depth", 3),)), "no setting named depth"),
        (TrainSettings("tiny", config=(("batch", 99),)), "batch cannot be used with the value 99"),
        (TrainSettings("tiny", config=(("batch", "many"),)), "batch cannot be used"),
        (TrainSettings("tiny", images=0), "images cannot be used"),
    ],
)
def test_settings_that_cannot_be_used_are_named(settings: TrainSettings, says: str) -> None:
    with pytest.raises(TexGenError, match=says):
        build_config(FAMILY, settings)


def test_what_a_setting_may_be_is_said_in_words() -> None:
    with pytest.raises(TexGenError) as caught:
        build_config(FAMILY, TrainSettings("tiny", config=(("batch", "99"),)))
    assert caught.value.hint == "It has to be a whole number from 1 up to 16."
    with pytest.raises(TexGenError) as caught:
        build_config(FAMILY, TrainSettings("tiny", config=(("learning_rate", "0"),)))
    assert caught.value.hint == "It has to be a number above 0 up to 1e+30."


class Even(tiny_family.Config):
    def __post_init__(self) -> None:
        if self.images % self.batch:
            raise ValueError("images are no multiple of batch")


def test_settings_that_do_not_go_together_are_refused_with_the_configs_own_words() -> None:
    family = replace(FAMILY, config=Even)
    with pytest.raises(TexGenError, match="cannot be used together: images are no multiple of batch"):
        build_config(family, TrainSettings("tiny", config=(("images", 5), ("batch", 2))))


def test_a_family_is_found_by_its_name_on_the_command_line() -> None:
    families = {"texture_gan": FAMILY}
    assert find_family(families, "texture-gan") is find_family(families, "texture_gan")
    with pytest.raises(TexGenError, match="no model family named gone") as caught:
        find_family(families, "gone")
    assert "texture-gan" in caught.value.hint


def test_a_config_of_another_version_is_told_as_such() -> None:
    with pytest.raises(TexGenError) as caught:
        config_of_run(FAMILY, {"images": 5, "depth": 3})
    assert "another version" in caught.value.hint
