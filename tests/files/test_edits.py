"""Values at dotted paths of a file: where they lead, and that they are checked as if they had been written there."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import model_validator

from sim.errors import FieldFault, InputError
from sim.files.edits import edited, field_at, fields_of
from sim.files.schema import Document, validate_data
from sim.units import Hertz


class Inner(Document):
    """A group of parameters."""

    low: int
    high: int = 9

    @model_validator(mode="after")
    def _in_order(self) -> Inner:
        if self.low > self.high:
            raise FieldFault(f"{self.low} above {self.high}", "the smaller first", at=("low",))
        return self


class Outer(Document):
    """A file."""

    clock: Hertz
    inner: Inner
    maybe: Inner | None = None


WRITTEN: dict[str, Any] = {"clock": "1 MHz", "inner": {"low": 1}}
BASE = validate_data(WRITTEN, Outer, "here")
FIELDS = fields_of(Outer)


def test_a_path_leads_to_its_field() -> None:
    assert field_at("inner.low", FIELDS) is Inner.model_fields["low"]
    assert field_at("maybe.high", FIELDS) is Inner.model_fields["high"]
    assert field_at("inner", FIELDS, (Inner,)) is Outer.model_fields["inner"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("inner.lo", "unknown parameter 'lo'; did you mean 'low'?"),
        ("iner.low", "unknown parameter 'iner'; did you mean 'inner'?"),
        ("clock.rate", "'clock' has no parameters inside; end the path with 'clock'"),
        ("inner", "'inner' is a group of parameters; add one of them: low, high"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, line: str) -> None:
    with pytest.raises(FieldFault) as caught:
        field_at(path, FIELDS)
    assert str(caught.value) == line


def test_changes_leave_the_rest_alone() -> None:
    found = edited(BASE, WRITTEN, {"inner.high": 4, "clock": "2 MHz"}, "--set")
    assert found == Outer.model_validate({"clock": "2 MHz", "inner": {"low": 1, "high": 4}})
    assert BASE.inner.high == 9


def test_several_values_of_a_group_are_checked_together() -> None:
    assert edited(BASE, WRITTEN, {"inner.low": 20, "inner.high": 30}, "--set").inner == Inner(low=20, high=30)


def test_a_group_takes_one_value_for_all_inside() -> None:
    assert edited(BASE, WRITTEN, {"inner": 5}, "--set").inner == Inner(low=5, high=5)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"inner.low": 20}, "--set: inner.low: 20 above 9; the smaller first"),
        ({"inner.low": "x"}, "--set: inner.low: got the text 'x'; expected a whole number"),
        ({"clock": 5}, "--set: clock: a number without a unit; write e.g. '200 MHz'"),
    ],
)
def test_refuse(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as caught:
        edited(BASE, WRITTEN, changes, "--set")
    assert str(caught.value) == line
