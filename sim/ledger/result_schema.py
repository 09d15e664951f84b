"""The JSON Schema of the result file, with the sentence of every figure in it."""

from __future__ import annotations

from typing import Any

from sim.ledger.counts import GROUPS, Direction, Tensor
from sim.ledger.figures import ENERGIES, IN_THE_FILE, IN_THE_TOTAL, Figure
from sim.ledger.results import SCHEMA

_OBJECT: dict[str, Any] = {"type": "object"}
_NUMBER: dict[str, Any] = {"type": "number"}
_MAYBE: dict[str, Any] = {"type": ["number", "null"]}


def result_schema() -> dict[str, Any]:
    """Return the schema of what `run --json` and `estimate --json` write."""
    layer = {
        "name": {"type": "string"},
        "type": {"enum": ["conv", "depthwise", "fc"]},
        "mapping": {"type": "object", "description": "The mapping's parameters by name."},
        "folded": {"type": "array", "items": {"type": "string"}},
        **{figure.column: _of(figure) for figure in IN_THE_FILE},
        "accesses": _counts("Words by level, tensor and direction."),
        "bits": _counts("Bits by level, tensor and direction, after compression."),
        "zero_buffer_reads": {"type": "integer"},
        "energy": _energy(),
        "power_w": _MAYBE,
        "power_by_component_w": {"type": ["object", "null"], "additionalProperties": _NUMBER},
    }
    total = {
        **{figure.column: _of(figure) for figure in IN_THE_TOTAL},
        "energy": _energy(),
        "power_w": _MAYBE,
        "power_by_component_w": {"type": ["object", "null"], "additionalProperties": _NUMBER},
        "fps": _NUMBER,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Result of a run or of an estimate",
        "type": "object",
        "required": ["schema", "complete", "provenance", "layers", "total"],
        "properties": {
            "schema": {"const": SCHEMA},
            "complete": {"type": "boolean"},
            "provenance": _OBJECT,
            "operating_point": _OBJECT,
            "layers": {"type": "array", "items": _object(layer)},
            "total": {"anyOf": [_object(total), {"type": "null"}]},
        },
    }


def _of(figure: Figure) -> dict[str, Any]:
    kind = "number" if figure.unit == "s" else "integer"
    return {"type": kind, "description": figure.sentence}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _counts(description: str) -> dict[str, Any]:
    ways = {way.name.lower(): {"type": "integer", "minimum": 0} for way in Direction}
    tensors = {tensor.name.lower(): _object(ways) for tensor in Tensor}
    return {**_object({group: _object(tensors) for group in GROUPS}), "description": description}


def _energy() -> dict[str, Any]:
    kinds = {figure.key: {"type": "number", "description": figure.sentence} for figure in ENERGIES}
    parts = {"type": "object", "additionalProperties": _NUMBER}
    return _object({"unit": {"enum": ["pJ", "MAC"]}, **kinds, "by_level": parts, "by_component": parts})
