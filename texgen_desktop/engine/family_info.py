"""What forms and the command line need to know of a family, and a family's config from what they send back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.inspect import BoolType, Field, FloatType, IntType, LiteralType, Metadata, StructType, type_info

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
    struct = type_info(family.config)
    assert isinstance(struct, StructType)
    hints = get_type_hints(family.config)
    fields = (_field_info(field, hints[field.name]) for field in struct.fields)
    return tuple(replace(field, sets_crop=_sets_crop(family, field)) for field in fields)


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
    unknown = sorted(values.keys() - set(family.config.__struct_fields__))
    if unknown:
        known = ", ".join(family.config.__struct_fields__)
        raise TexGenError(f"{family.title} has no setting named {', '.join(unknown)}.", f"Its settings are: {known}.")
    return _checked(family, values)


def _checked(family: Family, values: Mapping[str, Any]) -> msgspec.Struct:
    try:
        return msgspec.convert(dict(values), family.config, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).partition(" - at `$.")[2].rstrip("`")
        field = next((field for field in describe_fields(family) if field.name == name), None)
        if field is None:  # it is the combination that the config does not take
            raise TexGenError(f"These settings cannot be used together: {error}.", "Choose other values.") from error
        message = f"The setting {name} cannot be used with the value {values[name]}."
        raise TexGenError(message, f"It has to be {_allowed(field)}.") from error


def tuned_config(family: Family, config: msgspec.Struct, values: Mapping[str, Any]) -> msgspec.Struct:
    """``config`` with other values of live fields; TexGenError where one may not be changed now, or not to that value."""
    live = {field.name for field in describe_fields(family) if field.is_live}
    if fixed := sorted(values.keys() - live):
        may = f"What may be changed is: {', '.join(sorted(live))}." if live else "Start a new run with other settings."
        raise TexGenError(f"{', '.join(fixed)} cannot be changed while {family.title} trains.", may)
    return _checked(family, msgspec.to_builtins(config) | dict(values))


def _allowed(field: FieldInfo) -> str:
    """What may stand in a field, in words."""
    match field.kind:
        case "bool":
            return "true or false"
        case "choice":
            return f"one of {', '.join(field.choices)}"
    least = "above" if field.is_above_minimum else "from"
    limits = [f"{word} {limit}" for word, limit in ((least, field.minimum), ("up to", field.maximum)) if limit is not None]
    return " ".join(["a whole number" if field.kind == "int" else "a number", *limits])


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


def _field_info(field: Field, hint: Any) -> FieldInfo:
    declared, description, unit, is_live = field.type, "", "", False
    if isinstance(declared, Metadata):
        description = (declared.extra_json_schema or {}).get("description", "")
        unit = (declared.extra or {}).get("unit", "")
        is_live = (declared.extra or {}).get("live", False)
        declared = declared.type

    def info(kind: Any, **limits: Any) -> FieldInfo:
        return FieldInfo(field.name, kind, field.default, description, unit, is_live=is_live, **limits)

    match declared:
        case BoolType():
            return info("bool")
        case IntType() | FloatType():
            kind = "int" if isinstance(declared, IntType) else "float"
            minimum = declared.ge if declared.ge is not None else declared.gt
            maximum = declared.le if declared.le is not None else declared.lt
            return info(kind, minimum=minimum, maximum=maximum, is_above_minimum=declared.gt is not None)
        case LiteralType():  # which sorts its values as texts: 128 before 32
            return info("choice", choices=tuple(str(value) for value in get_args(hint)))
        case _:
            raise TypeError(f"the config field {field.name} is of a kind that no form can show: {declared}")


def config_of_run(family: Family, values: Mapping[str, Any]) -> msgspec.Struct:
    """The config that a run's folder holds; TexGenError when this version of the family cannot read it."""
    try:
        return msgspec.convert(dict(values), family.config)
    except msgspec.ValidationError as error:
        raise TexGenError(
            f"This run's settings cannot be used: {error}.", "It was made by another version of TexGen. Start a new run."
        ) from error
