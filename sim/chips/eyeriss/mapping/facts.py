"""A layer, a machine and a cost table as the vectors that the cost kernels take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.expected import ifmap_stream_bits, live_macs, ofmap_stream_bits
from sim.chips.eyeriss.kernels import layer_cost, mapping_legality
from sim.chips.eyeriss.levels import LEVELS, Level
from sim.chips.eyeriss.machine import ColumnStart, Machine
from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.parts.description import Gating
from sim.codes.expected import FmapCode
from sim.ledger.counts import Direction, Tensor
from sim.ledger.energy import CostTable
from sim.networks.coverage import stored_columns, stored_rows
from sim.networks.layer import BitWidths, Layer

READ, WRITE = Direction.READ, Direction.WRITE
CAPACITY_PLACES = np.array(mapping_legality.CAPACITIES)
CAPACITY_PATHS = (  # what the facts of these places, and no others, come from
    "pe_array.rows",
    "pe.filter_spad.words",
    "noc.row_id",
    "noc.col_id",
    "glb.fmap_banks",
    "glb.filter_banks",
    "glb.bank_words",
    "glb.bank_width",
)


def facts_of(layer: Layer, folded: Folded, machine: Machine, batch: int) -> NDArray[np.int64]:
    """Gather loop bounds, capacities and rates; memories in words of the layer's widths."""
    shape, pe, noc, bits = folded.shape, machine.pe, machine.noc, layer.bits
    window = pe.ifmap_spad.capacity(bits.ifmap)
    chain = machine.scan_chain
    values = {
        "BATCH": batch,
        "GROUPS": shape.G,
        "FILTERS": shape.M,
        "RUN_FILTERS": folded.filters_per_run,
        "CHANNELS": shape.C,
        "FILTER_HEIGHT": shape.R,
        "FILTER_WIDTH": shape.S,
        "OFMAP_HEIGHT": shape.E,
        "OFMAP_WIDTH": shape.F,
        "STRIDE_Y": shape.Uy,
        "STRIDE_X": shape.Ux,
        "ARRAY_COLUMNS": machine.pe_array.columns,
        "WINDOW": window if pe.gating == Gating.OFF else min(window, pe.zero_buffer),
        "PSUM_SPAD": pe.psum_spad.capacity(bits.psum),
        "FMAP_COPIES": 2 if machine.overlap.fmaps else 1,
        "IFMAP_BITS": bits.ifmap,
        "FILTER_BITS": bits.filter,
        "PSUM_BITS": bits.psum,
        "FILTER_RATE": max(1, noc.gin_filter // bits.filter),
        "IFMAP_RATE": max(1, noc.gin_ifmap // bits.ifmap),
        "PSUM_RATE": max(1, min(noc.gon, noc.gin_psum) // bits.psum),
        "STAGES": pe.pipeline_stages,
        "WHOLE_WINDOW": int(pe.column_start == ColumnStart.WINDOW),
        "ROW_MULTICAST": int(machine.filter_reach is not None),
        "DRAIN_OVERLAPS": int(machine.overlap.drain),
        "SETUP": machine.control.pass_setup_cycles,
        "LINK_WIDTH": machine.link.width,
        "PRELOADS": int(machine.overlap.filters),
        "CONFIGURATION": folded.configurations * -(-chain.bits * machine.core.clock // chain.clock),
    }
    rooms = zip(mapping_legality.CAPACITIES, capacities_of(machine, bits), strict=True)
    values |= {layer_cost.FACTS[place]: int(room) for place, room in rooms}
    return np.array([values[name] for name in layer_cost.FACTS], np.int64)


def capacities_of(machine: Machine, bits: BitWidths) -> NDArray[np.int64]:
    """Return what a machine has room for, in words of such widths, in the order of `mapping_legality.CAPACITIES`."""
    pe, noc, glb = machine.pe, machine.noc, machine.glb
    rooms = {
        layer_cost.ARRAY_ROWS: machine.pe_array.rows,
        layer_cost.FILTER_SPAD: pe.filter_spad.capacity(bits.filter),
        layer_cost.ROW_TAGS: (1 << noc.row_id) - 1,
        layer_cost.COL_TAGS: (1 << noc.col_id) - 1,
        layer_cost.FMAP_BANKS: glb.fmap_banks,
        layer_cost.BANK_BITS: glb.bank_bits,
        layer_cost.FILTER_BUFFER: glb.filter_banks * glb.bank_bits // bits.filter,
    }
    return np.array([rooms[place] for place in mapping_legality.CAPACITIES], np.int64)


def costs_of(layer: Layer, machine: Machine, table: CostTable, *, batch: int, code: FmapCode) -> NDArray[np.float64]:
    """Gather the energies that a mapping changes, the sum of those that none does, and the link's pace."""
    prices = _Prices(layer, table)
    ifmap, ofmap = ifmap_stream_bits(code, machine, layer), ofmap_stream_bits(code, machine, layer)
    link_cycle = machine.core.clock / machine.link.clock
    outputs = batch * layer.shape.G * layer.shape.M * layer.shape.E * layer.shape.F
    values = {
        "DRAM_IFMAP_BIT": prices.bit(Level.DRAM, Tensor.IFMAP, READ),
        "IFMAP_FILL": prices.word(Level.GLB, Tensor.IFMAP, WRITE),
        "FILTER_FETCH": prices.word(Level.DRAM, Tensor.FILTER, READ) + prices.word(Level.GLB, Tensor.FILTER, WRITE),
        "FILTER_SEND": prices.word(Level.GLB, Tensor.FILTER, READ) + prices.word(Level.GIN, Tensor.FILTER, READ),
        "IFMAP_SEND": prices.word(Level.GLB, Tensor.IFMAP, READ) + prices.word(Level.GIN, Tensor.IFMAP, READ),
        "IFMAP_DELIVERY": prices.delivery(Tensor.IFMAP),
        "FILTER_DELIVERY": prices.delivery(Tensor.FILTER),
        "PSUM_OUT": prices.out_of_the_array() + prices.word(Level.GLB, Tensor.PSUM, WRITE),
        "PSUM_IN": prices.word(Level.GLB, Tensor.PSUM, READ)
        + prices.both(Level.GIN, Tensor.PSUM)
        + prices.both(Level.FIFO, Tensor.PSUM),
        "PSUM_HOP": prices.both(Level.LN, Tensor.PSUM) + prices.both(Level.FIFO, Tensor.PSUM),
        "DRAM_OFMAP_BIT": prices.bit(Level.DRAM, Tensor.OFMAP, WRITE),
        "FIXED": prices.macs(machine, batch)
        + outputs * (prices.out_of_the_array() + prices.both(Level.GLB, Tensor.OFMAP)),
        "CYCLE": table.static_per_cycle(machine.core.clock, active_pes=0),
        "PE_CYCLE": table.pe_cycle.clock + table.pe_cycle.spads + table.pe_cycle.control,
        "LINK_CYCLE": link_cycle,
        "STORED_BITS": ifmap.stored,
        "PADDING_BITS": ifmap.padding,
        "IFMAP_STREAM_BITS": ifmap.stream,
        "OFMAP_BITS": outputs * ofmap.stored,
        "OFMAP_STREAM_BITS": ofmap.stream,
        "CODEC_CYCLE": 1 / machine.rlc.values_per_cycle,
        "CROSSING": machine.link.fifo_sync_cycles + 0.5,
        "BURST_WAIT": machine.link.burst_words / 2 * link_cycle,
    }
    return np.array([values[name] for name in layer_cost.COSTS], np.float64)


def stored_per_channel(layer: Layer, folded: Folded, strip_rows: int) -> float:
    """Return the stored (not padding) values of a folded channel, on average, in all strips' rows by W."""
    return stored_rows(layer, strip_rows) * stored_columns(layer) * layer.shape.C / folded.shape.C


class _Prices:
    """Energies of words of a layer's widths."""

    def __init__(self, layer: Layer, table: CostTable) -> None:
        self._layer = layer
        self._table = table
        self._per_bit = table.per_word(LEVELS) / table.word
        self._per_bit[Level.DRAM] += table.link.per_word() / table.word  # what crosses the link takes DRAM and pads
        bits = layer.bits
        self._width = {
            Tensor.IFMAP: bits.ifmap,
            Tensor.FILTER: bits.filter,
            Tensor.PSUM: bits.psum,
            Tensor.OFMAP: bits.psum,
        }

    def bit(self, level: Level, tensor: Tensor, direction: Direction) -> float:
        """Return the energy of one bit; for DRAM, with the chip's pads."""
        return float(self._per_bit[level, tensor, direction])

    def word(self, level: Level, tensor: Tensor, direction: Direction) -> float:
        """Return the energy of one word."""
        return self.bit(level, tensor, direction) * self._width[tensor]

    def both(self, level: Level, tensor: Tensor) -> float:
        """Return the energy of a word's reading and writing."""
        return self.word(level, tensor, READ) + self.word(level, tensor, WRITE)

    def delivery(self, tensor: Tensor) -> float:
        """Return the energy of a word's arrival in one PE: off the bus, through the FIFO, into the spad."""
        return (
            self.word(Level.GIN, tensor, WRITE) + self.both(Level.FIFO, tensor) + self.word(Level.SPAD, tensor, WRITE)
        )

    def out_of_the_array(self) -> float:
        """Return the energy of a psum's way from the top PE to the GLB's door."""
        return self.both(Level.GON, Tensor.PSUM) + self.both(Level.FIFO, Tensor.PSUM)

    def macs(self, machine: Machine, batch: int) -> float:
        """Return the energy of a layer's MACs with their spad accesses."""
        layer, pe = self._layer, machine.pe
        every, live = batch * layer.shape.macs, live_macs(layer, pe.gating, batch=batch)
        looked_at = every if pe.gated_mac_reads_ifmap_spad else live
        flags = 0 if pe.gating == Gating.OFF else every
        return (
            live * (self._table.mac_cost(layer.bits) + self._table.performed_mac_control)
            + (every - live) * self._table.gated_mac
            + live * self.word(Level.SPAD, Tensor.FILTER, READ)
            + live * self.both(Level.SPAD, Tensor.PSUM)
            + looked_at * self.word(Level.SPAD, Tensor.IFMAP, READ)
            + flags * self._table.zero_buffer_read
        )
