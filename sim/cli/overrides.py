"""What the command line puts in place of what files say: bitwidths, zero fractions, gating, voltage and clocks."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping as Dict
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from sim.chips.eyeriss.machine import Machine
from sim.chips.parts.description import ClockRate, Gating, Supply
from sim.cli.inputs import read_pairs, whole_number
from sim.errors import FieldFault, InputError
from sim.files.schema import Document, validate_data
from sim.ledger.results import OperatingPoint
from sim.networks.workload import Zeros
from sim.runs.request import Inputs

GATING: Dict[str, Gating] = MappingProxyType(
    {"ifmap": Gating.IFMAP_ZERO, "either": Gating.EITHER_ZERO, "none": Gating.OFF}
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})")
_BITS_EXAMPLE = "write e.g. ifmap=8,filter=8,psum=16"
_ZEROS_EXAMPLE = "write e.g. ifmap=0.5,filter=0.3,ofmap=0.4"


_Bits = Annotated[int, Field(ge=1, le=32)]


class _PlainBits(Document):
    """Bitwidths without their unit, which the option's name says."""

    ifmap: _Bits | None = None
    filter: _Bits | None = None
    psum: _Bits | None = None


def read_bits(text: str | None) -> dict[str, int]:
    """Read `ifmap=8,filter=8,psum=16`; what is not named is left out."""
    if text is None:
        return {}
    pairs = read_pairs(text, "--bits", whole_number, allowed=_BITS_EXAMPLE, what="bitwidth")
    return validate_data(pairs, _PlainBits, "--bits").model_dump(exclude_unset=True)


def read_zeros(text: str | None) -> dict[str, float]:
    """Read `ifmap=0.5,filter=0.3,ofmap=0.4`; what is not named is left out."""
    if text is None:
        return {}
    pairs = read_pairs(text, "--zeros", _decimal, allowed=_ZEROS_EXAMPLE, what="zero fraction")
    return validate_data(pairs, Zeros, "--zeros").model_dump(exclude_unset=True)


def with_gating(machine: Machine, skip: str) -> Machine:
    """Return a machine whose PEs skip what `skip`, a key of GATING, names.

    The methodology knows beforehand which MACs have an operand zero: they touch no spad at all (Asilomar 2017, III).
    """
    changed: dict[str, object] = {"gating": GATING[skip]}
    if GATING[skip] == Gating.EITHER_ZERO:
        changed["gated_mac_reads_ifmap_spad"] = False
    return machine.model_copy(update={"pe": machine.pe.model_copy(update=changed)})


class _OperatingPointOptions(Document):
    """An operating point as options give it; None leaves the machine's own."""

    voltage: Supply | None = Field(default=None, alias="--voltage")
    clock: ClockRate | None = Field(default=None, alias="--clock")
    link_clock: ClockRate | None = Field(default=None, alias="--link-clock")


def at_operating_point(inputs: Inputs, options: argparse.Namespace) -> Inputs:
    """Put the options' voltage and clocks in place of the machine's, and scale the costs.

    Raises InputError for what is no voltage or clock, and for what is out of the machine's range.
    """
    given = point_choices(options)
    texts = {f"--{name.replace('_', '-')}": text for name, text in given.items()}
    point = validate_data(texts, _OperatingPointOptions, "").model_dump(exclude_unset=True)
    machine = inputs.machine
    core = machine.core.model_copy(update={name: point[name] for name in ("voltage", "clock") if name in point})
    link = machine.link.model_copy(update={"clock": point["link_clock"]} if "link_clock" in point else {})
    for domain, prefix in ((core, "--"), (link, "--link-")):
        try:
            domain.check_range()
        except FieldFault as fault:
            wrong = f"{fault.wrong} of {machine.name}"
            raise InputError.located(f"{prefix}{fault.at[0]}", wrong=wrong, allowed=fault.allowed) from fault
    changed = machine.model_copy(update={"core": core, "link": link})
    return replace(inputs, machine=changed, table=inputs.table.scaled_to(core.voltage))


def point_choices(options: argparse.Namespace) -> dict[str, str]:
    """Return what the options say of voltage and clocks, as it was written, and nothing of what they don't mention."""
    texts = {name: getattr(options, name) for name in _OperatingPointOptions.model_fields}
    return {name: text for name, text in texts.items() if text is not None}


def point_of(machine: Machine) -> OperatingPoint:
    """Return the operating point that a machine is at."""
    return OperatingPoint(machine.core.voltage, machine.core.clock, machine.link.clock)


def _decimal(text: str) -> float | None:
    return float(text) if _DECIMAL.fullmatch(text) else None
