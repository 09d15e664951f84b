"""Energy: the ledger times a cost table, and nothing else makes a joule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.files.schema import Document, read_document
from sim.ledger.counts import NOC, Ledger, Level, Tensor
from sim.ledger.results import COMPONENTS, Energy
from sim.networks.layer import BitWidths
from sim.units import BitWidth, Volts, Watts

Cost = Annotated[float, Field(ge=0, le=1e9)]
Power = Annotated[Watts, Field(ge=0, le=1e6)]


class PerDirection(Document):
    """The cost of one word read and of one word written."""

    read: Cost
    write: Cost

    def times(self, factor: float) -> PerDirection:
        """Return all costs times a factor."""
        return self.model_copy(update={"read": self.read * factor, "write": self.write * factor})


class PerTensor(Document):
    """The costs of a level for each tensor."""

    ifmap: PerDirection
    filter: PerDirection
    psum: PerDirection
    ofmap: PerDirection

    @staticmethod
    def free() -> PerTensor:
        """Return a level that costs nothing."""
        nothing = PerDirection(read=0.0, write=0.0)
        return PerTensor(ifmap=nothing, filter=nothing, psum=nothing, ofmap=nothing)

    def times(self, factor: float) -> PerTensor:
        """Return all costs times a factor."""
        return self.model_copy(update={name: getattr(self, name).times(factor) for name in type(self).model_fields})

    def per_word(self) -> NDArray[np.float64]:
        """Return the costs as [tensor, direction]."""
        entries: list[PerDirection] = [getattr(self, tensor.name.lower()) for tensor in Tensor]
        return np.array([(entry.read, entry.write) for entry in entries])


class PECycle(Document):
    """The cost of a core cycle of one PE that the mapping uses, whatever it does in it; unused PEs are gated."""

    clock: Cost = 0.0
    spads: Cost = 0.0
    control: Cost = 0.0

    def times(self, factor: float) -> PECycle:
        """Return all costs times a factor."""
        return PECycle(clock=self.clock * factor, spads=self.spads * factor, control=self.control * factor)


class CostTable(Document):
    """The energy of each event in `unit` at `voltage`, for words of `word` bits; other widths scale linearly.

    `dram` is off the chip; `link` is the chip's own pads, for the bits of the same words after compression. Costs of a
    cycle are those of a core cycle of the total latency. `static_power` is for tables that don't split it.
    """

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
    static_power: Power
    voltage: Annotated[Volts, Field(gt=0, le=10)] = 1.0
    gated_mac: Cost = 0.0
    link: PerTensor = PerTensor.free()
    performed_mac_control: Cost = 0.0
    pe_cycle: PECycle = PECycle()
    clock_cycle: Cost = 0.0
    top_control_cycle: Cost = 0.0
    leakage_power: Power = 0.0

    def scaled_to(self, voltage: float) -> CostTable:
        """Return the table at another core supply in volts; what is at that supply already stays as it is.

        Switching energy and `static_power` go with V^2. Leakage power goes with V^3: its current grows about as V^2
        over the chip's range, as drain voltage lowers the barrier (DIBL). DRAM and pads (1.8 V on the chip) have
        supplies of their own and stay, as do all costs in units of one MAC, which are relative.
        """
        if self.unit == "MAC" or voltage == self.voltage:
            return self
        ratio = voltage / self.voltage
        square = ratio * ratio
        numbers = ["mac", "gated_mac", "performed_mac_control", "zero_buffer_read"]
        numbers += ["clock_cycle", "top_control_cycle", "static_power"]
        levels = [level.name.lower() for level in Level if level != Level.DRAM]
        changed: dict[str, object] = {name: getattr(self, name) * square for name in numbers}
        changed |= {name: getattr(self, name).times(square) for name in (*levels, "pe_cycle")}
        changed |= {"leakage_power": self.leakage_power * square * ratio, "voltage": voltage}
        return self.model_copy(update=changed)

    def per_word(self) -> NDArray[np.float64]:
        """Return costs per word as [level, tensor, direction]; the pads are not among the levels."""
        return np.array([getattr(self, level.name.lower()).per_word() for level in Level])

    def mac_cost(self, bits: BitWidths) -> float:
        """Return the cost of one MAC; it scales with each operand's width."""
        return self.mac * (bits.filter / self.word) * (bits.ifmap / self.word)

    def per_cycle(self, clock_hz: int, *, active_pes: int) -> dict[str, float]:
        """Return the energy of one core cycle by component; power counts for nothing in a table that has no joules."""
        cycle_of_a_watt = 1e12 / clock_hz if self.unit == "pJ" else 0.0
        return {
            "clock": self.clock_cycle + active_pes * self.pe_cycle.clock,
            "spads": active_pes * self.pe_cycle.spads,
            "pe_control": active_pes * self.pe_cycle.control,
            "top_control": self.top_control_cycle,
            "leakage": self.leakage_power * cycle_of_a_watt,
            "always_on": self.static_power * cycle_of_a_watt,
        }

    def static_per_cycle(self, clock_hz: int, *, active_pes: int) -> float:
        """Return the energy of one core cycle, whatever happens in it."""
        return sum(self.per_cycle(clock_hz, active_pes=active_pes).values())


def read_cost_table(path: Path) -> CostTable:
    """Read a cost table; raise InputError with its place for anything wrong."""
    return read_document(path, CostTable)


def energy_of(
    ledger: Ledger, table: CostTable, *, bits: BitWidths, cycles: int, clock_hz: int, active_pes: int
) -> Energy:
    """Multiply counts by costs. `cycles` are total core cycles; they and the PEs in use carry the static energy."""
    moved = ledger.bits * (table.per_word() / table.word)
    pads = ledger.bits[Level.DRAM] * (table.link.per_word() / table.word)
    macs = ledger.macs_performed * table.mac_cost(bits)
    gated = (ledger.macs - ledger.macs_performed) * table.gated_mac
    control = ledger.macs_performed * table.performed_mac_control
    flags = ledger.zero_buffer_reads * table.zero_buffer_read
    timed = {component: cycles * cost for component, cost in table.per_cycle(clock_hz, active_pes=active_pes).items()}
    tensors = moved.sum(axis=(0, 2)) + pads.sum(axis=1)
    levels = moved.sum(axis=(1, 2))
    by_level = {
        "mac": macs,
        "spad": float(levels[Level.SPAD]) + flags + gated,
        "noc": float(levels[[*NOC, Level.FIFO]].sum()),
        "glb": float(levels[Level.GLB]),
        "dram": float(levels[Level.DRAM]),
        "static": sum(timed.values()),
        "link": float(pads.sum()),
        "control": control,
    }
    return Energy(
        unit=table.unit,
        compute=macs + gated + control,
        ifmap=float(tensors[Tensor.IFMAP]) + flags,
        filter=float(tensors[Tensor.FILTER]),
        ofmap=float(tensors[Tensor.PSUM] + tensors[Tensor.OFMAP]),
        static=by_level["static"],
        by_level=by_level,
        by_component=_by_component(by_level, timed, fifos=float(levels[Level.FIFO]), noc=float(levels[[*NOC]].sum())),
    )


def _by_component(by_level: dict[str, float], timed: dict[str, float], *, fifos: float, noc: float) -> dict[str, float]:
    """Sort the chip's energy by the parts that JSSC 2017, Fig. 16, tells apart."""
    found = {
        "mult_add": by_level["mac"],
        "pe_fifos": fifos,
        "glb": by_level["glb"],
        "multicast_noc": noc,
        "io_pads": by_level["link"],
        **timed,
    }
    found["spads"] += by_level["spad"]
    found["pe_control"] += by_level["control"]
    return {component: found[component] for component in COMPONENTS}
