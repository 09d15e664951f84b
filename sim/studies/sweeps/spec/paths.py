"""Dotted paths to all that a sweep may choose: parameters of machines and of cost tables, bitwidths, and the rest."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from sim.chips.eyeriss.machine import Machine
from sim.errors import FieldFault, did_you_mean, listed, quoted
from sim.files.schema import Document
from sim.ledger.energy import CostTable, PerDirection, PerTensor
from sim.networks.workload import Fraction
from sim.studies.sweeps.spec.buffer_size import GLB_SIZE, BufferSize

MACHINE, NETWORK, TABLE, BATCH = "arch", "workload", "cost_table", "batch"
BITS, ZEROS, COSTS, MAPPING = "bits.", "zeros.", "cost_table.", "mapping."

_SHORT = {"array": "pe_array"}

# Without a unit, which the name says, as in `run --bits`.
_Bits = Annotated[int, Field(ge=1, le=32)]
_Limit = Annotated[int, Field(ge=1, le=1 << 20)]
_Name = Annotated[str, Field(min_length=1, max_length=4096)]


class _WordBits(Document):
    """The bitwidths of all layers that a point may fix."""

    ifmap: _Bits
    filter: _Bits
    psum: _Bits


class _ZeroFractions(Document):
    """The zero fractions of all layers that a point may fix."""

    ifmap: Fraction
    filter: Fraction
    ofmap: Fraction


class _MappingLimits(Document):
    """The mapping parameters that a point may fix."""

    m: _Limit
    n: _Limit
    e: _Limit
    p: _Limit
    q: _Limit
    r: _Limit
    t: _Limit


class _Choices(Document):
    """What may be chosen and is no parameter of the machine."""

    arch: _Name
    workload: _Name
    cost_table: _Name
    batch: Annotated[int, Field(ge=1, le=4096)]
    bits: _WordBits
    zeros: _ZeroFractions
    mapping: _MappingLimits


def in_full(path: str) -> str:
    """Return a path with short names written out: `array` is `pe_array`."""
    head, dot, rest = path.partition(".")
    return _SHORT.get(head, head) + dot + rest


def is_machine_path(path: str) -> bool:
    """Return whether a path leads to a parameter of the machine."""
    return path.partition(".")[0] not in _Choices.model_fields


def field_of(path: str) -> FieldInfo:
    """Find the field that a path leads to; raise FieldFault where it leads nowhere, or to a group of parameters.

    A group of costs, such as `cost_table.dram`, is one field: its number stands for each cost inside.
    """
    if path == GLB_SIZE:
        return BufferSize.model_fields["size"]
    fields = _roots()
    if path.startswith(COSTS):
        path, fields = path.removeprefix(COSTS), _costs()
    steps = path.split(".")
    for depth, step in enumerate(steps):
        if step not in fields:
            raise FieldFault(f"unknown parameter {quoted(step)}", did_you_mean(step, fields))
        field, inner = fields[step], fields[step].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            if depth < len(steps) - 1:
                raise FieldFault(f"{quoted(step)} has no parameters inside", f"end the path with {quoted(step)}")
            return field
        fields = _fields(inner)
        if depth == len(steps) - 1 and issubclass(inner, PerTensor | PerDirection):
            return PerDirection.model_fields["read"]
    raise FieldFault(f"{quoted(path)} is a group of parameters", f"add one of them: {listed(fields)}")


def _roots() -> dict[str, FieldInfo]:
    return {name: field for name, field in _fields(Machine).items() if name not in ("schema", "name", "source")} | (
        _fields(_Choices)
    )


def _costs() -> dict[str, FieldInfo]:
    heads = ("schema", "name", "source", "status", "unit")
    return {name: field for name, field in _fields(CostTable).items() if name not in heads}


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}
