"""What machine files of every chip have in common: memories, clock domains, gating, arithmetic, the array."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.errors import FieldFault
from sim.files.schema import Document
from sim.units import BitWidth, Dimension, Hertz, Volts, format_quantity

Count = Annotated[int, Field(ge=1, le=1 << 20)]


Cycles = Annotated[int, Field(ge=0, le=1 << 20)]


Width = Annotated[BitWidth, Field(ge=1, le=4096)]


ClockRate = Annotated[Hertz, Field(ge=1)]


Supply = Annotated[Volts, Field(gt=0, le=10)]


def _hertz(value: int) -> str:
    return format_quantity(value, Dimension.FREQUENCY)


def _volts(value: float) -> str:
    return f"{value:g} V"


class Memory(Document):
    """A small memory inside a PE: `words` deep, each `width` bits."""

    words: Count
    width: Width

    def capacity(self, bits: int) -> int:
        """Return how many words of `bits` fit; narrower words pack, wider ones take several."""
        return self.words * self.width // bits


class Gating(StrEnum):
    """What disables a PE's MAC and filter-spad read: the chip looks at ifmaps, the methodology at both."""

    IFMAP_ZERO = "ifmap_zero"
    EITHER_ZERO = "either_zero"
    OFF = "off"


class CoreDomain(Document):
    """The clock and supply of everything but the link; without a range, any will do."""

    clock: ClockRate
    voltage: Supply
    clock_range: tuple[ClockRate, ClockRate] | None = None
    voltage_range: tuple[Supply, Supply] | None = None

    @model_validator(mode="after")
    def _in_range(self) -> CoreDomain:
        self.check_range()
        return self

    def check_range(self) -> None:
        """Raise FieldFault where clock or voltage is out of its range."""
        for name, text in (("clock", _hertz), ("voltage", _volts)):
            key = f"{name}_range"
            bounds, value = getattr(self, key), getattr(self, name)
            if bounds is None:
                continue
            low, high = bounds
            if low > high:
                raise FieldFault(f"{text(low)} to {text(high)}", "the smaller value first", at=(key,))
            if not low <= value <= high:
                wrong = f"{text(value)} is out of core.{key}"
                raise FieldFault(wrong, f"allowed: {text(low)} to {text(high)}", at=(name,))


class Arithmetic(Document):
    """The fixed-point datapath: a `product` is cut to `psum` bits by a window that each layer sets."""

    operand: Width
    product: Width
    psum: Width


class ArraySize(Document):
    """The PE array's geometry; row 0 is the top row, where psums leave."""

    rows: Annotated[int, Field(ge=1, le=1024)]
    columns: Annotated[int, Field(ge=1, le=1024)]


class LinkDomain(Document):
    """The chip's port to DRAM: bidirectional, one direction at a time, on its own clock."""

    width: Width
    clock: ClockRate
    burst_words: Count
    turnaround_cycles: Cycles
    fifo_sync_cycles: Cycles
    clock_max: ClockRate | None = None

    @model_validator(mode="after")
    def _in_range(self) -> LinkDomain:
        self.check_range()
        return self

    def check_range(self) -> None:
        """Raise FieldFault where the clock is above its maximum."""
        if self.clock_max is not None and self.clock > self.clock_max:
            wrong = f"{_hertz(self.clock)} is above link.clock_max"
            raise FieldFault(wrong, f"allowed: up to {_hertz(self.clock_max)}", at=("clock",))


class MachineDocument(Document):
    """What the file of every machine says: its chip's name, its cost table, its core and its link to DRAM."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: str
    source: str
    chip: str = "eyeriss"
    cost_table: str
    core: CoreDomain
    link: LinkDomain
