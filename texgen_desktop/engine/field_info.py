"""What forms and the command line need to know of a struct of settings, and such a struct from what they send back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec.inspect import BoolType, Field, FloatType, IntType, LiteralType, Metadata, StrType, StructType, type_info

from texgen_desktop.engine.messages import FieldInfo
from texgen_desktop.errors import TexGenError

S = TypeVar("S", bound=msgspec.Struct)


def fields_of(settings: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """Its fields in their order; a text is the name of a file."""
    struct = type_info(settings)
    assert isinstance(struct, StructType)
    hints = get_type_hints(settings)
    return tuple(_described(field, hints[field.name]) for field in struct.fields)


def checked_settings(title: str, settings: type[S], values: Mapping[str, Any]) -> S:
    """``settings`` with these values, checked against the limits that its fields declare; TexGenError names what is wrong in ``title``."""
    unknown = sorted(values.keys() - set(settings.__struct_fields__))
    if unknown:
        known = ", ".join(settings.__struct_fields__)
        raise TexGenError(f"{title} has no setting named {', '.join(unknown)}.", f"Its settings are: {known}.")
    try:
        return msgspec.convert(dict(values), settings, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).partition(" - at `$.")[2].rstrip("`")
        field = next((field for field in fields_of(settings) if field.name == name), None)
        if field is None:  # it is the combination that is not taken
            raise TexGenError(f"These settings cannot be used together: {error}.", "Choose other values.") from error
        message = f"The setting {name} cannot be used with the value {values[name]}."
        raise TexGenError(message, f"It has to be {_allowed(field)}.") from error


def _allowed(field: FieldInfo) -> str:
    """What may stand in a field, in words."""
    match field.kind:
        case "bool":
            return "true or false"
        case "choice":
            return f"one of {', '.join(field.choices)}"
        case "file":
            return "the name of a file"
    least = "above" if field.is_above_minimum else "from"
    limits = [f"{word} {limit}" for word, limit in ((least, field.minimum), ("up to", field.maximum)) if limit is not None]
    return " ".join(["a whole number" if field.kind == "int" else "a number", *limits])


def _described(field: Field, hint: Any) -> FieldInfo:
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
        case StrType():
            return info("file")
        case LiteralType():  # which sorts its values as texts: 128 before 32
            return info("choice", choices=tuple(str(value) for value in get_args(hint)))
        case _:
            raise TypeError(f"the field {field.name} is of a kind that no form can show: {declared}")
