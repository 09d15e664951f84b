"""Mappings as people write them: the exact line for each that lacks, or has too many, of a chip's parameters."""

from __future__ import annotations

import pytest

from sim.chips.parts.mapping_entry import read_mapping
from sim.errors import InputError

PARAMETERS = ("rows", "columns")


def test_a_mapping_is_handed_back_in_the_chips_order() -> None:
    assert list(read_mapping({"columns": 2, "rows": 3}, PARAMETERS, "here").items()) == [("rows", 3), ("columns", 2)]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"rows": 1}, "columns: missing key; it is required"),
        ({}, "rows: missing key; it is required"),
        ({"rows": 1, "colums": 1}, "colums: unknown key; did you mean 'columns'?"),
        ({"rows": 1, "columns": 1, "x": 1}, "x: unknown key; allowed: rows, columns"),
        ({"rows": 0, "columns": 1}, "rows: got the number 0; expected at least 1"),
        ({"rows": 1, "columns": 2**20 + 1}, "columns: got the number 1048577; expected at most 1048576"),
        ({"rows": True, "columns": 1}, "rows: got true; expected a whole number"),
        ({"rows": 1.0, "columns": 1}, "rows: got the number 1.0; expected a whole number"),
    ],
)
def test_refuse(values: dict[str, int], line: str) -> None:
    with pytest.raises(InputError) as caught:
        read_mapping(values, PARAMETERS, "here")
    assert str(caught.value) == f"here: {line}"
