"""Requests to DRAM as memory simulators read them: DRAMsim3 and Ramulator 2, a line a burst."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from sim.chips.parts.clock import Clocks, make_clocks
from sim.chips.parts.description import MachineDocument
from sim.chips.parts.probes import Activity
from sim.errors import FieldFault

_LARGEST_BURST = 4096
MachineT = TypeVar("MachineT", bound=MachineDocument)


class TraceFormat(StrEnum):
    """The memory simulator that is to read the trace."""

    DRAMSIM3 = "dramsim3"
    RAMULATOR2 = "ramulator2"


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """One burst: its byte address, its direction, and the memory controller's cycle of its first link word."""

    address: int
    writes: bool
    cycle: int

    def line(self, form: TraceFormat) -> str:
        """Write `0xADDR READ|WRITE CYCLE` for DRAMsim3, `LD|ST 0xADDR` for Ramulator 2's load-store trace."""
        if form is TraceFormat.DRAMSIM3:
            return f"0x{self.address:X} {'WRITE' if self.writes else 'READ'} {self.cycle}\n"
        return f"{'ST' if self.writes else 'LD'} 0x{self.address:X}\n"


Emit = Callable[[MemoryRequest], None]


def words_in_burst(burst_bytes: int, link_width: int) -> int:
    """Return the link words of a burst; raise FieldFault where it is no power of two or no whole number of words."""
    if burst_bytes & (burst_bytes - 1) or not 1 <= burst_bytes <= _LARGEST_BURST:
        raise FieldFault(f"bursts of {burst_bytes} B", f"a power of two up to {_LARGEST_BURST}")
    words, left = divmod(burst_bytes * 8, link_width)
    if left or link_width % 8:
        raise FieldFault(f"bursts of {burst_bytes} B over a link of {link_width} b", "a multiple of the link's width")
    return words


@dataclass(frozen=True, slots=True)
class TraceLayout(Generic[MachineT]):
    """What a trace is made with: the machine, the batch, the burst size, and the memory controller's clock."""

    machine: MachineT
    batch: int
    burst_bytes: int
    memory_hz: int

    @property
    def burst_words(self) -> int:
        """The link words of a burst."""
        return words_in_burst(self.burst_bytes, self.machine.link.width)

    @property
    def clocks(self) -> Clocks:
        """The engine's clocks."""
        return make_clocks(self.machine.core.clock, self.machine.link.clock)


class MemoryTracer(Protocol):
    """What turns the traffic of one layer into requests."""

    @property
    def bases(self) -> tuple[int, ...]:
        """The first addresses of ifmap, filter and ofmap."""
        ...

    @property
    def stop(self) -> int:
        """The first address behind the layer's regions."""
        ...

    def observe(self, activity: Activity) -> None:
        """Emit the requests of an activity, where it is one of the link."""
        ...
