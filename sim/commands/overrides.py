"""What the command line puts in place of what files say: bitwidths, zero fractions, and what the PEs skip."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from sim.arch import Gating, Machine
from sim.commands.inputs import read_pairs, whole_number
from sim.layer import Layer
from sim.schema import Document, validate_data
from sim.workload import Zeros

GATING: Dict[str, Gating] = MappingProxyType(
    {"ifmap": Gating.IFMAP_ZERO, "either": Gating.EITHER_ZERO, "none": Gating.OFF}
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})")
_BITS_EXAMPLE = "write e.g. ifmap=8,filter=8,psum=16"
_ZEROS_EXAMPLE = "write e.g. ifmap=0.5,filter=0.3,ofmap=0.4"


_Bits = Annotated[int, Field(ge=1, le=32)]


class _PlainBits(Document):
    """Hold bitwidths without their unit, which the option's name says."""

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


def with_data(layer: Layer, bits: Dict[str, int], zeros: Dict[str, float]) -> Layer:
    """Give a layer other bitwidths and zero fractions, by tensor."""
    fractions = {f"{tensor}_zeros": fraction for tensor, fraction in zeros.items()}
    return replace(layer, bits=replace(layer.bits, **bits), **fractions)  # type: ignore[arg-type]


def with_gating(machine: Machine, skip: str) -> Machine:
    """Give a machine whose PEs skip what `skip`, a key of GATING, names.

    The methodology knows beforehand which MACs have an operand zero: they touch no spad at all (Asilomar 2017, III).
    """
    changed: dict[str, object] = {"gating": GATING[skip]}
    if GATING[skip] == Gating.EITHER_ZERO:
        changed["gated_mac_reads_ifmap_spad"] = False
    return machine.model_copy(update={"pe": machine.pe.model_copy(update=changed)})


def _decimal(text: str) -> float | None:
    return float(text) if _DECIMAL.fullmatch(text) else None
