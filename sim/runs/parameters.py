"""Dotted paths to all that may be edited: parameters of machines and of cost tables, bitwidths, zeros, mappings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from sim.chips.contract import AnyChip
from sim.errors import FieldFault
from sim.files.edits import field_at, fields_of
from sim.files.faults import first_fault
from sim.files.schema import Document
from sim.files.tree import tree_of_data
from sim.ledger.energy import CostTable, PerDirection, PerTensor
from sim.networks.workload import Fraction

MACHINE, NETWORK, TABLE, BATCH = "arch", "workload", "cost_table", "batch"
BITS, ZEROS, COSTS, MAPPING = "bits.", "zeros.", "cost_table.", "mapping."

# Without a unit, which the name says, as in `run --bits`.
Bits = Annotated[int, Field(ge=1, le=32)]
_Limit = Annotated[int, Field(ge=1, le=1 << 20)]
_Name = Annotated[str, Field(min_length=1, max_length=4096)]


class WordBits(Document):
    """Bitwidths of all layers, without their unit; what is not named is left as it is."""

    ifmap: Bits | None = None
    filter: Bits | None = None
    psum: Bits | None = None
    ofmap: Bits | None = None


class _AxisBits(Document):
    """The bitwidths of all layers that a point may fix."""

    ifmap: Bits
    filter: Bits
    psum: Bits
    ofmap: Bits


class _ZeroFractions(Document):
    """The zero fractions of all layers that a point may fix."""

    ifmap: Fraction
    filter: Fraction
    ofmap: Fraction


class _Selectable(Document):
    """What may be chosen and is no parameter of the machine."""

    arch: _Name
    workload: _Name
    cost_table: _Name
    batch: Annotated[int, Field(ge=1, le=4096)]
    bits: _AxisBits
    zeros: _ZeroFractions


_OTHERS = frozenset((*_Selectable.model_fields, MAPPING.rstrip(".")))


def in_full(path: str, chips: Sequence[AnyChip]) -> str:
    """Return a path with a chip's short names written out: `array` is `pe_array` on Eyeriss.

    What one of the chips has under the very name is left as it is.
    """
    head, dot, rest = path.partition(".")
    if any(head in chip.machine_type.model_fields for chip in chips):
        return path
    short = next((chip.short_names[head] for chip in chips if head in chip.short_names), head)
    return short + dot + rest


def is_machine_path(path: str) -> bool:
    """Return whether a path leads to a parameter of the machine."""
    return path.partition(".")[0] not in _OTHERS


def has_parameter(chip: AnyChip, path: str) -> bool:
    """Return whether a chip's machines have a parameter."""
    try:
        _machine_field(path, chip)
    except FieldFault:
        return False
    return True


def field_of(path: str, chips: Iterable[AnyChip]) -> FieldInfo:
    """Find the field that a path leads to on some of the chips; raise FieldFault where it leads nowhere on any.

    A group of costs, such as `cost_table.dram`, is one field: its number stands for each cost inside. The fault of a
    group of parameters, and of an unknown one, is the first chip's.
    """
    if path.startswith(COSTS):
        found = field_at(path.removeprefix(COSTS), _costs(), (PerTensor, PerDirection))
        return PerDirection.model_fields["read"] if _is_group(found) else found
    faults = []
    for chip in chips:
        try:
            return _machine_field(path, chip)
        except FieldFault as fault:
            faults.append(fault)
    raise faults[0]


def checked_values(written: Sequence[object], field: FieldInfo) -> tuple[object, ...]:
    """Validate values as the field's own model would, and return them in base units.

    Raises FieldFault, `at` the index of the first that is wrong; `at` is empty where none can be named.
    """
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    model: type[BaseModel] = create_model("Values", __base__=Document, values=(tuple[kind, ...], ...))
    data = {"values": list(written)}
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        fault = first_fault(error, tree_of_data(data, ""), model)
        raise FieldFault(fault.wrong, fault.allowed, fault.path[1:2]) from error
    return tuple(getattr(found, "values"))  # noqa: B009 - the model is made above


def _machine_field(path: str, chip: AnyChip) -> FieldInfo:
    extra = chip.extra_parameters()
    return extra[path] if path in extra else field_at(path, _roots(chip))


def _is_group(found: FieldInfo) -> bool:
    return found.annotation in (PerTensor, PerDirection, PerTensor | None)


def _roots(chip: AnyChip) -> dict[str, FieldInfo]:
    heads = ("schema", "name", "source", "chip")
    own = {name: one for name, one in fields_of(chip.machine_type).items() if name not in heads}
    limits: dict[str, Any] = dict.fromkeys(chip.mapping.parameters, (_Limit, ...))
    grammar = create_model("MappingLimits", __base__=Document, **limits)
    mapping = create_model("Mapping", __base__=Document, mapping=(grammar, ...))
    return own | fields_of(_Selectable) | fields_of(mapping)


def _costs() -> dict[str, FieldInfo]:
    heads = ("schema", "name", "source", "status", "unit", "levels")
    return {name: one for name, one in fields_of(CostTable).items() if name not in heads}


@dataclass(frozen=True, slots=True)
class Edits:
    """Values by dotted path, as they would be written in a file or an option."""

    written: Mapping[str, Any] = field(default_factory=dict)

    @property
    def machine(self) -> dict[str, Any]:
        """Those of the machine's parameters."""
        return {path: value for path, value in self.written.items() if is_machine_path(path)}

    @property
    def costs(self) -> dict[str, Any]:
        """Those of the cost table's entries."""
        return self._inside(COSTS)

    @property
    def bits(self) -> dict[str, int]:
        """Bitwidths by tensor."""
        return {name: int(value) for name, value in self._inside(BITS).items()}

    @property
    def zeros(self) -> dict[str, float]:
        """Zero fractions by tensor."""
        return {name: float(value) for name, value in self._inside(ZEROS).items()}

    @property
    def limits(self) -> dict[str, int]:
        """Values that mapping parameters are held to."""
        return {name: int(value) for name, value in self._inside(MAPPING).items()}

    def _inside(self, group: str) -> dict[str, Any]:
        return {path.removeprefix(group): value for path, value in self.written.items() if path.startswith(group)}
