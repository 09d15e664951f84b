"""Energy: the ledger times a cost table, and nothing else makes a joule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.counts import Direction, Ledger, Level, Tensor
from sim.layer import BitWidths
from sim.results import Energy
from sim.schema import Document, read_document
from sim.units import BitWidth, Watts

Cost = Annotated[float, Field(ge=0, le=1e9)]


class PerDirection(Document):
    """Hold the cost of one word read and of one word written."""

    read: Cost
    write: Cost


class PerTensor(Document):
    """Hold the costs of a level for each tensor."""

    ifmap: PerDirection
    filter: PerDirection
    psum: PerDirection
    ofmap: PerDirection


class CostTable(Document):
    """Hold the energy of each event in `unit`, for words of `word` bits; other widths scale linearly."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: str
    source: str
    status: Literal["published", "provisional", "calibrated"]
    unit: Literal["pJ", "MAC"]
    word: Annotated[BitWidth, Field(ge=1, le=64)]
    mac: Cost
    zero_buffer_read: Cost
    dram: PerTensor
    glb: PerTensor
    gin: PerTensor
    gon: PerTensor
    ln: PerTensor
    fifo: PerTensor
    spad: PerTensor
    static_power: Annotated[Watts, Field(ge=0, le=1e6)]

    @staticmethod
    def free() -> CostTable:
        """Give a table in which nothing costs anything, for those who want cycles only."""
        nothing = PerDirection(read=0.0, write=0.0)
        level = PerTensor(ifmap=nothing, filter=nothing, psum=nothing, ofmap=nothing)
        levels = {member.name.lower(): level for member in Level}
        heads = {"schema": 1, "name": "free", "source": "", "status": "published", "unit": "pJ", "word": "16 b"}
        return CostTable(**heads, mac=0.0, zero_buffer_read=0.0, static_power="0 W", **levels)  # type: ignore[arg-type]

    def per_word(self) -> NDArray[np.float64]:
        """Give costs per word as [level, tensor, direction]."""
        costs = np.zeros((len(Level), len(Tensor), len(Direction)))
        for level in Level:
            table: PerTensor = getattr(self, level.name.lower())
            for tensor in Tensor:
                entry: PerDirection = getattr(table, tensor.name.lower())
                costs[level, tensor] = entry.read, entry.write
        return costs

    def mac_cost(self, bits: BitWidths) -> float:
        """Give the cost of one MAC; it scales with each operand's width."""
        return self.mac * (bits.filter / self.word) * (bits.ifmap / self.word)

    def static_per_cycle(self, clock_hz: int) -> float:
        """Give the always-on energy of one core cycle; 0 in a table that has no joules."""
        return self.static_power * 1e12 / clock_hz if self.unit == "pJ" else 0.0


def read_cost_table(path: Path) -> CostTable:
    """Read a cost table; raise InputError with its place for anything wrong."""
    return read_document(path, CostTable)


def energy_of(ledger: Ledger, table: CostTable, *, bits: BitWidths, cycles: int, clock_hz: int) -> Energy:
    """Multiply counts by costs. `cycles` are total core cycles; they carry the static energy."""
    moved = ledger.bits * (table.per_word() / table.word)
    compute = ledger.macs_performed * table.mac_cost(bits)
    flags = ledger.zero_buffer_reads * table.zero_buffer_read
    static = cycles * table.static_per_cycle(clock_hz)
    tensors = moved.sum(axis=(0, 2))
    levels = moved.sum(axis=(1, 2))
    return Energy(
        unit=table.unit,
        compute=compute,
        ifmap=float(tensors[Tensor.IFMAP]) + flags,
        filter=float(tensors[Tensor.FILTER]),
        ofmap=float(tensors[Tensor.PSUM] + tensors[Tensor.OFMAP]),
        static=static,
        by_level={
            "mac": compute,
            "spad": float(levels[Level.SPAD]) + flags,
            "noc": float(levels[[Level.GIN, Level.GON, Level.LN, Level.FIFO]].sum()),
            "glb": float(levels[Level.GLB]),
            "dram": float(levels[Level.DRAM]),
            "static": static,
        },
    )
