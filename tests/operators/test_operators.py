"""What holds for every operator: it is found, has its place, and its settings make a form."""

from __future__ import annotations

import pytest

from texgen_desktop import operators
from texgen_desktop.engine.chain import check_steps, plain_steps
from texgen_desktop.engine.operator_info import describe_operator
from texgen_desktop.operators import Step

KNOWN = operators.discover()


def test_menus_begin_with_repair_and_no_two_operators_share_a_place() -> None:
    assert next(iter(KNOWN)) == "repair"
    assert len({operator.order for operator in KNOWN.values()}) == len(KNOWN)


@pytest.mark.parametrize("operator_id", KNOWN)
def test_an_operator_has_words_a_form_and_defaults_that_can_be_written_down(operator_id: str) -> None:
    operator = KNOWN[operator_id]
    info = describe_operator(operator)
    assert info.title
    assert info.description
    assert all(field.description for field in info.fields)
    assert plain_steps(check_steps([Step(operator_id)], KNOWN)) == [{"operator": operator_id, "settings": {}}]
    if operator.learn is not None:
        assert "model" in operator.settings.__struct_fields__
