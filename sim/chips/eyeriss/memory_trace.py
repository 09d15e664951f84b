"""The DRAM link's requests as a trace for a memory simulator: DRAMsim3 and Ramulator 2, a line a burst.

Addresses are bytes. A layer has three regions one after another, each on a page: ifmap, filter, ofmap; the next layer's
follow. In a region the streams (an ifmap tile, the filters of a pass, an ofmap tile) lie in the order in which they
first cross the link, each at the start of a burst; a stream that is fetched again has its first address. A region has
room for the worst case of the code, and the last burst of a stream is a whole one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from sim.chips.contract import Planned
from sim.chips.eyeriss.engine.scan_chain import configuration_cycles
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Tile
from sim.chips.parts.link import Purpose
from sim.chips.parts.probes import Activity
from sim.chips.parts.requests import Emit, MemoryRequest, TraceLayout
from sim.errors import ModelError

PAGE_BYTES = 4096
Layout = TraceLayout[Machine]
_PURPOSES = {purpose.name.lower(): purpose for purpose in Purpose}


@dataclass(slots=True)
class AddressRegion:
    """The layout of the streams of one purpose: `keys` in the order of their transfers, `base` and `room` in bytes."""

    keys: Iterator[Hashable]
    base: int
    room: int
    _starts: dict[Hashable, int] = field(init=False, default_factory=dict)
    _end: int = field(init=False)
    _start: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._end = self.base

    def next_stream(self) -> None:
        """Go on to the next transfer's stream: behind all others, or where it was before."""
        self._start = self._starts.setdefault(next(self.keys), self._end)

    def place(self, last_byte: int, *, align: int) -> int:
        """Return the address of the present stream, which reaches to `last_byte` at least; raise ModelError if it
        can't.

        Streams of a purpose cross the link one after another, so the present one is the last where it is new.
        """
        stop = self._start + _rounded(last_byte + 1, align)
        if stop > self.base + self.room:
            raise ModelError("streams fit their region", f"one ends at {stop}, the region at {self.base + self.room}")
        self._end = max(self._end, stop)
        return self._start


def _stream_bytes(values: int, bits: int, layout: Layout) -> int:
    """Return the most bytes that a stream of `values` takes: raw, or a pair of the code for each value."""
    width, pairs = layout.machine.link.width, layout.machine.rlc.pairs
    return _rounded(max(-(-values * bits // width), -(-values // pairs)) * width // 8, layout.burst_bytes)


class LayerTrace:
    """A writer of what a layer's link does, as requests; subscribe `observe` to the probes of the chip that runs it.

    `base` is the first free address, `first_cycle` the core cycle in which the layer is begun; `emit` takes each
    request, in the order of time.
    """

    def __init__(
        self, planned: Planned[MappedLayer], layout: Layout, *, base: int, first_cycle: int, emit: Emit
    ) -> None:
        self._layout = layout
        self._emit = emit
        self._link_ticks = layout.clocks.link_ticks
        self._ticks_per_second = layout.clocks.ticks_per_second
        configuration = configuration_cycles(
            layout.machine.scan_chain,
            core_hz=layout.machine.core.clock,
            configurations=planned.plan.folded.configurations,
        )
        self._first_tick = (first_cycle + configuration) * layout.clocks.core_ticks
        self.regions: dict[Purpose, AddressRegion] = {}
        for purpose in (Purpose.IFMAP_LOAD, Purpose.FILTER_PRELOAD, Purpose.OFMAP_STORE):
            sizes = dict(_streams(planned, purpose, layout))
            room = _rounded(sum(sizes.values()), PAGE_BYTES)
            keys = (key for key, _ in _streams(planned, purpose, layout))
            self.regions[purpose] = AddressRegion(keys, base, room)
            base += room
        self.stop = base

    @property
    def bases(self) -> tuple[int, ...]:
        """The first addresses of ifmap, filter and ofmap."""
        return tuple(region.base for region in self.regions.values())

    def observe(self, activity: Activity) -> None:
        """Emit the requests of an activity of the link; those of other components are none of ours.

        A burst that a more urgent transfer cut in two is requested once, with its first word.
        """
        if activity.component != "link":
            return
        purpose = _PURPOSES[activity.what]
        region = self.regions[purpose]
        if activity.first == 0:
            region.next_stream()
        per_burst, burst_bytes = self._layout.burst_words, self._layout.burst_bytes
        word_bytes = burst_bytes // per_burst
        start = region.place((activity.last + 1) * word_bytes - 1, align=burst_bytes)
        for burst in range(-(-activity.first // per_burst), activity.last // per_burst + 1):
            ticks = self._first_tick + activity.start + (burst * per_burst - activity.first) * self._link_ticks
            cycle = ticks * self._layout.memory_hz // self._ticks_per_second
            self._emit(MemoryRequest(start + burst * burst_bytes, purpose is Purpose.OFMAP_STORE, cycle))


def _streams(planned: Planned[MappedLayer], purpose: Purpose, layout: Layout) -> Iterator[tuple[Hashable, int]]:
    """Go through the transfers of a purpose in order: what is moved, and the most bytes that it takes."""
    shape, bits = planned.plan.folded.shape, planned.layer.bits
    for tile in _tiles(planned, layout.batch):
        if purpose is Purpose.IFMAP_LOAD:
            height = (tile.rows.size - 1) * shape.Uy + shape.R
            values = tile.images.size * tile.channels.size * height * shape.W
            yield (tile.group, tile.images, tile.rows, tile.channels), _stream_bytes(values, bits.ifmap, layout)
        elif purpose is Purpose.FILTER_PRELOAD:
            for filters in tile.passes:
                values = filters.size * tile.channels.size * shape.R * shape.S
                yield (tile.group, filters, tile.channels), _stream_bytes(values, bits.filter, layout)
        elif tile.last:
            values = tile.images.size * tile.filters.size * tile.rows.size * shape.F
            yield (tile.group, tile.images, tile.rows, tile.filters), _stream_bytes(values, bits.ofmap, layout)


def _tiles(planned: Planned[MappedLayer], batch: int) -> Iterator[Tile]:
    return planned.plan.tiles(batch)


def _rounded(size: int, step: int) -> int:
    """Round up to a multiple."""
    return -(-size // step) * step
