"""A layer, a machine and a cost table in the numbers that the kernels of the closed forms take."""

from __future__ import annotations

from sim.chips.eyeriss.expected import ifmap_stream_bits, live_macs, ofmap_stream_bits
from sim.chips.eyeriss.kernels.layer_facts import Capacities, Costs, Facts, Transfers
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
CAPACITY_PATHS = (  # what capacities come from, and nothing else does
    "pe_array.rows",
    "pe.filter_spad.words",
    "noc.row_id",
    "noc.col_id",
    "glb.fmap_banks",
    "glb.filter_banks",
    "glb.bank_words",
    "glb.bank_width",
)


def facts_of(layer: Layer, folded: Folded, machine: Machine, batch: int) -> Facts:
    """Gather loop bounds and rates; memories in words of the layer's widths."""
    shape, pe, noc, bits = folded.shape, machine.pe, machine.noc, layer.bits
    window = pe.ifmap_spad.capacity(bits.ifmap)
    chain = machine.scan_chain
    return Facts(
        N=batch,
        G=shape.G,
        M=shape.M,
        C=shape.C,
        R=shape.R,
        S=shape.S,
        E=shape.E,
        F=shape.F,
        Uy=shape.Uy,
        Ux=shape.Ux,
        run_filters=folded.filters_per_run,
        array_columns=machine.pe_array.columns,
        window=window if pe.gating == Gating.OFF else min(window, pe.zero_buffer),
        psum_spad=pe.psum_spad.capacity(bits.psum),
        fmap_copies=2 if machine.overlap.fmaps else 1,
        ifmap_bits=bits.ifmap,
        filter_bits=bits.filter,
        psum_bits=bits.psum,
        filter_rate=max(1, noc.gin_filter // bits.filter),
        ifmap_rate=max(1, noc.gin_ifmap // bits.ifmap),
        psum_rate=max(1, min(noc.gon, noc.gin_psum) // bits.psum),
        stages=pe.pipeline_stages,
        whole_window=int(pe.column_start == ColumnStart.WINDOW),
        row_multicast=int(machine.filter_reach is not None),
        drain_overlaps=int(machine.overlap.drain),
        setup=machine.control.pass_setup_cycles,
        link_width=machine.link.width,
        preloads=int(machine.overlap.filters),
        configuration=folded.configurations * -(-chain.bits * machine.core.clock // chain.clock),
    )


def capacities_of(machine: Machine, bits: BitWidths) -> Capacities:
    """Return what a machine has room for, in words of such widths."""
    pe, noc, glb = machine.pe, machine.noc, machine.glb
    return Capacities(
        array_rows=machine.pe_array.rows,
        filter_spad=pe.filter_spad.capacity(bits.filter),
        row_tags=(1 << noc.row_id) - 1,
        col_tags=(1 << noc.col_id) - 1,
        fmap_banks=glb.fmap_banks,
        bank_bits=glb.bank_bits,
        filter_buffer=glb.filter_banks * glb.bank_bits // bits.filter,
    )


def transfers_of(layer: Layer, machine: Machine, *, batch: int, code: FmapCode) -> Transfers:
    """Gather how many bits fmaps are in DRAM, and the pace of codec and link."""
    ifmap, ofmap = ifmap_stream_bits(code, machine, layer), ofmap_stream_bits(code, machine, layer)
    link_cycle = machine.core.clock / machine.link.clock
    return Transfers(
        stored_bits=float(ifmap.stored),
        padding_bits=float(ifmap.padding),
        ifmap_stream_bits=float(ifmap.stream),
        ofmap_bits=float(_outputs(layer, batch) * ofmap.stored),
        ofmap_stream_bits=float(ofmap.stream),
        link_cycle=link_cycle,
        codec_cycle=1 / machine.rlc.values_per_cycle,
        crossing=machine.link.fifo_sync_cycles + 0.5,
        burst_wait=machine.link.burst_words / 2 * link_cycle,
    )


def costs_of(layer: Layer, machine: Machine, table: CostTable, *, batch: int) -> Costs:
    """Gather the energies that a mapping changes, and the sum of those that none does."""
    prices = _Prices(layer, table)
    way_out = prices.out_of_the_array()
    costs = Costs(
        dram_ifmap_bit=prices.bit(Level.DRAM, Tensor.IFMAP, READ),
        ifmap_fill=prices.word(Level.GLB, Tensor.IFMAP, WRITE),
        filter_fetch=prices.word(Level.DRAM, Tensor.FILTER, READ) + prices.word(Level.GLB, Tensor.FILTER, WRITE),
        filter_send=prices.word(Level.GLB, Tensor.FILTER, READ) + prices.word(Level.GIN, Tensor.FILTER, READ),
        ifmap_send=prices.word(Level.GLB, Tensor.IFMAP, READ) + prices.word(Level.GIN, Tensor.IFMAP, READ),
        ifmap_delivery=prices.delivery(Tensor.IFMAP),
        filter_delivery=prices.delivery(Tensor.FILTER),
        psum_out=way_out + prices.word(Level.GLB, Tensor.PSUM, WRITE),
        psum_in=prices.word(Level.GLB, Tensor.PSUM, READ)
        + prices.both(Level.GIN, Tensor.PSUM)
        + prices.both(Level.FIFO, Tensor.PSUM),
        psum_hop=prices.both(Level.LN, Tensor.PSUM) + prices.both(Level.FIFO, Tensor.PSUM),
        dram_ofmap_bit=prices.bit(Level.DRAM, Tensor.OFMAP, WRITE),
        fixed=prices.macs(machine, batch) + _outputs(layer, batch) * (way_out + prices.both(Level.GLB, Tensor.OFMAP)),
        cycle=table.static_per_cycle(machine.core.clock, active_pes=0),
        pe_cycle=table.pe_cycle.clock + table.pe_cycle.spads + table.pe_cycle.control,
    )
    return Costs(*map(float, costs))


def _outputs(layer: Layer, batch: int) -> int:
    return batch * layer.shape.G * layer.shape.M * layer.shape.E * layer.shape.F


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
