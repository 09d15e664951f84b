"""The machine: every parameter of one Eyeriss-like chip, as read from `arch/*.yaml` (JSSC 2017, Section III-V)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.chips.parts.description import (
    Arithmetic,
    ArraySize,
    Count,
    Cycles,
    Gating,
    MachineDocument,
    Memory,
    Width,
)
from sim.errors import FieldFault
from sim.files.schema import Document, read_document
from sim.units import BitWidth, Hertz


class ColumnStart(StrEnum):
    """What a PE waits for before the MACs of an ofmap column: the whole window of q S words, or its first word."""

    WINDOW = "window"
    WORD = "word"


class FilterMulticast(StrEnum):
    """How far one filter word on the GIN reaches: the PEs of one X-bus (a row), or of all X-buses."""

    ROW = "row"
    ARRAY = "array"


class PE(Document):
    """One processing element. FIFO depths are unpublished: one set serves all layers."""

    macs_per_cycle: Literal[1]
    pipeline_stages: Annotated[int, Field(ge=1, le=3)]
    filter_spad: Memory
    ifmap_spad: Memory
    psum_spad: Memory
    zero_buffer: Width
    ifmap_fifo: Memory
    psum_fifo: Memory
    column_start: ColumnStart
    gating: Gating
    gated_mac_reads_ifmap_spad: bool


class GlobalBuffer(Document):
    """The GLB: `fmap_banks` are each wholly ifmap or psum per layer, `filter_banks` hold the preload."""

    bank_words: Count
    bank_width: Width
    fmap_banks: Count
    filter_banks: Count
    bank_ports: Annotated[int, Field(ge=1, le=2)]

    @property
    def bank_bits(self) -> int:
        """One bank's capacity in bits."""
        return self.bank_words * self.bank_width

    @property
    def size_bytes(self) -> int:
        """The whole buffer's capacity in bytes."""
        return (self.fmap_banks + self.filter_banks) * self.bank_bits // 8


class Networks(Document):
    """The on-chip networks: bus widths, and the widths of the multicast tags."""

    gin_filter: Width
    gin_ifmap: Width
    gin_psum: Width
    gon: Width
    ln: Width
    filter_multicast: FilterMulticast
    row_id: Annotated[BitWidth, Field(ge=1, le=16)]
    col_id: Annotated[BitWidth, Field(ge=1, le=16)]


class RunLengthCode(Document):
    """The RLC codec: `pairs` of run and level, and one last-word bit, in each code word."""

    enabled: bool
    run: Annotated[BitWidth, Field(ge=1, le=16)]
    level: Annotated[BitWidth, Field(ge=1, le=32)]
    pairs: Annotated[int, Field(ge=1, le=16)]
    codes_network_input: bool
    values_per_cycle: Count

    @property
    def word_bits(self) -> int:
        """The width of one code word in bits."""
        return self.pairs * (self.run + self.level) + 1


class ScanChain(Document):
    """The configuration chain, shifted in once per layer."""

    bits: Count
    clock: Annotated[Hertz, Field(ge=1)]


class NativeLimits(Document):
    """What the controller's counters can hold; the mapper folds what is larger."""

    filter_height: Count
    filter_width: Count
    filters: Count
    channels: Count
    vertical_strides: Annotated[tuple[int, ...], Field(min_length=1, max_length=64)]
    horizontal_stride: Count


class Overlap(Document):
    """What runs while the array works: DRAM traffic, and, while a pass's last psums drain, the next filter load."""

    fmaps: bool
    filters: bool
    drain: bool


class Control(Document):
    """The top-level controller: the core cycles that it needs to set up a pass."""

    pass_setup_cycles: Cycles


class Machine(MachineDocument):
    """One chip. Every field is a parameter; sweeps vary it with `model_copy(update=...)`."""

    chip: Literal["eyeriss"] = "eyeriss"
    arithmetic: Arithmetic
    pe_array: ArraySize
    pe: PE
    glb: GlobalBuffer
    noc: Networks
    rlc: RunLengthCode
    scan_chain: ScanChain
    limits: NativeLimits
    overlap: Overlap
    control: Control

    @property
    def filter_reach(self) -> int | None:
        """The columns of the row of PEs that one filter word reaches; None where it reaches all rows."""
        return self.pe_array.columns if self.noc.filter_multicast == FilterMulticast.ROW else None

    @model_validator(mode="after")
    def _code_word_fits_the_link(self) -> Machine:
        if self.rlc.word_bits > self.link.width:
            raise FieldFault(
                f"{self.rlc.pairs} pairs make a code word of {self.rlc.word_bits} bits",
                f"at most the link's {self.link.width} bits",
                at=("rlc", "pairs"),
            )
        return self

    @model_validator(mode="after")
    def _code_word_fits_the_codec(self) -> Machine:
        if self.rlc.word_bits > 64:
            raise FieldFault(f"a code word of {self.rlc.word_bits} bits", "at most 64 bits", at=("rlc", "pairs"))
        return self


def read_machine(path: Path) -> Machine:
    """Read an `arch/*.yaml` file; raise InputError with its place for anything wrong."""
    return read_document(path, Machine)
