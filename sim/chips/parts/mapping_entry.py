"""A mapping as people write it: every parameter of a chip's grammar, a whole number from 1 up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import create_model

from sim.chips.parts.description import Count
from sim.files.schema import Document, validate_data


@cache
def mapping_entry(parameters: tuple[str, ...]) -> type[Document]:
    """Return the model of a mapping with these parameters."""
    fields: dict[str, Any] = dict.fromkeys(parameters, (Count, ...))
    return create_model("MappingEntry", __base__=Document, **fields)


def read_mapping(values: Mapping[str, Any], parameters: tuple[str, ...], place: str) -> dict[str, int]:
    """Check a mapping; raise InputError, at `place`, for a parameter that is unknown, missing or no such number."""
    return validate_data(values, mapping_entry(parameters), place).model_dump()
