"""Closed forms for every entry of the ledger (design of the counting rules: JSSC 2017; Asilomar 2017, Section III)."""

from __future__ import annotations

from collections.abc import Callable

from sim.chips.eyeriss.analytic.coding import FmapBits
from sim.chips.eyeriss.analytic.loops import Loops
from sim.chips.eyeriss.levels import LEVELS, Level
from sim.chips.eyeriss.machine import PE
from sim.chips.parts.description import Gating
from sim.ledger.counts import Direction, Ledger, Tensor
from sim.networks.layer import BitWidths

READ, WRITE = Direction.READ, Direction.WRITE
Add = Callable[[Level, Tensor, Direction, int], None]


def fill_ledger(loops: Loops, *, bits: BitWidths, pe: PE, live_macs: int, fmap_bits: FmapBits) -> Ledger:
    """Count a mapped layer's words; `fmap_bits` says what the code makes of the fmaps in DRAM."""
    ledger = Ledger(LEVELS)
    widths = {
        Tensor.IFMAP: bits.ifmap,
        Tensor.FILTER: bits.filter,
        Tensor.PSUM: bits.psum,
        Tensor.OFMAP: bits.psum,
    }

    def add(level: Level, tensor: Tensor, direction: Direction, words: int) -> None:
        ledger.add(level, tensor, direction, words, bits=words * widths[tensor])

    ledger.add(Level.DRAM, Tensor.IFMAP, READ, ifmap_fetches(loops), bits=fmap_bits.ifmap_read)
    ledger.add(Level.DRAM, Tensor.OFMAP, WRITE, outputs(loops), bits=fmap_bits.ofmap_written)
    _count_ifmaps(loops, add)
    _count_filters(loops, add)
    _count_psums(loops, add)
    _count_macs(loops, pe, live_macs, ledger, add)
    return ledger


def outputs(loops: Loops) -> int:
    """Count the ofmap values: N G M E F."""
    shape = loops.shape
    return loops.batch * shape.G * shape.M * shape.E * shape.F


def ifmap_fetches(loops: Loops) -> int:
    """Count the ifmap words fetched from DRAM: once for each group of filters that the GLB holds."""
    shape = loops.shape
    held = sum(chunk.count for chunk in loops.filter_groups)
    return loops.batch * shape.G * shape.C * loops.rows_fetched * shape.W * held


def _count_ifmaps(loops: Loops, add: Add) -> None:
    shape = loops.shape
    per_row_of_channels = loops.batch * shape.G * shape.C * loops.columns_sent
    sent = per_row_of_channels * loops.rows_sent * loops.filter_passes
    delivered = per_row_of_channels * shape.R * shape.E * loops.filter_sets
    add(Level.GLB, Tensor.IFMAP, WRITE, ifmap_fetches(loops))
    add(Level.GLB, Tensor.IFMAP, READ, sent)
    add(Level.GIN, Tensor.IFMAP, READ, sent)
    _count_deliveries(Tensor.IFMAP, delivered, add)


def _count_filters(loops: Loops, add: Add) -> None:
    shape = loops.shape
    once = shape.weights * loops.image_groups
    fetched = once * loops.strip_count
    add(Level.DRAM, Tensor.FILTER, READ, fetched)
    add(Level.GLB, Tensor.FILTER, WRITE, fetched)
    add(Level.GLB, Tensor.FILTER, READ, once * loops.filter_sends)
    add(Level.GIN, Tensor.FILTER, READ, once * loops.filter_sends)
    _count_deliveries(Tensor.FILTER, once * shape.E, add)


def _count_deliveries(tensor: Tensor, words: int, add: Add) -> None:
    add(Level.GIN, tensor, WRITE, words)
    add(Level.FIFO, tensor, WRITE, words)
    add(Level.FIFO, tensor, READ, words)
    add(Level.SPAD, tensor, WRITE, words)


def _count_psums(loops: Loops, add: Add) -> None:
    done = outputs(loops)
    back = done * (loops.channel_passes - 1)
    out = done * loops.channel_passes
    hops = done * (loops.channel_sets * loops.shape.R - loops.channel_passes)
    for direction in Direction:
        add(Level.GLB, Tensor.PSUM, direction, back)
        add(Level.GLB, Tensor.OFMAP, direction, done)
        for level, words in ((Level.GIN, back), (Level.LN, hops), (Level.GON, out)):
            add(level, Tensor.PSUM, direction, words)
            add(Level.FIFO, Tensor.PSUM, direction, words)


def _count_macs(loops: Loops, pe: PE, live_macs: int, ledger: Ledger, add: Add) -> None:
    ledger.macs = loops.batch * loops.shape.macs
    ledger.macs_performed = live_macs
    ledger.zero_buffer_reads = 0 if pe.gating == Gating.OFF else ledger.macs
    add(Level.SPAD, Tensor.IFMAP, READ, ledger.macs if pe.gated_mac_reads_ifmap_spad else live_macs)
    add(Level.SPAD, Tensor.FILTER, READ, live_macs)
    add(Level.SPAD, Tensor.PSUM, READ, live_macs)
    add(Level.SPAD, Tensor.PSUM, WRITE, live_macs)
