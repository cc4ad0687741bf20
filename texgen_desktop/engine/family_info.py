"""What forms and the command line need to know of a family, and a family's config from what they send back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec

from texgen_desktop.engine.field_info import checked_settings, fields_of
from texgen_desktop.engine.messages import FamilyInfo, FieldInfo, PresetInfo, TrainSettings
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Family


def describe_family(family: Family, gflops: float) -> FamilyInfo:
    """``gflops`` is how much training work this machine does in a second; 0 leaves the times unknown."""
    return FamilyInfo(
        id=family.id,
        title=family.title,
        description=family.description,
        fields=describe_fields(family),
        presets=_presets(family, gflops),
        makes=family.makes,
        reads_photos=family.encode is not None,
    )


def describe_fields(family: Family) -> tuple[FieldInfo, ...]:
    return tuple(replace(field, sets_crop=_sets_crop(family, field)) for field in fields_of(family.config))


def _sets_crop(family: Family, field: FieldInfo) -> bool:
    """Whether the field has a say in the size of a training crop: tried at the ends of what it may be."""
    ends = (False, True) if field.kind == "bool" else (field.minimum, field.maximum, *field.choices)
    config = next(iter(family.presets.values()))
    changed = [msgspec.structs.replace(config, **{field.name: value}) for value in ends if value is not None]
    return any(family.crop_px(each) != family.crop_px(config) for each in changed)


def estimate_seconds(family: Family, config: msgspec.Struct, gflops: float) -> float | None:
    """How long the whole schedule of ``config`` takes on a machine of this speed."""
    return schedule_gflop(family, config) / gflops if gflops > 0 else None


def schedule_gflop(family: Family, config: msgspec.Struct) -> float:
    """The work of the whole schedule; found out once per config, for a family may have to go through its networks."""
    return _cost_gflop(family.cost_gflop, config)


@lru_cache(maxsize=64)
def _cost_gflop(cost_gflop: Callable[[Any], float], config: msgspec.Struct) -> float:
    return cost_gflop(config)


def find_family(families: Mapping[str, Family], family_id: str) -> Family:
    """By its id; ``texture-gan`` finds ``texture_gan``."""
    family = families.get(family_id.replace("-", "_"))
    if family is None:
        known = ", ".join(id_.replace("_", "-") for id_ in families)
        raise TexGenError(f"There is no model family named {family_id}.", f"The families here are: {known}.")
    return family


def build_config(family: Family, settings: TrainSettings) -> msgspec.Struct:
    """The preset's config with the settings' changes, checked against the limits that the fields declare."""
    preset = family.presets.get(settings.preset)
    if preset is None:
        raise TexGenError(f"{family.title} has no preset named {settings.preset}.", f"Its presets are: {', '.join(family.presets)}.")
    values = msgspec.to_builtins(preset) | dict(settings.config)
    if settings.images is not None:
        values["images"] = settings.images
    return checked_settings(family.title, family.config, values)


def tuned_config(family: Family, config: msgspec.Struct, values: Mapping[str, Any]) -> msgspec.Struct:
    """``config`` with other values of live fields; TexGenError where one may not be changed now, or not to that value."""
    live = {field.name for field in describe_fields(family) if field.is_live}
    if fixed := sorted(values.keys() - live):
        may = f"What may be changed is: {', '.join(sorted(live))}." if live else "Start a new run with other settings."
        raise TexGenError(f"{', '.join(fixed)} cannot be changed while {family.title} trains.", may)
    return checked_settings(family.title, family.config, msgspec.to_builtins(config) | dict(values))


def _presets(family: Family, gflops: float) -> tuple[PresetInfo, ...]:
    return tuple(
        PresetInfo(
            id=preset_id,
            title=preset_id.capitalize(),
            images=msgspec.to_builtins(config)["images"],
            seconds=estimate_seconds(family, config, gflops),
            values=tuple(msgspec.to_builtins(config).items()),
            crop_px=family.crop_px(config),
        )
        for preset_id, config in family.presets.items()
    )


def config_of_run(family: Family, values: Mapping[str, Any]) -> msgspec.Struct:
    """The config that a run's folder holds; TexGenError when this version of the family cannot read it."""
    try:
        return msgspec.convert(dict(values), family.config)
    except msgspec.ValidationError as error:
        raise TexGenError(
            f"This run's settings cannot be used: {error}.", "It was made by another version of TexGen. Start a new run."
        ) from error
