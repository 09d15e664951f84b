"""The PE array with its networks, one processing pass at a time: PEs, GINs, LN and GON, cycle by cycle.

Receives the shape of a pass; hands on its cycles and its counts, stepped cycle by cycle in a kernel; passes of the
same shape take the same time, since in this chip timing does not depend on data, and are stepped once unless reuse
is off. Raises ModelError if a pass does not end or breaks a conservation law.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.engine.gin import GlobalInputNetworks, configure_gins
from sim.chips.eyeriss.engine.gon import GlobalOutputNetwork
from sim.chips.eyeriss.engine.ln import LocalNetwork
from sim.chips.eyeriss.engine.pe import ProcessingElement
from sim.chips.eyeriss.kernels import lanes, pass_layout, pass_step
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.placement import Placement
from sim.chips.eyeriss.mapping.row_stationary import Mapping, even_shares
from sim.errors import ModelError
from sim.ledger.counts import Ledger
from sim.networks.layer import BitWidths, Shape

Counters = NDArray[np.int64]
_STALLED_AFTER = 1 << 28  # cycles; the longest pass that the GLB can feed is far shorter


@dataclass(frozen=True, slots=True)
class PassShape:
    """All that a pass's timing depends on, beside the layer and its mapping."""

    images: int
    rows: int
    filters: int
    channels: int
    reads_psums: bool


@dataclass(frozen=True, slots=True)
class PassRun:
    """What stepping a pass found: core cycles, those of the filter load, words moved, and all counters.

    In the last `drain_cycles` the PEs have done their MACs, and only psums move.
    """

    cycles: int
    filter_cycles: int
    drain_cycles: int
    psums_in: int
    psums_out: int
    counters: Counters


@dataclass(slots=True)
class PeArray:
    """The PE array for one layer: it steps passes and adds up what they counted."""

    machine: Machine
    shape: Shape
    mapping: Mapping
    placement: Placement
    bits: BitWidths
    psum_banks: int
    reuse: bool
    totals: Counters = field(init=False)
    passes: int = field(init=False, default=0)
    passes_stepped: int = field(init=False, default=0)
    cycles_stepped: int = field(init=False, default=0)
    pe: ProcessingElement = field(init=False)
    gins: GlobalInputNetworks = field(init=False)
    gon: GlobalOutputNetwork = field(init=False)
    ln: LocalNetwork = field(init=False)
    _known: dict[PassShape, PassRun] = field(init=False, default_factory=dict)
    _state: NDArray[np.int32] = field(init=False)
    _pe_at: dict[tuple[int, int], tuple[int, int, int, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.totals = np.zeros(len(pass_layout.COUNTERS), np.int64)
        noc = self.machine.noc
        self.pe = ProcessingElement(self.machine.pe, self.bits)
        self.gins = configure_gins(self.shape, self.placement, noc, self.bits)
        self.gon = GlobalOutputNetwork(noc.gon, self.bits.psum)
        self.ln = LocalNetwork(noc.ln, self.bits.psum)
        self._state = _aligned_state(levels=self.mapping.r * self.shape.R, chains=self.mapping.e * self.mapping.t)
        place = self.placement
        for t in range(place.filter_sets):
            for j in range(place.width):
                for r in range(place.channel_sets):
                    for i in range(place.filter_height):
                        at = place.position(filter_set=t, column=j, channel_set=r, filter_row=i)
                        self._pe_at[at] = (t, j, r, i)

    def run(self, shape: PassShape) -> PassRun:
        """Step a pass, or remember one of the same shape, and add its counts to `totals`."""
        run = self._known.get(shape)
        if run is None or not self.reuse:
            run = self._step(shape)
            self._known[shape] = run
        self.passes += 1
        self.totals += run.counters
        return run

    def active_pes(self, shape: PassShape) -> int:
        """Count the PEs that work in a pass; fewer in a tail than in a full one."""
        mapping = self.mapping
        sets = -(-shape.filters // mapping.p) * -(-shape.channels // mapping.q)
        return sets * shape.rows * self.shape.R

    def book(self, ledger: Ledger, *, live_macs: int) -> None:
        """Put what PEs and networks counted into the ledger."""
        self.pe.book(ledger, self.totals, live_macs=live_macs)
        for network in (self.gins, self.ln, self.gon):
            network.book(ledger, self.totals)

    def _step(self, shape: PassShape) -> PassRun:
        set_filters = np.array(even_shares(shape.filters, self.mapping.p), np.int64)
        set_channels = np.array(even_shares(shape.channels, self.mapping.q), np.int64)
        starts, destinations = self._ifmap_destinations(shape, set_filters.size, set_channels.size)
        counters = np.zeros(len(pass_layout.COUNTERS), np.int64)
        pass_step.step_pass(
            self._state,
            self._parameters(shape, chains=shape.rows * set_filters.size, rows=(starts.size - 1) // set_channels.size),
            set_filters,
            set_channels,
            self._filter_fan_out(shape, set_filters.size, set_channels.size),
            starts,
            destinations,
            counters,
        )
        self.passes_stepped += 1
        self.cycles_stepped += int(counters[pass_layout.CYCLES])
        self._check(shape, counters)
        return PassRun(
            cycles=int(counters[pass_layout.CYCLES]),
            filter_cycles=int(counters[pass_layout.FILTER_CYCLES]),
            drain_cycles=int(counters[pass_layout.CYCLES] - counters[pass_layout.LAST_MAC]),
            psums_in=int(counters[pass_layout.GIN_PSUM_WORDS]),
            psums_out=int(counters[pass_layout.GON_WORDS]),
            counters=counters,
        )

    def _parameters(self, shape: PassShape, *, chains: int, rows: int) -> NDArray[np.int64]:
        values = {
            "IMAGES": shape.images,
            "IMAGE_COLUMNS": self.shape.F,
            "FILTER_WIDTH": self.shape.S,
            "FILTER_HEIGHT": self.shape.R,
            "SLIDE_COLUMNS": min(self.shape.Ux, self.shape.S),
            "CHAINS": chains,
            "IFMAP_ROWS": rows,
            "READS_PSUMS": int(shape.reads_psums),
            "PSUM_BANKS": self.psum_banks,
            "BANK_PORTS": self.machine.glb.bank_ports,
            "CYCLE_LIMIT": _STALLED_AFTER,
        }
        for part in (self.pe, self.gins, self.gon, self.ln):
            values.update(part.parameters())
        return np.array([values[name] for name in pass_layout.PARAMETERS], np.int64)

    def _ifmap_destinations(
        self, shape: PassShape, filter_sets: int, channel_sets: int
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """List, for each channel set and each strip row that a window covers, the state lanes that its tag selects."""
        layer = self.shape
        needed = sorted({j * layer.Uy + i for j in range(shape.rows) for i in range(layer.R)})
        blocks = -(-(shape.rows * filter_sets) // lanes.LANES)
        starts, destinations = [0], list[int]()
        for channel_set in range(channel_sets):
            for row in needed:
                tag = self.gins.ifmap_tags.of(channel_set=channel_set, row=row)
                for at in np.argwhere(self.gins.ifmap.matches(*tag)):
                    t, j, r, i = self._pe_at[int(at[0]), int(at[1])]
                    if t >= filter_sets or j >= shape.rows or r >= channel_sets:
                        continue  # the pass is smaller than the array was configured for; this PE is off
                    if r != channel_set or j * layer.Uy + i != row:
                        raise ModelError("multicast reaches its PEs", f"ifmap row {row} reached PE row {i}, column {j}")
                    level, chain = r * layer.R + i + 1, t * shape.rows + j
                    block = level * blocks + chain // lanes.LANES
                    destinations.append(block * lanes.BLOCK + chain % lanes.LANES)
                starts.append(len(destinations))
        return np.array(starts, np.int64), np.array(destinations, np.uint64)

    def _filter_fan_out(self, shape: PassShape, filter_sets: int, channel_sets: int) -> NDArray[np.int64]:
        """Count the PEs that each filter row's tag selects among those that are on, each time that it is sent."""
        tags = self.gins.filter_tags
        fan_out = np.zeros((filter_sets, channel_sets, self.shape.R, tags.times_sent), np.int64)
        for t, r, i, again in np.ndindex(fan_out.shape):
            tag = tags.of(filter_set=t, channel_set=r, filter_row=i, again=again)
            for at in np.argwhere(self.gins.filter.matches(*tag)):
                fan_out[t, r, i, again] += self._pe_at[int(at[0]), int(at[1])][1] < shape.rows
        return fan_out

    def _check(self, shape: PassShape, counters: Counters) -> None:
        """Check the pass against the laws that need no stepping to know."""
        layer = self.shape
        if counters[pass_layout.WORDS_LEFT]:
            raise ModelError(
                "a pass ends", f"{counters[pass_layout.WORDS_LEFT]} psums left after {_STALLED_AFTER} cycles"
            )
        segments_on = -(-shape.rows // self.placement.segment_columns)
        sent = shape.filters * shape.channels * layer.R * layer.S * min(segments_on, self.gins.filter_tags.times_sent)
        if counters[pass_layout.GIN_FILTER_WORDS] != sent:
            raise ModelError("filter words sent", f"{counters[pass_layout.GIN_FILTER_WORDS]} sent, {sent} were due")
        psums = shape.images * shape.rows * layer.F * shape.filters
        products = shape.channels * layer.R * layer.S
        if counters[pass_layout.GON_WORDS] != psums:
            raise ModelError("psums out", f"{counters[pass_layout.GON_WORDS]} left the array, {psums} were due")
        if counters[pass_layout.MACS_ISSUED] != psums * products:
            raise ModelError("products per psum", f"{counters[pass_layout.MACS_ISSUED]} MACs for {psums} x {products}")
        if counters[pass_layout.GIN_PSUM_WORDS] != psums * shape.reads_psums:
            raise ModelError("psums in", f"{counters[pass_layout.GIN_PSUM_WORDS]} entered the array, {psums} were due")


def _aligned_state(*, levels: int, chains: int) -> NDArray[np.int32]:
    """Allocate the array's state on a cache line, where vector loads are fastest."""
    size = (levels + 1) * -(-chains // lanes.LANES) * lanes.BLOCK
    raw = np.zeros(size + lanes.LANES, np.int32)
    offset = (-raw.ctypes.data // raw.itemsize) % lanes.LANES
    return raw[offset : offset + size]
