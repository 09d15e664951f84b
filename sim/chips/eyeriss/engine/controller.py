"""The top-level controller: the loops of JSSC 2017, Fig. 7, as processes that hand tiles to one another.

A loader brings ifmap tiles, the pass sequencer runs passes on the array, a writer takes finished ofmap tiles to DRAM.
Slots in the GLB tie them: with one slot each the array waits for fmaps, as on the chip; with two they overlap.
While the last psums of a pass drain, its PEs, done with their MACs, may take the filters of the next.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import simpy

from sim.chips.eyeriss.engine.buffer import Buffer
from sim.chips.eyeriss.engine.codec import Stream
from sim.chips.eyeriss.engine.datapath import Datapath
from sim.chips.eyeriss.engine.fmaps import FmapStore, IfmapTile
from sim.chips.eyeriss.engine.pass_phases import PassPhases, tell_phases
from sim.chips.eyeriss.engine.pe_array import PassRun, PassShape, PeArray
from sim.chips.eyeriss.engine.preload import FilterPreload
from sim.chips.eyeriss.kernels import pass_layout
from sim.chips.eyeriss.mapping.row_stationary import Mapping, Span, Tile, tiles
from sim.chips.parts.clock import Clocks, now, to_next_edge
from sim.chips.parts.link import Link, Purpose
from sim.chips.parts.probes import Probes
from sim.ledger.counts import Direction, Ledger, Level, Tensor
from sim.networks.layer import BitWidths, Shape

Process = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The loops of a layer."""

    shape: Shape
    mapping: Mapping
    batch: int
    filters_per_run: int

    def tiles(self) -> Iterator[Tile]:
        """Go through the tiles in order."""
        return tiles(self.shape, self.mapping, batch=self.batch, run_filters=self.filters_per_run)

    def filter_words(self) -> Iterator[int]:
        """Go through the passes' filter words in order."""
        window = self.shape.R * self.shape.S
        for tile in self.tiles():
            for filters in tile.passes:
                yield filters.size * tile.channels.size * window


@dataclass(slots=True)
class Controller:
    """The process that runs a layer's tiles; it counts ifmaps and ofmaps between DRAM and GLB, and the time that the
    array is not waiting.

    Where there is a datapath, every pass is computed as well.
    """

    env: simpy.Environment
    plan: Schedule
    clocks: Clocks
    link: Link
    buffer: Buffer
    preload: FilterPreload
    array: PeArray
    fmaps: FmapStore
    ledger: Ledger
    bits: BitWidths
    probes: Probes
    sync_ticks: int
    fmap_slots: int
    filters_overlap: bool
    drain_overlaps: bool
    pass_setup_cycles: int
    datapath: Datapath | None = None
    processing_ticks: int = 0
    live_macs: int = 0
    _drained_from: int = field(init=False, default=0)
    _drained_until: int = field(init=False, default=0)
    _ifmap_slots: simpy.Container = field(init=False)
    _psum_slots: simpy.Container = field(init=False)
    _loaded: simpy.Store = field(init=False)
    _finished: simpy.Store = field(init=False)

    def __post_init__(self) -> None:
        slots = self.fmap_slots
        self._ifmap_slots = simpy.Container(self.env, init=slots, capacity=slots)
        self._psum_slots = simpy.Container(self.env, init=slots, capacity=slots)
        self._loaded = simpy.Store(self.env)
        self._finished = simpy.Store(self.env)

    def load_ifmaps(self) -> Process:
        """Bring every tile's ifmaps into the GLB as slots come free."""
        for tile in self.plan.tiles():
            yield self._ifmap_slots.get(1)
            start = now(self.env)
            loaded = self.fmaps.load(tile)
            stream = loaded.stream
            yield from self._move(Purpose.IFMAP_LOAD, stream)
            self.ledger.add(Level.DRAM, Tensor.IFMAP, Direction.READ, stream.values, bits=stream.bits)
            self.buffer.ifmap.put(stream.values * self.bits.ifmap)
            self.buffer.count(Tensor.IFMAP, Direction.WRITE, stream.values)
            self.probes.tell(
                "loader", start, now(self.env), "ifmap rows", first=tile.rows.start, last=tile.rows.stop - 1
            )
            self._loaded.put((tile, loaded))
        self._loaded.put(None)

    def run_passes(self) -> Process:
        """Run every pass as its ifmaps, its filters and room for its psums are there."""
        while (arrived := (yield from self._await(self._loaded.get(), "ifmaps"))) is not None:
            tile, loaded = arrived
            if tile.first:
                yield from self._await(self._psum_slots.get(1), "psum room")
            for filters in tile.passes:
                yield from self._run_pass(tile, filters, loaded)
            self.buffer.ifmap.drop(loaded.stream.values * self.bits.ifmap)
            self._ifmap_slots.put(1)
            if tile.last:
                self._finished.put(tile)
        for _ in range(self.fmap_slots):
            yield from self._await(self._psum_slots.get(1), "ofmap stores")

    def _run_pass(self, tile: Tile, filters: Span, loaded: IfmapTile) -> Process:
        begun = now(self.env)
        yield self.preload.wait()
        ready = now(self.env)
        core = self.clocks.core_ticks
        # Filters arrive on the link's clock; the array, on the core's, sees them at its next edge (JSSC 2017, III).
        wait = to_next_edge(ready, core) + self.pass_setup_cycles * core
        shape = PassShape(tile.images.size, tile.rows.size, filters.size, tile.channels.size, not tile.first)
        run = self.array.run(shape)
        if self.datapath is not None:  # at once, since no value changes when anything happens
            self.datapath.run(tile, filters, begun_cycle=self.clocks.core_cycles(now(self.env)))
        # The pass is stepped as if it were alone. What of its filter load was in while the last pass's psums drained,
        # through the LN and the GON and not the filter bus, is then taken off.
        early_from = self._early_from()
        early = min(run.filter_cycles * core, max(0, self._drained_until - early_from))
        load = wait + run.filter_cycles * core - early
        rest = (run.cycles - run.filter_cycles) * core
        if not self.filters_overlap:  # the filter banks are given back, for the next fetch, only after the pass
            load, rest = load + rest, 0
        yield self.env.timeout(load)
        self.preload.release()  # the filters are in the spads, and what is left of the pass hides the next fetch
        if rest:
            yield self.env.timeout(rest)
        self._count_psums(tile, run)
        live_macs = self.fmaps.live_macs(tile, filters, loaded)
        self.live_macs += live_macs
        end = now(self.env)
        if self.drain_overlaps:
            self._drained_from, self._drained_until = end - run.drain_cycles * core, end
        self.processing_ticks += end - begun
        if self.probes.observers:
            phases = PassPhases(begun, ready, early_from, early, ready + wait, end, self.clocks)
            tell_phases(self.probes, phases, run, filters, self._pass_counts(tile, shape, run, live_macs))

    def _pass_counts(self, tile: Tile, shape: PassShape, run: PassRun, live_macs: int) -> dict[str, int]:
        """Return what there is to tell of a pass beside its filters and its times."""
        return {
            "pass": self.array.passes - 1,
            "group": tile.group,
            "first_image": tile.images.start,
            "images": shape.images,
            "first_row": tile.rows.start,
            "rows": shape.rows,
            "first_channel": tile.channels.start,
            "channels": shape.channels,
            "filters": shape.filters,
            "active_pes": self.array.active_pes(shape),
            "macs": int(run.counters[pass_layout.MACS_ISSUED]),
            "macs_performed": live_macs,
        }

    def _early_from(self) -> int:
        """Return the core's edge from which a pass's filters could go in while the last pass drained."""
        start = max(self._drained_from, self.preload.ready_since)
        return start + to_next_edge(start, self.clocks.core_ticks)

    def _count_psums(self, tile: Tile, run: PassRun) -> None:
        if tile.first:
            self.buffer.psum.put(run.psums_out * self.bits.psum)
        self.buffer.count(Tensor.PSUM, Direction.READ, run.psums_in)
        self.buffer.count(Tensor.OFMAP if tile.last else Tensor.PSUM, Direction.WRITE, run.psums_out)

    def store_ofmaps(self) -> Process:
        """Take every finished psum tile through ReLU and encoder to DRAM."""
        while True:
            tile = yield self._finished.get()
            start = now(self.env)
            stream = self.fmaps.store(tile)
            self.buffer.count(Tensor.OFMAP, Direction.READ, stream.values)
            yield from self._move(Purpose.OFMAP_STORE, stream)
            self.ledger.add(Level.DRAM, Tensor.OFMAP, Direction.WRITE, stream.values, bits=stream.bits)
            self.buffer.psum.drop(stream.values * self.bits.psum)
            self.probes.tell(
                "writer", start, now(self.env), "ofmap rows", first=tile.rows.start, last=tile.rows.stop - 1
            )
            self._psum_slots.put(1)

    def _move(self, purpose: Purpose, stream: Stream) -> Process:
        """Take a stream over the link, and its end over to the core's clock."""
        words = self.link.words_for(stream.bits)
        begun = yield self.link.request(
            purpose, words, stream_ticks=stream.ticks, values=stream.values, bits=stream.bits
        )
        through = now(self.env)
        yield self.env.timeout(self._into_core_domain())
        if self.probes.observers:
            loads = purpose is Purpose.IFMAP_LOAD
            work = ("decode" if loads else "encode") if stream.coded else ("unpack" if loads else "pack")
            self.probes.tell("codec", begun, through, work, counts={"values": stream.values, "bits": stream.bits})
            banks, way = ("glb ifmap", "fill") if loads else ("glb psum", "drain")
            self.probes.tell(banks, begun, now(self.env), way, counts={"words": stream.values})

    def _await(self, event: simpy.Event, what: str) -> Generator[simpy.Event, Any, Any]:
        """Wait for an event, and tell for how long the array did nothing."""
        since = now(self.env)
        value = yield event
        if self.probes.observers and now(self.env) > since:
            self.probes.tell("waits", since, now(self.env), what)
        return value

    def _into_core_domain(self) -> int:
        """Return the ticks until the core sees the end of a transfer: its next edge, and the asynchronous FIFO."""
        return to_next_edge(now(self.env), self.clocks.core_ticks) + self.sync_ticks
