"""What forms and menus need to know of an operator."""

from __future__ import annotations

from texgen_desktop.engine.field_info import fields_of
from texgen_desktop.engine.messages import OperatorInfo
from texgen_desktop.operators import Operator


def describe_operator(operator: Operator) -> OperatorInfo:
    return OperatorInfo(
        id=operator.id,
        title=operator.title,
        description=operator.description,
        fields=fields_of(operator.settings),
        scale=operator.scale,
        needs_mask=operator.needs_mask,
        makes_tile=operator.makes_tile,
        can_learn=operator.learn is not None,
    )
