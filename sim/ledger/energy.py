"""Energy: the ledger times a cost table, and nothing else makes a joule."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.files.schema import Document, read_document
from sim.ledger.counts import GROUPS, Ledger, Levels, Tensor, places
from sim.ledger.results import Energy
from sim.networks.layer import BitWidths
from sim.units import BitWidth, Volts, Watts

Cost = Annotated[float, Field(ge=0, le=1e9)]
Power = Annotated[Watts, Field(ge=0, le=1e6)]
LevelName = Annotated[str, Field(min_length=1, max_length=64)]
_DRAM = "dram"


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

    The levels of Eyeriss have keys of their own, those of other chips stand under `levels`; a chip takes a table that
    has all of its own. `dram` is off the chip; `link` is the chip's own pads, for the bits of the same words after
    compression. Costs of a cycle are those of a core cycle of the total latency. `static_power` is for tables that
    don't split it.
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
    glb: PerTensor | None = None
    gin: PerTensor | None = None
    gon: PerTensor | None = None
    ln: PerTensor | None = None
    fifo: PerTensor | None = None
    spad: PerTensor | None = None
    levels: dict[LevelName, PerTensor] = Field(default={})
    static_power: Power
    voltage: Annotated[Volts, Field(gt=0, le=10)] = 1.0
    gated_mac: Cost = 0.0
    link: PerTensor = PerTensor.free()
    performed_mac_control: Cost = 0.0
    pe_cycle: PECycle = PECycle()
    clock_cycle: Cost = 0.0
    top_control_cycle: Cost = 0.0
    leakage_power: Power = 0.0

    def level(self, name: str) -> PerTensor | None:
        """Return the costs of a level; None where the table has none for it."""
        found = self.levels.get(name) or (getattr(self, name) if name in _OWN_KEYS else None)
        return found if isinstance(found, PerTensor) else None

    def missing(self, levels: Levels) -> list[str]:
        """Name the levels that the table has no costs for."""
        return [level.name for level in levels if self.level(level.name) is None]

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
        changed: dict[str, object] = {name: getattr(self, name) * square for name in numbers}
        own = [name for name in _OWN_KEYS if name != _DRAM and getattr(self, name) is not None]
        changed |= {name: getattr(self, name).times(square) for name in (*own, "pe_cycle")}
        changed["levels"] = {name: one.times(square) for name, one in self.levels.items()}
        changed |= {"leakage_power": self.leakage_power * square * ratio, "voltage": voltage}
        return self.model_copy(update=changed)

    def per_word(self, levels: Levels) -> NDArray[np.float64]:
        """Return costs per word as [level, tensor, direction]; the pads are not among the levels.

        A level that the table has no costs for costs nothing: whoever plans a run refuses such a table before.
        """
        found = (self.level(level.name) or PerTensor.free() for level in levels)
        return np.array([costs.per_word() for costs in found])

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


_OWN_KEYS = ("dram", "glb", "gin", "gon", "ln", "fifo", "spad")


def read_cost_table(path: Path) -> CostTable:
    """Read a cost table; raise InputError with its place for anything wrong."""
    return read_document(path, CostTable)


@dataclass(frozen=True, slots=True)
class EnergyPart:
    """A part of a chip that its energy is told by: its key, its head in a table, whether its share was published."""

    name: str
    head: str
    published: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """A layer's energy before a chip sorts it by its parts.

    `moved` is that of each level's words; `by_group` has a group's levels with their stops, and under "spad" also the
    flags looked up and the gated MACs. `timed` goes with the cycles, `link` through the pads.
    """

    moved: Dict[str, float]
    by_group: Dict[str, float]
    macs: float
    control: float
    link: float
    timed: Dict[str, float]

    def at(self, *levels: str) -> float:
        """Return the energy of the words at some levels."""
        return sum(self.moved[level] for level in levels)


SortByPart = Callable[[Spent], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Timed:
    """What carries the energy that goes with time: core cycles, the core's clock, and the PEs in use."""

    cycles: int
    clock_hz: int
    active_pes: int


def energy_of(ledger: Ledger, table: CostTable, *, bits: BitWidths, timed: Timed, sort_by_part: SortByPart) -> Energy:
    """Multiply counts by costs; the chip says which parts its energy is sorted by."""
    levels = ledger.levels
    moved = ledger.bits * (table.per_word(levels) / table.word)
    pads = ledger.bits[list(places(levels, "dram"))].sum(axis=0) * (table.link.per_word() / table.word)
    macs = ledger.macs_performed * table.mac_cost(bits)
    gated = (ledger.macs - ledger.macs_performed) * table.gated_mac
    control = ledger.macs_performed * table.performed_mac_control
    flags = ledger.zero_buffer_reads * table.zero_buffer_read
    per_cycle = table.per_cycle(timed.clock_hz, active_pes=timed.active_pes)
    with_time = {component: timed.cycles * cost for component, cost in per_cycle.items()}
    tensors = moved.sum(axis=(0, 2)) + pads.sum(axis=1)
    by_place = moved.sum(axis=(1, 2))
    by_group: dict[str, float] = {
        group: float(by_place[list(places(levels, group, stops=True))].sum()) for group in GROUPS
    }
    by_group["spad"] = by_group["spad"] + flags + gated
    spent = Spent(
        moved={level.name: float(by_place[at]) for at, level in enumerate(levels)},
        by_group=by_group,
        macs=macs,
        control=control,
        link=float(pads.sum()),
        timed=with_time,
    )
    static = sum(with_time.values())
    return Energy(
        unit=table.unit,
        compute=macs + gated + control,
        ifmap=float(tensors[Tensor.IFMAP]) + flags,
        filter=float(tensors[Tensor.FILTER]),
        ofmap=float(tensors[Tensor.PSUM] + tensors[Tensor.OFMAP]),
        static=static,
        by_level=_by_level(spent, static),
        by_component=sort_by_part(spent),
    )


def _by_level(spent: Spent, static: float) -> dict[str, float]:
    groups = spent.by_group
    return {
        "mac": spent.macs,
        "spad": groups["spad"],
        "noc": groups["noc"],
        "glb": groups["glb"],
        "dram": groups["dram"],
        "static": static,
        "link": spent.link,
        "control": spent.control,
    }
